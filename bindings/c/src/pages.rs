//! Paged lists: one page, or a walk over all of them.

use std::mem::MaybeUninit;

use skiplino::{BlockingItems, Customer, List, Operation, Page, Pagination, Response, Ticket};

use crate::call::{self, CallOptionsIn, Sending};
use crate::client::skiplino_client;
use crate::code::skiplino_code;
use crate::customers::skiplino_customer;
use crate::error::skiplino_error;
use crate::guard;
use crate::log::Log;
use crate::process::Owned;
use crate::text::Text;
use crate::tickets::skiplino_ticket;

/// Where a page stands in its list. Borrowed from the page.
pub struct skiplino_pagination(Pagination);

/// A page of customers. Any thread may read it.
pub struct skiplino_customer_page {
    items: Vec<skiplino_customer>,
    pagination: skiplino_pagination,
}

impl From<Response<Page<Customer>>> for skiplino_customer_page {
    fn from(response: Response<Page<Customer>>) -> Self {
        Self {
            items: response.data().items().iter().map(Into::into).collect(),
            pagination: skiplino_pagination(response.data().pagination().clone()),
        }
    }
}

/// A walk over all customers of a list. One thread at a time.
pub struct skiplino_customer_walk(Owned<BlockingItems<Customer>>, Log);

/// A page of tickets. Any thread may read it.
pub struct skiplino_ticket_page {
    items: Vec<skiplino_ticket>,
    pagination: skiplino_pagination,
}

impl From<Response<Page<Ticket>>> for skiplino_ticket_page {
    fn from(response: Response<Page<Ticket>>) -> Self {
        Self {
            items: response.data().items().iter().map(Into::into).collect(),
            pagination: skiplino_pagination(response.data().pagination().clone()),
        }
    }
}

/// A walk over all tickets of a list. One thread at a time.
pub struct skiplino_ticket_walk(Owned<BlockingItems<Ticket>>, Log);

/// A page's number as the core takes it: what is less than 1 it refuses.
fn number(page: i64) -> u64 {
    page.try_into().unwrap_or(0)
}

fn sized<T: Send + 'static>(list: List<T>, limit: i64) -> List<T> {
    match limit {
        -1 => list,
        limit => list.limit(number(limit)),
    }
}

/// One page of the customers, newest first (operation 9), numbered from 1; a page past the end is empty. `limit` is records a page,
/// -1 for as many as the API allows. Takes a secret key. `options` may be NULL. Free the page with skiplino_customer_page_free(). Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customers_list(
    client: Option<&skiplino_client>,
    page: i64,
    limit: i64,
    options: CallOptionsIn<'_>,
    customers: Option<&mut MaybeUninit<Box<skiplino_customer_page>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    guard::call(error, || {
        let (sending, out) = Sending::begin(
            Operation::ListCustomers,
            client,
            &options,
            customers,
            "customers",
        )?;
        sending.send(out, |api| {
            let list = api.customers().list();
            Ok(sized(list, limit).page(number(page)))
        })
    })
}

/// A walk over all of the customers, newest first (operation 9): what is there throughout comes exactly once, however the list changes
/// meanwhile. Nothing is sent before skiplino_customer_walk_next(). `limit` is records a page, -1 for as many as the API allows;
/// `options` may be NULL, and hold for each page. Takes a secret key. Free the walk with skiplino_customer_walk_free(), before or after the client.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customers_list_walk(
    client: Option<&skiplino_client>,
    limit: i64,
    options: CallOptionsIn<'_>,
    walk: Option<&mut MaybeUninit<Box<skiplino_customer_walk>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    guard::call(error, || {
        let (sending, out) =
            Sending::begin(Operation::ListCustomers, client, &options, walk, "walk")?;
        let list = sending.list(|api| Ok(sized(api.customers().list(), limit)))?;
        out.write(Box::new(skiplino_customer_walk(
            Owned::new(list.items_blocking()),
            sending.log().clone(),
        )));
        Ok(())
    })
}

/// The next customer, which the caller frees with skiplino_customer_free(); SKIPLINO_END after the last one. After an error the walk is at its
/// end. One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_walk_next(
    walk: Option<&mut skiplino_customer_walk>,
    customer: Option<&mut MaybeUninit<Box<skiplino_customer>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    guard::call(error, || {
        let walk = skiplino_error::unless_null(walk, "walk")?;
        let out = skiplino_error::unless_null(customer, "customer")?;
        let items = walk.0.get_mut()?;
        let next = walk.1.hear(|| items.next());
        let next = next.ok_or_else(skiplino_error::end)??;
        out.write(Box::new((&next).into()));
        Ok(())
    })
}

/// Whether the list was seen to change during the walk. One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_walk_changed_during_read(walk: Option<&skiplino_customer_walk>) -> bool {
    guard::get(walk, false, |walk| {
        walk.0
            .get()
            .is_ok_and(|walk| walk.progress().changed_during_read)
    })
}

/// Frees a walk. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_walk_free(walk: Option<Box<skiplino_customer_walk>>) {
    guard::free(walk);
}

/// How many there are.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_page_count(page: Option<&skiplino_customer_page>) -> usize {
    guard::get(page, 0, |page| page.items.len())
}

/// A customer, from 0; NULL past the last one. Borrowed: lives as long as what it is asked of, and is not to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_page_at(
    page: Option<&skiplino_customer_page>,
    index: usize,
) -> Option<&skiplino_customer> {
    guard::guard(None, || page?.items.get(index))
}

/// Where the page stands in its list. Borrowed: lives as long as the page.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_page_pagination(
    page: Option<&skiplino_customer_page>,
) -> Option<&skiplino_pagination> {
    guard::guard(None, || Some(&page?.pagination))
}

/// Frees a page, and with it all that was borrowed from it. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_page_free(page: Option<Box<skiplino_customer_page>>) {
    guard::free(page);
}

/// One page of a customer's tickets, newest first (operation 13), the customer named by one of `id` and
/// `external_id`, the other NULL, numbered from 1; a page past the end is empty. `limit` is records a page,
/// -1 for as many as the API allows. `options` may be NULL. Free the page with skiplino_ticket_page_free(). Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customers_tickets(
    client: Option<&skiplino_client>,
    id: Text,
    external_id: Text,
    page: i64,
    limit: i64,
    options: CallOptionsIn<'_>,
    tickets: Option<&mut MaybeUninit<Box<skiplino_ticket_page>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    guard::call(error, || {
        let (sending, out) = Sending::begin(
            Operation::ListCustomerTickets,
            client,
            &options,
            tickets,
            "tickets",
        )?;
        sending.send(out, |api| {
            let list =
                api.customers()
                    .tickets(call::customer(&id, &external_id, "id", "external_id")?);
            Ok(sized(list, limit).page(number(page)))
        })
    })
}

/// A walk over all of a customer's tickets, newest first (operation 13), the customer named by one of `id` and
/// `external_id`, the other NULL: what is there throughout comes exactly once, however the list changes
/// meanwhile. Nothing is sent before skiplino_ticket_walk_next(). `limit` is records a page, -1 for as many as the API allows;
/// `options` may be NULL, and hold for each page. Free the walk with skiplino_ticket_walk_free(), before or after the client.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customers_tickets_walk(
    client: Option<&skiplino_client>,
    id: Text,
    external_id: Text,
    limit: i64,
    options: CallOptionsIn<'_>,
    walk: Option<&mut MaybeUninit<Box<skiplino_ticket_walk>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    guard::call(error, || {
        let (sending, out) = Sending::begin(
            Operation::ListCustomerTickets,
            client,
            &options,
            walk,
            "walk",
        )?;
        let list = sending.list(|api| {
            Ok(sized(
                api.customers()
                    .tickets(call::customer(&id, &external_id, "id", "external_id")?),
                limit,
            ))
        })?;
        out.write(Box::new(skiplino_ticket_walk(
            Owned::new(list.items_blocking()),
            sending.log().clone(),
        )));
        Ok(())
    })
}

/// The next ticket, which the caller frees with skiplino_ticket_free(); SKIPLINO_END after the last one. After an error the walk is at its
/// end. One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_walk_next(
    walk: Option<&mut skiplino_ticket_walk>,
    ticket: Option<&mut MaybeUninit<Box<skiplino_ticket>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    guard::call(error, || {
        let walk = skiplino_error::unless_null(walk, "walk")?;
        let out = skiplino_error::unless_null(ticket, "ticket")?;
        let items = walk.0.get_mut()?;
        let next = walk.1.hear(|| items.next());
        let next = next.ok_or_else(skiplino_error::end)??;
        out.write(Box::new((&next).into()));
        Ok(())
    })
}

/// Whether the list was seen to change during the walk. One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_walk_changed_during_read(walk: Option<&skiplino_ticket_walk>) -> bool {
    guard::get(walk, false, |walk| {
        walk.0
            .get()
            .is_ok_and(|walk| walk.progress().changed_during_read)
    })
}

/// Frees a walk. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_walk_free(walk: Option<Box<skiplino_ticket_walk>>) {
    guard::free(walk);
}

/// How many there are.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_page_count(page: Option<&skiplino_ticket_page>) -> usize {
    guard::get(page, 0, |page| page.items.len())
}

/// A ticket, from 0; NULL past the last one. Borrowed: lives as long as what it is asked of, and is not to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_page_at(
    page: Option<&skiplino_ticket_page>,
    index: usize,
) -> Option<&skiplino_ticket> {
    guard::guard(None, || page?.items.get(index))
}

/// Where the page stands in its list. Borrowed: lives as long as the page.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_page_pagination(
    page: Option<&skiplino_ticket_page>,
) -> Option<&skiplino_pagination> {
    guard::guard(None, || Some(&page?.pagination))
}

/// Frees a page, and with it all that was borrowed from it. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_page_free(page: Option<Box<skiplino_ticket_page>>) {
    guard::free(page);
}

/// Records in the whole list.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_pagination_total(pagination: Option<&skiplino_pagination>) -> u64 {
    guard::get(pagination, 0, |pagination| pagination.0.total())
}

/// Pages in the whole list, at this page's limit.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_pagination_total_pages(pagination: Option<&skiplino_pagination>) -> u64 {
    guard::get(pagination, 0, |pagination| pagination.0.total_pages())
}

/// Whether a page follows.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_pagination_has_next_page(
    pagination: Option<&skiplino_pagination>,
) -> bool {
    guard::get(pagination, false, |pagination| pagination.0.has_next_page())
}

/// Whether a page comes before.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_pagination_has_prev_page(
    pagination: Option<&skiplino_pagination>,
) -> bool {
    guard::get(pagination, false, |pagination| pagination.0.has_prev_page())
}

/// The page's number, from 1; -1 where it is not told.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_pagination_page(pagination: Option<&skiplino_pagination>) -> i64 {
    guard::get(pagination, -1, |pagination| told(pagination.0.page()))
}

/// Records a page; -1 where it is not told.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_pagination_limit(pagination: Option<&skiplino_pagination>) -> i64 {
    guard::get(pagination, -1, |pagination| told(pagination.0.limit()))
}

fn told(number: Option<u64>) -> i64 {
    number.map_or(-1, |number| number.try_into().unwrap_or(i64::MAX))
}
