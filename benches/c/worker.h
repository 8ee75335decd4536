/* The work of a contestant, which worker.c times. */
#ifndef WORKER_H
#define WORKER_H

/* The state of one thread. Every call exits if the decoded response is not the canned one. */
typedef struct lane lane;

lane *lane_new(const char *base_url);
void lane_ticket(lane *);
void lane_page(lane *);
/* A walk-in for a customer. */
void lane_book(lane *);
/* Opens the connections of the next call. */
void lane_warm_up(lane *);
/* Replaces the client; there must be no other lane. */
void lane_renew(lane *);

/* Exits with the claim if it does not hold. */
void require(int holds, const char *claim);

#endif
