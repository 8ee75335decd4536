/* The log and the watch, which call back: callbacks BASE_URL */
#include "control.h"

#include <skiplino.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *base_url;

/* What was logged: a line each, its level before it. */
typedef struct {
  char text[4096];
} heard;

static void on_log(void *data, skiplino_log_level level, const char *text) {
  heard *all = (heard *)data;
  size_t length = strlen(all->text);
  snprintf(all->text + length, sizeof all->text - length, "%d %s\n", (int)level, text);
}

static skiplino_client *listening(heard *all, int32_t level) {
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  skiplino_client *client = NULL;
  memset(all, 0, sizeof *all);
  options.base_url = base_url;
  options.backoff_ms = 1;
  options.log = on_log;
  options.log_data = all;
  options.log_level = level;
  require(skiplino_client_new("sk_sandbox_secret", &options, &client, NULL) == SKIPLINO_OK, "a client is made");
  return client;
}

static void begins(const char *line, const char *text) {
  if (strncmp(line, text, strlen(text)) != 0) {
    fprintf(stderr, "not so: \"%s\" begins with \"%s\"\n", line, text);
    exit(1);
  }
}

static const char *next_line(const char *line) {
  const char *end = strchr(line, '\n');
  require(end != NULL, "there is another line");
  return end + 1;
}

static void logs(void) {
  heard all, warnings;
  skiplino_client *client = listening(&all, SKIPLINO_LOG_DEBUG);
  skiplino_client *calm = listening(&warnings, SKIPLINO_LOG_WARN);
  skiplino_customer *customer = NULL;
  tell(base_url, "POST /faults", "{\"operation\": \"getCustomer\", \"kind\": \"html_502\", \"when\": {\"first\": 1}}");
  require(skiplino_customers_get(client, NULL, "crm-7741", NULL, &customer, NULL) == SKIPLINO_OK, "a customer is got");
  skiplino_customer_free(customer);
  const char *line = all.text;
  begins(line, "4 an attempt operation=getCustomer attempt=1 status=502 kind=Server elapsed_ms=");
  line = next_line(line);
  begins(line, "2 the attempt failed; retrying operation=getCustomer attempt=1 kind=Server pause_ms=");
  line = next_line(line);
  begins(line, "4 an attempt operation=getCustomer attempt=2 status=200 elapsed_ms=");
  require(*next_line(line) == '\0', "nothing more is logged");

  /* Each client has its own; what is refused here or merely not there is no warning. */
  require(skiplino_customers_get(calm, NULL, "nobody", NULL, &customer, NULL) == SKIPLINO_VALIDATION, "nobody is there");
  require(warnings.text[0] == '\0', "that is no warning");
  tell(base_url, "POST /faults", "{\"operation\": \"bookTicket\", \"kind\": \"drop_after_commit\", \"when\": {\"first\": 1}}");
  skiplino_booking booking = SKIPLINO_BOOKING_INIT;
  skiplino_ticket *ticket = NULL;
  booking.service_id = "6fe8fb8b12";
  booking.group_id = "7c1f9a3b2d";
  require(skiplino_tickets_book(calm, &booking, NULL, &ticket, NULL) == SKIPLINO_OUTCOME_UNKNOWN, "nobody knows");
  begins(warnings.text, "2 the call failed; it may have been applied operation=bookTicket kind=OutcomeUnknown attempts=1\n");

  /* A walk is heard after its client is freed. */
  skiplino_customer_walk *walk = NULL;
  memset(&all, 0, sizeof all);
  require(skiplino_customers_list_walk(client, -1, NULL, &walk, NULL) == SKIPLINO_OK, "a walk begins");
  skiplino_client_free(client);
  require(skiplino_customer_walk_next(walk, &customer, NULL) == SKIPLINO_OK, "it goes on");
  begins(all.text, "4 an attempt operation=listCustomers attempt=1 status=200 elapsed_ms=");
  skiplino_customer_free(customer);
  skiplino_customer_walk_free(walk);
  skiplino_client_free(calm);

  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  options.log = on_log;
  options.log_level = 77;
  require(skiplino_client_new("sk_x", &options, &client, NULL) == SKIPLINO_INVALID_REQUEST, "a level must be one");
}

typedef struct {
  skiplino_client *client;
  int changes;
  skiplino_ticket_status last;
} follower;

static bool once(void *data, const skiplino_ticket *ticket) {
  follower *it = (follower *)data;
  it->changes++;
  it->last = skiplino_ticket_state(ticket);
  return false;
}

/* Gives the ticket up when it first sees it. */
static bool until_the_end(void *data, const skiplino_ticket *ticket) {
  follower *it = (follower *)data;
  if (it->changes++ == 0) {
    skiplino_ticket *cancelled = NULL;
    require(skiplino_tickets_cancel(it->client, skiplino_ticket_id(ticket), NULL, &cancelled, NULL) == SKIPLINO_OK,
            "calls may be made from within");
    skiplino_ticket_free(cancelled);
  }
  it->last = skiplino_ticket_state(ticket);
  return true;
}

static void watches(void) {
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  skiplino_call_options asking = SKIPLINO_CALL_OPTIONS_INIT;
  follower it = {NULL, 0, SKIPLINO_STATUS_UNKNOWN};
  skiplino_watch *watch = NULL;
  skiplino_cancellation_token *cancellation_token = NULL;
  options.base_url = base_url;
  require(skiplino_client_new("sk_sandbox_secret", &options, &it.client, NULL) == SKIPLINO_OK, "a client is made");
  require(skiplino_tickets_watch(it.client, "k7m2p9x4q1", 5, 5, -1, NULL, &watch, NULL) == SKIPLINO_OK, "a watch is made");
  require(skiplino_watch_each(watch, once, &it, NULL) == SKIPLINO_OK && it.changes == 1, "it ends when it is told to");
  require(it.last == SKIPLINO_STATUS_WAITING, "it was the first state");
  skiplino_watch_free(watch);
  it.changes = 0;
  require(skiplino_tickets_watch(it.client, "k7m2p9x4q1", 5, 5, -1, NULL, &watch, NULL) == SKIPLINO_OK, "a watch is made");
  require(skiplino_watch_each(watch, until_the_end, &it, NULL) == SKIPLINO_OK, "it goes to the end");
  require(it.changes == 2 && it.last == SKIPLINO_STATUS_CANCELLED, "which is the last state");
  require(skiplino_watch_each(watch, until_the_end, &it, NULL) == SKIPLINO_OK && it.changes == 2, "nothing follows");
  skiplino_watch_free(watch);
  require(skiplino_cancellation_token_new(&cancellation_token, NULL) == SKIPLINO_OK, "a cancellation_token is made");
  asking.cancellation_token = cancellation_token;
  require(skiplino_tickets_watch(it.client, "k7m2p9x4q1", 5, 5, -1, &asking, &watch, NULL) == SKIPLINO_OK, "a watch is made");
  skiplino_cancel(cancellation_token);
  require(skiplino_watch_each(watch, once, &it, NULL) == SKIPLINO_CANCELLED && it.changes == 2, "it can be cancelled");
  skiplino_watch_free(watch);
  skiplino_cancellation_token_free(cancellation_token);
  skiplino_client_free(it.client);
}

int main(int count, char **arguments) {
  require(count == 2, "callbacks BASE_URL");
  base_url = arguments[1];
  logs();
  watches();
  printf("three logs and three watches\n");
  return 0;
}
