/* One live handle of every type, for the program that arguments.py generates. */
#ifndef HANDLES_H
#define HANDLES_H

#include <skiplino.h>

extern skiplino_client *client;
extern skiplino_cancellation_token *cancellation_token;
extern skiplino_error *an_error;
extern skiplino_response *response;
extern skiplino_branch_list *branch_list;
extern const skiplino_branch *branch;
extern skiplino_group_list *group_list;
extern const skiplino_group *group;
extern const skiplino_service *service;
extern skiplino_slot_list *slot_list;
extern const skiplino_slot *slot;
extern skiplino_ticket *ticket;
extern skiplino_customer *customer;
extern skiplino_customer_page *customer_page;
extern skiplino_ticket_page *ticket_page;
extern const skiplino_pagination *pagination;
extern skiplino_customer_pager *customer_pager;
extern skiplino_ticket_pager *ticket_pager;
extern skiplino_watch *watch;

void make_handles(const char *base_url);
void free_handles(void);

/* Exits with the claim if it does not hold. */
void require(bool holds, const char *claim);

#endif
