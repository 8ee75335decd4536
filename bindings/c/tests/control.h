/* A client of the sandbox's control API for the tests, over plain sockets. */
#ifndef CONTROL_H
#define CONTROL_H

#include <jansson.h>
#include <stdbool.h>

/* Exits with the claim if it does not hold. */
void require(bool holds, const char *claim);

/* Sends a request with a body as JSON text, or NULL. Exits if it fails. */
void sandbox_send(const char *base_url, const char *request, const char *body);

/* Sends a request, as in "POST /faults", to /_sandbox of the sandbox of `base_url`. Returns the response, which the caller owns. Exits
   if the request fails. */
json_t *sandbox_request(const char *base_url, const char *request, json_t *body);

/* A port of this machine that is free. */
int free_port(void);

#endif
