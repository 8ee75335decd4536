pub(crate) mod watch;

use std::borrow::Borrow;

use crate::call::recovery::{Look, Settle};
use crate::models::{BookTicketRequest, ChangeTimeRequest, Ticket, TicketStatus};
use crate::{Call, Client, Error, ErrorKind, Operation, TicketId, Watch, http::decode};

/// Tickets: walk-ins and appointments. See [`Client::tickets`].
#[derive(Debug, Clone, Copy)]
pub struct Tickets<'a>(pub(crate) &'a Client);

impl Tickets<'_> {
    /// Books a ticket (operation 4, `POST /tickets/book`): a walk-in joins the queue at once, an appointment takes a place in
    /// a slot.
    ///
    /// # Errors
    /// A booking is never sent a second time when it may have arrived. For a customer, their newest tickets are read before it
    /// (operation 13), and if its answer is lost they are read again until its ticket is found
    /// ([`Response::recovered`](crate::Response::recovered)); bookings of the same thing for the same customer go one after another.
    ///
    /// # Errors
    /// `InvalidRequest` (fields `location.lat`, `location.lng`, `options`); `Rejected` with a localised reason when a business
    /// rule forbids it; `Validation`. `OutcomeUnknown` when the answer was lost and the ticket was not found, or cannot be told
    /// from others, or was for nobody: booking again could make a second one.
    pub fn book(&self, request: impl Borrow<BookTicketRequest>) -> Call<Ticket> {
        let request = request.borrow();
        let call = self
            .0
            .call(Operation::BookTicket, decode::data(), Ok(""), |ready| {
                request.check()?;
                ready.json(request)
            });
        call.settle(match request.settled_by() {
            Some(booking) => Settle::Booking(booking),
            None => Settle::Never(
                "a ticket without a customer cannot be looked for; ask at the branch before booking again",
            ),
        })
    }

    /// A ticket as it is now (operation 5, `GET /tickets/{id}`).
    pub fn get(&self, ticket: impl Into<TicketId>) -> Call<Ticket> {
        self.0.call(
            Operation::GetTicket,
            decode::data(),
            ticket.into().checked(),
            Ok,
        )
    }

    /// Follows a ticket: its state now, and again each time that it changes, until it is served or cancelled.
    ///
    /// It is looked at (operation 5) at the pace of its queue: every 2 s at the front, every 30 s far from it; an appointment
    /// by the time that is left. Watchers of one ticket share their looks. Failures of the network or the server are ridden out;
    /// dropping the watch stops it.
    pub fn watch(&self, ticket: impl Into<TicketId>) -> Watch {
        Watch::new(self.0.clone(), ticket.into())
    }

    /// Cancels a ticket that is waiting or upcoming (operation 6, `POST /tickets/{id}/cancel`), and returns its new state. If
    /// the answer is lost, the ticket is looked at, and cancelled again only if it is not.
    ///
    /// # Errors
    /// `Conflict` in any other state, cancelled included; `Validation` for an unknown ticket.
    pub fn cancel(&self, ticket: impl Into<TicketId>) -> Call<Ticket> {
        let ticket = ticket.into();
        let call = self.0.call(
            Operation::CancelTicket,
            decode::data(),
            ticket.checked(),
            Ok,
        );
        // States do not go back: what cannot be cancelled now cannot be later.
        let is_final =
            |error: &Error| matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Validation);
        call.settle(look_at(ticket, is_final, |ticket| {
            *ticket.status() == TicketStatus::Cancelled
        }))
    }

    /// Moves a waiting appointment to another slot (operation 7, `POST /tickets/{id}/change-time`). If the answer is lost, the
    /// ticket is looked at, and moved again only if its time is another.
    ///
    /// # Errors
    /// `Validation` for a walk-in or another state; `NotFound` when the ticket cannot be resolved after the change.
    pub fn reschedule(
        &self,
        ticket: impl Into<TicketId>,
        request: impl Borrow<ChangeTimeRequest>,
    ) -> Call<Ticket> {
        let (ticket, request) = (ticket.into(), request.borrow());
        let call = self.0.call(
            Operation::RescheduleTicket,
            decode::data(),
            ticket.checked(),
            |ready| {
                request.check()?;
                ready.json(request)
            },
        );
        // A slot that is full now may have a place when an attempt that is still on its way arrives.
        let is_final = |_: &Error| false;
        let time = request.time();
        call.settle(look_at(ticket, is_final, move |ticket| {
            ticket.time() == Some(time)
        }))
    }
}

/// A write has happened when the ticket is as it should be.
fn look_at(
    ticket: TicketId,
    is_final: fn(&Error) -> bool,
    is_done: impl Fn(&Ticket) -> bool + Copy + Send + Sync + 'static,
) -> Settle {
    Settle::Look(Look::new(is_final, move |reader| {
        let call = reader.client.tickets().get(&ticket);
        Box::pin(async move {
            match reader.read(call).await {
                Ok(found) => Ok(is_done(found.data()).then(|| found.untyped())),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        })
    }))
}
