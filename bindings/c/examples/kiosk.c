/* A kiosk, for POSIX systems and Windows: it lists the services of a branch and prints walk-in tickets on
   receipts of 40 columns. It reads SKIPLINO_BASE_URL and SKIPLINO_API_KEY (a public key) from the
   environment. Visitors use the keyboard in place of buttons: kiosk_input.c reads it. The program shows
   one client for the life of the process, a language for each call, which failures to retry, a log, and a
   clean exit at any moment. With -DKIOSK_QR and -lqrencode the receipt has a QR code. */
#include "kiosk_input.h"

#include <skiplino.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COLUMNS 40
#define RULE "========================================"
#define BOOKING_TIMEOUT_MS 8000
#define RETRY_PAUSE_MS 2000

typedef enum { BRANCH, SERVICE, CUSTOMER, CLOSED, AHEAD, KEEP, RECOVERED, OFFLINE, RETRY, UNKNOWN, REFUSED, OUT_OF_ORDER } phrase;

static const struct {
  const char *locale;
  const char *phrases[OUT_OF_ORDER + 1];
} languages[] = {
    {"en",
     {"Which branch is this?", "Choose a service, or L for العربية:", "Your customer number, or Enter for none:", " (closed)",
      "%d ahead of you, about %d min", "Please keep this ticket.", "The connection was lost, but your ticket was booked.",
      "No connection. Trying again...", "No connection, and nothing was booked. Trying again...",
      "The connection was lost during your booking.\nYou MAY have a place in the queue: please ask our staff\n"
      "before you take another ticket.",
      "No ticket was booked: %s\n", "This kiosk is out of order. Please ask our staff."}},
    {"ar",
     {"ما هو هذا الفرع؟", "اختر خدمة، أو L للغة English:", "رقم العميل، أو Enter للمتابعة بدونه:", " (مغلق)",
      "%d أمامك، حوالي %d دقيقة", "يرجى الاحتفاظ بهذه التذكرة.", "انقطع الاتصال، لكن تم إصدار تذكرتك.",
      "لا يوجد اتصال. جارٍ إعادة المحاولة...", "لا يوجد اتصال ولم يُحجز شيء. جارٍ إعادة المحاولة...",
      "انقطع الاتصال أثناء إصدار تذكرتك.\nقد يكون لك مكان في الطابور: يرجى سؤال الموظفين\nقبل أخذ تذكرة أخرى.", "لم تُصدر تذكرة: %s\n",
      "هذا الجهاز خارج الخدمة. يرجى سؤال الموظفين."}},
};

typedef struct {
  skiplino_client *client;
  skiplino_cancellation_token *cancellation_token;
  skiplino_branch_list *branches;
  skiplino_group_list *groups;
  size_t language;
  int status; /* The exit status. */
} kiosk;

static const char *say(const kiosk *k, phrase which) { return languages[k->language].phrases[which]; }

static void on_stop(void *data) { skiplino_cancel((skiplino_cancellation_token *)data); }

static skiplino_call_options call_options(const kiosk *k) {
  skiplino_call_options options = SKIPLINO_CALL_OPTIONS_INIT;
  options.locale = languages[k->language].locale;
  options.cancellation_token = k->cancellation_token;
  return options;
}

static void on_log(void *data, skiplino_log_level level, const char *text) {
  (void)data;
  fprintf(stderr, "kiosk: %s%s\n", level == SKIPLINO_LOG_WARN ? "warning: " : "", text);
}

/* Shows a message and waits, after a call failed in spite of the library's own retries and changed
   nothing. False if a retry is useless: the kiosk must stop, or the call would fail again. */
static bool retry_later(const kiosk *k, const skiplino_error *error, phrase which) {
  if (!skiplino_error_is_retryable(error)) return false;
  printf("%s\n", say(k, which));
  return input_wait(false, RETRY_PAUSE_MS);
}

/* Loads the branches, or the services of a branch. Retries: a read is safe. False if the kiosk must stop. */
static bool load_list(kiosk *k, const char *branch_id) {
  skiplino_call_options options = call_options(k);
  skiplino_error *error = NULL;
  while ((branch_id == NULL ? skiplino_branches_list(k->client, &options, &k->branches, &error)
                            : skiplino_branches_tree(k->client, branch_id, &options, &k->groups, &error)) != SKIPLINO_OK) {
    bool again = retry_later(k, error, OFFLINE);
    if (!again && input_wait(false, 0)) { /* Permanent, as a wrong key: the staff must help. */
      fprintf(stderr, "kiosk: %s\n", skiplino_error_message(error));
      printf("%s\n", say(k, OUT_OF_ORDER));
      k->status = 1;
    }
    skiplino_error_free(error);
    if (!again) return false;
  }
  return true;
}

/* The columns of a text: one per character, which is right for the languages here. */
static int width(const char *text, size_t length) {
  int columns = 0;
  for (size_t at = 0; at < length; at++) {
    columns += ((unsigned char)text[at] & 0xC0) != 0x80;
  }
  return columns;
}

/* Prints a text in the centre, on as many lines as it needs. */
static void print_centred(const char *text) {
  while (text != NULL && *text != '\0') {
    size_t end = 0, space = 0;
    while (text[end] != '\0' && width(text, end + 1) <= COLUMNS) {
      space = text[end] == ' ' ? end : space;
      end++;
    }
    end = text[end] != '\0' && space > 0 ? space : end;
    printf("%*s%.*s\n", (COLUMNS - width(text, end)) / 2, "", (int)end, text);
    text += end + strspn(text + end, " ");
  }
}

#ifdef KIOSK_QR
#include <qrencode.h>

static bool is_dark(const QRcode *code, int row, int column) {
  bool inside = row >= 0 && row < code->width && column >= 0 && column < code->width;
  return inside && (code->data[row * code->width + column] & 1) != 0;
}

/* Prints a QR code for following the ticket on a phone: two rows of the code per line. */
static void print_qr(const char *text) {
  const int margin = 4;
  QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
  for (int row = -margin; code != NULL && row < code->width + margin; row += 2) {
    printf("%*s", (COLUMNS - code->width - 2 * margin) / 2, "");
    for (int column = -margin; column < code->width + margin; column++) {
      bool above = is_dark(code, row, column), below = is_dark(code, row + 1, column);
      fputs(above ? below ? " " : "▄" : below ? "▀" : "█", stdout);
    }
    puts("");
  }
  QRcode_free(code);
}
#else
#define print_qr print_centred
#endif

static void print_receipt(const kiosk *k, const skiplino_ticket *ticket) {
  char text[64];
  time_t booked = (time_t)(skiplino_ticket_booked_at_ms(ticket) / 1000);
  printf("\n%s\n", RULE);
  print_centred(skiplino_ticket_branch_name(ticket));
  print_centred(skiplino_ticket_service_name(ticket));
  snprintf(text, sizeof text, "*** %s ***", skiplino_ticket_number(ticket));
  print_centred(text);
  if (skiplino_ticket_queue_size(ticket) >= 0 && skiplino_ticket_waiting_time(ticket) >= 0) {
    snprintf(text, sizeof text, say(k, AHEAD), (int)skiplino_ticket_queue_size(ticket), (int)skiplino_ticket_waiting_time(ticket));
    print_centred(text);
  }
  print_qr(skiplino_ticket_id(ticket));
  const struct tm *local = localtime(&booked);
  if (local != NULL && strftime(text, sizeof text, "%Y-%m-%d %H:%M", local) > 0) print_centred(text);
  print_centred(say(k, KEEP));
  printf("%s\n\n", RULE);
}
/* ANCHOR: book */
/* Books one ticket. Retries if nothing was booked, and never if a ticket may have been booked. */
static void book(kiosk *k, const skiplino_booking *booking) {
  skiplino_call_options options = call_options(k);
  skiplino_response *response = NULL;
  skiplino_ticket *ticket = NULL;
  skiplino_error *error = NULL;
  bool again = true;
  /* A stop does not cancel a booking: the kiosk waits for its result, at most this long. */
  options.cancellation_token = NULL;
  options.deadline_ms = BOOKING_TIMEOUT_MS;
  options.response = &response;
  while (again && skiplino_tickets_book(k->client, booking, &options, &ticket, &error) != SKIPLINO_OK) {
    if (skiplino_error_outcome(error) == SKIPLINO_MAY_BE_APPLIED) {
      again = false;
      printf("%s\n", say(k, UNKNOWN));
    } else if (!(again = retry_later(k, error, RETRY))) {
      const char *reason = skiplino_error_reason(error);
      printf(say(k, REFUSED), reason != NULL ? reason : skiplino_error_message(error));
    }
    skiplino_error_free(error);
  }
  if (ticket != NULL) print_receipt(k, ticket);
  if (skiplino_response_recovered(response)) printf("%s\n", say(k, RECOVERED));
  skiplino_ticket_free(ticket);
  skiplino_response_free(response);
}
/* ANCHOR_END: book */
/* The service with this number, from 1, and its group. */
static const skiplino_service *service_at(const skiplino_group_list *groups, int number, const skiplino_group **group) {
  for (size_t at = 0; (*group = skiplino_group_list_at(groups, at)) != NULL; at++) {
    int count = (int)skiplino_group_service_count(*group);
    if (number <= count) return skiplino_group_service_at(*group, (size_t)(number - 1));
    number -= count;
  }
  return NULL;
}

/* Serves one visitor. False if the kiosk must stop. */
static bool serve_visitor(kiosk *k) {
  char line[128], customer[128] = "";
  const skiplino_service *service;
  const skiplino_group *group, *last = NULL;
  for (int n = 1; (service = service_at(k->groups, n, &group)) != NULL; n++) {
    if (group != last) printf("%s\n", skiplino_group_name(last = group));
    printf("  %2d  %s%s\n", n, skiplino_service_name(service), skiplino_service_is_open(service) ? "" : say(k, CLOSED));
  }
  printf("%s ", say(k, SERVICE));
  if (!input_line(line, sizeof line)) return false;
  if (line[0] == 'l' || line[0] == 'L') {
    k->language = !k->language;
  } else if (atoi(line) > 0 && (service = service_at(k->groups, atoi(line), &group)) != NULL) {
    skiplino_booking booking = SKIPLINO_BOOKING_INIT;
    printf("%s ", say(k, CUSTOMER));
    if (!input_line(customer, sizeof customer)) return false;
    booking.service_id = skiplino_service_id(service);
    booking.group_id = skiplino_group_id(group);
    booking.customer_external_id = customer[0] != '\0' ? customer : NULL;
    book(k, &booking);
  }
  return true;
}

/* The branch where the kiosk stands. NULL if the kiosk must stop. */
static const skiplino_branch *choose_branch(const kiosk *k) {
  const skiplino_branch *branch;
  char line[16] = "";
  do {
    for (int n = 1; (branch = skiplino_branch_list_at(k->branches, (size_t)(n - 1))) != NULL; n++) {
      printf("  %2d  %s\n", n, skiplino_branch_name(branch));
    }
    printf("%s ", say(k, BRANCH));
    if (!input_line(line, sizeof line)) return NULL;
  } while ((branch = skiplino_branch_list_at(k->branches, (size_t)(atoi(line) - 1))) == NULL);
  return branch;
}

int main(void) {
  static kiosk k;
  const char *key = getenv("SKIPLINO_API_KEY");
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  skiplino_error *error = NULL;
  options.base_url = getenv("SKIPLINO_BASE_URL");
  options.user_agent_suffix = "kiosk/1";
  options.log = on_log;
  if (skiplino_cancellation_token_new(&k.cancellation_token, &error) != SKIPLINO_OK ||
      skiplino_client_new(key != NULL ? key : "", &options, &k.client, &error) != SKIPLINO_OK) {
    fprintf(stderr, "kiosk: %s\n", skiplino_error_message(error));
    skiplino_error_free(error);
    return 2;
  }
  if (!input_start(on_stop, k.cancellation_token)) return 2;
  const skiplino_branch *branch = load_list(&k, NULL) ? choose_branch(&k) : NULL;
  for (bool running = branch != NULL; running;) {
    running = load_list(&k, skiplino_branch_id(branch)) && serve_visitor(&k);
    skiplino_group_list_free(k.groups);
    k.groups = NULL;
  }
  skiplino_branch_list_free(k.branches);
  input_end();
  skiplino_client_free(k.client);
  skiplino_cancellation_token_free(k.cancellation_token);
  return k.status;
}
