/* Panics inside the library become errors. Needs a library with the feature `panicking`: panics BASE_URL */
#include <skiplino.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif
skiplino_code skiplino_test_panic(skiplino_error **error);
void skiplino_test_panic_free(void);
#ifdef __cplusplus
}
#endif

static void require(bool holds, const char *claim) {
  if (!holds) {
    fprintf(stderr, "failed: %s\n", claim);
    exit(1);
  }
}

int main(int count, char **arguments) {
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  skiplino_client *client = NULL;
  skiplino_ticket *ticket = NULL;
  skiplino_error *error = NULL;
  require(count == 2, "panics BASE_URL");
  options.base_url = arguments[1];
  require(skiplino_client_new("sk_sandbox_secret", &options, &client, NULL) == SKIPLINO_OK, "create a client");
  require(skiplino_test_panic(&error) == SKIPLINO_INTERNAL, "a panic returns a code");
  require(skiplino_error_code(error) == SKIPLINO_INTERNAL && skiplino_error_outcome(error) == SKIPLINO_MAY_BE_APPLIED,
          "the error says that the call may be applied");
  require(strcmp(skiplino_error_message(error), "a bug in the client library") == 0, "the error has the message of a bug");
  skiplino_error_free(error);
  require(skiplino_test_panic(NULL) == SKIPLINO_INTERNAL, "a panic returns a code without an error argument");
  skiplino_test_panic_free();
  require(skiplino_tickets_get(client, "k7m2p9x4q1", NULL, &ticket, NULL) == SKIPLINO_OK, "the library still works");
  skiplino_ticket_free(ticket);
  skiplino_client_free(client);
  printf("three panics, and the library still works\n");
  return 0;
}
