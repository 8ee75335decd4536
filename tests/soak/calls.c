/* Makes mixed calls on several threads: soak BASE_URL SECONDS. Every second it prints the number of calls and the number of calls per
 * error code, which soak.py checks. */
#include <pthread.h>
#include <skiplino.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS 4
#define CODES 64

static const char *base_url;
static time_t end;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long counts[CODES];

static void count_result(skiplino_code code, skiplino_error *error) {
  skiplino_error_free(error);
  pthread_mutex_lock(&lock);
  counts[code >= 0 && code < CODES ? code : CODES - 1]++;
  pthread_mutex_unlock(&lock);
}

static skiplino_client *new_client(void) {
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  skiplino_client *client = NULL;
  options.base_url = base_url;
  options.attempt_timeout_ms = 2000;
  options.deadline_ms = 8000;
  options.backoff_ms = 20;
  options.requests_per_second = 40;
  if (skiplino_client_new("sk_sandbox_secret", &options, &client, NULL) != SKIPLINO_OK) {
    exit(1);
  }
  return client;
}

static void book_and_cancel(skiplino_client *client, const char *customer) {
  skiplino_booking booking = SKIPLINO_BOOKING_INIT;
  skiplino_ticket *ticket = NULL, *now = NULL;
  skiplino_error *error = NULL;
  booking.service_id = "6fe8fb8b12";
  booking.group_id = "7c1f9a3b2d";
  booking.customer_external_id = customer;
  count_result(skiplino_tickets_book(client, &booking, NULL, &ticket, &error), error);
  if (ticket == NULL) {
    return;
  }
  skiplino_watch *watch = NULL;
  error = NULL;
  count_result(skiplino_tickets_watch(client, skiplino_ticket_id(ticket), 10, 20, 4000, NULL, &watch, &error), error);
  error = NULL;
  count_result(skiplino_watch_next(watch, 2000, &now, &error), error);
  skiplino_ticket_free(now);
  skiplino_watch_free(watch);
  now = NULL;
  error = NULL;
  count_result(skiplino_tickets_cancel(client, skiplino_ticket_id(ticket), NULL, &now, &error), error);
  skiplino_ticket_free(now);
  skiplino_ticket_free(ticket);
}

static void write_customer(skiplino_client *client, const char *id) {
  skiplino_customer_fields fields = SKIPLINO_CUSTOMER_FIELDS_INIT;
  skiplino_customer *customer = NULL;
  skiplino_error *error = NULL;
  fields.external_id = id;
  fields.name = "Layla Hassan";
  fields.metadata_json = "{\"tier\": \"gold\"}";
  count_result(skiplino_customers_create(client, &fields, NULL, &customer, &error), error);
  skiplino_customer_free(customer);
  customer = NULL;
  error = NULL;
  fields.external_id = NULL;
  fields.name = "Layla A. Hassan";
  count_result(skiplino_customers_update(client, NULL, id, &fields, NULL, &customer, &error), error);
  skiplino_customer_free(customer);
  error = NULL;
  count_result(skiplino_customers_delete(client, NULL, id, NULL, &error), error);
}

static void read_everything(skiplino_client *client, const char *customer) {
  skiplino_branch_list *branches = NULL;
  skiplino_group_list *groups = NULL;
  skiplino_slot_list *slots = NULL;
  skiplino_customer *found = NULL;
  skiplino_customer_page *page = NULL;
  skiplino_ticket_pager *pager = NULL;
  skiplino_error *error = NULL;
  count_result(skiplino_branches_list(client, NULL, &branches, &error), error);
  skiplino_branch_list_free(branches);
  error = NULL;
  count_result(skiplino_branches_tree(client, "802b33af66", NULL, &groups, &error), error);
  skiplino_group_list_free(groups);
  error = NULL;
  count_result(skiplino_services_slots(client, "c4d5e6f708", NULL, NULL, &slots, &error), error);
  skiplino_slot_list_free(slots);
  error = NULL;
  count_result(skiplino_customers_find(client, NULL, customer, NULL, &found, &error), error);
  skiplino_customer_free(found);
  error = NULL;
  count_result(skiplino_customers_list(client, 1, 20, NULL, &page, &error), error);
  skiplino_customer_page_free(page);
  error = NULL;
  count_result(skiplino_customers_tickets_pager(client, NULL, customer, -1, NULL, &pager, &error), error);
  for (int nth = 0; nth < 15; nth++) {
    skiplino_ticket *ticket = NULL;
    error = NULL;
    skiplino_code code = skiplino_ticket_pager_next(pager, &ticket, &error);
    count_result(code, error);
    skiplino_ticket_free(ticket);
    if (code != SKIPLINO_OK) {
      break;
    }
  }
  skiplino_ticket_pager_free(pager);
}

/* Creates the customer of this thread. */
static void create_customer(skiplino_client *client, const char *id) {
  skiplino_customer_fields fields = SKIPLINO_CUSTOMER_FIELDS_INIT;
  skiplino_customer *customer = NULL;
  fields.external_id = id;
  for (int tries = 0; tries < 50 && customer == NULL; tries++) {
    skiplino_customers_create(client, &fields, NULL, &customer, NULL);
    if (customer == NULL) {
      skiplino_customers_find(client, NULL, id, NULL, &customer, NULL);
    }
  }
  if (customer == NULL) {
    exit(1);
  }
  skiplino_customer_free(customer);
}

static void *work(void *number) {
  skiplino_client *client = new_client();
  char own[64], id[64];
  snprintf(own, sizeof own, "soak-c-%d", *(int *)number);
  create_customer(client, own);
  for (unsigned long round = 0; time(NULL) < end; round++) {
    /* Replace the client from time to time. */
    if (round % 20 == 19) {
      skiplino_client_free(client);
      client = new_client();
    }
    snprintf(id, sizeof id, "soak-c-%d-%lu", *(int *)number, round);
    book_and_cancel(client, own);
    write_customer(client, id);
    read_everything(client, own);
  }
  skiplino_client_free(client);
  return NULL;
}

static void print_counts(void) {
  unsigned long calls = 0;
  pthread_mutex_lock(&lock);
  for (int code = 0; code < CODES; code++) {
    calls += counts[code];
  }
  printf("calls=%lu", calls);
  for (int code = 1; code < CODES; code++) {
    if (counts[code] > 0) {
      printf(" %s=%lu", skiplino_code_name(code), counts[code]);
    }
  }
  pthread_mutex_unlock(&lock);
  printf("\n");
  fflush(stdout);
}

int main(int count, char **arguments) {
  pthread_t threads[THREADS];
  int numbers[THREADS];
  struct timespec second = {1, 0};
  if (count != 3) {
    return 2;
  }
  base_url = arguments[1];
  end = time(NULL) + atoi(arguments[2]);
  for (int nth = 0; nth < THREADS; nth++) {
    numbers[nth] = nth;
    pthread_create(&threads[nth], NULL, work, &numbers[nth]);
  }
  while (time(NULL) < end) {
    nanosleep(&second, NULL);
    print_counts();
  }
  for (int nth = 0; nth < THREADS; nth++) {
    pthread_join(threads[nth], NULL);
  }
  print_counts();
  return 0;
}
