/* libcurl with an easy handle a thread, used again for every call, and cJSON. */
#include "worker.h"

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lane {
  CURL *easy;
  char item[256], page[256];
  char *answer;
  size_t length, room;
};

static size_t take(char *data, size_t size, size_t count, void *its) {
  lane *to = (lane *)its;
  size *= count;
  if (to->length + size > to->room) {
    to->room = 2 * (to->length + size);
    to->answer = (char *)realloc(to->answer, to->room);
    require(to->answer != NULL, "there is memory");
  }
  memcpy(to->answer + to->length, data, size);
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
  curl_easy_setopt(made->easy, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(made->easy, CURLOPT_WRITEDATA, made);
  curl_easy_setopt(made->easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(made->easy, CURLOPT_TIMEOUT_MS, 10000L);
  return made;
}

static cJSON *call(lane *its, const char *url) {
  long status = 0;
  its->length = 0;
  curl_easy_setopt(its->easy, CURLOPT_URL, url);
  require(curl_easy_perform(its->easy) == CURLE_OK, "an answer comes");
  curl_easy_getinfo(its->easy, CURLINFO_RESPONSE_CODE, &status);
  cJSON *answer = cJSON_ParseWithLength(its->answer, its->length);
  require(status == 200 && answer != NULL, "it is JSON");
  return answer;
}

static const cJSON *member(const cJSON *of, const char *name) { return cJSON_GetObjectItemCaseSensitive(of, name); }

void lane_ticket(lane *its) {
  cJSON *answer = call(its, its->item);
  const cJSON *ticket = member(answer, "data");
  require(member(ticket, "queueSize")->valueint == 6 && strcmp(member(ticket, "ticketNumber")->valuestring, "Q017") == 0,
          "it is the one");
  cJSON_Delete(answer);
}

void lane_page(lane *its) {
  cJSON *answer = call(its, its->page);
  const char *email = member(cJSON_GetArrayItem(member(answer, "data"), 99), "email")->valuestring;
  require(strcmp(email, "layla.hassan99@example.com") == 0, "it is the one");
  cJSON_Delete(answer);
}
