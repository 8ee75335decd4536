use std::borrow::Borrow;

use crate::models::{BookTicketRequest, ChangeTimeRequest, Ticket};
use crate::{Call, Client, Operation, TicketId, Watch, decode};

/// Tickets: walk-ins and appointments. See [`Client::tickets`].
#[derive(Debug, Clone, Copy)]
pub struct Tickets<'a>(pub(crate) &'a Client);

impl Tickets<'_> {
    /// Books a ticket (operation 4, `POST /tickets/book`): a walk-in joins the queue at once, an appointment takes a place in
    /// a slot.
    ///
    /// # Errors
    /// `InvalidRequest` (fields `location.lat`, `location.lng`, `options`); `Rejected` with a localised reason when a business
    /// rule forbids it; `Validation`. With `outcome() == Unknown` the ticket may have been booked: booking again could make
    /// a second one.
    pub fn book(&self, request: impl Borrow<BookTicketRequest>) -> Call<Ticket> {
        self.0
            .call(Operation::BookTicket, decode::data, Ok(""), |ready| {
                let request = request.borrow();
                request.check()?;
                ready.json(request)
            })
    }

    /// A ticket as it is now (operation 5, `GET /tickets/{id}`).
    pub fn get(&self, ticket: impl Into<TicketId>) -> Call<Ticket> {
        self.0.call(
            Operation::GetTicket,
            decode::data,
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

    /// Cancels a ticket that is waiting or upcoming (operation 6, `POST /tickets/{id}/cancel`), and returns its new state.
    ///
    /// # Errors
    /// `Conflict` in any other state, cancelled included; `Validation` for an unknown ticket.
    pub fn cancel(&self, ticket: impl Into<TicketId>) -> Call<Ticket> {
        self.0.call(
            Operation::CancelTicket,
            decode::data,
            ticket.into().checked(),
            Ok,
        )
    }

    /// Moves a waiting appointment to another slot (operation 7, `POST /tickets/{id}/change-time`).
    ///
    /// # Errors
    /// `Validation` for a walk-in or another state; `NotFound` when the ticket cannot be resolved after the change.
    pub fn reschedule(
        &self,
        ticket: impl Into<TicketId>,
        request: impl Borrow<ChangeTimeRequest>,
    ) -> Call<Ticket> {
        self.0.call(
            Operation::RescheduleTicket,
            decode::data,
            ticket.into().checked(),
            |ready| {
                let request = request.borrow();
                request.check()?;
                ready.json(request)
            },
        )
    }
}
