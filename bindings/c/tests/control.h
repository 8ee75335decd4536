/* The sandbox's control API for the tests: a request a connection, over plain sockets. */
#ifndef CONTROL_H
#define CONTROL_H

#include <jansson.h>
#include <stdbool.h>

/* Ends the program where `is` is not so. */
void require(bool is, const char *what);

/* A request to the sandbox with a body as text, or NULL. */
void tell(const char *base_url, const char *request, const char *body);

/* `request` is as in "POST /faults", below /_sandbox of the sandbox that `base_url` is of. The answer is the caller's; the program
   ends where it is not a success. */
json_t *control(const char *base_url, const char *request, json_t *body);

/* A port of this machine that was free a moment ago. */
int free_port(void);

#endif
