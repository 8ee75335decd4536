/* Two threads on one pager, which the header forbids. ThreadSanitizer must report it: racing BASE_URL */
#include "control.h"

#include <pthread.h>
#include <skiplino.h>
#include <stdio.h>

static skiplino_customer_pager *pager;
static pthread_barrier_t both;

static void *use(void *nothing) {
  skiplino_customer *customer = NULL;
  pthread_barrier_wait(&both);
  skiplino_customer_pager_next(pager, &customer, NULL);
  return nothing;
}

int main(int count, char **arguments) {
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  skiplino_client *client = NULL;
  pthread_t other;
  require(count == 2, "racing BASE_URL");
  options.base_url = arguments[1];
  require(skiplino_client_new("sk_sandbox_secret", &options, &client, NULL) == SKIPLINO_OK, "create a client");
  require(skiplino_customers_list_pager(client, -1, NULL, &pager, NULL) == SKIPLINO_OK, "create a pager");
  pthread_barrier_init(&both, NULL, 2);
  require(pthread_create(&other, NULL, use, NULL) == 0, "start a thread");
  use(NULL);
  pthread_join(other, NULL);
  printf("no race was reported\n");
  return 0;
}
