//! Booking lookup: finds the ticket of a booking whose response was lost.
//!
//! A ticket does not say which request created it. So the customer's newest tickets are read
//! **beside** the booking: the baseline. After a lost response, a ticket is returned as the
//! booking's own if it is the only ticket that meets all conditions:
//! - It is for the same service, group and time.
//! - It was booked after this booking was sent, see [`Age`].
//! - This client has not returned it since.
//! - It cannot be from another booking of this client. Bookings for the same customer, service,
//!   group and time run one after another. While a booking's outcome is unknown, the lookup of an
//!   equal booking reports an ambiguous result.
//!
//! The server may handle the booking before the baseline, which then contains the booking's own
//! ticket. Only the server's clock can show whether such a ticket is new: its `bookedAt` is compared
//! with the time at which the booking was sent. If the two are too close, the outcome is unknown. If
//! the server is on this machine, the booking waits for the baseline, which then decides alone.
//!
//! One case remains. Another program books the same service for the same customer while this booking
//! is in flight, and this booking is lost. Both programs then return the other program's ticket.

use std::collections::HashSet;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::MutexGuard;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::OwnedMutexGuard;

use crate::call::context::{CallContext, NestedCall};
use crate::call::recovery::open_bookings::{Booking, State};
use crate::call::recovery::server_clock::{BookedAt, ServerClock};
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
    #[error("a matching ticket may be older than this booking")]
    MaybeOlder,
    #[error("a matching ticket was booked within {0:?} of this booking, and may be older")]
    BookedWithin(Duration),
    #[error("too many tickets were booked for the customer since")]
    TooManyTickets,
    #[error("a similar ticket was booked at the same time, and the two cannot be distinguished")]
    Ambiguous,
    #[error("no time was left to look up the ticket")]
    NoTimeLeft,
    /// With the text of the error.
    #[error("the lookup failed: {0}")]
    Failed(String),
    #[error("1 lookup did not find the ticket")]
    AfterOneLookup,
    #[error("{0} lookups did not find the ticket")]
    AfterLookups(u32),
}

/// The customer's newest tickets when they were first read.
struct Baseline {
    known: HashSet<TicketId>,
    /// The server's clock at that time, in whole seconds.
    at: Option<Timestamp>,
    /// Whether it was read before the booking was sent, so that its tickets are older.
    is_before: bool,
}

impl Baseline {
    fn of(page: &Response<Page<Ticket>>) -> Self {
        Self {
            known: page.data.items().iter().map(TicketId::from).collect(),
            at: transport::server_time(&page.headers),
            is_before: false,
        }
    }
}

/// The read of the baseline.
enum Read<'a> {
    NotStarted,
    Running(NestedCall<'a, Page<Ticket>>),
    Ended,
}

/// The age of a ticket, compared with the booking.
enum Age {
    Older,
    Newer,
    Unclear(LookupFailure),
}

/// A booking from before it is sent until its outcome is known.
pub(crate) struct BookingAttempt<'a> {
    lookup: &'a BookingLookup,
    context: &'a CallContext<'a>,
    number: u64,
    read: Read<'a>,
    baseline: Option<Baseline>,
    /// When the last attempt began.
    sent: Instant,
    /// The latest time on the server's clock at that moment.
    latest_when_sent: Option<i128>,
    /// Whether the server may have a ticket that no caller received.
    maybe_applied: bool,
    _lock: OwnedMutexGuard<()>,
}

/// Whether a further lookup would fail in the same way.
fn is_permanent(error: &Error) -> bool {
    let is_rejected = matches!(
        error.kind(),
        ErrorKind::Unauthorized | ErrorKind::Validation
    );
    is_rejected || error.is_other_shape()
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
    /// How long a booking waits for the read if the server is on this machine.
    const LONGEST_WAIT: Duration = Duration::from_secs(1);

    /// Waits for equal bookings.
    ///
    /// # Errors
    /// If they do not end before the deadline.
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
        let now = shared.config.clock.now();
        Ok(BookingAttempt {
            lookup,
            context,
            number: shared.bookings.open(booking, now),
            read: Read::NotStarted,
            baseline: None,
            sent: now,
            latest_when_sent: None,
            maybe_applied: false,
            _lock: lock,
        })
    }

    /// Records that the booking may reach the server from now on. Before, gives the read a moment
    /// to end.
    pub(crate) async fn on_send(&mut self) {
        let moment = self.moment_for_read();
        if !moment.is_zero() {
            self.start_read();
        }
        // Polls the read once even if there is no time to wait.
        let _ = tokio::time::timeout(moment, self.read_ended()).await;
        // No earlier attempt was applied, or there would be no further one.
        if let Some(baseline) = &mut self.baseline {
            baseline.is_before = true;
        }
        self.sent = self.now();
        self.latest_when_sent = self.state().server_clock.latest(self.sent);
        self.maybe_applied = true;
    }

    /// Makes an attempt of the booking, and reads the baseline beside it. The booking does not wait
    /// for the read, which runs to its end in the background.
    pub(crate) async fn read_beside<T>(
        &mut self,
        mut attempt: Pin<Box<impl Future<Output = T>>>,
    ) -> T {
        poll_fn(|task| {
            // The booking begins first, so that it gets an idle connection even if there is only
            // one.
            let result = attempt.as_mut().poll(task);
            if result.is_pending() {
                self.start_read();
                self.poll_read(task);
            }
            result
        })
        .await
    }

    /// How long the booking waits for the read. A server on this machine is one for tests: the wait
    /// costs nothing there, and the outcome of a lost booking does not depend on a race.
    fn moment_for_read(&self) -> Duration {
        if self.context.shared.config.is_local && matches!(self.read, Read::NotStarted) {
            Self::LONGEST_WAIT.min(self.context.time_left() / 3)
        } else {
            Duration::ZERO
        }
    }

    /// Waits until the read has ended, if it has started.
    async fn read_ended(&mut self) {
        poll_fn(|task| {
            self.poll_read(task);
            match self.read {
                Read::Running(_) => Poll::Pending,
                Read::NotStarted | Read::Ended => Poll::Ready(()),
            }
        })
        .await;
    }

    fn start_read(&mut self) {
        if let Read::NotStarted = self.read {
            // After a lost response, the rest of the time is for the lookups.
            let limit = self.context.time_left() / 3;
            let context = CallContext {
                ends_in_background: true,
                ..self.context.limited(self.context.retry, limit)
            };
            self.read = Read::Running(self.newest_tickets(&context));
        }
    }

    fn poll_read(&mut self, task: &mut Context<'_>) {
        let Read::Running(page) = &mut self.read else {
            return;
        };
        let Poll::Ready(result) = page.as_mut().poll(task) else {
            return;
        };
        self.read = Read::Ended;
        self.baseline = match result {
            Ok(page) => Some(Baseline::of(&page)),
            // An unknown customer has no tickets. The booking itself will report the unknown
            // customer.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Validation) => {
                Some(Baseline {
                    known: HashSet::new(),
                    at: None,
                    is_before: false,
                })
            }
            // A failing list must not prevent the booking.
            Err(_) => None,
        };
    }

    pub(crate) fn on_rejection(&mut self) {
        self.maybe_applied = false;
    }

    pub(crate) fn on_success(&mut self, ticket: &Ticket) {
        self.maybe_applied = false;
        let received = self.now();
        let mut state = self.state();
        state.add_returned(ticket.id());
        let clock = &mut state.server_clock;
        clock.add_booking(ticket.booked_at(), self.sent, received);
    }

    fn now(&self) -> Instant {
        self.context.shared.config.clock.now()
    }

    fn state(&self) -> MutexGuard<'a, State> {
        self.context.shared.bookings.state()
    }

    /// The customer's newest tickets.
    fn newest_tickets<'b>(&self, context: &CallContext<'b>) -> NestedCall<'b, Page<Ticket>> {
        (self.lookup.newest_tickets)(context, &self.lookup.booking.customer)
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

    async fn find_ticket(&mut self) -> Result<Response<Ticket>, LookupFailure> {
        let shared = self.context.shared;
        let never = RetryPolicy::never();
        self.read_ended().await;
        let mut lookups = 0;
        loop {
            let time_left = self.context.time_left();
            if time_left.is_zero() {
                break;
            }
            lookups += 1;
            let context = self.context.limited(&never, time_left);
            match self.newest_tickets(&context).await {
                Ok(page) => {
                    let read = Baseline::of(&page);
                    if let Some(ticket) = self.select_ticket(&page.data)? {
                        return Ok(page.map(|_| ticket));
                    }
                    self.baseline.get_or_insert(read);
                }
                Err(error) if is_permanent(&error) => {
                    return Err(LookupFailure::Failed(error.to_string()));
                }
                Err(_) => {}
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
    fn select_ticket(&self, page: &Page<Ticket>) -> Result<Option<Ticket>, LookupFailure> {
        let tickets = page.items();
        let seen = self.now();
        let mut state = self.state();
        let not_older: Vec<_> = tickets
            .iter()
            .map(|ticket| (ticket, self.age(ticket, &state.server_clock, seen)))
            .filter(|(_, age)| !matches!(age, Age::Older))
            .collect();
        // If no ticket of the page is known, the next page may hold another new one.
        let is_known = |ticket: &Ticket| {
            let baseline = self.baseline.as_ref();
            baseline.is_some_and(|baseline| baseline.known.contains(ticket.id()))
        };
        let none_is_known = !not_older.iter().any(|(ticket, _)| is_known(ticket));
        if !tickets.is_empty()
            && not_older.len() == tickets.len()
            && none_is_known
            && page.pagination().has_next_page()
        {
            return Err(LookupFailure::TooManyTickets);
        }
        let booking = &self.lookup.booking;
        let mut candidates = not_older
            .into_iter()
            .filter(|(ticket, _)| booking.matches(ticket) && !state.returned.contains(ticket.id()));
        let Some((ticket, age)) = candidates.next() else {
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
        if let Age::Unclear(failure) = age {
            return Err(failure);
        }
        state.add_returned(ticket.id());
        Ok(Some(ticket.clone()))
    }

    /// A ticket that is not in the baseline is newer. For a ticket of a baseline that was read
    /// before the booking was sent, the opposite is certain. For others the server's clock decides.
    fn age(&self, ticket: &Ticket, clock: &ServerClock, seen: Instant) -> Age {
        match &self.baseline {
            Some(baseline) if !baseline.known.contains(ticket.id()) => {
                // It may have been on a later page of the baseline.
                let age = |at| Duration::try_from(ticket.booked_at().duration_until(at));
                let is_older = |at| age(at).is_ok_and(|age| age > ServerClock::LEEWAY);
                if baseline.at.is_some_and(is_older) {
                    Age::Older
                } else {
                    Age::Newer
                }
            }
            Some(baseline) if baseline.is_before => Age::Older,
            _ => match clock.compare(ticket.booked_at(), self.sent, self.latest_when_sent, seen) {
                BookedAt::Before => Age::Older,
                BookedAt::After => Age::Newer,
                BookedAt::Unclear(None) => Age::Unclear(LookupFailure::MaybeOlder),
                BookedAt::Unclear(Some(apart)) => {
                    let apart = Duration::from_millis(apart.as_millis() as u64 + 1);
                    Age::Unclear(LookupFailure::BookedWithin(apart))
                }
            },
        }
    }
}
