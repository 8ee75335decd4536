/* A server that resets connections does not kill a program with the default SIGPIPE. Runs beside
   tests/reset_server.py. */
#include <signal.h>
#include <skiplino.h>
#include <stdio.h>
#include <stdlib.h>

static void require(bool holds, const char *claim) {
  if (!holds) {
    fprintf(stderr, "failed: %s\n", claim);
    exit(1);
  }
}

/* Whether SIGPIPE is in the set of blocked, or of pending signals. */
static bool has_sigpipe(int (*read_set)(sigset_t *)) {
  sigset_t set;
  require(read_set(&set) == 0, "read a set of signals");
  return sigismember(&set, SIGPIPE) == 1;
}

static int blocked(sigset_t *set) {
  return pthread_sigmask(SIG_SETMASK, NULL, set);
}

static void make_calls(skiplino_client *client) {
  int call;
  for (call = 0; call < 10; call++) {
    skiplino_branch_list *branches = NULL;
    skiplino_ticket *ticket = NULL;
    require(skiplino_branches_list(client, NULL, &branches, NULL) == SKIPLINO_TRANSPORT, "a reset is SKIPLINO_TRANSPORT");
    /* Whether the response or the reset is read first depends on the system. */
    skiplino_code code = skiplino_tickets_get(client, "k7m2p9x4q1", NULL, &ticket, NULL);
    require(code == SKIPLINO_OK || code == SKIPLINO_TRANSPORT, "a reset after the response is no other failure");
    skiplino_ticket_free(ticket);
  }
}

int main(void) {
  static char certificate[16384];
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  skiplino_client *client = NULL;
  sigset_t sigpipe;
  FILE *file;
  require(getenv("SKIPLINO_RESET_SERVER_CERTIFICATE") != NULL, "the server runs");
  file = fopen(getenv("SKIPLINO_RESET_SERVER_CERTIFICATE"), "r");
  require(file != NULL && fread(certificate, 1, sizeof certificate - 1, file) > 0, "read the certificate");
  fclose(file);
  options.base_url = getenv("SKIPLINO_RESET_SERVER_URL");
  options.root_certificates = certificate;
  options.backoff_ms = 1;
  require(skiplino_client_new("sk_x", &options, &client, NULL) == SKIPLINO_OK, "create a client");

  require(signal(SIGPIPE, SIG_DFL) != SIG_ERR, "set the default of SIGPIPE");
  make_calls(client);
  require(!has_sigpipe(blocked) && !has_sigpipe(sigpending), "a call leaves the signals as they were");

  /* A program that blocks SIGPIPE keeps it blocked, and keeps its own pending one. */
  require(sigemptyset(&sigpipe) == 0 && sigaddset(&sigpipe, SIGPIPE) == 0, "make a set of signals");
  require(pthread_sigmask(SIG_BLOCK, &sigpipe, NULL) == 0, "block SIGPIPE");
  make_calls(client);
  require(has_sigpipe(blocked) && !has_sigpipe(sigpending), "a call leaves SIGPIPE blocked and not pending");
  require(raise(SIGPIPE) == 0, "raise SIGPIPE");
  make_calls(client);
  require(has_sigpipe(sigpending), "a call leaves the program's own SIGPIPE pending");

  skiplino_client_free(client);
  printf("60 calls on connections that are reset\n");
  return 0;
}
