/* Makes mixed calls on several threads: soak SECONDS CERTIFICATE BASE_URL... Every second it prints the number of calls and the number of
 * calls per error code, which soak.py checks. */
#include <pthread.h>
#include <signal.h>
#include <skiplino.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS 4
#define CODES 64

struct worker {
  pthread_t thread;
  const char *base_url;
  /* The customer of this thread. */
  char external_id[64], id[64];
  /* When the last call ended, or the thread. */
  long long last_ms;
  bool has_ended;
};

static char certificate[16384];
static time_t end;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long counts[CODES], foreign;
static long long longest_ms;
static struct worker workers[THREADS];

static long long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Updates the longest time of a call. Needs the lock. */
static void update_longest(const struct worker *worker) {
  long long passed = now_ms() - worker->last_ms;
  longest_ms = passed > longest_ms ? passed : longest_ms;
}

/* Counts the result of a call. Then pauses, outside of the library: meanwhile the server sends stray responses. */
static void count_result(struct worker *worker, skiplino_code code, skiplino_error *error) {
  struct timespec pause = {0, 20000000};
  skiplino_error_free(error);
  pthread_mutex_lock(&lock);
  counts[code >= 0 && code < CODES ? code : CODES - 1]++;
  update_longest(worker);
  pthread_mutex_unlock(&lock);
  nanosleep(&pause, NULL);
  pthread_mutex_lock(&lock);
  worker->last_ms = now_ms();
  pthread_mutex_unlock(&lock);
}

/* Requires an id that belongs to the request. */
static void expect_id(const char *found, const char *expected) {
  if (found == NULL || strcmp(found, expected) != 0) {
    pthread_mutex_lock(&lock);
    foreign++;
    pthread_mutex_unlock(&lock);
  }
}

static skiplino_client *new_client(const struct worker *worker) {
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  skiplino_client *client = NULL;
  options.base_url = worker->base_url;
  options.root_certificates = certificate;
  options.attempt_timeout_ms = 2000;
  options.deadline_ms = 8000;
  options.backoff_ms = 20;
  if (skiplino_client_new("sk_sandbox_secret", &options, &client, NULL) != SKIPLINO_OK) {
    exit(1);
  }
  return client;
}

static void book_and_cancel(struct worker *worker, skiplino_client *client) {
  skiplino_booking booking = SKIPLINO_BOOKING_INIT;
  skiplino_ticket *ticket = NULL, *now = NULL;
  skiplino_error *error = NULL;
  booking.service_id = "6fe8fb8b12";
  booking.group_id = "7c1f9a3b2d";
  booking.customer_external_id = worker->external_id;
  count_result(worker, skiplino_tickets_book(client, &booking, NULL, &ticket, &error), error);
  if (ticket == NULL) {
    return;
  }
  const char *id = skiplino_ticket_id(ticket);
  expect_id(skiplino_ticket_customer_id(ticket), worker->id);
  skiplino_watch *watch = NULL;
  error = NULL;
  count_result(worker, skiplino_tickets_watch(client, id, 10, 20, 4000, NULL, &watch, &error), error);
  error = NULL;
  count_result(worker, skiplino_watch_next(watch, 2000, &now, &error), error);
  if (now != NULL) {
    expect_id(skiplino_ticket_id(now), id);
  }
  skiplino_ticket_free(now);
  skiplino_watch_free(watch);
  now = NULL;
  error = NULL;
  count_result(worker, skiplino_tickets_cancel(client, id, NULL, &now, &error), error);
  if (now != NULL) {
    expect_id(skiplino_ticket_id(now), id);
  }
  skiplino_ticket_free(now);
  skiplino_ticket_free(ticket);
}

static void write_customer(struct worker *worker, skiplino_client *client, const char *id) {
  skiplino_customer_fields fields = SKIPLINO_CUSTOMER_FIELDS_INIT;
  skiplino_customer *customer = NULL;
  skiplino_error *error = NULL;
  fields.external_id = id;
  fields.name = "Layla Hassan";
  fields.metadata_json = "{\"tier\": \"gold\"}";
  count_result(worker, skiplino_customers_create(client, &fields, NULL, &customer, &error), error);
  if (customer != NULL) {
    expect_id(skiplino_customer_external_id(customer), id);
  }
  skiplino_customer_free(customer);
  customer = NULL;
  error = NULL;
  fields.external_id = NULL;
  fields.name = "Layla A. Hassan";
  count_result(worker, skiplino_customers_update(client, NULL, id, &fields, NULL, &customer, &error), error);
  if (customer != NULL) {
    expect_id(skiplino_customer_external_id(customer), id);
  }
  skiplino_customer_free(customer);
  error = NULL;
  count_result(worker, skiplino_customers_delete(client, NULL, id, NULL, &error), error);
}

static void read_everything(struct worker *worker, skiplino_client *client) {
  skiplino_branch_list *branches = NULL;
  skiplino_group_list *groups = NULL;
  skiplino_slot_list *slots = NULL;
  skiplino_customer *found = NULL;
  skiplino_customer_page *page = NULL;
  skiplino_ticket_pager *pager = NULL;
  skiplino_error *error = NULL;
  count_result(worker, skiplino_branches_list(client, NULL, &branches, &error), error);
  skiplino_branch_list_free(branches);
  error = NULL;
  count_result(worker, skiplino_branches_tree(client, "802b33af66", NULL, &groups, &error), error);
  skiplino_group_list_free(groups);
  error = NULL;
  count_result(worker, skiplino_services_slots(client, "c4d5e6f708", NULL, NULL, &slots, &error), error);
  skiplino_slot_list_free(slots);
  error = NULL;
  count_result(worker, skiplino_customers_find(client, NULL, worker->external_id, NULL, &found, &error), error);
  if (found != NULL) {
    expect_id(skiplino_customer_id(found), worker->id);
  }
  skiplino_customer_free(found);
  error = NULL;
  count_result(worker, skiplino_customers_list(client, 1, 20, NULL, &page, &error), error);
  skiplino_customer_page_free(page);
  error = NULL;
  count_result(worker, skiplino_customers_tickets_pager(client, NULL, worker->external_id, -1, NULL, &pager, &error), error);
  for (int nth = 0; nth < 15; nth++) {
    skiplino_ticket *ticket = NULL;
    error = NULL;
    skiplino_code code = skiplino_ticket_pager_next(pager, &ticket, &error);
    count_result(worker, code, error);
    if (ticket != NULL) {
      expect_id(skiplino_ticket_customer_id(ticket), worker->id);
    }
    skiplino_ticket_free(ticket);
    if (code != SKIPLINO_OK) {
      break;
    }
  }
  skiplino_ticket_pager_free(pager);
}

/* Creates the customer of this thread. */
static void create_customer(struct worker *worker, skiplino_client *client) {
  skiplino_customer_fields fields = SKIPLINO_CUSTOMER_FIELDS_INIT;
  skiplino_customer *customer = NULL;
  fields.external_id = worker->external_id;
  for (int tries = 0; tries < 50 && customer == NULL; tries++) {
    count_result(worker, skiplino_customers_create(client, &fields, NULL, &customer, NULL), NULL);
    if (customer == NULL) {
      count_result(worker, skiplino_customers_find(client, NULL, worker->external_id, NULL, &customer, NULL), NULL);
    }
  }
  if (customer == NULL) {
    exit(1);
  }
  snprintf(worker->id, sizeof worker->id, "%s", skiplino_customer_id(customer));
  skiplino_customer_free(customer);
}

static void *work(void *argument) {
  struct worker *worker = argument;
  skiplino_client *client = new_client(worker);
  char id[96];
  create_customer(worker, client);
  for (unsigned long round = 0; time(NULL) < end; round++) {
    /* Replace the client from time to time. */
    if (round % 20 == 19) {
      skiplino_client_free(client);
      client = new_client(worker);
    }
    snprintf(id, sizeof id, "%s-%lu", worker->external_id, round);
    book_and_cancel(worker, client);
    write_customer(worker, client, id);
    read_everything(worker, client);
  }
  skiplino_client_free(client);
  pthread_mutex_lock(&lock);
  worker->has_ended = true;
  pthread_mutex_unlock(&lock);
  return NULL;
}

/* Prints the counts. Returns whether all threads have ended. */
static bool print_counts(void) {
  unsigned long calls = 0;
  bool have_ended = true;
  pthread_mutex_lock(&lock);
  for (int code = 0; code < CODES; code++) {
    calls += counts[code];
  }
  for (int nth = 0; nth < THREADS; nth++) {
    have_ended = have_ended && workers[nth].has_ended;
    if (!workers[nth].has_ended) {
      update_longest(&workers[nth]);
    }
  }
  printf("calls=%lu foreign=%lu longest=%lld", calls, foreign, longest_ms);
  for (int code = 1; code < CODES; code++) {
    if (counts[code] > 0) {
      printf(" %s=%lu", skiplino_code_name(code), counts[code]);
    }
  }
  pthread_mutex_unlock(&lock);
  printf("\n");
  fflush(stdout);
  return have_ended;
}

int main(int count, char **arguments) {
  struct timespec second = {1, 0};
  FILE *file;
  if (count < 4 || (file = fopen(arguments[2], "r")) == NULL || fread(certificate, 1, sizeof certificate - 1, file) == 0) {
    return 2;
  }
  fclose(file);
  signal(SIGPIPE, SIG_DFL);
  end = time(NULL) + atoi(arguments[1]);
  for (int nth = 0; nth < THREADS; nth++) {
    struct worker *worker = &workers[nth];
    worker->base_url = arguments[3 + nth % (count - 3)];
    worker->last_ms = now_ms();
    snprintf(worker->external_id, sizeof worker->external_id, "soak-c-%d", nth);
    pthread_create(&worker->thread, NULL, work, worker);
  }
  while (!print_counts()) {
    nanosleep(&second, NULL);
  }
  for (int nth = 0; nth < THREADS; nth++) {
    pthread_join(workers[nth].thread, NULL);
  }
  return 0;
}
