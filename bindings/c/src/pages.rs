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

/// One page of the customers, newest first (operation 9), numbered from 1; a page past the end is empty. `limit` is records a page,
/// -1 for as many as the API allows. Takes a secret key. `options` may be NULL. Free the page with skiplino_customer_page_free(). Any thread.
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
        pending.send_to(out, |api| {
            let list = api.customers().list();
            Ok(with_limit(list, limit).page(zero_if_negative(page)))
        })
    })
}

/// How many there are.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_page_count(page: Option<&skiplino_customer_page>) -> usize {
    boundary::get(page, 0, |page| page.items.len())
}

/// A customer, from 0; NULL past the last one. Borrowed: lives as long as what it is asked of, and is not to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_page_at(
    page: Option<&skiplino_customer_page>,
    index: usize,
) -> Option<&skiplino_customer> {
    boundary::guard(None, || page?.items.get(index))
}

/// Where the page stands in its list. Borrowed: lives as long as the page.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_page_pagination(
    page: Option<&skiplino_customer_page>,
) -> Option<&skiplino_pagination> {
    boundary::guard(None, || Some(&page?.pagination))
}

/// Frees a page, and with it all that was borrowed from it. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_page_free(page: Option<Box<skiplino_customer_page>>) {
    boundary::free(page);
}

/// One page of a customer's tickets, newest first (operation 13), the customer named by one of `id` and
/// `external_id`, the other NULL, numbered from 1; a page past the end is empty. `limit` is records a page,
/// -1 for as many as the API allows. `options` may be NULL. Free the page with skiplino_ticket_page_free(). Any thread.
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
        pending.send_to(out, |api| {
            let list = api.customers().tickets(argument::required_customer(
                &id,
                &external_id,
                "id",
                "external_id",
            )?);
            Ok(with_limit(list, limit).page(zero_if_negative(page)))
        })
    })
}

/// How many there are.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_page_count(page: Option<&skiplino_ticket_page>) -> usize {
    boundary::get(page, 0, |page| page.items.len())
}

/// A ticket, from 0; NULL past the last one. Borrowed: lives as long as what it is asked of, and is not to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_page_at(
    page: Option<&skiplino_ticket_page>,
    index: usize,
) -> Option<&skiplino_ticket> {
    boundary::guard(None, || page?.items.get(index))
}

/// Where the page stands in its list. Borrowed: lives as long as the page.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_page_pagination(
    page: Option<&skiplino_ticket_page>,
) -> Option<&skiplino_pagination> {
    boundary::guard(None, || Some(&page?.pagination))
}

/// Frees a page, and with it all that was borrowed from it. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_page_free(page: Option<Box<skiplino_ticket_page>>) {
    boundary::free(page);
}

/// Records in the whole list.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_pagination_total(pagination: Option<&skiplino_pagination>) -> u64 {
    boundary::get(pagination, 0, |pagination| pagination.0.total())
}

/// Pages in the whole list, at this page's limit.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_pagination_total_pages(pagination: Option<&skiplino_pagination>) -> u64 {
    boundary::get(pagination, 0, |pagination| pagination.0.total_pages())
}

/// Whether a page follows.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_pagination_has_next_page(
    pagination: Option<&skiplino_pagination>,
) -> bool {
    boundary::get(pagination, false, |pagination| pagination.0.has_next_page())
}

/// Whether a page comes before.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_pagination_has_prev_page(
    pagination: Option<&skiplino_pagination>,
) -> bool {
    boundary::get(pagination, false, |pagination| pagination.0.has_prev_page())
}

/// The page's number, from 1; -1 where it is not told.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_pagination_page(pagination: Option<&skiplino_pagination>) -> i64 {
    boundary::get(pagination, -1, |pagination| {
        minus_one_if_absent(pagination.0.page())
    })
}

/// Records a page; -1 where it is not told.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_pagination_limit(pagination: Option<&skiplino_pagination>) -> i64 {
    boundary::get(pagination, -1, |pagination| {
        minus_one_if_absent(pagination.0.limit())
    })
}

fn minus_one_if_absent(number: Option<u64>) -> i64 {
    number.map_or(-1, |number| number.try_into().unwrap_or(i64::MAX))
}
