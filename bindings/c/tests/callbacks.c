/* The callbacks: the log and the watch: callbacks BASE_URL */
#include "control.h"

#include <skiplino.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *base_url;

/* The log: one line per event, after its level. */
typedef struct {
  char text[4096];
} log_text;

static void on_log(void *data, skiplino_log_level level, const char *text) {
  log_text *all = (log_text *)data;
  size_t length = strlen(all->text);
  snprintf(all->text + length, sizeof all->text - length, "%d %s\n", (int)level, text);
}

static skiplino_client *logging_client(log_text *all, int32_t level) {
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  skiplino_client *client = NULL;
  memset(all, 0, sizeof *all);
  options.base_url = base_url;
  options.backoff_ms = 1;
  options.log = on_log;
  options.log_data = all;
  options.log_level = level;
  require(skiplino_client_new("sk_sandbox_secret", &options, &client, NULL) == SKIPLINO_OK, "create a client");
  return client;
}

static void expect_prefix(const char *line, const char *text) {
  if (strncmp(line, text, strlen(text)) != 0) {
    fprintf(stderr, "failed: \"%s\" begins with \"%s\"\n", line, text);
    exit(1);
  }
}

static const char *next_line(const char *line) {
  const char *end = strchr(line, '\n');
  require(end != NULL, "the log has another line");
  return end + 1;
}

static void logs(void) {
  log_text all, warnings;
  skiplino_client *client = logging_client(&all, SKIPLINO_LOG_DEBUG);
  skiplino_client *quiet = logging_client(&warnings, SKIPLINO_LOG_WARN);
  skiplino_customer *customer = NULL;
  sandbox_send(base_url, "POST /faults", "{\"operation\": \"getCustomer\", \"kind\": \"html_502\", \"when\": {\"first\": 1}}");
  require(skiplino_customers_get(client, NULL, "crm-7741", NULL, &customer, NULL) == SKIPLINO_OK, "get a customer");
  skiplino_customer_free(customer);
  const char *line = all.text;
  expect_prefix(line, "4 getCustomer: attempt finished (attempt=1, status=502, kind=Server, elapsed_ms=");
  line = next_line(line);
  expect_prefix(line, "2 getCustomer: the attempt failed; retrying (attempt=1, kind=Server, pause_ms=");
  line = next_line(line);
  expect_prefix(line, "4 getCustomer: attempt finished (attempt=2, status=200, elapsed_ms=");
  require(*next_line(line) == '\0', "the log has no more lines");

  /* Each client has its own log. A rejected request is not a warning. */
  require(skiplino_customers_get(quiet, NULL, "nobody", NULL, &customer, NULL) == SKIPLINO_VALIDATION, "the customer is unknown");
  require(warnings.text[0] == '\0', "a rejected request is not a warning");
  sandbox_send(base_url, "POST /faults", "{\"operation\": \"bookTicket\", \"kind\": \"drop_after_commit\", \"when\": {\"first\": 1}}");
  skiplino_booking booking = SKIPLINO_BOOKING_INIT;
  skiplino_ticket *ticket = NULL;
  booking.service_id = "6fe8fb8b12";
  booking.group_id = "7c1f9a3b2d";
  require(skiplino_tickets_book(quiet, &booking, NULL, &ticket, NULL) == SKIPLINO_OUTCOME_UNKNOWN, "the outcome is unknown");
  expect_prefix(warnings.text, "2 bookTicket: the call failed; it may have been applied (kind=OutcomeUnknown, attempts=1)\n");

  /* A pager still logs after its client is freed. */
  skiplino_customer_pager *pager = NULL;
  memset(&all, 0, sizeof all);
  require(skiplino_customers_list_pager(client, -1, NULL, &pager, NULL) == SKIPLINO_OK, "create a pager");
  skiplino_client_free(client);
  require(skiplino_customer_pager_next(pager, &customer, NULL) == SKIPLINO_OK, "read a customer after the client is freed");
  expect_prefix(all.text, "4 listCustomers: attempt finished (attempt=1, status=200, elapsed_ms=");
  skiplino_customer_free(customer);
  skiplino_customer_pager_free(pager);
  skiplino_client_free(quiet);

  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  options.log = on_log;
  options.log_level = 77;
  require(skiplino_client_new("sk_x", &options, &client, NULL) == SKIPLINO_INVALID_REQUEST, "an unknown level is rejected");
}

/* A program that makes calls in its log callback, which is forbidden. */
typedef struct {
  skiplino_client *client;
  int calls;
} forbidden;

static void call_in_log(void *data, skiplino_log_level level, const char *text) {
  forbidden *it = (forbidden *)data;
  skiplino_customer *customer = NULL;
  skiplino_error *error = NULL;
  (void)level;
  (void)text;
  it->calls++;
  require(skiplino_customers_get(it->client, NULL, "crm-7741", NULL, &customer, &error) == SKIPLINO_IN_LOG_CALLBACK, "the call is rejected");
  require(customer == NULL && error != NULL, "the call has an error");
  require(strcmp(skiplino_code_name(SKIPLINO_IN_LOG_CALLBACK), "InLogCallback") == 0, "the code has a name");
  require(strstr(skiplino_error_message(error), "must not make calls") != NULL, "the error says why");
  skiplino_error_free(error);
}

static void calls_in_the_log(void) {
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  skiplino_customer *customer = NULL;
  forbidden it = {NULL, 0};
  options.base_url = base_url;
  options.log = call_in_log;
  options.log_data = &it;
  options.log_level = SKIPLINO_LOG_DEBUG;
  require(skiplino_client_new("sk_sandbox_secret", &options, &it.client, NULL) == SKIPLINO_OK, "create a client");
  for (int count = 1; count <= 2; count++) {
    require(skiplino_customers_get(it.client, NULL, "crm-7741", NULL, &customer, NULL) == SKIPLINO_OK, "the logged call succeeds");
    skiplino_customer_free(customer);
    require(it.calls == count, "the call is logged");
  }
  skiplino_client_free(it.client);
}

typedef struct {
  skiplino_client *client;
  int changes;
  skiplino_ticket_status last;
} observer;

static bool stop_at_first(void *data, const skiplino_ticket *ticket) {
  observer *it = (observer *)data;
  it->changes++;
  it->last = skiplino_ticket_state(ticket);
  return false;
}

/* Cancels the ticket in the first callback. */
static bool cancel_at_first(void *data, const skiplino_ticket *ticket) {
  observer *it = (observer *)data;
  if (it->changes++ == 0) {
    skiplino_ticket *cancelled = NULL;
    require(skiplino_tickets_cancel(it->client, skiplino_ticket_id(ticket), NULL, &cancelled, NULL) == SKIPLINO_OK,
            "a callback may make calls");
    skiplino_ticket_free(cancelled);
  }
  it->last = skiplino_ticket_state(ticket);
  return true;
}

static void watches(void) {
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  skiplino_call_options call_options = SKIPLINO_CALL_OPTIONS_INIT;
  observer it = {NULL, 0, SKIPLINO_STATUS_UNKNOWN};
  skiplino_watch *watch = NULL;
  skiplino_cancellation_token *cancellation_token = NULL;
  options.base_url = base_url;
  require(skiplino_client_new("sk_sandbox_secret", &options, &it.client, NULL) == SKIPLINO_OK, "create a client");
  require(skiplino_tickets_watch(it.client, "k7m2p9x4q1", 5, 5, -1, NULL, &watch, NULL) == SKIPLINO_OK, "create a watch");
  require(skiplino_watch_each(watch, stop_at_first, &it, NULL) == SKIPLINO_OK && it.changes == 1,
          "the watch stops if the callback returns false");
  require(it.last == SKIPLINO_STATUS_WAITING, "the callback gets the current state");
  skiplino_watch_free(watch);
  it.changes = 0;
  require(skiplino_tickets_watch(it.client, "k7m2p9x4q1", 5, 5, -1, NULL, &watch, NULL) == SKIPLINO_OK, "create a watch");
  require(skiplino_watch_each(watch, cancel_at_first, &it, NULL) == SKIPLINO_OK, "the watch runs to the last state");
  require(it.changes == 2 && it.last == SKIPLINO_STATUS_CANCELLED, "the last state is cancelled");
  require(skiplino_watch_each(watch, cancel_at_first, &it, NULL) == SKIPLINO_OK && it.changes == 2, "no state follows the last state");
  skiplino_watch_free(watch);
  require(skiplino_cancellation_token_new(&cancellation_token, NULL) == SKIPLINO_OK, "create a cancellation token");
  call_options.cancellation_token = cancellation_token;
  require(skiplino_tickets_watch(it.client, "k7m2p9x4q1", 5, 5, -1, &call_options, &watch, NULL) == SKIPLINO_OK, "create a watch");
  skiplino_cancel(cancellation_token);
  require(skiplino_watch_each(watch, stop_at_first, &it, NULL) == SKIPLINO_CANCELLED && it.changes == 2, "a token cancels the watch");
  skiplino_watch_free(watch);
  skiplino_cancellation_token_free(cancellation_token);
  skiplino_client_free(it.client);
}

int main(int count, char **arguments) {
  require(count == 2, "callbacks BASE_URL");
  base_url = arguments[1];
  logs();
  calls_in_the_log();
  watches();
  printf("three logs and three watches\n");
  return 0;
}
