/* Runs the work that each input line names, and prints its duration in nanoseconds: worker BASE_URL
   A line is a work, the number of threads and that of all calls, as in "ticket 8 800". */
#include "worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS 64

static const struct {
  const char *name;
  void (*run)(lane *);
} WORKS[] = {
    {"ticket", lane_ticket}, {"page", lane_page}, {"book", lane_book}, {"warm-up", lane_warm_up}, {"new", lane_renew},
};

static lane *lanes[THREADS];
static void (*work)(lane *);
static int share;

void require(int holds, const char *claim) {
  if (!holds) {
    fprintf(stderr, "failed: %s\n", claim);
    exit(1);
  }
}

static void *run(void *self) {
  for (int nth = 0; nth < share; nth++) {
    work((lane *)self);
  }
  return NULL;
}

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int count, char **arguments) {
  char line[64], kind[16];
  require(count == 2, "worker BASE_URL");
  /* As programs with CURLOPT_NOSIGNAL must. */
  signal(SIGPIPE, SIG_IGN);
  lanes[0] = lane_new(arguments[1]);
  while (fgets(line, sizeof line, stdin) != NULL) {
    int wide, calls;
    require(sscanf(line, "%15s %d %d", kind, &wide, &calls) == 3 && wide >= 1 && wide <= THREADS, "the command is valid");
    work = NULL;
    for (size_t nth = 0; nth < sizeof WORKS / sizeof *WORKS; nth++) {
      work = strcmp(kind, WORKS[nth].name) == 0 ? WORKS[nth].run : work;
    }
    require(work != NULL, "the work exists");
    long long began = now();
    if (wide > 1) {
      pthread_t threads[THREADS];
      share = calls / wide;
      for (int nth = 0; nth < wide; nth++) {
        lanes[nth] = lanes[nth] == NULL ? lane_new(arguments[1]) : lanes[nth];
        require(pthread_create(&threads[nth], NULL, run, lanes[nth]) == 0, "start a thread");
      }
      for (int nth = 0; nth < wide; nth++) {
        pthread_join(threads[nth], NULL);
      }
    } else {
      share = calls;
      run(lanes[0]);
    }
    printf("%lld\n", now() - began);
    fflush(stdout);
  }
  return 0;
}
