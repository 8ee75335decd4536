//! The record that a response must be about. A server or proxy that mixes up connections could
//! answer with the record of another person.

use std::any::Any;

use crate::error::Error;
use crate::http::decode::{self, Data};
use crate::models::customers::Customer;
use crate::models::ids::{CustomerRef, ServiceId, TicketId};
use crate::models::page::Page;
use crate::models::tickets::Ticket;

/// Finds an id in the data that differs from the requested one, and returns its JSON path.
pub(crate) struct ExpectedRecord(Box<FindWrongId>);

type FindWrongId = dyn Fn(&dyn Any) -> Option<String> + Send + Sync;

impl ExpectedRecord {
    pub(super) fn new<T: 'static>(
        find_wrong_id: impl Fn(&T) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(move |data| find_wrong_id(data.downcast_ref()?)))
    }

    /// # Errors
    /// `Decode` if the data are about another record.
    pub(super) fn check(&self, data: &Data) -> Result<(), Error> {
        match (self.0)(&**data) {
            Some(path) => Err(decode::malformed(
                &path,
                "it is not the id that was asked for",
            )),
            None => Ok(()),
        }
    }
}

/// The wrong id of a ticket.
pub(crate) fn wrong_ticket(asked: &TicketId, ticket: &Ticket) -> Option<String> {
    (!is_same(asked.as_str(), ticket.id().as_str())).then(|| "data.id".to_owned())
}

/// The wrong id of the service of a booked ticket.
pub(crate) fn wrong_service(asked: &ServiceId, ticket: &Ticket) -> Option<String> {
    let found = ticket.service().id();
    (!is_same(asked.as_str(), found.as_str())).then(|| "data.service.id".to_owned())
}

/// The wrong id of a customer.
pub(crate) fn wrong_customer(asked: &CustomerRef, customer: &Customer) -> Option<String> {
    let (path, is_wrong) = match asked {
        CustomerRef::Id(id) => ("_id", !is_same(id.as_str(), customer.id().as_str())),
        // The company chose it: in another case it may be that of another person.
        CustomerRef::ExternalId(id) => ("externalId", customer.external_id() != Some(id.as_str())),
    };
    is_wrong.then(|| format!("data.{path}"))
}

/// The first wrong id of the customer of tickets.
pub(crate) fn wrong_customer_of_tickets(
    asked: &CustomerRef,
    tickets: &Page<Ticket>,
) -> Option<String> {
    // Tickets do not show a customer's `externalId`.
    let CustomerRef::Id(asked) = asked else {
        return None;
    };
    let is_wrong = |ticket: &Ticket| {
        let customer = ticket.customer();
        customer.is_some_and(|customer| !is_same(asked.as_str(), customer.id().as_str()))
    };
    let index = tickets.items().iter().position(is_wrong)?;
    Some(format!("data[{index}].customer.id"))
}

/// A server may ignore case and surrounding white space.
fn is_same(asked: &str, found: &str) -> bool {
    asked.trim().eq_ignore_ascii_case(found.trim())
}
