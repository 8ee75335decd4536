/* 50,000 calls of every kind, during which the memory must not grow: soak BASE_URL */
#include "control.h"

#include <skiplino.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALLS 50000
/* Buffers, pools and the allocator grow during these calls. */
#define WARM 10000
/* Tolerated growth: a hundredth of the growth if every call leaked a ticket. */
#define SLACK_KIB 256

static const char *base_url;
static int calls;

static void expect_code(skiplino_code code, skiplino_code expected, const char *what) {
  calls++;
  if (code != expected) {
    fprintf(stderr, "call %d, %s: %s, not %s\n", calls, what, skiplino_code_name(code), skiplino_code_name(expected));
    exit(1);
  }
}

static long resident_kib(void) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  require(file != NULL && fscanf(file, "%*s %ld", &pages) == 1, "read the resident memory");
  fclose(file);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void on_log(void *data, skiplino_log_level level, const char *text) {
  *(size_t *)data += strlen(text) + (size_t)level;
}

/* The calls of a kiosk, and its errors. */
static void visit(const skiplino_client *client) {
  skiplino_call_options options = SKIPLINO_CALL_OPTIONS_INIT;
  skiplino_booking booking = SKIPLINO_BOOKING_INIT;
  skiplino_response *response = NULL;
  skiplino_branch_list *branches = NULL;
  skiplino_group_list *groups = NULL;
  skiplino_slot_list *slots = NULL;
  skiplino_ticket *ticket = NULL, *cancelled = NULL;
  skiplino_customer *customer = NULL;
  skiplino_error *error = NULL;
  options.locale = "ar";
  options.response = &response;
  expect_code(skiplino_branches_list(client, &options, &branches, &error), SKIPLINO_OK, "branches");
  expect_code(skiplino_branches_tree(client, "802b33af66", NULL, &groups, &error), SKIPLINO_OK, "a tree");
  expect_code(skiplino_services_slots(client, "6fe8fb8b12", "2099-01-05", NULL, &slots, &error), SKIPLINO_OK, "slots");
  booking.service_id = "6fe8fb8b12";
  booking.group_id = "7c1f9a3b2d";
  booking.options_json = "{\"accountType\": \"savings\"}";
  expect_code(skiplino_tickets_book(client, &booking, NULL, &ticket, &error), SKIPLINO_OK, "a booking");
  expect_code(skiplino_tickets_cancel(client, skiplino_ticket_id(ticket), NULL, &cancelled, &error), SKIPLINO_OK, "a cancellation");
  skiplino_ticket_free(cancelled);
  expect_code(skiplino_tickets_cancel(client, skiplino_ticket_id(ticket), NULL, &cancelled, &error), SKIPLINO_CONFLICT,
              "a second cancellation");
  skiplino_error_free(error);
  expect_code(skiplino_customers_get(client, NULL, "nobody", NULL, &customer, &error), SKIPLINO_VALIDATION, "an unknown customer");
  skiplino_error_free(error);
  expect_code(skiplino_branches_tree(client, "", NULL, &groups, &error), SKIPLINO_INVALID_REQUEST, "an empty id");
  skiplino_error_free(error);
  expect_code(skiplino_customers_get(client, NULL, "crm-7741", NULL, &customer, &error), SKIPLINO_OK, "a customer");
  skiplino_response_free(response);
  skiplino_branch_list_free(branches);
  skiplino_group_list_free(groups);
  skiplino_slot_list_free(slots);
  skiplino_ticket_free(ticket);
  skiplino_customer_free(customer);
}

static void read_lists(const skiplino_client *client) {
  skiplino_customer_pager *pager = NULL;
  skiplino_customer *customer = NULL;
  skiplino_watch *watch = NULL;
  skiplino_ticket *ticket = NULL;
  for (int nth = 0; nth < 25; nth++) {
    expect_code(skiplino_tickets_get(client, "k7m2p9x4q1", NULL, &ticket, NULL), SKIPLINO_OK, "a ticket");
    skiplino_ticket_free(ticket);
  }
  expect_code(skiplino_customers_list_pager(client, 2, NULL, &pager, NULL), SKIPLINO_OK, "a pager");
  while (skiplino_customer_pager_next(pager, &customer, NULL) == SKIPLINO_OK) {
    skiplino_customer_free(customer);
  }
  skiplino_customer_pager_free(pager);
  expect_code(skiplino_tickets_watch(client, "k7m2p9x4q1", 5, 5, -1, NULL, &watch, NULL), SKIPLINO_OK, "a watch");
  expect_code(skiplino_watch_next(watch, 60000, &ticket, NULL), SKIPLINO_OK, "its first state");
  skiplino_ticket_free(ticket);
  skiplino_watch_free(watch);
}

int main(int count, char **arguments) {
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  size_t logged = 0;
  long warm = 0, peak = 0;
  require(count == 2, "soak BASE_URL");
  options.base_url = base_url = arguments[1];
  options.log = on_log;
  options.log_data = &logged;
  options.log_level = SKIPLINO_LOG_DEBUG;
  while (calls < CALLS) {
    /* Several clients, each for many calls. */
    skiplino_client *client = NULL;
    require(skiplino_client_new("sk_sandbox_secret", &options, &client, NULL) == SKIPLINO_OK, "create a client");
    for (int nth = 0; nth < 20; nth++) {
      visit(client);
      read_lists(client);
    }
    skiplino_client_free(client);
    long now = resident_kib();
    if (calls >= WARM) {
      warm = warm == 0 ? now : warm;
      peak = now > peak ? now : peak;
    }
  }
  printf("%d calls: %ld KiB after the first %d, at most %ld KiB afterwards\n", calls, warm, WARM, peak);
  require(logged > 0 && peak - warm <= SLACK_KIB, "the memory does not grow");
  return 0;
}
