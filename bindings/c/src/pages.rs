//! Single pages of the lists, and their position in the list.

use std::mem::MaybeUninit;

use skiplino::{Customer, List, Operation, Page, Pagination, Response, Ticket};

use crate::argument::{self, StringArg};
use crate::boundary;
use crate::call::{CallOptionsArg, PendingCall};
use crate::client::skiplino_client;
use crate::code::skiplino_code;
use crate::customers::skiplino_customer;
use crate::error::skiplino_error;
use crate::tickets::skiplino_ticket;

/// The position of a page in its list. Borrowed from the page.
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

/// A page number or a limit for the core, which rejects 0.
fn zero_if_negative(number: i64) -> u64 {
    number.try_into().unwrap_or(0)
}

/// Sets the number of records per page. -1 keeps the default.
pub(crate) fn with_limit<T: Send + 'static>(list: List<T>, limit: i64) -> List<T> {
    match limit {
        -1 => list,
        limit => list.limit(zero_if_negative(limit)),
    }
}

/// Gets one page of the customers, newest first (operation 9). Pages are numbered from 1; a page
/// past the end is empty. `limit` is the number of records per page, -1 for the maximum of the API.
/// Needs a secret key. `options` may be NULL. Free the page with skiplino_customer_page_free().
/// Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customers_list(
    client: Option<&skiplino_client>,
    page: i64,
    limit: i64,
    options: CallOptionsArg<'_>,
    customers: Option<&mut MaybeUninit<Box<skiplino_customer_page>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let (pending, out) = PendingCall::with_output(
            Operation::ListCustomers,
            client,
            &options,
            customers,
            "customers",
        )?;
        pending.send_to(out, |client| {
            let list = client.customers().list();
            Ok(with_limit(list, limit).page(zero_if_negative(page)))
        })
    })
}

/// The number of customers on the page; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_page_count(page: Option<&skiplino_customer_page>) -> usize {
    boundary::get(page, 0, |page| page.items.len())
}

/// A customer by index, from 0. NULL if the index is out of range. Borrowed: valid as long as the
/// page, and not to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_page_at(
    page: Option<&skiplino_customer_page>,
    index: usize,
) -> Option<&skiplino_customer> {
    boundary::guard(None, || page?.items.get(index))
}

/// The position of the page in its list. Borrowed: valid as long as the page.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_page_pagination(
    page: Option<&skiplino_customer_page>,
) -> Option<&skiplino_pagination> {
    boundary::guard(None, || Some(&page?.pagination))
}

/// Frees a page and everything borrowed from it. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_page_free(page: Option<Box<skiplino_customer_page>>) {
    boundary::free(page);
}

/// Gets one page of the tickets of a customer, newest first (operation 13). Pass one of `id` and
/// `external_id`, and NULL for the other. Pages are numbered from 1; a page past the end is empty.
/// `limit` is the number of records per page, -1 for the maximum of the API. `options` may be NULL.
/// Free the page with skiplino_ticket_page_free(). Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customers_tickets(
    client: Option<&skiplino_client>,
    id: StringArg,
    external_id: StringArg,
    page: i64,
    limit: i64,
    options: CallOptionsArg<'_>,
    tickets: Option<&mut MaybeUninit<Box<skiplino_ticket_page>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let (pending, out) = PendingCall::with_output(
            Operation::ListCustomerTickets,
            client,
            &options,
            tickets,
            "tickets",
        )?;
        pending.send_to(out, |client| {
            let list = client.customers().tickets(argument::required_customer(
                &id,
                &external_id,
                "id",
                "external_id",
            )?);
            Ok(with_limit(list, limit).page(zero_if_negative(page)))
        })
    })
}

/// The number of tickets on the page; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_page_count(page: Option<&skiplino_ticket_page>) -> usize {
    boundary::get(page, 0, |page| page.items.len())
}

/// A ticket by index, from 0. NULL if the index is out of range. Borrowed: valid as long as the
/// page, and not to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_page_at(
    page: Option<&skiplino_ticket_page>,
    index: usize,
) -> Option<&skiplino_ticket> {
    boundary::guard(None, || page?.items.get(index))
}

/// The position of the page in its list. Borrowed: valid as long as the page.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_page_pagination(
    page: Option<&skiplino_ticket_page>,
) -> Option<&skiplino_pagination> {
    boundary::guard(None, || Some(&page?.pagination))
}

/// Frees a page and everything borrowed from it. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_page_free(page: Option<Box<skiplino_ticket_page>>) {
    boundary::free(page);
}

/// The number of records in the whole list; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_pagination_total(pagination: Option<&skiplino_pagination>) -> u64 {
    boundary::get(pagination, 0, |pagination| pagination.0.total())
}

/// The number of pages in the whole list, at the limit of this page; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_pagination_total_pages(pagination: Option<&skiplino_pagination>) -> u64 {
    boundary::get(pagination, 0, |pagination| pagination.0.total_pages())
}

/// Whether there is a next page; false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_pagination_has_next_page(
    pagination: Option<&skiplino_pagination>,
) -> bool {
    boundary::get(pagination, false, |pagination| pagination.0.has_next_page())
}

/// Whether there is a previous page; false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_pagination_has_prev_page(
    pagination: Option<&skiplino_pagination>,
) -> bool {
    boundary::get(pagination, false, |pagination| pagination.0.has_prev_page())
}

/// The number of the page, from 1; -1 if the server did not send it, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_pagination_page(pagination: Option<&skiplino_pagination>) -> i64 {
    boundary::get(pagination, -1, |pagination| {
        minus_one_if_absent(pagination.0.page())
    })
}

/// The number of records per page; -1 if the server did not send it, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_pagination_limit(pagination: Option<&skiplino_pagination>) -> i64 {
    boundary::get(pagination, -1, |pagination| {
        minus_one_if_absent(pagination.0.limit())
    })
}

fn minus_one_if_absent(number: Option<u64>) -> i64 {
    number.map_or(-1, |number| number.try_into().unwrap_or(i64::MAX))
}
