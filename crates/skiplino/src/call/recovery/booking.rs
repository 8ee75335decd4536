//! Bookings for a customer happen once: what is known before one is sent, so that its ticket can be told from every other if the
//! answer is lost.
//!
//! A ticket does not say which request made it. So the customer's newest tickets are read **before** the booking, and a ticket is taken
//! for its effect when it is the only one that
//! - is for the same service, group and time,
//! - was not there before, nor was handed out by this client meanwhile,
//! - was not booked before, by the server's own clock (the `Date` of the first read against `bookedAt`: both are the server's, so
//!   neither this machine's clock nor the way there matters, only that `Date` counts whole seconds),
//! - and cannot be from another booking of this client: those of the same customer, service, group and time go one after another, and
//!   one that was never found out about keeps those after it from being guessed at.
//!
//! What is left: another program that books the same thing for the same customer between the two reads, while this booking does not
//! arrive. Its one ticket is then told to both.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::call::recovery::Reader;
use crate::error::{Error, ErrorKind, TimeoutKind};
use crate::http::response::Response;
use crate::models::Ticket;
use crate::pagination::Page;
use crate::{CustomerRef, GroupId, RetryPolicy, ServiceId, TicketId, http::transport};

/// What tells a booking from others, as far as its ticket shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Booking {
    pub(crate) customer: CustomerRef,
    pub(crate) service: ServiceId,
    pub(crate) group: GroupId,
    pub(crate) time: Option<Timestamp>,
}

impl Booking {
    fn made(&self, ticket: &Ticket) -> bool {
        let theirs = match (&self.customer, ticket.customer()) {
            (CustomerRef::Id(id), Some(customer)) => customer.id() == id,
            _ => true,
        };
        theirs
            && *ticket.service().id() == self.service
            && *ticket.group_of_service().id() == self.group
            && ticket.time() == self.time
    }

    /// Whether a ticket of this booking could be one of the other's.
    fn rivals(&self, other: &Self, ticket: &Ticket) -> bool {
        use CustomerRef::{ExternalId, Id};
        let same_person = match (&other.customer, &self.customer) {
            (Id(id), _)
                if ticket
                    .customer()
                    .is_some_and(|customer| customer.id() != id) =>
            {
                false
            }
            (Id(id), Id(own)) => id == own,
            (ExternalId(id), ExternalId(own)) => id == own,
            // Nothing tells whether they are one.
            (Id(_), ExternalId(_)) | (ExternalId(_), Id(_)) => true,
        };
        same_person
            && self.service == other.service
            && self.group == other.group
            && self.time == other.time
    }
}

/// The bookings that a client has under way, and what came of those before.
#[derive(Default)]
pub(crate) struct Bookings(Mutex<State>);

#[derive(Default)]
struct State {
    turns: HashMap<Booking, Weak<AsyncMutex<()>>>,
    open: Vec<Open>,
    last: u64,
    /// The newest tickets that were handed out, the newest last.
    handed_out: VecDeque<TicketId>,
}

/// A booking that may still bring about a ticket.
struct Open {
    number: u64,
    booking: Booking,
    /// Since when nobody is waiting for it any more.
    given_up: Option<Instant>,
}

impl Bookings {
    /// A booking that nobody found out about is reckoned with for so long.
    const REMEMBERED: Duration = Duration::from_secs(10 * 60);
    const KEPT: usize = 1024;

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self, booking: &Booking) -> Arc<AsyncMutex<()>> {
        let mut state = self.state();
        if let Some(turn) = state.turns.get(booking).and_then(Weak::upgrade) {
            return turn;
        }
        state.turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        state.turns.insert(booking.clone(), Arc::downgrade(&turn));
        turn
    }

    fn open(&self, booking: &Booking, now: Instant) -> u64 {
        let mut state = self.state();
        state.open.retain(|open| {
            open.given_up
                .is_none_or(|at| now.saturating_duration_since(at) < Self::REMEMBERED)
        });
        state.last += 1;
        let number = state.last;
        state.open.push(Open {
            number,
            booking: booking.clone(),
            given_up: None,
        });
        number
    }
}

/// The customer's newest tickets before the booking was sent.
struct Before {
    known: HashSet<TicketId>,
    /// The server's clock then, to the second.
    at: Option<Timestamp>,
}

/// A booking from before it is sent until it is known what came of it.
pub(crate) struct UnderWay<'a> {
    booking: &'a Booking,
    reader: &'a Reader<'a>,
    number: u64,
    before: Option<Before>,
    /// Whether there may be a ticket that nobody was told of.
    in_doubt: bool,
    _turn: OwnedMutexGuard<()>,
}

impl Drop for UnderWay<'_> {
    // Also when the caller gives up in the middle.
    fn drop(&mut self) {
        let inner = &self.reader.client.0;
        let now = inner.config.clock.now();
        let mut state = inner.bookings.state();
        if !self.in_doubt {
            state.open.retain(|open| open.number != self.number);
        } else if let Some(open) = state
            .open
            .iter_mut()
            .find(|open| open.number == self.number)
        {
            open.given_up = Some(now);
        }
    }
}

impl<'a> UnderWay<'a> {
    /// Looks at the customer's tickets are tried so often: five, with the pauses of a retry between them.
    const LOOKS: u32 = 5;

    /// Waits for the bookings of the same thing before it, and looks at what is there.
    ///
    /// # Errors
    /// When the server cannot be reached, or asks to wait: the booking would fare no better.
    pub(crate) async fn begin(
        booking: &'a Booking,
        reader: &'a Reader<'a>,
    ) -> Result<UnderWay<'a>, Error> {
        let inner = &reader.client.0;
        let turn = inner.bookings.turn(booking).lock_owned();
        let Ok(turn) = tokio::time::timeout(reader.left(), turn).await else {
            return Err(Error::new(ErrorKind::Timeout)
                .edit(|inner| inner.deadline = Some(TimeoutKind::Call)));
        };
        let mut this = UnderWay {
            booking,
            reader,
            number: inner.bookings.open(booking, inner.config.clock.now()),
            before: None,
            in_doubt: false,
            _turn: turn,
        };
        // It must not use up the time of the booking itself.
        let limit = reader.left() / 3;
        this.before = match this.page(reader.retry.clone(), limit).await {
            Ok(page) => Some(Before {
                at: transport::server_time(&page.headers),
                known: page.data.items().iter().map(TicketId::from).collect(),
            }),
            Err(error) => match error.kind() {
                // A customer that there is not has no tickets. Whether that is so is for the booking to say.
                ErrorKind::NotFound | ErrorKind::Validation => Some(Before {
                    known: HashSet::new(),
                    at: None,
                }),
                ErrorKind::Connect | ErrorKind::RateLimited => return Err(error),
                ErrorKind::Timeout if error.timeout() == Some(TimeoutKind::Connect) => {
                    return Err(error);
                }
                // Better to book than to be barred by a list that does not work: all that is lost is finding out.
                _ => None,
            },
        };
        Ok(this)
    }

    /// From now on there may be a ticket.
    pub(crate) fn sent(&mut self) {
        self.in_doubt = true;
    }

    pub(crate) fn refused(&mut self) {
        self.in_doubt = false;
    }

    pub(crate) fn booked(&mut self, ticket: &TicketId) {
        self.in_doubt = false;
        self.state().hand_out(ticket);
    }

    fn state(&self) -> MutexGuard<'a, State> {
        self.reader.client.0.bookings.state()
    }

    /// The customer's newest tickets.
    async fn page(
        &self,
        retry: RetryPolicy,
        limit: Duration,
    ) -> Result<Response<Page<Ticket>>, Error> {
        let tickets = self
            .reader
            .client
            .customers()
            .tickets(&self.booking.customer);
        self.reader.read_with(tickets.page(1), retry, limit).await
    }

    /// Finds out what became of the booking, whose answer `error` is.
    ///
    /// # Errors
    /// `OutcomeUnknown`.
    pub(crate) async fn settle(&mut self, error: Error) -> Result<Response<Ticket>, Error> {
        match self.look_for_it().await {
            Ok(found) => {
                self.in_doubt = false;
                Ok(found)
            }
            Err(tried) => Err(error.unsettled(format!(
                "{tried}; look at the customer's tickets before booking again"
            ))),
        }
    }

    async fn look_for_it(&self) -> Result<Response<Ticket>, String> {
        let Some(before) = &self.before else {
            return Err("the customer's tickets could not be read before, so there is nothing to compare them with".to_owned());
        };
        let inner = &self.reader.client.0;
        let mut looks = 0;
        loop {
            let left = self.reader.left();
            if left.is_zero() {
                break;
            }
            looks += 1;
            if let Ok(page) = self.page(RetryPolicy::never(), left).await {
                let ticket = self.pick(before, &page.data)?;
                if let Some(found) = page.filter_map(|_| ticket) {
                    return Ok(found);
                }
            }
            let pause = self.reader.retry.settling(looks);
            if looks == Self::LOOKS || pause >= self.reader.left() || !inner.budget.take() {
                break;
            }
            inner.config.clock.sleep(pause).await;
        }
        Err(match looks {
            0 => "no time was left to look for it".to_owned(),
            1 => "it was looked for once, and not found".to_owned(),
            looks => format!("it was looked for {looks} times, and not found"),
        })
    }

    /// The booking's ticket, if it is there; why it cannot be told from others.
    fn pick(&self, before: &Before, page: &Page<Ticket>) -> Result<Option<Ticket>, String> {
        let tickets = page.items();
        let is_new = |ticket: &&Ticket| {
            // Clocks of two machines behind one address may differ by a little.
            let leeway = SignedDuration::from_secs(1);
            let age = |at| ticket.booked_at().duration_until(at);
            let older = before.at.is_some_and(|at| age(at) > leeway);
            !older && !before.known.contains(ticket.id())
        };
        let new: Vec<_> = tickets.iter().filter(is_new).collect();
        // One more may stand behind a page of nothing but new ones.
        if !tickets.is_empty() && new.len() == tickets.len() && page.pagination().has_next_page() {
            return Err("too many tickets were booked for the customer meanwhile".to_owned());
        }
        let mut state = self.state();
        let mut candidates = new
            .into_iter()
            .filter(|ticket| self.booking.made(ticket) && !state.handed_out.contains(ticket.id()));
        let Some(ticket) = candidates.next() else {
            return Ok(None);
        };
        let others = candidates.count();
        let rival = state
            .open
            .iter()
            .any(|open| open.number != self.number && self.booking.rivals(&open.booking, ticket));
        if others > 0 || rival {
            return Err(
                "another one like it was booked meanwhile, and nothing tells them apart".to_owned(),
            );
        }
        state.hand_out(ticket.id());
        Ok(Some(ticket.clone()))
    }
}

impl State {
    fn hand_out(&mut self, ticket: &TicketId) {
        if self.handed_out.len() == Bookings::KEPT {
            self.handed_out.pop_front();
        }
        self.handed_out.push_back(ticket.clone());
    }
}
