/* The library as a plug-in's: opened, used by a thread, closed while that thread lives, and opened again: unload LIBRARY BASE_URL */
#include <dlfcn.h>
#include <pthread.h>
#include <skiplino.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *base_url, *path;
static pthread_barrier_t used, closed;

static void require(bool is, const char *what) {
  if (!is) {
    fprintf(stderr, "not so: %s\n", what);
    exit(1);
  }
}

/* ISO C has no way from an object to a function, POSIX does. */
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
  require(client_new("sk_sandbox_secret", &options, &client, NULL) == SKIPLINO_OK, "a client is made");
  require(get(client, "k7m2p9x4q1", NULL, &ticket, NULL) == SKIPLINO_OK, "a ticket is got");
  ticket_free(ticket);
  client_free(client);
}

static void *stay(void *library) {
  use(library);
  pthread_barrier_wait(&used);
  pthread_barrier_wait(&closed);
  /* What the library keeps for this thread is torn down after this, with the library's code. */
  return NULL;
}

int main(int count, char **arguments) {
  require(count == 3, "unload LIBRARY BASE_URL");
  path = arguments[1];
  base_url = arguments[2];
  pthread_barrier_init(&used, NULL, 2);
  pthread_barrier_init(&closed, NULL, 2);
  for (int time = 0; time < 3; time++) {
    pthread_t thread;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    require(library != NULL, "it is opened");
    require(pthread_create(&thread, NULL, stay, library) == 0, "a thread starts");
    pthread_barrier_wait(&used);
    require(dlclose(library) == 0, "it is closed");
    pthread_barrier_wait(&closed);
    pthread_join(thread, NULL);
    /* A thread that looks up a host's name may still be in it. */
    for (int again = 0; again < 2; again++) {
      library = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
      require(library != NULL && dlclose(library) == 0, "its code stays");
    }
  }
  printf("opened and closed three times\n");
  return 0;
}
