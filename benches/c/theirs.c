/* The benchmark of libcurl and cJSON. Each thread has one easy handle for all its calls. */
#include "worker.h"

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lane {
  CURL *easy;
  char item[256], page[256], booking[256];
  char *response;
  size_t length, room;
};

static size_t on_data(char *data, size_t size, size_t count, void *self) {
  lane *to = (lane *)self;
  size *= count;
  if (to->length + size > to->room) {
    to->room = 2 * (to->length + size);
    to->response = (char *)realloc(to->response, to->room);
    require(to->response != NULL, "allocate memory");
  }
  memcpy(to->response + to->length, data, size);
  to->length += size;
  return size;
}

static struct curl_slist *headers;

static void open_easy(lane *self) {
  self->easy = curl_easy_init();
  curl_easy_setopt(self->easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(self->easy, CURLOPT_WRITEFUNCTION, on_data);
  curl_easy_setopt(self->easy, CURLOPT_WRITEDATA, self);
  curl_easy_setopt(self->easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(self->easy, CURLOPT_TIMEOUT_MS, 10000L);
  if (getenv("SSL_CERT_FILE") != NULL) {
    curl_easy_setopt(self->easy, CURLOPT_CAINFO, getenv("SSL_CERT_FILE"));
  }
}

lane *lane_new(const char *base_url) {
  lane *made = (lane *)calloc(1, sizeof *made);
  if (headers == NULL) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    headers = curl_slist_append(NULL, "Authorization: Bearer sk_bench");
    headers = curl_slist_append(headers, "Accept: application/json");
    headers = curl_slist_append(headers, "Content-Type: application/json");
  }
  snprintf(made->item, sizeof made->item, "%s/tickets/k7m2p9x4q1", base_url);
  snprintf(made->page, sizeof made->page, "%s/customers/getAll?page=1&limit=100", base_url);
  snprintf(made->booking, sizeof made->booking, "%s/tickets/book", base_url);
  open_easy(made);
  return made;
}

static cJSON *call(lane *self, const char *url) {
  long status = 0;
  self->length = 0;
  curl_easy_setopt(self->easy, CURLOPT_URL, url);
  require(curl_easy_perform(self->easy) == CURLE_OK, "a response arrives");
  curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &status);
  cJSON *response = cJSON_ParseWithLength(self->response, self->length);
  require((status == 200 || status == 201) && response != NULL, "the response is JSON");
  return response;
}

static const cJSON *member(const cJSON *of, const char *name) { return cJSON_GetObjectItemCaseSensitive(of, name); }

static void ticket(lane *self, const char *url) {
  cJSON *response = call(self, url);
  const cJSON *ticket = member(response, "data");
  require(member(ticket, "queueSize")->valueint == 6 && strcmp(member(ticket, "ticketNumber")->valuestring, "Q017") == 0,
          "the result is right");
  cJSON_Delete(response);
}

void lane_ticket(lane *self) { ticket(self, self->item); }

void lane_book(lane *self) {
  const char *body = "{\"serviceId\":\"6fe8fb8b12\",\"groupOfServiceId\":\"7c1f9a3b2d\","
                     "\"customerId\":\"9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b\"}";
  curl_easy_setopt(self->easy, CURLOPT_POSTFIELDS, body);
  ticket(self, self->booking);
  curl_easy_setopt(self->easy, CURLOPT_HTTPGET, 1L);
}

/* libcurl has no warm-up: a call opens the connection. */
void lane_warm_up(lane *self) { lane_ticket(self); }

void lane_renew(lane *self) {
  curl_easy_cleanup(self->easy);
  open_easy(self);
}

void lane_page(lane *self) {
  cJSON *response = call(self, self->page);
  const char *email = member(cJSON_GetArrayItem(member(response, "data"), 99), "email")->valuestring;
  require(strcmp(email, "layla.hassan99@example.com") == 0, "the result is right");
  cJSON_Delete(response);
}
