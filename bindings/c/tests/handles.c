/* Creates one live handle of every type, for the program that arguments.py generates. */
#include "handles.h"

#include <stdio.h>
#include <stdlib.h>

skiplino_client *client;
skiplino_cancellation_token *cancellation_token;
skiplino_error *an_error;
skiplino_response *response;
skiplino_branch_list *branch_list;
const skiplino_branch *branch;
skiplino_group_list *group_list;
const skiplino_group *group;
const skiplino_service *service;
skiplino_slot_list *slot_list;
const skiplino_slot *slot;
skiplino_ticket *ticket;
skiplino_customer *customer;
skiplino_customer_page *customer_page;
skiplino_ticket_page *ticket_page;
const skiplino_pagination *pagination;
skiplino_customer_pager *customer_pager;
skiplino_ticket_pager *ticket_pager;
skiplino_watch *watch;

void require(bool holds, const char *claim) {
  if (!holds) {
    fprintf(stderr, "failed: %s\n", claim);
    exit(1);
  }
}

/* Checks that a call succeeded and wrote a handle to `handle`. */
static void check_created(skiplino_code code, const void *handle) {
  if (code != SKIPLINO_OK) {
    fprintf(stderr, "%s\n", skiplino_code_name(code));
  }
  require(code == SKIPLINO_OK && *(void *const *)handle != NULL, "create every handle");
}

void make_handles(const char *base_url) {
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  skiplino_call_options call_options = SKIPLINO_CALL_OPTIONS_INIT;
  options.base_url = base_url;
  call_options.response = &response;
  check_created(skiplino_client_new("sk_sandbox_secret", &options, &client, NULL), &client);
  check_created(skiplino_cancellation_token_new(&cancellation_token, NULL), &cancellation_token);
  check_created(skiplino_branches_list(client, &call_options, &branch_list, NULL), &response);
  branch = skiplino_branch_list_at(branch_list, 0);
  check_created(skiplino_branches_tree(client, skiplino_branch_id(branch), NULL, &group_list, NULL), &group_list);
  group = skiplino_group_list_at(group_list, 0);
  service = skiplino_group_service_at(group, 0);
  check_created(skiplino_services_slots(client, skiplino_service_id(service), "2099-01-05", NULL, &slot_list, NULL), &slot_list);
  slot = skiplino_slot_list_at(slot_list, 0);
  check_created(skiplino_tickets_get(client, "k7m2p9x4q1", NULL, &ticket, NULL), &ticket);
  check_created(skiplino_customers_get(client, NULL, "crm-7741", NULL, &customer, NULL), &customer);
  check_created(skiplino_customers_list(client, 1, -1, NULL, &customer_page, NULL), &customer_page);
  check_created(skiplino_customers_tickets(client, NULL, "crm-7741", 1, -1, NULL, &ticket_page, NULL), &ticket_page);
  pagination = skiplino_ticket_page_pagination(ticket_page);
  check_created(skiplino_customers_list_pager(client, -1, NULL, &customer_pager, NULL), &customer_pager);
  check_created(skiplino_customers_tickets_pager(client, NULL, "crm-7741", -1, NULL, &ticket_pager, NULL), &ticket_pager);
  /* A cancelled watch, so that no test waits for it. */
  skiplino_cancel(cancellation_token);
  call_options.cancellation_token = cancellation_token;
  check_created(skiplino_tickets_watch(client, "k7m2p9x4q1", -1, -1, -1, &call_options, &watch, NULL), &watch);
  require(skiplino_branches_tree(client, "", NULL, &group_list, &an_error) == SKIPLINO_INVALID_REQUEST &&
              an_error != NULL && slot != NULL && service != NULL && pagination != NULL,
          "create every handle");
}

/* The client first: pagers and watches must outlive it. */
void free_handles(void) {
  skiplino_client_free(client);
  skiplino_cancellation_token_free(cancellation_token);
  skiplino_error_free(an_error);
  skiplino_response_free(response);
  skiplino_branch_list_free(branch_list);
  skiplino_group_list_free(group_list);
  skiplino_slot_list_free(slot_list);
  skiplino_ticket_free(ticket);
  skiplino_customer_free(customer);
  skiplino_customer_page_free(customer_page);
  skiplino_ticket_page_free(ticket_page);
  skiplino_customer_pager_free(customer_pager);
  skiplino_ticket_pager_free(ticket_pager);
  skiplino_watch_free(watch);
}
