/* A program with two static libraries that are made of Rust. */
#include <skiplino.h>
#include <stdbool.h>
#include <string.h>

bool other_catches(void);

int main(void) {
  skiplino_client *client = NULL;
  if (!other_catches() || strcmp(skiplino_code_name(SKIPLINO_NOT_FOUND), "NotFound") != 0) {
    return 1;
  }
  return skiplino_client_new("", NULL, &client, NULL) == SKIPLINO_INVALID_REQUEST ? 0 : 1;
}
