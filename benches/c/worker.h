/* The work of a contestant, which worker.c times. */
#ifndef WORKER_H
#define WORKER_H

/* The state of one thread. Every call exits if the decoded response is not the canned one. */
typedef struct lane lane;

lane *lane_new(const char *base_url);
void lane_ticket(lane *);
void lane_page(lane *);

/* Exits with the claim if it does not hold. */
void require(int holds, const char *claim);

#endif
