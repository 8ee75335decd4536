//! The operations on tickets, and the recovery of each write whose response was lost.

mod read_ticket;
pub(crate) mod watch;

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use crate::api::customers::newest_tickets;
use crate::api::tickets::read_ticket::look_up;
use crate::api::tickets::watch::{Watch, WatchRegistry};
use crate::call::Call;
use crate::call::expected_record::{wrong_service, wrong_ticket};
use crate::call::recovery::Recovery;
use crate::call::recovery::booking_lookup::BookingLookup;
use crate::call::recovery::open_bookings::Booking;
use crate::call::shared::Shared;
use crate::error::{Error, ErrorKind};
use crate::http::decode;
use crate::models::ids::TicketId;
use crate::models::tickets::{BookTicketRequest, ChangeTimeRequest, Ticket, TicketStatus};
use crate::operation::Operation;

/// Tickets: walk-ins and appointments. See [`Client::tickets`](crate::Client::tickets).
#[derive(Clone, Copy)]
pub struct Tickets<'a> {
    pub(crate) shared: &'a Arc<Shared>,
    pub(crate) watches: &'a Arc<WatchRegistry>,
}

impl Tickets<'_> {
    /// Books a ticket (operation 4, `POST /tickets/book`): a walk-in joins the queue at once, an
    /// appointment takes a place in a slot.
    ///
    /// A booking that may have arrived is never sent again. For a customer, the client also reads
    /// the customer's newest tickets (operation 13), without a further round trip: the two requests
    /// are in flight together. If the response is lost, it reads them again until it finds the new
    /// ticket ([`Response::recovered`](crate::Response::recovered)). Equal bookings for one customer
    /// run one after another.
    ///
    /// # Errors
    /// `InvalidRequest` (fields `location.lat`, `location.lng`, `options`); `Rejected` with a
    /// localised reason if a business rule forbids the booking; `Validation`. `OutcomeUnknown` if
    /// the response was lost and the ticket was not found, cannot be distinguished from others, may
    /// be older, or has no customer: booking again could make a second ticket.
    pub fn book(&self, request: impl Borrow<BookTicketRequest>) -> Call<Ticket> {
        let request = request.borrow();
        let call = self
            .shared
            .call(Operation::BookTicket, decode::data(), Ok(""), |ready| {
                request.check()?;
                ready.json(request)
            });
        let service = request.service_id.clone();
        let call = call.refuse_wrong_id(move |ticket| wrong_service(&service, ticket));
        call.recovery(match booking(request) {
            Some(booking) => Recovery::BookingLookup(BookingLookup {
                booking,
                newest_tickets,
            }),
            None => Recovery::Impossible(
                "a ticket without a customer cannot be looked up; check with the branch before booking again",
            ),
        })
    }

    /// A ticket as it is now (operation 5, `GET /tickets/{id}`).
    pub fn get(&self, ticket: impl Into<TicketId>) -> Call<Ticket> {
        read_ticket::get(self.shared, &ticket.into())
    }

    /// Follows a ticket: its state now, and again each time that it changes, until it is served or
    /// cancelled.
    ///
    /// The watch polls the ticket (operation 5): every 2 s at the front of the queue, and every 30
    /// s far from it. For an appointment, the interval depends on the time until it starts. Watches
    /// of one ticket share their polls. Failures of the network or the server end the watch only
    /// after they have lasted for [`Watch::give_up_after`]. Dropping the watch ends it at once.
    pub fn watch(&self, ticket: impl Into<TicketId>) -> Watch {
        Watch::new(
            Arc::clone(self.shared),
            Arc::clone(self.watches),
            ticket.into(),
        )
    }

    /// Cancels a ticket that is waiting or upcoming (operation 6, `POST /tickets/{id}/cancel`), and
    /// returns its new state. If the response is lost, the client reads the ticket, and sends the
    /// request again only if the ticket is not cancelled.
    ///
    /// # Errors
    /// `Conflict` in any other state, cancelled included; `Validation` for an unknown ticket.
    pub fn cancel(&self, ticket: impl Into<TicketId>) -> Call<Ticket> {
        let ticket = ticket.into();
        let call = self.shared.call(
            Operation::CancelTicket,
            decode::data(),
            ticket.checked(),
            Ok,
        );
        // States do not go back: a ticket that cannot be cancelled now cannot be cancelled later.
        let is_final = |error: &Error| {
            matches!(
                error.kind(),
                ErrorKind::Conflict | ErrorKind::Validation | ErrorKind::NotFound
            )
        };
        let asked = ticket.clone();
        let call = call.refuse_wrong_id(move |found| wrong_ticket(&asked, found));
        call.recovery(look_up(ticket, is_final, |ticket| {
            *ticket.status() == TicketStatus::Cancelled
        }))
    }

    /// Moves a waiting appointment to another slot (operation 7, `POST /tickets/{id}/change-time`).
    /// If the response is lost, the client reads the ticket, and sends the request again only if
    /// the ticket does not have the new time.
    ///
    /// # Errors
    /// `Validation` for a walk-in, or a ticket in another state; `NotFound` if the server cannot
    /// find the ticket after the change.
    pub fn reschedule(
        &self,
        ticket: impl Into<TicketId>,
        request: impl Borrow<ChangeTimeRequest>,
    ) -> Call<Ticket> {
        let (ticket, request) = (ticket.into(), request.borrow());
        let call = self.shared.call(
            Operation::RescheduleTicket,
            decode::data(),
            ticket.checked(),
            |ready| {
                request.check()?;
                ready.json(request)
            },
        );
        // A slot that is full now may have a place when an earlier attempt arrives late.
        let is_final = |_: &Error| false;
        let (time, asked) = (request.time(), ticket.clone());
        let call = call.refuse_wrong_id(move |found| wrong_ticket(&asked, found));
        call.recovery(look_up(ticket, is_final, move |ticket| {
            ticket.time() == Some(time)
        }))
    }
}

impl fmt::Debug for Tickets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tickets").field(self.shared).finish()
    }
}

/// The fields that identify the ticket of a booking; `None` without a customer.
fn booking(request: &BookTicketRequest) -> Option<Booking> {
    Some(Booking {
        customer: request.customer.clone()?,
        service: request.service_id.clone(),
        group: request.group_of_service_id.clone(),
        time: request.time,
    })
}
