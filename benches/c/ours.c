/* The benchmark of libskiplino, with one client for all threads. */
#include "worker.h"

#include <skiplino.h>
#include <stdlib.h>
#include <string.h>

struct lane {
  const skiplino_client *client;
};

lane *lane_new(const char *base_url) {
  static skiplino_client *client;
  lane *made = (lane *)malloc(sizeof *made);
  if (client == NULL) {
    skiplino_options options = SKIPLINO_OPTIONS_INIT;
    options.base_url = base_url;
    require(skiplino_client_new("sk_bench", &options, &client, NULL) == SKIPLINO_OK, "create a client");
  }
  made->client = client;
  return made;
}

void lane_ticket(lane *self) {
  skiplino_ticket *ticket = NULL;
  require(skiplino_tickets_get(self->client, "k7m2p9x4q1", NULL, &ticket, NULL) == SKIPLINO_OK, "get a ticket");
  require(skiplino_ticket_queue_size(ticket) == 6 && strcmp(skiplino_ticket_number(ticket), "Q017") == 0, "the result is right");
  skiplino_ticket_free(ticket);
}

void lane_page(lane *self) {
  skiplino_customer_page *page = NULL;
  require(skiplino_customers_list(self->client, 1, 100, NULL, &page, NULL) == SKIPLINO_OK, "get a page");
  const char *email = skiplino_customer_email(skiplino_customer_page_at(page, 99));
  require(strcmp(email, "layla.hassan99@example.com") == 0, "the result is right");
  skiplino_customer_page_free(page);
}
