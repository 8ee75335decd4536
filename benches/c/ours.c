/* The benchmark of libskiplino, with one client for all threads. */
#include "worker.h"

#include <skiplino.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lane {
  const char *base_url;
};

static skiplino_client *client;

/* The certificate authority that SSL_CERT_FILE names, or NULL. */
static const char *authority(void) {
  static char pem[4096];
  FILE *file = getenv("SSL_CERT_FILE") == NULL ? NULL : fopen(getenv("SSL_CERT_FILE"), "r");
  if (file == NULL) {
    return NULL;
  }
  pem[fread(pem, 1, sizeof pem - 1, file)] = '\0';
  fclose(file);
  return pem;
}

static void open_client(const char *base_url) {
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  options.base_url = base_url;
  options.root_certificates = authority();
  require(skiplino_client_new("sk_bench", &options, &client, NULL) == SKIPLINO_OK, "create a client");
}

lane *lane_new(const char *base_url) {
  lane *made = (lane *)malloc(sizeof *made);
  if (client == NULL) {
    open_client(base_url);
  }
  made->base_url = base_url;
  return made;
}

void lane_renew(lane *self) {
  skiplino_client_free(client);
  open_client(self->base_url);
}

void lane_warm_up(lane *self) {
  (void)self;
  require(skiplino_client_warm_up(client, NULL, NULL) == SKIPLINO_OK, "warm up");
}

static void check(skiplino_ticket *ticket) {
  require(skiplino_ticket_queue_size(ticket) == 6 && strcmp(skiplino_ticket_number(ticket), "Q017") == 0, "the result is right");
  skiplino_ticket_free(ticket);
}

void lane_ticket(lane *self) {
  skiplino_ticket *ticket = NULL;
  (void)self;
  require(skiplino_tickets_get(client, "k7m2p9x4q1", NULL, &ticket, NULL) == SKIPLINO_OK, "get a ticket");
  check(ticket);
}

void lane_book(lane *self) {
  skiplino_ticket *ticket = NULL;
  skiplino_booking booking = SKIPLINO_BOOKING_INIT;
  (void)self;
  booking.service_id = "6fe8fb8b12";
  booking.group_id = "7c1f9a3b2d";
  booking.customer_id = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b";
  require(skiplino_tickets_book(client, &booking, NULL, &ticket, NULL) == SKIPLINO_OK, "book a ticket");
  check(ticket);
}

void lane_page(lane *self) {
  skiplino_customer_page *page = NULL;
  (void)self;
  require(skiplino_customers_list(client, 1, 100, NULL, &page, NULL) == SKIPLINO_OK, "get a page");
  const char *email = skiplino_customer_email(skiplino_customer_page_at(page, 99));
  require(strcmp(email, "layla.hassan99@example.com") == 0, "the result is right");
  skiplino_customer_page_free(page);
}
