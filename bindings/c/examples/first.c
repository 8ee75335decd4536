/* Books a walk-in ticket and cancels it. Set SKIPLINO_BASE_URL and SKIPLINO_API_KEY as `skiplino sandbox` prints them. */
#include <skiplino.h>
#include <stdio.h>
#include <stdlib.h>

static int failed(skiplino_error *error) {
  fprintf(stderr, "%s\n", skiplino_error_message(error));
  skiplino_error_free(error);
  return 1;
}

int main(void) {
  const char *key = getenv("SKIPLINO_API_KEY");
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  skiplino_client *client = NULL;
  skiplino_error *error = NULL;
  options.base_url = getenv("SKIPLINO_BASE_URL");
  if (skiplino_client_new(key ? key : "", &options, &client, &error) != SKIPLINO_OK) {
    return failed(error);
  }

  skiplino_booking booking = SKIPLINO_BOOKING_INIT;
  skiplino_ticket *ticket = NULL;
  booking.service_id = "6fe8fb8b12";
  booking.group_id = "7c1f9a3b2d";
  int status = 0;
  if (skiplino_tickets_book(client, &booking, NULL, &ticket, &error) != SKIPLINO_OK) {
    status = failed(error);
  } else {
    skiplino_ticket *cancelled = NULL;
    printf("your number is %s, %d ahead of you\n", skiplino_ticket_number(ticket),
           (int)skiplino_ticket_queue_size(ticket));
    if (skiplino_tickets_cancel(client, skiplino_ticket_id(ticket), NULL, &cancelled, &error) != SKIPLINO_OK) {
      status = failed(error);
    } else {
      printf("it is now %s\n", skiplino_ticket_status_text(cancelled));
    }
    skiplino_ticket_free(cancelled);
  }
  skiplino_ticket_free(ticket);
  skiplino_client_free(client);
  return status;
}
