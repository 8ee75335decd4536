/* A client of the sandbox's control API for the tests. */
#include "control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <winsock2.h>
/* After it. */
#include <ws2tcpip.h>
typedef SOCKET descriptor;
#define close closesocket
#else
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>
typedef int descriptor;
#endif

static void fail(const char *what) {
  fprintf(stderr, "control: %s\n", what);
  exit(2);
}

void require(bool holds, const char *claim) {
  if (!holds) {
    fprintf(stderr, "failed: %s\n", claim);
    exit(1);
  }
}

void sandbox_send(const char *base_url, const char *request, const char *body) {
  json_t *value = body == NULL ? NULL : json_loads(body, 0, NULL);
  json_decref(sandbox_request(base_url, request, value));
  json_decref(value);
}

static descriptor tcp_socket(void) {
#ifdef _WIN32
  WSADATA about;
  WSAStartup(MAKEWORD(2, 2), &about);
#endif
  return socket(AF_INET, SOCK_STREAM, 0);
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
  descriptor listener = tcp_socket();
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
      getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
    fail("no free port");
  }
  close(listener);
  return ntohs(address.sin_port);
}

json_t *sandbox_request(const char *base_url, const char *request, json_t *body) {
  int port = 0;
  char method[8], path[512];
  if (sscanf(base_url, "http://127.0.0.1:%d/", &port) != 1 || sscanf(request, "%7s %511s", method, path) != 2) {
    fail("not a URL of a sandbox, or not a request");
  }
  struct sockaddr_in address = local(port);
  descriptor peer = tcp_socket();
  if (connect(peer, (struct sockaddr *)&address, sizeof address) != 0) {
    fail("no connection");
  }
  char *text = body == NULL ? strdup("") : json_dumps(body, 0);
  size_t size = strlen(text) + 1024;
  char *message = (char *)malloc(size);
  int length = snprintf(message, size,
                        "%s /_sandbox%s HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n"
                        "content-type: application/json\r\ncontent-length: %zu\r\n\r\n%s",
                        method, path, strlen(text), text);
  for (int sent = 0; sent < length;) {
    int count = (int)send(peer, message + sent, (size_t)(length - sent), 0);
    if (count <= 0) {
      fail("could not send");
    }
    sent += (int)count;
  }
  free(text);
  free(message);
  size_t room = 1 << 16, received = 0;
  char *response = (char *)malloc(room);
  for (;;) {
    int count = (int)recv(peer, response + received, room - received - 1, 0);
    if (count <= 0) {
      break;
    }
    received += (size_t)count;
    if (room - received < 2) {
      response = (char *)realloc(response, room *= 2);
    }
  }
  close(peer);
  response[received] = '\0';
  char *content = strstr(response, "\r\n\r\n");
  if (strncmp(response, "HTTP/1.1 2", 10) != 0 || content == NULL) {
    fprintf(stderr, "%s: %s\n", request, response);
    fail("refused");
  }
  json_t *value = json_loads(content + 4, JSON_DECODE_ANY, NULL);
  free(response);
  return value == NULL ? json_null() : value;
}
