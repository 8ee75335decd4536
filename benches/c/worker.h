/* What a contestant does; the rest is worker.c's. */
#ifndef WORKER_H
#define WORKER_H

/* What a thread has of its own. Every call of it ends the program where the answer is not the canned one, decoded. */
typedef struct lane lane;

lane *lane_new(const char *base_url);
void lane_ticket(lane *);
void lane_page(lane *);

/* Ends the program where `is` is not so. */
void require(int is, const char *what);

#endif
