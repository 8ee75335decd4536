/*
 * The Skiplino SDK for C: queues, walk-in tickets, appointments and the customer directory.
 *
 * Made by cbindgen from bindings/c/src; do not edit.
 *
 * Codes       Functions that can fail return a skiplino_code, 0 for success. What they give is written to their out-parameter, on
 *             success only. `error` may be NULL; where it is not, a failure writes a skiplino_error there, which the caller frees.
 * Ownership   What a function with an out-parameter writes there is the caller's, who frees it with the function of its type's name
 *             that ends in _free; those take NULL. A `const` pointer or string that a function returns is borrowed: it lives as
 *             long as the handle that it was asked of, and is not to be freed.
 * Strings     UTF-8, NUL-terminated, and the caller's: they are only read during the call. NULL is refused with
 *             SKIPLINO_NULL_ARGUMENT unless it is said to be allowed, other bytes with SKIPLINO_NOT_UTF8. Asking NULL for something
 *             gives NULL, 0, or what is said.
 * Threads     A client and a cancellation token may be used by any number of threads at once. What calls give does not change, so any number
 *             may read it. Walks and watches are for one thread at a time. Nothing may be used while or after it is freed. There is
 *             no global state, nothing to set up and nothing to shut down.
 * fork()      Clients, walks, watches and cancellation tokens belong to the process that made them: in a child, what needs them returns
 *             SKIPLINO_FORKED, and freeing them is safe. A child makes its own.
 * Memory      A call needs 256 KiB of stack. Where the system has no more memory, the process is aborted, as Rust does.
 * dlclose()   Is safe, and keeps the library's code mapped.
 */


#ifndef SKIPLINO_H
#define SKIPLINO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Where a time is absent.
#define SKIPLINO_NO_TIME INT64_MIN

// What every sized struct begins as. A program keeps working with a later library whose structs have more fields.
#define SKIPLINO_OPTIONS_INIT \
  { sizeof(skiplino_options), NULL, NULL, NULL, NULL, NULL, -1, -1, -1, -1, -1, -1, -1, 0.0, NULL, NULL, SKIPLINO_LOG_INFO }
#define SKIPLINO_CALL_OPTIONS_INIT \
  { sizeof(skiplino_call_options), NULL, -1, -1, -1, -1, NULL, NULL }
#define SKIPLINO_BOOKING_INIT \
  { sizeof(skiplino_booking), NULL, NULL, NULL, NULL, NULL, NULL, 0, 0.0, 0.0 }
#define SKIPLINO_CUSTOMER_FIELDS_INIT \
  { sizeof(skiplino_customer_fields), NULL, NULL, NULL, NULL, NULL }

// How a call went. 0 is success; numbers are never used again for anything else. Expect more in later releases.
enum skiplino_code
#ifdef __cplusplus
  : int32_t
#endif // __cplusplus
 {
  // It succeeded.
  SKIPLINO_OK = 0,
  // Refused here, before anything was sent; the error's fields name the input.
  SKIPLINO_INVALID_REQUEST = 1,
  // The operation needs a secret key and the client holds a public one. Refused here.
  SKIPLINO_SECRET_KEY_REQUIRED = 2,
  // 401: the key is missing, unknown or of the wrong class.
  SKIPLINO_UNAUTHORIZED = 3,
  // 400: a business rule forbids it; skiplino_error_reason() has the localised text.
  SKIPLINO_REJECTED = 4,
  // 404.
  SKIPLINO_NOT_FOUND = 5,
  // 409: the ticket's state forbids it. Final.
  SKIPLINO_CONFLICT = 6,
  // 422: the error's fields have the reasons.
  SKIPLINO_VALIDATION = 7,
  // 429: too many requests; skiplino_error_retry_after_ms() says for how long to wait.
  SKIPLINO_RATE_LIMITED = 8,
  // 5xx.
  SKIPLINO_SERVER = 9,
  // Any other status, redirects included.
  SKIPLINO_UNEXPECTED_STATUS = 10,
  // A success whose body cannot be read; skiplino_error_path() says where.
  SKIPLINO_DECODE = 11,
  // Name look-up, connection or TLS failed: nothing was sent.
  SKIPLINO_CONNECT = 12,
  // The connection was lost after sending began.
  SKIPLINO_TRANSPORT = 13,
  // A deadline passed; skiplino_error_timeout_kind() says which.
  SKIPLINO_TIMEOUT = 14,
  // A write that may have happened, and that could not be found out about. Look before making it again.
  SKIPLINO_OUTCOME_UNKNOWN = 15,
  // skiplino_cancel() ended it.
  SKIPLINO_CANCELLED = 16,
  // A bug of this library.
  SKIPLINO_INTERNAL = 17,
  // A walk or a watch has come to its end.
  SKIPLINO_END = 32,
  // A watch saw no change within the time given. It goes on.
  SKIPLINO_NOTHING_YET = 33,
  // A required argument is NULL.
  SKIPLINO_NULL_ARGUMENT = 34,
  // A string is not UTF-8.
  SKIPLINO_NOT_UTF8 = 35,
  // The handle was made before fork(), and this is the child.
  SKIPLINO_FORKED = 36,
  // The struct's size is none that this library knows.
  SKIPLINO_STRUCT_SIZE = 37,
};
#ifndef __cplusplus
typedef int32_t skiplino_code;
#endif // __cplusplus

// What a failed call did to the server's state.
enum skiplino_outcome
#ifdef __cplusplus
  : int32_t
#endif // __cplusplus
 {
  // Nothing: it never arrived, was refused, or only reads.
  SKIPLINO_NOT_APPLIED = 1,
  // A write that may have happened.
  SKIPLINO_MAY_BE_APPLIED = 2,
};
#ifndef __cplusplus
typedef int32_t skiplino_outcome;
#endif // __cplusplus

// Which deadline passed.
enum skiplino_timeout_kind
#ifdef __cplusplus
  : int32_t
#endif // __cplusplus
 {
  // None did.
  SKIPLINO_TIMEOUT_KIND_NONE = 0,
  // Connecting, TLS included.
  SKIPLINO_TIMEOUT_KIND_CONNECT = 1,
  // One attempt, from its start to the end of its answer.
  SKIPLINO_TIMEOUT_KIND_ATTEMPT = 2,
  // The whole call, retries and pauses included.
  SKIPLINO_TIMEOUT_KIND_CALL = 3,
};
#ifndef __cplusplus
typedef int32_t skiplino_timeout_kind;
#endif // __cplusplus

// Where a ticket stands.
enum skiplino_ticket_status
#ifdef __cplusplus
  : int32_t
#endif // __cplusplus
 {
  // A value that this release does not know: skiplino_ticket_status_text() has it.
  SKIPLINO_STATUS_UNKNOWN = 0,
  // In the queue.
  SKIPLINO_STATUS_WAITING = 1,
  // An appointment whose time has not come.
  SKIPLINO_STATUS_UPCOMING = 2,
  // At the counter.
  SKIPLINO_STATUS_SERVING = 3,
  // Done.
  SKIPLINO_STATUS_SERVED = 4,
  // Given up, by the customer or the staff.
  SKIPLINO_STATUS_CANCELLED = 5,
};
#ifndef __cplusplus
typedef int32_t skiplino_ticket_status;
#endif // __cplusplus

// How a ticket came to be.
enum skiplino_ticket_type
#ifdef __cplusplus
  : int32_t
#endif // __cplusplus
 {
  // A value that this release does not know: skiplino_ticket_type_text() has it.
  SKIPLINO_TYPE_UNKNOWN = 0,
  // A walk-in, numbered in the order of the queue.
  SKIPLINO_TYPE_SEQUENTIAL = 1,
  // Booked for a time.
  SKIPLINO_TYPE_APPOINTMENT = 2,
};
#ifndef __cplusplus
typedef int32_t skiplino_ticket_type;
#endif // __cplusplus

// How much a line of the log matters.
enum skiplino_log_level
#ifdef __cplusplus
  : int32_t
#endif // __cplusplus
 {
  // Something went wrong, and the library goes on by itself or says so to the caller: a retry, a rate limit, a write in doubt.
  SKIPLINO_LOG_WARN = 2,
  // A call failed, or a lost answer was made good.
  SKIPLINO_LOG_INFO = 3,
  // Each attempt.
  SKIPLINO_LOG_DEBUG = 4,
};
#ifndef __cplusplus
typedef int32_t skiplino_log_level;
#endif // __cplusplus

// A branch. Borrowed from the list.
typedef struct skiplino_branch skiplino_branch;

// The branches, as of operation 1. Any thread may read it.
typedef struct skiplino_branch_list skiplino_branch_list;

// Ends calls from another thread. Give it to them in their `skiplino_call_options`.
typedef struct skiplino_cancellation_token skiplino_cancellation_token;

// A client. Any number of threads may use it at the same time; each call runs on the thread that makes it, on connections that the
// client keeps. Not usable in a forked child: see SKIPLINO_FORKED.
typedef struct skiplino_client skiplino_client;

// A customer. One that a call gave is the caller's to free, one of a page is the page's. It does not change: any thread may read it.
typedef struct skiplino_customer skiplino_customer;

// A page of customers. Any thread may read it.
typedef struct skiplino_customer_page skiplino_customer_page;

// Reads every customer of a list. One thread at a time.
typedef struct skiplino_customer_pager skiplino_customer_pager;

// Why a call failed. Made by the call that failed, where its `error` argument is not NULL; free it with skiplino_error_free(). It
// does not change: any thread may read it. It never holds a key or the values of a customer's record, but what a server's own
// texts (skiplino_error_server_message(), _reason(), _field_reason()) quote.
typedef struct skiplino_error skiplino_error;

// A group of services. Borrowed from the list.
typedef struct skiplino_group skiplino_group;

// The service groups of a branch, as of operation 2. Any thread may read it.
typedef struct skiplino_group_list skiplino_group_list;

// Where a page stands in its list. Borrowed from the page.
typedef struct skiplino_pagination skiplino_pagination;

// What came around the data of a call that succeeded. Ask for it with `skiplino_call_options.response`; free it with
// skiplino_response_free(). It does not change: any thread may read it.
typedef struct skiplino_response skiplino_response;

// A service. Borrowed from its group.
typedef struct skiplino_service skiplino_service;

// A time that an appointment can be booked for. Borrowed from the list.
typedef struct skiplino_slot skiplino_slot;

// Appointment times with places left, as of operation 3. Any thread may read it.
typedef struct skiplino_slot_list skiplino_slot_list;

// A ticket. One that a call gave is the caller's to free, one of a page is the page's. It does not change: any thread may read it.
typedef struct skiplino_ticket skiplino_ticket;

// A page of tickets. Any thread may read it.
typedef struct skiplino_ticket_page skiplino_ticket_page;

// Reads every ticket of a list. One thread at a time.
typedef struct skiplino_ticket_pager skiplino_ticket_pager;

// Follows a ticket. One thread at a time.
typedef struct skiplino_watch skiplino_watch;

// Is handed a ticket after a change, which lives during the call; `data` is what skiplino_watch_each() was given. Returns whether to go
// on. It may make other calls, but not of this watch.
typedef bool (*skiplino_watch_callback)(void *data, const skiplino_ticket *ticket);

// Is handed a line of the log, without a newline: what happened, and operation, attempt, kind of error, status, times. No keys, and
// nothing of customers. `data` is the options' `log_data`; `text` lives during the call. It runs on the threads that make calls, while
// they make them, on several at once where several do. It must return, and make no calls of this library.
typedef void (*skiplino_log_callback)(void *data, skiplino_log_level level, const char *text);

// How a client is set up. Begin with SKIPLINO_OPTIONS_INIT. Strings are the caller's, and only read by skiplino_client_new().
typedef struct {
  // Set by SKIPLINO_OPTIONS_INIT.
  size_t size;
  // Where the API is, as in "https://host/external/v1"; NULL for the development environment.
  const char *base_url;
  // The language of names and reasons, as in "ar"; NULL for the server's default.
  const char *locale;
  // What the User-Agent ends with, as in "kiosk/4.2", or NULL.
  const char *user_agent_suffix;
  // A proxy for all calls, as in "http://user:password@host:3128"; NULL for the environment's.
  const char *proxy;
  // Certificate authorities to trust beside the usual ones, as PEM text, or NULL.
  const char *root_certificates;
  // How long connecting may take in milliseconds, TLS included; -1 for the default.
  int64_t connect_timeout_ms;
  // How long one attempt may take in milliseconds; -1 for the default.
  int64_t attempt_timeout_ms;
  // How long a whole call may take in milliseconds, retries and pauses included; -1 for the default.
  int64_t deadline_ms;
  // Attempts in all; -1 for the default.
  int64_t max_attempts;
  // The longest pause before the first retry in milliseconds, doubled for each one after it; -1 for the default.
  int64_t backoff_ms;
  // The longest pause ever in milliseconds; -1 for the default.
  int64_t max_backoff_ms;
  // The largest answer that is read, in bytes; -1 for the default.
  int64_t max_response_bytes;
  // At most so many requests a second from all calls together; 0 for no such limit.
  double requests_per_second;
  // Is told what happens during the client's calls, walks and watches, which may outlive the client; NULL for nothing.
  skiplino_log_callback log;
  // What `log` is handed.
  void *log_data;
  // The least that matters enough for `log`: a skiplino_log_level.
  int32_t log_level;
} skiplino_options;

// What may differ from the client's settings for one call. Begin with SKIPLINO_CALL_OPTIONS_INIT. Strings are the caller's, and only
// read during the call.
typedef struct {
  // Set by SKIPLINO_CALL_OPTIONS_INIT.
  size_t size;
  // The language of names and reasons, as in "ar"; NULL for the client's, empty for the server's default.
  const char *locale;
  // How long the call may take in milliseconds, retries and pauses included; -1 for the client's.
  int64_t deadline_ms;
  // Attempts in all; -1 for the client's.
  int64_t max_attempts;
  // The longest pause before the first retry in milliseconds, doubled for each one after it; -1 for the client's.
  int64_t backoff_ms;
  // The longest pause ever in milliseconds; -1 for the client's.
  int64_t max_backoff_ms;
  // What ends the call from another thread, or NULL.
  const skiplino_cancellation_token *cancellation_token;
  // Where to write what came around the data of a success, or NULL. Free it with skiplino_response_free(). Walks and watches
  // have none.
  skiplino_response **response;
} skiplino_call_options;

// What to book. Begin with SKIPLINO_BOOKING_INIT. Strings are the caller's, and only read during the call.
typedef struct {
  // Set by SKIPLINO_BOOKING_INIT.
  size_t size;
  // The service. Required.
  const char *service_id;
  // Its group. Required.
  const char *group_id;
  // For an appointment, the slot's time; NULL joins the queue now.
  const char *time;
  // For whom, by the server's id; at most one of the two. An appointment takes one.
  const char *customer_id;
  // For whom, by your own id.
  const char *customer_external_id;
  // What the service asks for, a JSON object, or NULL.
  const char *options_json;
  // Whether `lat` and `lng` say where the customer is, in degrees north and east.
  uint8_t has_location;
  // Degrees north.
  double lat;
  // Degrees east.
  double lng;
} skiplino_booking;

// What is written of a customer; NULL leaves a field out. Begin with SKIPLINO_CUSTOMER_FIELDS_INIT. Strings are the caller's, and
// only read during the call.
typedef struct {
  // Set by SKIPLINO_CUSTOMER_FIELDS_INIT.
  size_t size;
  // Your own id, unique in the company. With one, creating is safe to repeat.
  const char *external_id;
  // The name.
  const char *name;
  // The e-mail address.
  const char *email;
  // The mobile number.
  const char *mobile;
  // A JSON object of your own. It replaces the one that is stored as a whole.
  const char *metadata_json;
} skiplino_customer_fields;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The active branches (operation 1). `options` may be NULL. Free the list with skiplino_branch_list_free(). Any thread.
skiplino_code skiplino_branches_list(const skiplino_client *client,
                                     const skiplino_call_options *options,
                                     skiplino_branch_list **branches,
                                     skiplino_error **error);

// A branch's service groups with their active services (operation 2). `options` may be NULL. Free the list with
// skiplino_group_list_free(). Any thread.
skiplino_code skiplino_branches_tree(const skiplino_client *client,
                                     const char *branch_id,
                                     const skiplino_call_options *options,
                                     skiplino_group_list **groups,
                                     skiplino_error **error);

// How many there are.
size_t skiplino_branch_list_count(const skiplino_branch_list *branches);

// A branch, from 0; NULL past the last one. Borrowed: lives as long as what it is asked of, and is not to be freed.
const skiplino_branch *skiplino_branch_list_at(const skiplino_branch_list *branches, size_t index);

// Frees a list of branches, and with it all that was borrowed from it. NULL is ignored.
void skiplino_branch_list_free(skiplino_branch_list *branches);

// The id. Borrowed: lives as long as the list.
const char *skiplino_branch_id(const skiplino_branch *branch);

// The name, localised. Borrowed: lives as long as the list.
const char *skiplino_branch_name(const skiplino_branch *branch);

// Whether it is open now, in the company's time zone.
bool skiplino_branch_is_open(const skiplino_branch *branch);

// How many there are.
size_t skiplino_group_list_count(const skiplino_group_list *groups);

// A group, from 0; NULL past the last one. Borrowed: lives as long as what it is asked of, and is not to be freed.
const skiplino_group *skiplino_group_list_at(const skiplino_group_list *groups, size_t index);

// Frees a list of groups, and with it all that was borrowed from it. NULL is ignored.
void skiplino_group_list_free(skiplino_group_list *groups);

// The id, which a booking names beside the service's. Borrowed: lives as long as the list.
const char *skiplino_group_id(const skiplino_group *group);

// The name, localised. Borrowed: lives as long as the list.
const char *skiplino_group_name(const skiplino_group *group);

// How many there are.
size_t skiplino_group_service_count(const skiplino_group *group);

// An active service, from 0; NULL past the last one. Borrowed: lives as long as what it is asked of, and is not to be freed.
const skiplino_service *skiplino_group_service_at(const skiplino_group *group,
                                                  size_t index);

// The id. Borrowed: lives as long as the list of groups.
const char *skiplino_service_id(const skiplino_service *service);

// The name, localised. Borrowed: lives as long as the list of groups.
const char *skiplino_service_name(const skiplino_service *service);

// Whether it is open now.
bool skiplino_service_is_open(const skiplino_service *service);

// Whether it can be booked for a time.
bool skiplino_service_is_appointment(const skiplino_service *service);

// Makes a cancellation token. Free it with skiplino_cancellation_token_free(). Any thread.
skiplino_code skiplino_cancellation_token_new(skiplino_cancellation_token **cancellation_token, skiplino_error **error);

// Ends every call, walk and watch that has this cancellation token, now and for good: those under way return SKIPLINO_CANCELLED at once,
// later ones before anything is sent. Any thread; not from a signal handler (wait for the signal in a thread, as the kiosk does).
// NULL is ignored.
void skiplino_cancel(const skiplino_cancellation_token *cancellation_token);

// Frees a cancellation token; what has it goes on undisturbed. NULL is ignored.
void skiplino_cancellation_token_free(skiplino_cancellation_token *cancellation_token);

// Makes a client with an API key. `options` may be NULL. Nothing is sent. Free it with skiplino_client_free(). Any thread.
skiplino_code skiplino_client_new(const char *key,
                                  const skiplino_options *options,
                                  skiplino_client **client,
                                  skiplino_error **error);

// Frees a client. No call of it may be under way; walks and watches of it go on. In a forked child it leaves the parent's connections
// alone. NULL is ignored.
void skiplino_client_free(skiplino_client *client);

// The version of the library, as in "0.1.0". Lives for ever. Any thread.
const char *skiplino_version(void);

// Creates a customer (operation 8). Takes a secret key. `options` may be NULL. Free the customer with skiplino_customer_free(). Any
// thread.
skiplino_code skiplino_customers_create(const skiplino_client *client,
                                        const skiplino_customer_fields *fields,
                                        const skiplino_call_options *options,
                                        skiplino_customer **customer,
                                        skiplino_error **error);

// A customer (operation 10), by one of `id` and `external_id`, the other NULL. Takes a secret key. `options` may be NULL. Free the
// customer with skiplino_customer_free(). Any thread.
skiplino_code skiplino_customers_get(const skiplino_client *client,
                                     const char *id,
                                     const char *external_id,
                                     const skiplino_call_options *options,
                                     skiplino_customer **customer,
                                     skiplino_error **error);

// A customer, by one of `id` and `external_id`, the other NULL; where there is none, `*customer` is NULL and the call succeeds. Takes a secret
// key. `options` may be NULL. Free the customer with skiplino_customer_free(). Any thread.
skiplino_code skiplino_customers_find(const skiplino_client *client,
                                      const char *id,
                                      const char *external_id,
                                      const skiplino_call_options *options,
                                      skiplino_customer **customer,
                                      skiplino_error **error);

// Changes the fields that are given and leaves the others (operation 11). Whose: by one of `id` and `external_id`, the other NULL.
// An `external_id` among the fields is a new value, for a record located by `id`. Takes a secret key. `options` may be NULL. Free
// the customer with skiplino_customer_free(). Any thread.
skiplino_code skiplino_customers_update(const skiplino_client *client,
                                        const char *id,
                                        const char *external_id,
                                        const skiplino_customer_fields *fields,
                                        const skiplino_call_options *options,
                                        skiplino_customer **customer,
                                        skiplino_error **error);

// Deletes a customer for good (operation 12), by one of `id` and `external_id`, the other NULL. Their tickets stay. Takes a secret key.
// `options` may be NULL. Any thread.
skiplino_code skiplino_customers_delete(const skiplino_client *client,
                                        const char *id,
                                        const char *external_id,
                                        const skiplino_call_options *options,
                                        skiplino_error **error);

// The server's id. Borrowed: lives as long as the customer.
const char *skiplino_customer_id(const skiplino_customer *customer);

// Your own id, or NULL. Borrowed: lives as long as the customer.
const char *skiplino_customer_external_id(const skiplino_customer *customer);

// The company that the record belongs to. Borrowed: lives as long as the customer.
const char *skiplino_customer_company_id(const skiplino_customer *customer);

// The name, or NULL. Borrowed: lives as long as the customer.
const char *skiplino_customer_name(const skiplino_customer *customer);

// The e-mail address, or NULL. Borrowed: lives as long as the customer.
const char *skiplino_customer_email(const skiplino_customer *customer);

// The mobile number, or NULL. Borrowed: lives as long as the customer.
const char *skiplino_customer_mobile(const skiplino_customer *customer);

// The free object of your own as JSON, or NULL. Borrowed: lives as long as the customer.
const char *skiplino_customer_metadata_json(const skiplino_customer *customer);

// When it was created: ISO-8601, UTC, milliseconds. Borrowed: lives as long as the customer.
const char *skiplino_customer_created_at(const skiplino_customer *customer);

// When it was last changed. Borrowed: lives as long as the customer.
const char *skiplino_customer_updated_at(const skiplino_customer *customer);

// When it was created, in milliseconds since 1970; SKIPLINO_NO_TIME for NULL.
int64_t skiplino_customer_created_at_ms(const skiplino_customer *customer);

// When it was last changed, in milliseconds since 1970; SKIPLINO_NO_TIME for NULL.
int64_t skiplino_customer_updated_at_ms(const skiplino_customer *customer);

// Frees a customer that a call gave, and with it all that was borrowed from it. NULL is ignored.
void skiplino_customer_free(skiplino_customer *customer);

// The code that the call returned; SKIPLINO_OK for NULL.
skiplino_code skiplino_error_code(const skiplino_error *error);

// One line for a person; NULL for NULL. Borrowed: lives as long as the error.
const char *skiplino_error_message(const skiplino_error *error);

// The HTTP status; 0 when no answer came, and for NULL.
int32_t skiplino_error_status(const skiplino_error *error);

// What it did to the server's state. Always SKIPLINO_NOT_APPLIED for a read, and for NULL.
skiplino_outcome skiplino_error_outcome(const skiplino_error *error);

// The operation, as in "bookTicket", or NULL. Borrowed: lives as long as the error.
const char *skiplino_error_operation(const skiplino_error *error);

// The message of the server's answer, as it came, or NULL. Borrowed: lives as long as the error.
const char *skiplino_error_server_message(const skiplino_error *error);

// The server's localised reason, or what was found wrong here, or NULL. Borrowed: lives as long as the error.
const char *skiplino_error_reason(const skiplino_error *error);

// For SKIPLINO_DECODE: where in the JSON, as in "data[0].createdAt"; else NULL. Borrowed: lives as long as the error.
const char *skiplino_error_path(const skiplino_error *error);

// How many fields have reasons.
size_t skiplino_error_field_count(const skiplino_error *error);

// The name of a field, from 0; NULL past the last one. Borrowed: lives as long as the error.
const char *skiplino_error_field_name(const skiplino_error *error, size_t index);

// A reason of a field, both from 0; NULL past the last one. Borrowed: lives as long as the error.
const char *skiplino_error_field_reason(const skiplino_error *error, size_t index, size_t nth);

// How long the server asked to wait, in milliseconds; -1 where it did not.
int64_t skiplino_error_retry_after_ms(const skiplino_error *error);

// For SKIPLINO_TIMEOUT: which deadline passed.
skiplino_timeout_kind skiplino_error_timeout_kind(const skiplino_error *error);

// How many attempts were made; 0 when it was refused here.
uint32_t skiplino_error_attempts(const skiplino_error *error);

// Whether the same call may well succeed later. For a write look at skiplino_error_outcome() first.
bool skiplino_error_is_retryable(const skiplino_error *error);

// Frees an error. NULL is ignored.
void skiplino_error_free(skiplino_error *error);

// A code's name, the same in every language of this SDK, as in "NotFound"; NULL for a number that is no code. Lives for ever.
const char *skiplino_code_name(int32_t code);

// Makes a pager over all customers, newest first (operation 9). Customers that exist for the whole read are returned exactly once, even if
// the list changes meanwhile. Nothing is sent before skiplino_customer_pager_next(). `limit` is the number of records per page, -1 for as
// many as the API allows. `options` may be NULL; they apply to each page. Needs a secret key. Free the pager with
// skiplino_customer_pager_free(), before or after the client. Any thread.
skiplino_code skiplino_customers_list_pager(const skiplino_client *client,
                                            int64_t limit,
                                            const skiplino_call_options *options,
                                            skiplino_customer_pager **pager,
                                            skiplino_error **error);

// Reads the next customer, which the caller frees with skiplino_customer_free(). Returns SKIPLINO_END after the last customer. After an
// error the pager has ended. One thread at a time.
skiplino_code skiplino_customer_pager_next(skiplino_customer_pager *pager,
                                           skiplino_customer **customer,
                                           skiplino_error **error);

// Whether the pager noticed that the list changed during the read; false for NULL. One thread at a time.
bool skiplino_customer_pager_changed_during_read(const skiplino_customer_pager *pager);

// Frees a pager. NULL is ignored.
void skiplino_customer_pager_free(skiplino_customer_pager *pager);

// Makes a pager over all tickets of a customer, newest first (operation 13). Pass one of `id` and `external_id`, and NULL for the other.
// Tickets that exist for the whole read are returned exactly once, even if the list changes meanwhile. Nothing is sent before
// skiplino_ticket_pager_next(). `limit` is the number of records per page, -1 for as many as the API allows. `options` may be NULL; they
// apply to each page. Free the pager with skiplino_ticket_pager_free(), before or after the client. Any thread.
skiplino_code skiplino_customers_tickets_pager(const skiplino_client *client,
                                               const char *id,
                                               const char *external_id,
                                               int64_t limit,
                                               const skiplino_call_options *options,
                                               skiplino_ticket_pager **pager,
                                               skiplino_error **error);

// Reads the next ticket, which the caller frees with skiplino_ticket_free(). Returns SKIPLINO_END after the last ticket. After an error
// the pager has ended. One thread at a time.
skiplino_code skiplino_ticket_pager_next(skiplino_ticket_pager *pager,
                                         skiplino_ticket **ticket,
                                         skiplino_error **error);

// Whether the pager noticed that the list changed during the read; false for NULL. One thread at a time.
bool skiplino_ticket_pager_changed_during_read(const skiplino_ticket_pager *pager);

// Frees a pager. NULL is ignored.
void skiplino_ticket_pager_free(skiplino_ticket_pager *pager);

// One page of the customers, newest first (operation 9), numbered from 1; a page past the end is empty. `limit` is records a page,
// -1 for as many as the API allows. Takes a secret key. `options` may be NULL. Free the page with skiplino_customer_page_free(). Any thread.
skiplino_code skiplino_customers_list(const skiplino_client *client,
                                      int64_t page,
                                      int64_t limit,
                                      const skiplino_call_options *options,
                                      skiplino_customer_page **customers,
                                      skiplino_error **error);

// How many there are.
size_t skiplino_customer_page_count(const skiplino_customer_page *page);

// A customer, from 0; NULL past the last one. Borrowed: lives as long as what it is asked of, and is not to be freed.
const skiplino_customer *skiplino_customer_page_at(const skiplino_customer_page *page, size_t index);

// Where the page stands in its list. Borrowed: lives as long as the page.
const skiplino_pagination *skiplino_customer_page_pagination(const skiplino_customer_page *page);

// Frees a page, and with it all that was borrowed from it. NULL is ignored.
void skiplino_customer_page_free(skiplino_customer_page *page);

// One page of a customer's tickets, newest first (operation 13), the customer named by one of `id` and
// `external_id`, the other NULL, numbered from 1; a page past the end is empty. `limit` is records a page,
// -1 for as many as the API allows. `options` may be NULL. Free the page with skiplino_ticket_page_free(). Any thread.
skiplino_code skiplino_customers_tickets(const skiplino_client *client,
                                         const char *id,
                                         const char *external_id,
                                         int64_t page,
                                         int64_t limit,
                                         const skiplino_call_options *options,
                                         skiplino_ticket_page **tickets,
                                         skiplino_error **error);

// How many there are.
size_t skiplino_ticket_page_count(const skiplino_ticket_page *page);

// A ticket, from 0; NULL past the last one. Borrowed: lives as long as what it is asked of, and is not to be freed.
const skiplino_ticket *skiplino_ticket_page_at(const skiplino_ticket_page *page, size_t index);

// Where the page stands in its list. Borrowed: lives as long as the page.
const skiplino_pagination *skiplino_ticket_page_pagination(const skiplino_ticket_page *page);

// Frees a page, and with it all that was borrowed from it. NULL is ignored.
void skiplino_ticket_page_free(skiplino_ticket_page *page);

// Records in the whole list.
uint64_t skiplino_pagination_total(const skiplino_pagination *pagination);

// Pages in the whole list, at this page's limit.
uint64_t skiplino_pagination_total_pages(const skiplino_pagination *pagination);

// Whether a page follows.
bool skiplino_pagination_has_next_page(const skiplino_pagination *pagination);

// Whether a page comes before.
bool skiplino_pagination_has_prev_page(const skiplino_pagination *pagination);

// The page's number, from 1; -1 where it is not told.
int64_t skiplino_pagination_page(const skiplino_pagination *pagination);

// Records a page; -1 where it is not told.
int64_t skiplino_pagination_limit(const skiplino_pagination *pagination);

// The HTTP status; 0 for NULL.
int32_t skiplino_response_status(const skiplino_response *response);

// How many attempts it took; 0 for NULL.
uint32_t skiplino_response_attempts(const skiplino_response *response);

// Whether a write's own answer was lost and its effect was found by looking. Message, status and headers are then those of the
// read that found it. False for NULL.
bool skiplino_response_recovered(const skiplino_response *response);

// The server's message, or NULL. Borrowed: lives as long as the response.
const char *skiplino_response_message(const skiplino_response *response);

// A header of the answer, whatever the case of its name, or NULL. Borrowed: lives as long as the response.
const char *skiplino_response_header(const skiplino_response *response, const char *name);

// Frees a response. NULL is ignored.
void skiplino_response_free(skiplino_response *response);

// The appointment times of a service that have places left (operation 3) on `date` ("2026-07-01"), or today, in the company's time
// zone, where it is NULL. An empty list is a full or closed day. `options` may be NULL. Free the list with
// skiplino_slot_list_free(). Any thread.
skiplino_code skiplino_services_slots(const skiplino_client *client,
                                      const char *service_id,
                                      const char *date,
                                      const skiplino_call_options *options,
                                      skiplino_slot_list **slots,
                                      skiplino_error **error);

// How many there are.
size_t skiplino_slot_list_count(const skiplino_slot_list *slots);

// A slot, from 0; NULL past the last one. Borrowed: lives as long as what it is asked of, and is not to be freed.
const skiplino_slot *skiplino_slot_list_at(const skiplino_slot_list *slots, size_t index);

// Frees a list of slots, and with it all that was borrowed from it. NULL is ignored.
void skiplino_slot_list_free(skiplino_slot_list *slots);

// When it begins, as a booking names it: ISO-8601, UTC, milliseconds. Borrowed: lives as long as the list.
const char *skiplino_slot_time(const skiplino_slot *slot);

// The same in milliseconds since 1970; SKIPLINO_NO_TIME for NULL.
int64_t skiplino_slot_time_ms(const skiplino_slot *slot);

// Places left.
uint32_t skiplino_slot_remaining(const skiplino_slot *slot);

// Books a ticket (operation 4). It is never sent a second time when it may have arrived: for a customer its ticket is looked for
// (skiplino_response_recovered()), else the call ends in SKIPLINO_OUTCOME_UNKNOWN. `options` may be NULL. Free the ticket with
// skiplino_ticket_free(). Any thread.
skiplino_code skiplino_tickets_book(const skiplino_client *client,
                                    const skiplino_booking *booking,
                                    const skiplino_call_options *options,
                                    skiplino_ticket **ticket,
                                    skiplino_error **error);

// A ticket as it is now (operation 5). `options` may be NULL. Free it with skiplino_ticket_free(). Any thread.
skiplino_code skiplino_tickets_get(const skiplino_client *client,
                                   const char *ticket_id,
                                   const skiplino_call_options *options,
                                   skiplino_ticket **ticket,
                                   skiplino_error **error);

// Cancels a ticket that is waiting or upcoming (operation 6), and gives its new state. `options` may be NULL. Free the ticket with
// skiplino_ticket_free(). Any thread.
skiplino_code skiplino_tickets_cancel(const skiplino_client *client,
                                      const char *ticket_id,
                                      const skiplino_call_options *options,
                                      skiplino_ticket **ticket,
                                      skiplino_error **error);

// Moves a waiting appointment to another slot's `time` (operation 7). Whose it is: by one of `customer_id` and
// `customer_external_id`, the other NULL. `options` may be NULL. Free the ticket with skiplino_ticket_free(). Any thread.
skiplino_code skiplino_tickets_reschedule(const skiplino_client *client,
                                          const char *ticket_id,
                                          const char *time,
                                          const char *customer_id,
                                          const char *customer_external_id,
                                          const skiplino_call_options *options,
                                          skiplino_ticket **ticket,
                                          skiplino_error **error);

// The id. Borrowed: lives as long as the ticket.
const char *skiplino_ticket_id(const skiplino_ticket *ticket);

// The number that is called, as in "A042". Borrowed: lives as long as the ticket.
const char *skiplino_ticket_number(const skiplino_ticket *ticket);

// The status as the API writes it. Borrowed: lives as long as the ticket.
const char *skiplino_ticket_status_text(const skiplino_ticket *ticket);

// Since when it stands there: ISO-8601, UTC, milliseconds. Borrowed: lives as long as the ticket.
const char *skiplino_ticket_status_at(const skiplino_ticket *ticket);

// The type as the API writes it. Borrowed: lives as long as the ticket.
const char *skiplino_ticket_type_text(const skiplino_ticket *ticket);

// The appointment's time, or NULL for a walk-in. Borrowed: lives as long as the ticket.
const char *skiplino_ticket_time(const skiplino_ticket *ticket);

// The id of its branch. Borrowed: lives as long as the ticket.
const char *skiplino_ticket_branch_id(const skiplino_ticket *ticket);

// The name of its branch, localised. Borrowed: lives as long as the ticket.
const char *skiplino_ticket_branch_name(const skiplino_ticket *ticket);

// The id of its service. Borrowed: lives as long as the ticket.
const char *skiplino_ticket_service_id(const skiplino_ticket *ticket);

// The name of its service, localised. Borrowed: lives as long as the ticket.
const char *skiplino_ticket_service_name(const skiplino_ticket *ticket);

// The id of its service's group. Borrowed: lives as long as the ticket.
const char *skiplino_ticket_group_id(const skiplino_ticket *ticket);

// The name of its service's group, localised. Borrowed: lives as long as the ticket.
const char *skiplino_ticket_group_name(const skiplino_ticket *ticket);

// The id of its customer, or NULL for nobody in particular. Borrowed: lives as long as the ticket.
const char *skiplino_ticket_customer_id(const skiplino_ticket *ticket);

// The name of its customer, or NULL. Borrowed: lives as long as the ticket.
const char *skiplino_ticket_customer_name(const skiplino_ticket *ticket);

// When it was booked. Borrowed: lives as long as the ticket.
const char *skiplino_ticket_booked_at(const skiplino_ticket *ticket);

// Where it stands.
skiplino_ticket_status skiplino_ticket_state(const skiplino_ticket *ticket);

// Walk-in or appointment.
skiplino_ticket_type skiplino_ticket_kind(const skiplino_ticket *ticket);

// Since when it stands there, in milliseconds since 1970; SKIPLINO_NO_TIME for NULL.
int64_t skiplino_ticket_status_at_ms(const skiplino_ticket *ticket);

// The appointment's time in milliseconds since 1970; SKIPLINO_NO_TIME for a walk-in.
int64_t skiplino_ticket_time_ms(const skiplino_ticket *ticket);

// When it was booked, in milliseconds since 1970; SKIPLINO_NO_TIME for NULL.
int64_t skiplino_ticket_booked_at_ms(const skiplino_ticket *ticket);

// People ahead, while it is waiting; -1 where that is not told.
int64_t skiplino_ticket_queue_size(const skiplino_ticket *ticket);

// Minutes to wait, while it is waiting; -1 where that is not told.
int64_t skiplino_ticket_waiting_time(const skiplino_ticket *ticket);

// Frees a ticket that a call gave, and with it all that was borrowed from it. NULL is ignored.
void skiplino_ticket_free(skiplino_ticket *ticket);

// Follows a ticket: its state now, and again each time that it changes, until it is served or cancelled. Nothing is sent before
// skiplino_watch_next(). It looks at the pace of the queue: at least `min_ms`, at most `max_ms` apart. Failures of the network or the
// server are ridden out for `give_up_after_ms`. Each may be -1 for the default. `options`, which may be NULL, are those of each look:
// locale and deadline; the cancellation token ends the watch. Free the watch with skiplino_watch_free(), before or after the client. Any thread.
skiplino_code skiplino_tickets_watch(const skiplino_client *client,
                                     const char *ticket_id,
                                     int64_t min_ms,
                                     int64_t max_ms,
                                     int64_t give_up_after_ms,
                                     const skiplino_call_options *options,
                                     skiplino_watch **watch,
                                     skiplino_error **error);

// Waits for the next change, at most `deadline_ms` (-1: for ever), and gives the ticket as it is then, which the caller frees with
// skiplino_ticket_free(). SKIPLINO_NOTHING_YET when nothing changed in time: ask again. SKIPLINO_END after the last state. A look that
// is not answered in time is broken off, so give it longer than an answer takes. After any other error the watch is at its end. One
// thread at a time.
skiplino_code skiplino_watch_next(skiplino_watch *watch,
                                  int64_t deadline_ms,
                                  skiplino_ticket **ticket,
                                  skiplino_error **error);

// Hands every change to `on_change`, on this thread, which it keeps until the last state, until `on_change` returns false, or until an
// error: SKIPLINO_OK in the first two cases, and after the second it can go on. For a thread of its own, and a cancellation token to end it
// (SKIPLINO_CANCELLED). One thread at a time.
skiplino_code skiplino_watch_each(skiplino_watch *watch,
                                  skiplino_watch_callback on_change,
                                  void *data,
                                  skiplino_error **error);

// Frees a watch. NULL is ignored.
void skiplino_watch_free(skiplino_watch *watch);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SKIPLINO_H */
