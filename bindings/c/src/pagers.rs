//! Pagers, which read every page of a list and return one record at a time.

use std::mem::MaybeUninit;

use bindings_common::ForkGuarded;
use skiplino::{BlockingItems, Customer, List, Operation, Ticket};

use crate::argument::{self, StringArg};
use crate::boundary;
use crate::call::{CallOptionsArg, PendingCall};
use crate::client::skiplino_client;
use crate::code::skiplino_code;
use crate::customers::skiplino_customer;
use crate::error::{Failure, skiplino_error};
use crate::log::Log;
use crate::pages;
use crate::tickets::skiplino_ticket;

struct Pager<T> {
    items: ForkGuarded<BlockingItems<T>>,
    log: Log,
}

impl<T: Send + 'static> Pager<T> {
    fn new(list: List<T>, log: &Log) -> Self {
        Self {
            items: ForkGuarded::new(list.items_blocking()),
            log: log.clone(),
        }
    }

    fn next<H: for<'a> From<&'a T>>(&mut self) -> Result<Box<H>, Failure> {
        let items = self.items.get_mut().ok_or_else(skiplino_error::forked)?;
        let next = self.log.capture(|| items.next());
        let item = next.ok_or_else(skiplino_error::end)??;
        Ok(Box::new((&item).into()))
    }

    fn changed_during_read(&self) -> bool {
        let items = self.items.get();
        items.is_some_and(|items| items.progress().changed_during_read)
    }
}

/// Reads all customers, page by page. One thread at a time.
pub struct skiplino_customer_pager(Pager<Customer>);

/// Reads all tickets of a customer, page by page. One thread at a time.
pub struct skiplino_ticket_pager(Pager<Ticket>);

/// Creates a pager over all customers, newest first (operation 9). Customers that exist for the
/// whole read are returned exactly once, even if the list changes meanwhile. Sends nothing before
/// skiplino_customer_pager_next(), which requests 4, and later up to 16 pages at a time and waits for
/// them. `limit` is the number of records per page, -1 for the maximum of the API. `options` may be
/// NULL; they apply to each page. Needs a secret key. Free the pager with
/// skiplino_customer_pager_free(), before or after the client. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customers_list_pager(
    client: Option<&skiplino_client>,
    limit: i64,
    options: CallOptionsArg<'_>,
    pager: Option<&mut MaybeUninit<Box<skiplino_customer_pager>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let (pending, out) =
            PendingCall::with_output(Operation::ListCustomers, client, &options, pager, "pager")?;
        let list =
            pending.list(|client| Ok(pages::with_limit(client.customers().list(), limit)))?;
        out.write(Box::new(skiplino_customer_pager(Pager::new(
            list,
            pending.log(),
        ))));
        Ok(())
    })
}

/// Reads the next customer, which the caller frees with skiplino_customer_free(). Returns
/// SKIPLINO_END after the last customer. After any other error the pager has ended too. One thread
/// at a time.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_pager_next(
    pager: Option<&mut skiplino_customer_pager>,
    customer: Option<&mut MaybeUninit<Box<skiplino_customer>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let pager = skiplino_error::require(pager, "pager")?;
        let out = skiplino_error::require(customer, "customer")?;
        out.write(pager.0.next()?);
        Ok(())
    })
}

/// Whether the pager noticed that the list changed during the read; false for NULL. One thread at a
/// time.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_pager_changed_during_read(
    pager: Option<&skiplino_customer_pager>,
) -> bool {
    boundary::get(pager, false, |pager| pager.0.changed_during_read())
}

/// Frees a pager. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_pager_free(pager: Option<Box<skiplino_customer_pager>>) {
    boundary::free(pager);
}

/// Creates a pager over all tickets of a customer, newest first (operation 13). Pass one of `id`
/// and `external_id`, and NULL for the other. Tickets that exist for the whole read are returned
/// exactly once, even if the list changes meanwhile. Sends nothing before
/// skiplino_ticket_pager_next(), which requests 4, and later up to 16 pages at a time and waits for
/// them. `limit` is the number of records per page, -1 for the maximum of the API. `options` may be
/// NULL; they apply to each page. Free the pager with skiplino_ticket_pager_free(), before or after
/// the client. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customers_tickets_pager(
    client: Option<&skiplino_client>,
    id: StringArg,
    external_id: StringArg,
    limit: i64,
    options: CallOptionsArg<'_>,
    pager: Option<&mut MaybeUninit<Box<skiplino_ticket_pager>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let (pending, out) = PendingCall::with_output(
            Operation::ListCustomerTickets,
            client,
            &options,
            pager,
            "pager",
        )?;
        let list = pending.list(|client| {
            let customer = argument::required_customer(&id, &external_id, "id", "external_id")?;
            Ok(pages::with_limit(
                client.customers().tickets(customer),
                limit,
            ))
        })?;
        out.write(Box::new(skiplino_ticket_pager(Pager::new(
            list,
            pending.log(),
        ))));
        Ok(())
    })
}

/// Reads the next ticket, which the caller frees with skiplino_ticket_free(). Returns SKIPLINO_END
/// after the last ticket. After any other error the pager has ended too. One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_pager_next(
    pager: Option<&mut skiplino_ticket_pager>,
    ticket: Option<&mut MaybeUninit<Box<skiplino_ticket>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let pager = skiplino_error::require(pager, "pager")?;
        let out = skiplino_error::require(ticket, "ticket")?;
        out.write(pager.0.next()?);
        Ok(())
    })
}

/// Whether the pager noticed that the list changed during the read; false for NULL. One thread at a
/// time.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_pager_changed_during_read(
    pager: Option<&skiplino_ticket_pager>,
) -> bool {
    boundary::get(pager, false, |pager| pager.0.changed_during_read())
}

/// Frees a pager. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_pager_free(pager: Option<Box<skiplino_ticket_pager>>) {
    boundary::free(pager);
}
