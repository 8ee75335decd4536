//! Booking lookup: finds the ticket of a booking whose response was lost.
//!
//! A ticket does not say which request created it. So the customer's newest tickets are read
//! **before** the booking: the baseline. After a lost response, a ticket is returned as the
//! booking's own if it is the only ticket that meets all conditions:
//! - It is for the same service, group and time.
//! - It is not in the baseline, and this client has not returned it since.
//! - It was not booked before the baseline. The check compares `bookedAt` with the baseline's
//!   `Date` header. Both come from the server's clock, so clock skew does not matter. `Date` has
//!   whole seconds.
//! - It cannot be from another booking of this client. Bookings for the same customer, service,
//!   group and time run one after another. While a booking's outcome is unknown, the lookup of an
//!   equal booking reports an ambiguous result.
//!
//! One case remains. Another program books the same service for the same customer between the two
//! reads, and this booking is lost. Both programs then return the other program's ticket.

use std::collections::HashSet;
use std::sync::MutexGuard;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::OwnedMutexGuard;

use crate::call::context::{CallContext, NestedCall};
use crate::call::recovery::open_bookings::{Booking, State};
use crate::call::retry::RetryPolicy;
use crate::error::{Error, ErrorKind, TimeoutKind};
use crate::http::response::Response;
use crate::http::transport;
use crate::models::ids::{CustomerRef, TicketId};
use crate::models::page::Page;
use crate::models::tickets::Ticket;

/// Reads a customer's newest tickets within a call.
pub(crate) type NewestTickets =
    for<'a> fn(&CallContext<'a>, &CustomerRef) -> NestedCall<'a, Page<Ticket>>;

/// A booking, and how to read the tickets that it is looked up in.
pub(crate) struct BookingLookup {
    pub(crate) booking: Booking,
    pub(crate) newest_tickets: NewestTickets,
}

/// Why a ticket was not found, for the person who has to decide what to do.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum LookupFailure {
    #[error(
        "the customer's tickets could not be read before the booking, so a new ticket cannot be identified"
    )]
    NoBaseline,
    #[error("too many tickets were booked for the customer since")]
    TooManyTickets,
    #[error("a similar ticket was booked at the same time, and the two cannot be distinguished")]
    Ambiguous,
    #[error("no time was left to look up the ticket")]
    NoTimeLeft,
    #[error("1 lookup did not find the ticket")]
    AfterOneLookup,
    #[error("{0} lookups did not find the ticket")]
    AfterLookups(u32),
}

/// The customer's newest tickets before the booking was sent.
struct Baseline {
    known: HashSet<TicketId>,
    /// The server's clock at that time, in whole seconds.
    at: Option<Timestamp>,
}

/// A booking from before it is sent until its outcome is known.
pub(crate) struct BookingAttempt<'a> {
    lookup: &'a BookingLookup,
    context: &'a CallContext<'a>,
    number: u64,
    baseline: Option<Baseline>,
    /// Whether the server may have a ticket that no caller received.
    maybe_applied: bool,
    _lock: OwnedMutexGuard<()>,
}

impl Drop for BookingAttempt<'_> {
    // Runs also when the caller drops the call.
    fn drop(&mut self) {
        let shared = self.context.shared;
        if self.maybe_applied {
            let now = shared.config.clock.now();
            shared.bookings.abandon(self.number, now);
        } else {
            shared.bookings.close(self.number);
        }
    }
}

impl<'a> BookingAttempt<'a> {
    /// Lookups after a lost response, with the pauses of a retry between them.
    const MAX_LOOKUPS: u32 = 5;

    /// Waits for equal bookings, and reads the baseline.
    ///
    /// # Errors
    /// If the server cannot be reached, or asks to wait: the booking would fail in the same way.
    pub(crate) async fn begin(
        lookup: &'a BookingLookup,
        context: &'a CallContext<'a>,
    ) -> Result<BookingAttempt<'a>, Error> {
        let shared = context.shared;
        let booking = &lookup.booking;
        let lock = shared.bookings.serialize(booking).lock_owned();
        let Ok(lock) = tokio::time::timeout(context.time_left(), lock).await else {
            return Err(Error::new(ErrorKind::Timeout)
                .edit(|inner| inner.timeout = Some(TimeoutKind::Call)));
        };
        let mut this = BookingAttempt {
            lookup,
            context,
            number: shared.bookings.open(booking, shared.config.clock.now()),
            baseline: None,
            maybe_applied: false,
            _lock: lock,
        };
        // The rest of the time is for the booking itself.
        let limit = context.time_left() / 3;
        this.baseline = match this.newest_tickets(context.retry, limit).await {
            Ok(page) => Some(Baseline {
                at: transport::server_time(&page.headers),
                known: page.data.items().iter().map(TicketId::from).collect(),
            }),
            Err(error) => match error.kind() {
                // An unknown customer has no tickets. The booking itself will report the unknown
                // customer.
                ErrorKind::NotFound | ErrorKind::Validation => Some(Baseline {
                    known: HashSet::new(),
                    at: None,
                }),
                ErrorKind::Connect | ErrorKind::RateLimited => return Err(error),
                ErrorKind::Timeout if error.timeout() == Some(TimeoutKind::Connect) => {
                    return Err(error);
                }
                // A failing list must not prevent the booking: only the lookup is lost.
                _ => None,
            },
        };
        Ok(this)
    }

    /// Records that the booking may have reached the server.
    pub(crate) fn on_send(&mut self) {
        self.maybe_applied = true;
    }

    pub(crate) fn on_rejection(&mut self) {
        self.maybe_applied = false;
    }

    pub(crate) fn on_success(&mut self, ticket: &TicketId) {
        self.maybe_applied = false;
        self.state().add_returned(ticket);
    }

    fn state(&self) -> MutexGuard<'a, State> {
        self.context.shared.bookings.state()
    }

    /// The customer's newest tickets.
    async fn newest_tickets(
        &self,
        retry: &RetryPolicy,
        limit: Duration,
    ) -> Result<Response<Page<Ticket>>, Error> {
        let BookingLookup {
            booking,
            newest_tickets,
        } = self.lookup;
        let context = self.context.limited(retry, limit);
        newest_tickets(&context, &booking.customer).await
    }

    /// Looks up the ticket of the booking, whose response was lost by `error`.
    ///
    /// # Errors
    /// `OutcomeUnknown`.
    pub(crate) async fn recover(&mut self, error: Error) -> Result<Response<Ticket>, Error> {
        match self.find_ticket().await {
            Ok(found) => {
                self.maybe_applied = false;
                Ok(found)
            }
            Err(reason) => Err(error.into_outcome_unknown(format!(
                "{reason}; check the customer's tickets before booking again"
            ))),
        }
    }

    async fn find_ticket(&self) -> Result<Response<Ticket>, LookupFailure> {
        let Some(baseline) = &self.baseline else {
            return Err(LookupFailure::NoBaseline);
        };
        let shared = self.context.shared;
        let mut lookups = 0;
        loop {
            let time_left = self.context.time_left();
            if time_left.is_zero() {
                break;
            }
            lookups += 1;
            if let Ok(page) = self.newest_tickets(&RetryPolicy::never(), time_left).await {
                let ticket = self.select_ticket(baseline, &page.data)?;
                if let Some(found) = page.filter_map(|_| ticket) {
                    return Ok(found);
                }
            }
            let pause = self.context.retry.lookup_backoff(lookups);
            if lookups == Self::MAX_LOOKUPS
                || pause >= self.context.time_left()
                || !shared.retry_budget.take()
            {
                break;
            }
            shared.config.clock.sleep(pause).await;
        }
        Err(match lookups {
            0 => LookupFailure::NoTimeLeft,
            1 => LookupFailure::AfterOneLookup,
            lookups => LookupFailure::AfterLookups(lookups),
        })
    }

    /// The booking's ticket, if it is on the page.
    ///
    /// # Errors
    /// If the ticket cannot be distinguished from others.
    fn select_ticket(
        &self,
        baseline: &Baseline,
        page: &Page<Ticket>,
    ) -> Result<Option<Ticket>, LookupFailure> {
        let tickets = page.items();
        let is_new = |ticket: &&Ticket| {
            // The clocks of two machines behind one address may differ a little.
            let leeway = SignedDuration::from_secs(1);
            let age = |at| ticket.booked_at().duration_until(at);
            let older = baseline.at.is_some_and(|at| age(at) > leeway);
            !older && !baseline.known.contains(ticket.id())
        };
        let new: Vec<_> = tickets.iter().filter(is_new).collect();
        // If all tickets of the page are new, the next page may hold another new one.
        if !tickets.is_empty() && new.len() == tickets.len() && page.pagination().has_next_page() {
            return Err(LookupFailure::TooManyTickets);
        }
        let booking = &self.lookup.booking;
        let mut state = self.state();
        let mut candidates = new
            .into_iter()
            .filter(|ticket| booking.matches(ticket) && !state.returned.contains(ticket.id()));
        let Some(ticket) = candidates.next() else {
            return Ok(None);
        };
        let others = candidates.count();
        let conflict = state
            .open
            .iter()
            .any(|(number, other)| *number != self.number && booking.may_conflict(other, ticket));
        if others > 0 || conflict {
            return Err(LookupFailure::Ambiguous);
        }
        state.add_returned(ticket.id());
        Ok(Some(ticket.clone()))
    }
}
