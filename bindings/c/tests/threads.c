/* Many threads on one client, cancellation from another thread, and a watch: threads BASE_URL */
#include "control.h"

#include <pthread.h>
#include <skiplino.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 8
#define CALLS 20
/* The minimum that the header documents. ThreadSanitizer needs more. */
#ifndef STACK_KIB
#define STACK_KIB 256
#endif

static const char *base_url;
static skiplino_client *client;
static skiplino_cancellation_token *cancellation_token;

static void *read_tickets(void *nothing) {
  for (int nth = 0; nth < CALLS; nth++) {
    skiplino_ticket *ticket = NULL;
    require(skiplino_tickets_get(client, "k7m2p9x4q1", NULL, &ticket, NULL) == SKIPLINO_OK, "get a ticket");
    require(strcmp(skiplino_ticket_number(ticket), "Q017") == 0, "the ticket is right");
    skiplino_ticket_free(ticket);
  }
  return nothing;
}

static pthread_t start(void *(*run)(void *), void *with) {
  pthread_t thread;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_KIB * 1024);
  require(pthread_create(&thread, &attributes, run, with) == 0, "start a thread");
  pthread_attr_destroy(&attributes);
  return thread;
}

static void *book(void *code) {
  skiplino_call_options options = SKIPLINO_CALL_OPTIONS_INIT;
  skiplino_booking booking = SKIPLINO_BOOKING_INIT;
  skiplino_ticket *ticket = NULL;
  skiplino_error *error = NULL;
  options.cancellation_token = cancellation_token;
  booking.service_id = "6fe8fb8b12";
  booking.group_id = "7c1f9a3b2d";
  *(skiplino_code *)code = skiplino_tickets_book(client, &booking, &options, &ticket, &error);
  require(ticket == NULL && skiplino_error_outcome(error) == SKIPLINO_MAY_BE_APPLIED,
          "a cancelled booking may have been applied");
  skiplino_error_free(error);
  return NULL;
}

/* The calls that need the largest stack, because they make others. */
static void *nest(void *nothing) {
  skiplino_booking booking = SKIPLINO_BOOKING_INIT;
  skiplino_ticket *ticket = NULL;
  skiplino_customer_pager *pager = NULL;
  skiplino_customer *customer = NULL;
  skiplino_code code;
  int customers = 0;
  require(skiplino_client_warm_up(client, NULL, NULL) == SKIPLINO_OK, "warm up");
  booking.service_id = "6fe8fb8b12";
  booking.group_id = "7c1f9a3b2d";
  booking.customer_id = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b";
  require(skiplino_tickets_book(client, &booking, NULL, &ticket, NULL) == SKIPLINO_OK, "find a lost booking");
  skiplino_ticket_free(ticket);
  require(skiplino_customers_list_pager(client, 10, NULL, &pager, NULL) == SKIPLINO_OK, "create a pager");
  while ((code = skiplino_customer_pager_next(pager, &customer, NULL)) == SKIPLINO_OK) {
    customers++;
    skiplino_customer_free(customer);
    customer = NULL;
  }
  require(code == SKIPLINO_END && customers == 303, "read all customers");
  skiplino_customer_pager_free(pager);
  return nothing;
}

static void nests(void) {
  sandbox_send(base_url, "POST /customers/generate", "{\"count\": 300}");
  sandbox_send(base_url, "POST /faults", "{\"operation\": \"bookTicket\", \"kind\": \"drop_after_commit\"}");
  pthread_join(start(nest, NULL), NULL);
  sandbox_send(base_url, "DELETE /faults", NULL);
}

static void cancels(void) {
  skiplino_code code = SKIPLINO_OK;
  require(skiplino_cancellation_token_new(&cancellation_token, NULL) == SKIPLINO_OK, "create a cancellation token");
  sandbox_send(base_url, "POST /faults", "{\"operation\": \"bookTicket\", \"kind\": \"hold\", \"then\": \"commit\"}");
  pthread_t thread = start(book, &code);
  sandbox_send(base_url, "GET /held?atLeast=1", NULL);
  skiplino_cancel(cancellation_token);
  pthread_join(thread, NULL);
  require(code == SKIPLINO_CANCELLED, "the running call is cancelled");
  sandbox_send(base_url, "DELETE /faults", NULL);
  skiplino_cancellation_token_free(cancellation_token);
}

static void watches(void) {
  skiplino_watch *watch = NULL;
  skiplino_ticket *ticket = NULL;
  require(skiplino_tickets_watch(client, "k7m2p9x4q1", 5, 5, -1, NULL, &watch, NULL) == SKIPLINO_OK, "create a watch");
  require(skiplino_watch_next(watch, 60000, &ticket, NULL) == SKIPLINO_OK, "the watch returns the first state");
  skiplino_ticket_free(ticket);
  ticket = NULL;
  require(skiplino_watch_next(watch, 20, &ticket, NULL) == SKIPLINO_NO_CHANGE && ticket == NULL, "the watch returns no change");
  require(skiplino_tickets_cancel(client, "k7m2p9x4q1", NULL, &ticket, NULL) == SKIPLINO_OK, "cancel the ticket");
  skiplino_ticket_free(ticket);
  require(skiplino_watch_next(watch, -1, &ticket, NULL) == SKIPLINO_OK, "the watch returns the last state");
  require(skiplino_ticket_state(ticket) == SKIPLINO_STATUS_CANCELLED, "the last state is cancelled");
  skiplino_ticket_free(ticket);
  require(skiplino_watch_next(watch, -1, &ticket, NULL) == SKIPLINO_END, "no state follows the last state");
  skiplino_watch_free(watch);
}

int main(int count, char **arguments) {
  pthread_t threads[THREADS];
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  require(count == 2, "threads BASE_URL");
  options.base_url = base_url = arguments[1];
  options.max_attempts = 1;
  require(skiplino_client_new("sk_sandbox_secret", &options, &client, NULL) == SKIPLINO_OK, "create a client");
  for (int nth = 0; nth < THREADS; nth++) {
    threads[nth] = start(read_tickets, NULL);
  }
  for (int nth = 0; nth < THREADS; nth++) {
    pthread_join(threads[nth], NULL);
  }
  nests();
  cancels();
  watches();
  skiplino_client_free(client);
  printf("%d calls on %d threads, calls within calls, a cancelled call, a watch\n", THREADS * CALLS, THREADS);
  return 0;
}
