#include "control.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void end(const char *what) {
  fprintf(stderr, "control: %s\n", what);
  exit(2);
}

void require(bool is, const char *what) {
  if (!is) {
    fprintf(stderr, "not so: %s\n", what);
    exit(1);
  }
}

void tell(const char *base_url, const char *request, const char *body) {
  json_t *value = body == NULL ? NULL : json_loads(body, 0, NULL);
  json_decref(control(base_url, request, value));
  json_decref(value);
}

static struct sockaddr_in local(int port) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons((uint16_t)port);
  return address;
}

int free_port(void) {
  struct sockaddr_in address = local(0);
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
      getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
    end("no free port");
  }
  close(listener);
  return ntohs(address.sin_port);
}

json_t *control(const char *base_url, const char *request, json_t *body) {
  int port = 0;
  char method[8], path[512];
  if (sscanf(base_url, "http://127.0.0.1:%d/", &port) != 1 || sscanf(request, "%7s %511s", method, path) != 2) {
    end("not a sandbox's URL, or not a request");
  }
  struct sockaddr_in address = local(port);
  int peer = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(peer, (struct sockaddr *)&address, sizeof address) != 0) {
    end("no connection");
  }
  char *text = body == NULL ? strdup("") : json_dumps(body, 0);
  size_t size = strlen(text) + 1024;
  char *message = (char *)malloc(size);
  int length = snprintf(message, size,
                        "%s /_sandbox%s HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n"
                        "content-type: application/json\r\ncontent-length: %zu\r\n\r\n%s",
                        method, path, strlen(text), text);
  for (int sent = 0; sent < length;) {
    ssize_t more = write(peer, message + sent, (size_t)(length - sent));
    if (more <= 0) {
      end("could not send");
    }
    sent += (int)more;
  }
  free(text);
  free(message);
  size_t room = 1 << 16, got = 0;
  char *answer = (char *)malloc(room);
  for (;;) {
    ssize_t more = read(peer, answer + got, room - got - 1);
    if (more <= 0) {
      break;
    }
    got += (size_t)more;
    if (room - got < 2) {
      answer = (char *)realloc(answer, room *= 2);
    }
  }
  close(peer);
  answer[got] = '\0';
  char *content = strstr(answer, "\r\n\r\n");
  if (strncmp(answer, "HTTP/1.1 2", 10) != 0 || content == NULL) {
    fprintf(stderr, "%s: %s\n", request, answer);
    end("refused");
  }
  json_t *value = json_loads(content + 4, JSON_DECODE_ANY, NULL);
  free(answer);
  return value == NULL ? json_null() : value;
}
