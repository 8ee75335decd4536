/* The benchmark of libcurl and cJSON. Each thread has one easy handle for all its calls. */
#include "worker.h"

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lane {
  CURL *easy;
  char item[256], page[256];
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

lane *lane_new(const char *base_url) {
  static struct curl_slist *headers;
  lane *made = (lane *)calloc(1, sizeof *made);
  if (headers == NULL) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    headers = curl_slist_append(NULL, "Authorization: Bearer sk_bench");
    headers = curl_slist_append(headers, "Accept: application/json");
  }
  snprintf(made->item, sizeof made->item, "%s/tickets/k7m2p9x4q1", base_url);
  snprintf(made->page, sizeof made->page, "%s/customers/getAll?page=1&limit=100", base_url);
  made->easy = curl_easy_init();
  curl_easy_setopt(made->easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(made->easy, CURLOPT_WRITEFUNCTION, on_data);
  curl_easy_setopt(made->easy, CURLOPT_WRITEDATA, made);
  curl_easy_setopt(made->easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(made->easy, CURLOPT_TIMEOUT_MS, 10000L);
  return made;
}

static cJSON *call(lane *self, const char *url) {
  long status = 0;
  self->length = 0;
  curl_easy_setopt(self->easy, CURLOPT_URL, url);
  require(curl_easy_perform(self->easy) == CURLE_OK, "a response arrives");
  curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &status);
  cJSON *response = cJSON_ParseWithLength(self->response, self->length);
  require(status == 200 && response != NULL, "the response is JSON");
  return response;
}

static const cJSON *member(const cJSON *of, const char *name) { return cJSON_GetObjectItemCaseSensitive(of, name); }

void lane_ticket(lane *self) {
  cJSON *response = call(self, self->item);
  const cJSON *ticket = member(response, "data");
  require(member(ticket, "queueSize")->valueint == 6 && strcmp(member(ticket, "ticketNumber")->valuestring, "Q017") == 0,
          "the result is right");
  cJSON_Delete(response);
}

void lane_page(lane *self) {
  cJSON *response = call(self, self->page);
  const char *email = member(cJSON_GetArrayItem(member(response, "data"), 99), "email")->valuestring;
  require(strcmp(email, "layla.hassan99@example.com") == 0, "the result is right");
  cJSON_Delete(response);
}
