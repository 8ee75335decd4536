/* A client before and after fork: fork BASE_URL */
#include <skiplino.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *base_url;
static skiplino_client *client;

static void require(bool holds, const char *claim) {
  if (!holds) {
    fprintf(stderr, "failed: %s\n", claim);
    exit(1);
  }
}

/* The child cannot use the parent's client, but can free it and create its own. The parent's client still works. */
static void forks(void) {
  skiplino_branch_list *branches = NULL;
  int status = 0;
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    skiplino_options options = SKIPLINO_OPTIONS_INIT;
    skiplino_client *own = NULL;
    options.base_url = base_url;
    bool passed = skiplino_branches_list(client, NULL, &branches, NULL) == SKIPLINO_FORKED && branches == NULL;
    skiplino_client_free(client);
    passed = passed && skiplino_client_new("pk_sandbox_public", &options, &own, NULL) == SKIPLINO_OK;
    passed = passed && skiplino_branches_list(own, NULL, &branches, NULL) == SKIPLINO_OK;
    skiplino_branch_list_free(branches);
    skiplino_client_free(own);
    _exit(passed ? 0 : 1);
  }
  require(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child passes");
  require(skiplino_branches_list(client, NULL, &branches, NULL) == SKIPLINO_OK, "the parent's client works");
  skiplino_branch_list_free(branches);
}

int main(int count, char **arguments) {
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  skiplino_branch_list *branches = NULL;
  require(count == 2, "fork BASE_URL");
  options.base_url = base_url = arguments[1];
  require(skiplino_client_new("pk_sandbox_public", &options, &client, NULL) == SKIPLINO_OK, "create a client");
  /* A connection is open at the fork. */
  require(skiplino_branches_list(client, NULL, &branches, NULL) == SKIPLINO_OK, "list the branches");
  skiplino_branch_list_free(branches);
  forks();
  skiplino_client_free(client);
  printf("the child and the parent have working clients\n");
  return 0;
}
