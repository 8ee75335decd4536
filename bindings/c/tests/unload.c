/* Opens the library, uses it on a thread, closes it while that thread lives, and opens it again: unload LIBRARY BASE_URL */
#include <dlfcn.h>
#include <pthread.h>
#include <skiplino.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *base_url, *path;
static pthread_barrier_t is_used, is_closed;

static void require(bool holds, const char *claim) {
  if (!holds) {
    fprintf(stderr, "failed: %s\n", claim);
    exit(1);
  }
}

/* ISO C cannot convert an object pointer to a function pointer; POSIX can. */
static void *find(void *library, const char *name, void *function) {
  void *found = dlsym(library, name);
  require(found != NULL, name);
  memcpy(function, &found, sizeof found);
  return found;
}

static void use(void *library) {
  skiplino_code (*client_new)(const char *, const skiplino_options *, skiplino_client **, skiplino_error **);
  skiplino_code (*get)(const skiplino_client *, const char *, const skiplino_call_options *, skiplino_ticket **,
                       skiplino_error **);
  void (*ticket_free)(skiplino_ticket *);
  void (*client_free)(skiplino_client *);
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  skiplino_client *client = NULL;
  skiplino_ticket *ticket = NULL;
  find(library, "skiplino_client_new", &client_new);
  find(library, "skiplino_tickets_get", &get);
  find(library, "skiplino_ticket_free", &ticket_free);
  find(library, "skiplino_client_free", &client_free);
  options.base_url = base_url;
  require(client_new("sk_sandbox_secret", &options, &client, NULL) == SKIPLINO_OK, "create a client");
  require(get(client, "k7m2p9x4q1", NULL, &ticket, NULL) == SKIPLINO_OK, "get a ticket");
  ticket_free(ticket);
  client_free(client);
}

static void *use_until_closed(void *library) {
  use(library);
  pthread_barrier_wait(&is_used);
  pthread_barrier_wait(&is_closed);
  /* The thread-local values of the library are dropped after this, by the library's code. */
  return NULL;
}

int main(int count, char **arguments) {
  require(count == 3, "unload LIBRARY BASE_URL");
  path = arguments[1];
  base_url = arguments[2];
  pthread_barrier_init(&is_used, NULL, 2);
  pthread_barrier_init(&is_closed, NULL, 2);
  for (int time = 0; time < 3; time++) {
    pthread_t thread;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    require(library != NULL, "open the library");
    require(pthread_create(&thread, NULL, use_until_closed, library) == 0, "start a thread");
    pthread_barrier_wait(&is_used);
    require(dlclose(library) == 0, "close the library");
    pthread_barrier_wait(&is_closed);
    pthread_join(thread, NULL);
    /* A thread that resolves a host name may still run the library's code. */
    for (int again = 0; again < 2; again++) {
      library = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
      require(library != NULL && dlclose(library) == 0, "the code stays mapped");
    }
  }
  printf("opened and closed three times\n");
  return 0;
}
