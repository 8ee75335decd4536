/* The C examples of the guides, which include the code between two ANCHOR comments: guides
   BASE_URL */
#include "control.h"

#include <skiplino.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char shown[256];

/* Keeps the text that a program would show. */
static void say(const char *format, ...) {
  va_list values;
  va_start(values, format);
  vsnprintf(shown, sizeof shown, format, values);
  va_end(values);
}

/* ANCHOR: keys */
static skiplino_code customers(const char *key, const char *base_url, uint64_t *total) {
  skiplino_client *client = NULL;
  skiplino_customer_page *page = NULL;
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  options.base_url = base_url;
  skiplino_code code = skiplino_client_new(key, &options, &client, NULL);
  if (code == SKIPLINO_OK) {
    /* With a public key this is SKIPLINO_SECRET_KEY_REQUIRED, and nothing is sent. */
    code = skiplino_customers_list(client, 1, -1, NULL, &page, NULL);
  }
  if (code == SKIPLINO_OK) *total = skiplino_pagination_total(skiplino_customer_page_pagination(page));
  skiplino_customer_page_free(page);
  skiplino_client_free(client);
  return code;
}
/* ANCHOR_END: keys */

static int received(const char *base_url, const char *operation) {
  json_t *counts = sandbox_request(base_url, "GET /requests/counts", NULL);
  int count = (int)json_integer_value(json_object_get(json_object_get(counts, operation), "received"));
  json_decref(counts);
  return count;
}

static void a_public_key_cannot_read_customers(const char *base_url) {
  uint64_t total = 0;
  require(customers("pk_sandbox_public", base_url, &total) == SKIPLINO_SECRET_KEY_REQUIRED, "a secret key is required");
  require(received(base_url, "listCustomers") == 0, "nothing is sent");
  require(customers("sk_sandbox_secret", base_url, &total) == SKIPLINO_OK && total == 3, "a secret key is accepted");
}

/* ANCHOR: booking */
static void join(const skiplino_client *client, const char *customer) {
  skiplino_booking booking = SKIPLINO_BOOKING_INIT;
  skiplino_call_options options = SKIPLINO_CALL_OPTIONS_INIT;
  skiplino_response *response = NULL;
  skiplino_ticket *ticket = NULL;
  skiplino_error *error = NULL;
  booking.service_id = "6fe8fb8b12";
  booking.group_id = "7c1f9a3b2d";
  booking.customer_external_id = customer; /* May be NULL: then a lost response cannot be recovered. */
  options.response = &response;
  if (skiplino_tickets_book(client, &booking, &options, &ticket, &error) == SKIPLINO_OK) {
    const char *how = skiplino_response_recovered(response) ? "the response was lost, but your place is booked:" : "your number is";
    say("%s %s", how, skiplino_ticket_number(ticket));
  } else if (skiplino_error_outcome(error) == SKIPLINO_MAY_BE_APPLIED) {
    say("you may have a place: ask at the counter before you try again");
  } else {
    say("nothing was booked: %s", skiplino_error_message(error));
  }
  skiplino_response_free(response);
  skiplino_ticket_free(ticket);
  skiplino_error_free(error);
}
/* ANCHOR_END: booking */

static void a_booking_is_made_once(const char *base_url, const skiplino_client *client) {
  join(client, "crm-7741");
  require(strcmp(shown, "your number is Q018") == 0, shown);
  sandbox_send(base_url, "POST /faults", "{\"operation\": \"bookTicket\", \"kind\": \"drop_after_commit\"}");
  join(client, "crm-7741");
  require(strcmp(shown, "the response was lost, but your place is booked: Q019") == 0, shown);
  join(client, NULL);
  require(strstr(shown, "you may have a place") == shown, shown);
  require(received(base_url, "bookTicket") == 3, "every booking is sent once");
  sandbox_send(base_url, "DELETE /faults", NULL);
  join(client, "nobody");
  require(strstr(shown, "nothing was booked: ") == shown, shown);
}

/* ANCHOR: following */
static skiplino_code follow(const skiplino_client *client, const char *ticket_id, int64_t interval_ms,
                            void (*show)(const skiplino_ticket *)) {
  skiplino_watch *watch = NULL;
  skiplino_ticket *ticket = NULL;
  /* Polls every `interval_ms` at the front of the queue, and ten times more slowly far from it. */
  skiplino_code code = skiplino_tickets_watch(client, ticket_id, interval_ms, 10 * interval_ms, -1, NULL, &watch, NULL);
  while (code == SKIPLINO_OK || code == SKIPLINO_NO_CHANGE) {
    code = skiplino_watch_next(watch, 5000, &ticket, NULL);
    if (code != SKIPLINO_OK) continue; /* On SKIPLINO_NO_CHANGE the program can do other work. */
    show(ticket);
    skiplino_ticket_free(ticket);
  }
  skiplino_watch_free(watch);
  return code; /* SKIPLINO_END: served or cancelled. */
}
/* ANCHOR_END: following */

static const char *sandbox_url;

/* Shows a state, and changes it in the sandbox as the staff would. */
static void show(const skiplino_ticket *ticket) {
  char request[64];
  const char *next = skiplino_ticket_state(ticket) == SKIPLINO_STATUS_WAITING ? "call" : "serve";
  size_t length = strlen(shown);
  snprintf(shown + length, sizeof shown - length, "%s ", skiplino_ticket_status_text(ticket));
  snprintf(request, sizeof request, "POST /tickets/%s/%s", skiplino_ticket_id(ticket), next);
  if (skiplino_ticket_state(ticket) != SKIPLINO_STATUS_SERVED) sandbox_send(sandbox_url, request, "{}");
}

static void a_watch_follows_a_ticket_to_its_end(const char *base_url, const skiplino_client *client) {
  sandbox_url = base_url;
  say("%s", "");
  require(follow(client, "k7m2p9x4q1", 1, show) == SKIPLINO_END, "the watch ends");
  require(strcmp(shown, "waiting serving served ") == 0, shown);
}

/* ANCHOR: errors */
static void explain(const skiplino_error *error) {
  const char *reason = skiplino_error_reason(error);
  switch (skiplino_error_code(error)) {
  case SKIPLINO_CONNECT:
    say("There is no connection.");
    break;
  case SKIPLINO_REJECTED: /* In the requested language. */
    say("%s", reason != NULL ? reason : "It was rejected.");
    break;
  case SKIPLINO_INVALID_REQUEST:
  case SKIPLINO_VALIDATION:
    say("Please check %s.", skiplino_error_field_name(error, 0));
    break;
  case SKIPLINO_CONFLICT:
    say("It is too late for that.");
    break;
  case SKIPLINO_OUTCOME_UNKNOWN:
    say("It may have been applied: check before you retry.");
    break;
  default:
    say("%s", skiplino_error_message(error));
  }
}
/* ANCHOR_END: errors */

/* Books a ticket, or cancels one, which must fail. */
static void fails(const skiplino_client *client, const char *cancelled, const char *expected) {
  skiplino_booking booking = SKIPLINO_BOOKING_INIT;
  skiplino_ticket *ticket = NULL;
  skiplino_error *error = NULL;
  booking.service_id = "6fe8fb8b12";
  booking.group_id = "7c1f9a3b2d";
  skiplino_code code = cancelled != NULL ? skiplino_tickets_cancel(client, cancelled, NULL, &ticket, &error)
                                         : skiplino_tickets_book(client, &booking, NULL, &ticket, &error);
  require(code != SKIPLINO_OK, expected);
  explain(error);
  skiplino_error_free(error);
  require(strcmp(shown, expected) == 0, shown);
}

static void errors_have_kinds(const char *base_url, const skiplino_client *client) {
  char closed_port_url[64];
  skiplino_client *offline = NULL;
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  sandbox_send(base_url, "PUT /services/6fe8fb8b12", "{\"open\": false}");
  fails(client, NULL, "This service is closed.");
  sandbox_send(base_url, "PUT /services/6fe8fb8b12", "{\"open\": null}");
  sandbox_send(base_url, "POST /faults", "{\"operation\": \"bookTicket\", \"kind\": \"drop_after_commit\"}");
  fails(client, NULL, "It may have been applied: check before you retry.");
  fails(client, "", "Please check ticketId.");
  fails(client, "k7m2p9x4q1", "It is too late for that."); /* The ticket was served. */
  snprintf(closed_port_url, sizeof closed_port_url, "http://127.0.0.1:%d", free_port());
  options.base_url = closed_port_url;
  options.max_attempts = 1;
  require(skiplino_client_new("pk_sandbox_public", &options, &offline, NULL) == SKIPLINO_OK, "create a client");
  fails(offline, NULL, "There is no connection.");
  skiplino_client_free(offline);
}

int main(int count, char **arguments) {
  require(count == 2, "guides BASE_URL");
  const char *base_url = arguments[1];
  skiplino_client *client = NULL;
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  options.base_url = base_url;
  options.backoff_ms = options.max_backoff_ms = 1;
  sandbox_send(base_url, "POST /reset", "{\"seed\": 1, \"now\": \"2026-06-23T11:10:00.000Z\", \"freeze\": true}");
  require(skiplino_client_new("pk_sandbox_public", &options, &client, NULL) == SKIPLINO_OK, "create a client");
  a_public_key_cannot_read_customers(base_url);
  a_booking_is_made_once(base_url, client);
  a_watch_follows_a_ticket_to_its_end(base_url, client);
  errors_have_kinds(base_url, client);
  skiplino_client_free(client);
  return 0;
}
