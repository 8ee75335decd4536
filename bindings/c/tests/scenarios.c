/* Runs the scenarios of tests/scenarios through the C API: scenarios [--without NAME] FILE...
   BASE_URL */
#include "control.h"

#include <jansson.h>
#include <pthread.h>
#include <skiplino.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *base_url;
/* The first difference of the current scenario. */
static char difference[4096];

static void differs(const char *format, ...) {
  va_list arguments;
  if (difference[0] != '\0') {
    return;
  }
  va_start(arguments, format);
  vsnprintf(difference, sizeof difference, format, arguments);
  va_end(arguments);
}

static const char *text(json_t *object, const char *key) { return json_string_value(json_object_get(object, key)); }

static json_int_t number(json_t *object, const char *key, json_int_t fallback) {
  json_t *value = json_object_get(object, key);
  return value == NULL ? fallback : json_integer_value(value);
}

/* Conversion of handles to the API's JSON. */

static json_t *string(const char *value) { return value == NULL ? json_null() : json_string(value); }

static void set(json_t *object, const char *key, const char *value) {
  if (value != NULL) {
    json_object_set_new(object, key, json_string(value));
  }
}

static json_t *id_and_name(const char *id, const char *name) {
  json_t *object = json_object();
  set(object, "id", id);
  set(object, "name", name);
  return object;
}

/* Checks that an enum value agrees with its text. */
static void check_open(const char *value, int constant, const char *const *known, int count) {
  int expected = 0;
  for (int index = 1; index <= count; index++) {
    expected = strcmp(value, known[index - 1]) == 0 ? index : expected;
  }
  if (constant != expected) {
    differs("%s is %d, expected %d", value, constant, expected);
  }
}

static void check_time(const char *value, int64_t ms) {
  int year, month, day, hour, minute, second, part;
  if (value == NULL) {
    if (ms != SKIPLINO_NO_TIME) {
      differs("a time without a text");
    }
    return;
  }
  sscanf(value, "%d-%d-%dT%d:%d:%d.%dZ", &year, &month, &day, &hour, &minute, &second, &part);
  /* Days since 1970 in the proleptic Gregorian calendar, the year beginning in March. */
  int64_t y = month > 2 ? year : year - 1, m = (month + 9) % 12;
  int64_t days = 365 * y + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1 - 719468;
  int64_t expected = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + part;
  if (ms != expected) {
    differs("%s is %lld ms, expected %lld", value, (long long)ms, (long long)expected);
  }
}

static json_t *ticket_to_json(const skiplino_ticket *ticket) {
  static const char *const statuses[] = {"waiting", "upcoming", "serving", "served", "cancelled"};
  static const char *const types[] = {"sequential", "appointment"};
  json_t *object = id_and_name(skiplino_ticket_id(ticket), NULL);
  set(object, "ticketNumber", skiplino_ticket_number(ticket));
  set(object, "status", skiplino_ticket_status_text(ticket));
  set(object, "statusAt", skiplino_ticket_status_at(ticket));
  set(object, "type", skiplino_ticket_type_text(ticket));
  json_object_set_new(object, "time", string(skiplino_ticket_time(ticket)));
  json_object_set_new(object, "branch", id_and_name(skiplino_ticket_branch_id(ticket), skiplino_ticket_branch_name(ticket)));
  json_object_set_new(object, "service",
                      id_and_name(skiplino_ticket_service_id(ticket), skiplino_ticket_service_name(ticket)));
  json_object_set_new(object, "groupOfService",
                      id_and_name(skiplino_ticket_group_id(ticket), skiplino_ticket_group_name(ticket)));
  if (skiplino_ticket_customer_id(ticket) != NULL) {
    json_object_set_new(object, "customer",
                        id_and_name(skiplino_ticket_customer_id(ticket), skiplino_ticket_customer_name(ticket)));
  }
  set(object, "bookedAt", skiplino_ticket_booked_at(ticket));
  if (skiplino_ticket_queue_size(ticket) >= 0) {
    json_object_set_new(object, "queueSize", json_integer(skiplino_ticket_queue_size(ticket)));
  }
  if (skiplino_ticket_waiting_time(ticket) >= 0) {
    json_object_set_new(object, "waitingTime", json_integer(skiplino_ticket_waiting_time(ticket)));
  }
  check_open(skiplino_ticket_status_text(ticket), skiplino_ticket_state(ticket), statuses, 5);
  check_open(skiplino_ticket_type_text(ticket), skiplino_ticket_kind(ticket), types, 2);
  check_time(skiplino_ticket_status_at(ticket), skiplino_ticket_status_at_ms(ticket));
  check_time(skiplino_ticket_booked_at(ticket), skiplino_ticket_booked_at_ms(ticket));
  check_time(skiplino_ticket_time(ticket), skiplino_ticket_time_ms(ticket));
  return object;
}

static json_t *customer_to_json(const skiplino_customer *customer) {
  json_t *object = json_object();
  const char *metadata = skiplino_customer_metadata_json(customer);
  set(object, "_id", skiplino_customer_id(customer));
  set(object, "externalId", skiplino_customer_external_id(customer));
  set(object, "companyId", skiplino_customer_company_id(customer));
  set(object, "name", skiplino_customer_name(customer));
  set(object, "email", skiplino_customer_email(customer));
  set(object, "mobile", skiplino_customer_mobile(customer));
  if (metadata != NULL) {
    json_object_set_new(object, "metadata", json_loads(metadata, 0, NULL));
  }
  set(object, "createdAt", skiplino_customer_created_at(customer));
  set(object, "updatedAt", skiplino_customer_updated_at(customer));
  check_time(skiplino_customer_created_at(customer), skiplino_customer_created_at_ms(customer));
  check_time(skiplino_customer_updated_at(customer), skiplino_customer_updated_at_ms(customer));
  return object;
}

static json_t *branches_to_json(const skiplino_branch_list *branches) {
  json_t *array = json_array();
  for (size_t index = 0; index < skiplino_branch_list_count(branches); index++) {
    const skiplino_branch *branch = skiplino_branch_list_at(branches, index);
    json_t *object = id_and_name(skiplino_branch_id(branch), skiplino_branch_name(branch));
    json_object_set_new(object, "branchStatus", json_pack("{sb}", "isBranchOpen", skiplino_branch_is_open(branch)));
    json_array_append_new(array, object);
  }
  return array;
}

static json_t *groups_to_json(const skiplino_group_list *groups) {
  json_t *array = json_array();
  for (size_t index = 0; index < skiplino_group_list_count(groups); index++) {
    const skiplino_group *group = skiplino_group_list_at(groups, index);
    json_t *object = id_and_name(skiplino_group_id(group), skiplino_group_name(group));
    json_t *services = json_array();
    for (size_t nth = 0; nth < skiplino_group_service_count(group); nth++) {
      const skiplino_service *service = skiplino_group_service_at(group, nth);
      json_t *one = id_and_name(skiplino_service_id(service), skiplino_service_name(service));
      json_object_set_new(one, "isOpen", json_boolean(skiplino_service_is_open(service)));
      json_object_set_new(one, "isAppointment", json_boolean(skiplino_service_is_appointment(service)));
      json_array_append_new(services, one);
    }
    json_object_set_new(object, "services", services);
    json_array_append_new(array, object);
  }
  return array;
}

static json_t *slots_to_json(const skiplino_slot_list *slots) {
  json_t *array = json_array();
  for (size_t index = 0; index < skiplino_slot_list_count(slots); index++) {
    const skiplino_slot *slot = skiplino_slot_list_at(slots, index);
    check_time(skiplino_slot_time(slot), skiplino_slot_time_ms(slot));
    json_array_append_new(array, json_pack("{ss, si}", "time", skiplino_slot_time(slot), "remaining",
                                           (int)skiplino_slot_remaining(slot)));
  }
  return array;
}

static json_t *page_to_json(json_t *items, const skiplino_pagination *pagination) {
  json_t *object = json_pack("{sI, sI, sb, sb}", "total", (json_int_t)skiplino_pagination_total(pagination), "totalPages",
                             (json_int_t)skiplino_pagination_total_pages(pagination), "hasNextPage",
                             skiplino_pagination_has_next_page(pagination), "hasPrevPage",
                             skiplino_pagination_has_prev_page(pagination));
  if (skiplino_pagination_page(pagination) >= 0) {
    json_object_set_new(object, "page", json_integer(skiplino_pagination_page(pagination)));
  }
  if (skiplino_pagination_limit(pagination) >= 0) {
    json_object_set_new(object, "limit", json_integer(skiplino_pagination_limit(pagination)));
  }
  return json_pack("{so, so}", "items", items, "pagination", object);
}

static json_t *error_to_json(const skiplino_error *error) {
  static const char *const deadlines[] = {NULL, "Connect", "Attempt", "Call"};
  json_t *object = json_object(), *fields = json_object();
  for (size_t index = 0; index < skiplino_error_field_count(error); index++) {
    json_t *reasons = json_array();
    const char *reason;
    for (size_t nth = 0; (reason = skiplino_error_field_reason(error, index, nth)) != NULL; nth++) {
      json_array_append_new(reasons, json_string(reason));
    }
    json_object_set_new(fields, skiplino_error_field_name(error, index), reasons);
  }
  set(object, "kind", skiplino_code_name(skiplino_error_code(error)));
  set(object, "outcome", skiplino_error_outcome(error) == SKIPLINO_NOT_APPLIED ? "NotApplied" : "Unknown");
  json_object_set_new(object, "operation", string(skiplino_error_operation(error)));
  set(object, "text", skiplino_error_message(error));
  json_object_set_new(object, "status",
                      skiplino_error_status(error) == 0 ? json_null() : json_integer(skiplino_error_status(error)));
  json_object_set_new(object, "fields", fields);
  json_object_set_new(object, "path", string(skiplino_error_path(error)));
  json_object_set_new(object, "reason", string(skiplino_error_reason(error)));
  json_object_set_new(object, "retryAfterMs", skiplino_error_retry_after_ms(error) < 0
                                                  ? json_null()
                                                  : json_integer(skiplino_error_retry_after_ms(error)));
  json_object_set_new(object, "timeout", string(deadlines[skiplino_error_timeout_kind(error)]));
  json_object_set_new(object, "attempts", json_integer(skiplino_error_attempts(error)));
  return object;
}

/* Comparison with the expected JSON. */

static void expect_matches(const char *where, json_t *expected, json_t *actual) {
  const char *wanted = json_string_value(expected);
  if (wanted != NULL && strcmp(wanted, "$any") == 0) {
    if (actual == NULL) {
      differs("%s: absent, expected any value", where);
    }
  } else if (wanted != NULL && strcmp(wanted, "$absent") == 0) {
    if (actual != NULL) {
      differs("%s: present, expected to be absent", where);
    }
  } else if (json_is_object(expected) && json_is_object(actual)) {
    const char *key;
    json_t *value;
    json_object_foreach(expected, key, value) { expect_matches(key, value, json_object_get(actual, key)); }
  } else if (json_is_array(expected) && json_is_array(actual) && json_array_size(expected) == json_array_size(actual)) {
    for (size_t index = 0; index < json_array_size(expected); index++) {
      expect_matches(where, json_array_get(expected, index), json_array_get(actual, index));
    }
  } else if (!json_equal(expected, actual)) {
    char *ours = json_dumps(expected, JSON_ENCODE_ANY), *theirs = json_dumps(actual, JSON_ENCODE_ANY);
    differs("%s: %s, expected %s", where, theirs == NULL ? "absent" : theirs, ours);
    free(ours);
    free(theirs);
  }
}

static void compare_error(json_t *expected, const skiplino_error *error) {
  const char *key;
  json_t *value, *actual = error_to_json(error);
  json_object_foreach(expected, key, value) {
    const char *wanted = json_string_value(value), *dots = wanted == NULL ? NULL : strstr(wanted, "…");
    if (strcmp(key, "text") == 0 && dots != NULL && dots[strlen("…")] == '\0') {
      if (strncmp(wanted, text(actual, "text"), (size_t)(dots - wanted)) != 0) {
        differs("error.text: %s, expected %s", text(actual, "text"), wanted);
      }
    } else if (!json_equal(value, json_object_get(actual, key))) {
      expect_matches(key, value, json_object_get(actual, key));
      differs("error.%s", key);
    }
  }
  json_decref(actual);
}

/* Replacement of references, as in $name.field, by saved values. */

static json_t *saved_value(json_t *saved, const char *reference) {
  char name[256];
  snprintf(name, sizeof name, "%s", reference + 1);
  json_t *value = saved;
  for (char *part = strtok(name, "."); part != NULL; part = strtok(NULL, ".")) {
    value = json_is_array(value) ? json_array_get(value, (size_t)atoi(part)) : json_object_get(value, part);
  }
  if (value == NULL) {
    differs("nothing saved as %s", reference);
    return json_null();
  }
  return json_incref(value);
}

static json_t *substitute(json_t *value, json_t *saved) {
  const char *key, *reference = json_string_value(value);
  json_t *part, *copy;
  if (reference != NULL && reference[0] == '$' && strchr(reference, '.') != NULL) {
    return saved_value(saved, reference);
  }
  if (reference != NULL && strstr(reference, "/$") != NULL) {
    char path[512], whole[512];
    const char *dollar = strstr(reference, "/$") + 1, *end = strchr(dollar, '/');
    size_t length = end == NULL ? strlen(dollar) : (size_t)(end - dollar);
    snprintf(path, sizeof path, "%.*s", (int)length, dollar);
    part = saved_value(saved, path);
    snprintf(whole, sizeof whole, "%.*s%s%s", (int)(dollar - reference), reference, json_string_value(part),
             end == NULL ? "" : end);
    json_decref(part);
    return json_string(whole);
  }
  if (json_is_array(value)) {
    copy = json_array();
    for (size_t index = 0; index < json_array_size(value); index++) {
      json_array_append_new(copy, substitute(json_array_get(value, index), saved));
    }
    return copy;
  }
  if (json_is_object(value)) {
    copy = json_object();
    json_object_foreach(value, key, part) { json_object_set_new(copy, key, substitute(part, saved)); }
    return copy;
  }
  return json_incref(value);
}

/* Calls of the library. */

static skiplino_code client_new(json_t *settings, skiplino_client **client, skiplino_error **error) {
  char closed_port_url[64];
  const char *key = text(settings, "key"), *url = text(settings, "baseUrl");
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  snprintf(closed_port_url, sizeof closed_port_url, "http://127.0.0.1:%d/external/v1", free_port());
  key = key == NULL || strcmp(key, "secret") == 0 ? "sk_sandbox_secret" : key;
  key = strcmp(key, "public") == 0 ? "pk_sandbox_public" : key;
  options.base_url = url == NULL ? base_url : strcmp(url, "gone") == 0 ? closed_port_url : url;
  options.locale = text(settings, "locale");
  options.attempt_timeout_ms = number(settings, "attemptTimeoutMs", -1);
  options.deadline_ms = number(settings, "deadlineMs", -1);
  options.max_attempts = number(settings, "maxAttempts", -1);
  options.backoff_ms = options.max_backoff_ms = number(settings, "backoffMs", 1);
  options.max_response_bytes = number(settings, "maxResponseBytes", -1);
  return skiplino_client_new(key, &options, client, error);
}

/* Converts the result of a call to JSON in `out`, and frees the handle. */
#define CALL_TO_JSON(type, call, convert)      \
  do {                                         \
    type *handle = NULL;                       \
    code = call;                               \
    if (code == SKIPLINO_OK) {                 \
      *out = convert;                          \
    } else if (handle != NULL) {               \
      differs("written in spite of an error"); \
    }                                          \
    type##_free(handle);                       \
  } while (0)

/* Appends an item, and sends the next request of `between` to the sandbox. */
static void append_item(json_t *items, json_t *item, json_t *between) {
  json_t *request = json_array_get(between, json_array_size(items));
  json_array_append_new(items, item);
  if (request != NULL) {
    json_decref(sandbox_request(base_url, text(request, "sandbox"), json_object_get(request, "body")));
  }
}

#define PAGER_TO_JSON(one, start)                              \
  do {                                                         \
    skiplino_##one##_pager *pager = NULL;                      \
    json_t *items = json_array();                              \
    code = start;                                              \
    while (code == SKIPLINO_OK) {                              \
      skiplino_##one *item = NULL;                             \
      code = skiplino_##one##_pager_next(pager, &item, error); \
      if (code == SKIPLINO_OK) {                               \
        append_item(items, one##_to_json(item), between);      \
        skiplino_##one##_free(item);                           \
      }                                                        \
    }                                                          \
    if (code == SKIPLINO_END) {                                \
      skiplino_error_free(*error);                             \
      *error = NULL;                                           \
      code = SKIPLINO_OK;                                      \
      *out = json_incref(items);                               \
    }                                                          \
    json_decref(items);                                        \
    skiplino_##one##_pager_free(pager);                        \
  } while (0)

static json_t *customer_page_to_json(const skiplino_customer_page *page) {
  json_t *items = json_array();
  for (size_t index = 0; index < skiplino_customer_page_count(page); index++) {
    json_array_append_new(items, customer_to_json(skiplino_customer_page_at(page, index)));
  }
  return page_to_json(items, skiplino_customer_page_pagination(page));
}

static json_t *ticket_page_to_json(const skiplino_ticket_page *page) {
  json_t *items = json_array();
  for (size_t index = 0; index < skiplino_ticket_page_count(page); index++) {
    json_array_append_new(items, ticket_to_json(skiplino_ticket_page_at(page, index)));
  }
  return page_to_json(items, skiplino_ticket_page_pagination(page));
}

static skiplino_code call(const skiplino_client *client, const char *name, json_t *with, json_t *between,
                          const skiplino_call_options *options, json_t **out, skiplino_error **error) {
  skiplino_code code = SKIPLINO_OK;
  const char *id = text(with, "customerId"), *external_id = text(with, "externalId");
  const char *ticket_id = text(with, "ticketId"), *customer_external_id = text(with, "customerExternalId");
  json_int_t page = number(with, "page", 1), limit = number(with, "limit", -1);
  char *metadata = json_dumps(json_object_get(with, "metadata"), JSON_ENCODE_ANY);
  char *options_json = json_dumps(json_object_get(with, "options"), JSON_ENCODE_ANY);
  json_t *location = json_object_get(with, "location");
  skiplino_booking booking = SKIPLINO_BOOKING_INIT;
  skiplino_customer_fields fields = SKIPLINO_CUSTOMER_FIELDS_INIT;
  fields.external_id = external_id;
  fields.name = text(with, "name");
  fields.email = text(with, "email");
  fields.mobile = text(with, "mobile");
  fields.metadata_json = metadata;
  booking.service_id = text(with, "serviceId");
  booking.group_id = text(with, "groupOfServiceId");
  booking.time = text(with, "time");
  booking.customer_id = id;
  booking.customer_external_id = customer_external_id;
  booking.options_json = options_json;
  booking.has_location = location != NULL;
  booking.lat = json_number_value(json_object_get(location, "lat"));
  booking.lng = json_number_value(json_object_get(location, "lng"));

  if (strcmp(name, "warmUp") == 0) {
    code = skiplino_client_warm_up(client, options, error);
    *out = code == SKIPLINO_OK ? json_null() : NULL;
  } else if (strcmp(name, "branches.list") == 0) {
    CALL_TO_JSON(skiplino_branch_list, skiplino_branches_list(client, options, &handle, error), branches_to_json(handle));
  } else if (strcmp(name, "branches.tree") == 0) {
    CALL_TO_JSON(skiplino_group_list, skiplino_branches_tree(client, text(with, "branchId"), options, &handle, error),
                 groups_to_json(handle));
  } else if (strcmp(name, "services.slots") == 0) {
    CALL_TO_JSON(skiplino_slot_list,
                 skiplino_services_slots(client, text(with, "serviceId"), text(with, "date"), options, &handle, error),
                 slots_to_json(handle));
  } else if (strcmp(name, "tickets.book") == 0) {
    CALL_TO_JSON(skiplino_ticket, skiplino_tickets_book(client, &booking, options, &handle, error), ticket_to_json(handle));
  } else if (strcmp(name, "tickets.get") == 0) {
    CALL_TO_JSON(skiplino_ticket, skiplino_tickets_get(client, ticket_id, options, &handle, error), ticket_to_json(handle));
  } else if (strcmp(name, "tickets.cancel") == 0) {
    CALL_TO_JSON(skiplino_ticket, skiplino_tickets_cancel(client, ticket_id, options, &handle, error), ticket_to_json(handle));
  } else if (strcmp(name, "tickets.reschedule") == 0) {
    CALL_TO_JSON(skiplino_ticket,
                 skiplino_tickets_reschedule(client, ticket_id, text(with, "time"), id, customer_external_id, options, &handle, error),
                 ticket_to_json(handle));
  } else if (strcmp(name, "customers.create") == 0) {
    CALL_TO_JSON(skiplino_customer, skiplino_customers_create(client, &fields, options, &handle, error), customer_to_json(handle));
  } else if (strcmp(name, "customers.get") == 0) {
    CALL_TO_JSON(skiplino_customer, skiplino_customers_get(client, id, external_id, options, &handle, error),
                 customer_to_json(handle));
  } else if (strcmp(name, "customers.find") == 0) {
    CALL_TO_JSON(skiplino_customer, skiplino_customers_find(client, id, external_id, options, &handle, error),
                 handle == NULL ? json_null() : customer_to_json(handle));
  } else if (strcmp(name, "customers.update") == 0) {
    const char *locator = id == NULL ? external_id : NULL;
    fields.external_id = id == NULL ? NULL : external_id;
    CALL_TO_JSON(skiplino_customer, skiplino_customers_update(client, id, locator, &fields, options, &handle, error),
                 customer_to_json(handle));
  } else if (strcmp(name, "customers.delete") == 0) {
    code = skiplino_customers_delete(client, id, external_id, options, error);
    *out = code == SKIPLINO_OK ? json_null() : NULL;
  } else if (strcmp(name, "customers.list") == 0) {
    CALL_TO_JSON(skiplino_customer_page, skiplino_customers_list(client, page, limit, options, &handle, error),
                 customer_page_to_json(handle));
  } else if (strcmp(name, "customers.tickets") == 0) {
    CALL_TO_JSON(skiplino_ticket_page,
                 skiplino_customers_tickets(client, id, external_id, page, limit, options, &handle, error), ticket_page_to_json(handle));
  } else if (strcmp(name, "customers.list.items") == 0) {
    PAGER_TO_JSON(customer, skiplino_customers_list_pager(client, limit, options, &pager, error));
  } else if (strcmp(name, "customers.tickets.items") == 0) {
    PAGER_TO_JSON(ticket, skiplino_customers_tickets_pager(client, id, external_id, limit, options, &pager, error));
  } else {
    differs("no call %s", name);
  }
  free(metadata);
  free(options_json);
  return code;
}

static skiplino_code watch(const skiplino_client *client, const char *id, json_t *between,
                           const skiplino_call_options *options, json_t **out, skiplino_error **error) {
  skiplino_watch *handle = NULL;
  skiplino_code code = skiplino_tickets_watch(client, id, 1, 1, -1, options, &handle, error);
  json_t *changes = json_array();
  while (code == SKIPLINO_OK) {
    skiplino_ticket *ticket = NULL;
    code = skiplino_watch_next(handle, 60000, &ticket, error);
    if (code == SKIPLINO_OK) {
      append_item(changes, ticket_to_json(ticket), between);
      skiplino_ticket_free(ticket);
    }
  }
  if (code == SKIPLINO_END) {
    skiplino_error_free(*error);
    *error = NULL;
    code = SKIPLINO_OK;
    *out = json_incref(changes);
  }
  json_decref(changes);
  skiplino_watch_free(handle);
  return code;
}

/* Cancels the running call once the sandbox holds its request. */
static void *cancel_when_held(void *cancellation_token) {
  sandbox_send(base_url, "GET /held?atLeast=1", NULL);
  skiplino_cancel((const skiplino_cancellation_token *)cancellation_token);
  return NULL;
}

static void run_call(const skiplino_client *client, json_t *step, json_t **value) {
  json_t *empty = json_object(), *with = json_object_get(step, "with"), *settings = json_object_get(step, "options");
  json_t *expect = json_object_get(step, "expect"), *expected_error = json_object_get(expect, "error");
  skiplino_response *response = NULL;
  skiplino_error *error = NULL;
  skiplino_call_options options = SKIPLINO_CALL_OPTIONS_INIT;
  options.locale = text(settings, "locale");
  options.deadline_ms = number(settings, "deadlineMs", -1);
  options.max_attempts = number(settings, "maxAttempts", -1);
  options.response = &response;
  const char *cancel = text(step, "cancel");
  skiplino_cancellation_token *cancellation_token = NULL;
  pthread_t thread;
  if (cancel != NULL) {
    require(skiplino_cancellation_token_new(&cancellation_token, NULL) == SKIPLINO_OK, "create a cancellation token");
    options.cancellation_token = cancellation_token;
  }
  if (cancel != NULL && strcmp(cancel, "before") == 0) {
    skiplino_cancel(cancellation_token);
  } else if (cancel != NULL) {
    require(pthread_create(&thread, NULL, cancel_when_held, cancellation_token) == 0, "start a thread");
  }
  json_t *between = json_object_get(step, "between");
  skiplino_code code = strcmp(text(step, "call"), "tickets.watch") == 0
                           ? watch(client, text(with, "ticketId"), between, &options, value, &error)
                           : call(client, text(step, "call"), with == NULL ? empty : with, between, &options, value, &error);
  if (cancel != NULL && strcmp(cancel, "before") != 0) {
    pthread_join(thread, NULL);
  }
  skiplino_cancellation_token_free(cancellation_token);
  if ((code == SKIPLINO_OK) != (error == NULL) || (error != NULL && skiplino_error_code(error) != code)) {
    differs("code %d disagrees with the error", code);
  }
  if (expected_error != NULL) {
    if (error == NULL) {
      differs("succeeded, expected an error");
    } else {
      compare_error(expected_error, error);
    }
  } else if (error != NULL) {
    differs("failed: %s", skiplino_error_message(error));
  } else {
    const char *key;
    json_t *expected;
    json_t *actual = json_pack("{sO, si, so, si, sb}", "value", *value, "status", skiplino_response_status(response),
                             "message", string(skiplino_response_message(response)), "attempts",
                             (int)skiplino_response_attempts(response), "recovered",
                             skiplino_response_recovered(response));
    json_object_foreach(expect, key, expected) { expect_matches(key, expected, json_object_get(actual, key)); }
    json_decref(actual);
  }
  skiplino_response_free(response);
  skiplino_error_free(error);
  json_decref(empty);
}

static void run_step(const skiplino_client *client, json_t *step, json_t *saved) {
  json_t *value = NULL;
  if (text(step, "sandbox") != NULL) {
    value = sandbox_request(base_url, text(step, "sandbox"), json_object_get(step, "body"));
    if (json_object_get(step, "expect") != NULL) {
      expect_matches("sandbox", json_object_get(step, "expect"), value);
    }
  } else {
    run_call(client, step, &value);
  }
  if (text(step, "save") != NULL && value != NULL) {
    json_object_set(saved, text(step, "save"), value);
  }
  json_decref(value);
}

static void run_scenario(json_t *scenario) {
  json_t *start = json_pack("{si, ss, sb}", "seed", 1, "now", "2026-06-23T11:10:00.000Z", "freeze", 1);
  json_t *rejected = json_object_get(scenario, "rejected"), *steps = json_object_get(scenario, "steps");
  json_t *requests = json_object_get(scenario, "requests"), *saved = json_object(), *count;
  skiplino_client *client = NULL;
  skiplino_error *error = NULL;
  const char *operation;
  json_decref(sandbox_request(base_url, "POST /reset", start));
  json_decref(start);
  difference[0] = '\0';
  skiplino_code code = client_new(json_object_get(scenario, "client"), &client, &error);
  if (rejected != NULL) {
    if (code == SKIPLINO_OK) {
      differs("the client was built");
    } else {
      compare_error(rejected, error);
    }
  } else if (code != SKIPLINO_OK) {
    differs("no client: %s", skiplino_error_message(error));
  }
  for (size_t index = 0; difference[0] == '\0' && index < json_array_size(steps); index++) {
    json_t *step = substitute(json_array_get(steps, index), saved);
    run_step(client, step, saved);
    json_decref(step);
  }
  if (requests != NULL && difference[0] == '\0') {
    json_t *counts = sandbox_request(base_url, "GET /requests/counts", NULL);
    json_object_foreach(requests, operation, count) {
      json_int_t received = number(json_object_get(counts, operation), "received", 0);
      if (received != json_integer_value(count)) {
        differs("%s: %d requests, expected %d", operation, (int)received, (int)json_integer_value(count));
      }
    }
    json_decref(counts);
  }
  json_decref(saved);
  skiplino_error_free(error);
  skiplino_client_free(client);
}

/* Records the name for `make parity`. */
static void record_passed(const char *name) {
  char path[4096];
  const char *folder = getenv("SKIPLINO_PARITY");
  FILE *file;
  if (folder != NULL && snprintf(path, sizeof path, "%s/c", folder) < (int)sizeof path) {
    file = fopen(path, "a");
    if (file == NULL || fprintf(file, "%s\n", name) < 0 || fclose(file) != 0) {
      differs("cannot write %s", path);
    }
  }
}

int main(int count, char **arguments) {
  int total = 0, failures = 0;
  int first = count > 3 && strcmp(arguments[1], "--without") == 0 ? 3 : 1;
  const char *without = first == 3 ? arguments[2] : "";
  if (count < first + 2) {
    fprintf(stderr, "scenarios [--without NAME] FILE... BASE_URL\n");
    return 2;
  }
  base_url = arguments[count - 1];
  for (int nth = first; nth < count - 1; nth++) {
    json_error_t wrong;
    json_t *file = json_load_file(arguments[nth], 0, &wrong);
    json_t *scenarios = json_object_get(file, "scenarios");
    if (json_array_size(scenarios) == 0) {
      fprintf(stderr, "%s: no scenarios: %s\n", arguments[nth], wrong.text);
      return 2;
    }
    for (size_t index = 0; index < json_array_size(scenarios); index++) {
      json_t *scenario = json_array_get(scenarios, index);
      if (strcmp(text(scenario, "name"), without) == 0) {
        continue;
      }
      run_scenario(scenario);
      total++;
      if (difference[0] == '\0') {
        record_passed(text(scenario, "name"));
      }
      if (difference[0] != '\0') {
        failures++;
        fprintf(stderr, "%s: %s: %s\n", arguments[nth], text(scenario, "name"), difference);
      }
    }
    json_decref(file);
  }
  printf("%d scenarios, %d failed\n", total, failures);
  return failures == 0 && total > 0 ? 0 : 1;
}
