/* A client before and after fork: fork BASE_URL */
#include <skiplino.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *base_url;
static skiplino_client *client;

static void require(bool is, const char *what) {
  if (!is) {
    fprintf(stderr, "not so: %s\n", what);
    exit(1);
  }
}

/* In the child the parent's client is refused and can be freed, and one of its own works; the parent's goes on. */
static void forks(void) {
  skiplino_branch_list *branches = NULL;
  int status = 0;
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    skiplino_options options = SKIPLINO_OPTIONS_INIT;
    skiplino_client *own = NULL;
    options.base_url = base_url;
    bool fine = skiplino_branches_list(client, NULL, &branches, NULL) == SKIPLINO_FORKED && branches == NULL;
    skiplino_client_free(client);
    fine = fine && skiplino_client_new("pk_sandbox_public", &options, &own, NULL) == SKIPLINO_OK;
    fine = fine && skiplino_branches_list(own, NULL, &branches, NULL) == SKIPLINO_OK;
    skiplino_branch_list_free(branches);
    skiplino_client_free(own);
    _exit(fine ? 0 : 1);
  }
  require(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child is fine");
  require(skiplino_branches_list(client, NULL, &branches, NULL) == SKIPLINO_OK, "so is the parent");
  skiplino_branch_list_free(branches);
}

int main(int count, char **arguments) {
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  skiplino_branch_list *branches = NULL;
  require(count == 2, "fork BASE_URL");
  options.base_url = base_url = arguments[1];
  require(skiplino_client_new("pk_sandbox_public", &options, &client, NULL) == SKIPLINO_OK, "a client is made");
  /* A connection is open when it forks. */
  require(skiplino_branches_list(client, NULL, &branches, NULL) == SKIPLINO_OK, "it works");
  skiplino_branch_list_free(branches);
  forks();
  skiplino_client_free(client);
  printf("a child of its own\n");
  return 0;
}
