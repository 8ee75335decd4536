//! The open bookings of a client, and the tickets that the client has returned.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::header::{DATE, HeaderMap};
use tokio::sync::Mutex as AsyncMutex;

use crate::call::recovery::server_clock::ServerClock;
use crate::call::weak_map::WeakMap;
use crate::models::ids::{CustomerRef, GroupId, ServiceId, TicketId};
use crate::models::tickets::Ticket;

/// The fields of a booking that its ticket shows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Booking {
    pub(crate) customer: CustomerRef,
    pub(crate) service: ServiceId,
    pub(crate) group: GroupId,
    pub(crate) time: Option<Timestamp>,
}

impl Booking {
    /// Whether this booking could have created the ticket.
    pub(super) fn matches(&self, ticket: &Ticket) -> bool {
        let same_customer = match (&self.customer, ticket.customer()) {
            (CustomerRef::Id(id), Some(customer)) => customer.id() == id,
            _ => true,
        };
        same_customer
            && *ticket.service().id() == self.service
            && *ticket.group_of_service().id() == self.group
            && ticket.time() == self.time
    }

    /// Whether `other` could have created the ticket, too.
    pub(super) fn may_conflict(&self, other: &Self, ticket: &Ticket) -> bool {
        use CustomerRef::{ExternalId, Id};
        let same_customer = match (&other.customer, &self.customer) {
            (Id(id), _)
                if ticket
                    .customer()
                    .is_some_and(|customer| customer.id() != id) =>
            {
                false
            }
            (Id(id), Id(own)) => id == own,
            (ExternalId(id), ExternalId(own)) => id == own,
            // The two ids may be those of one customer.
            (Id(_), ExternalId(_)) | (ExternalId(_), Id(_)) => true,
        };
        same_customer
            && self.service == other.service
            && self.group == other.group
            && self.time == other.time
    }
}

/// The bookings that a client is making, and those with an unknown outcome.
#[derive(Default)]
pub(crate) struct Bookings(Mutex<State>);

#[derive(Default)]
pub(super) struct State {
    locks: WeakMap<Booking, AsyncMutex<()>>,
    /// By their numbers: the bookings in progress, and those whose outcome is unknown.
    pub(super) open: HashMap<u64, Booking>,
    /// The numbers of the bookings whose outcome is unknown, and when their callers stopped waiting
    /// for them, the newest last.
    abandoned: VecDeque<(u64, Instant)>,
    last_number: u64,
    /// The newest tickets that were returned to callers, the newest last.
    pub(super) returned: VecDeque<TicketId>,
    pub(super) server_clock: ServerClock,
}

impl Bookings {
    /// How long a booking with an unknown outcome counts as open.
    const UNKNOWN_OUTCOME_TTL: Duration = Duration::from_secs(10 * 60);
    /// The most bookings with an unknown outcome that count as open.
    const MAX_UNKNOWN_OUTCOMES: usize = 1024;
    const MAX_RETURNED: usize = 1024;

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lock that makes equal bookings run one after another.
    pub(super) fn serialize(&self, booking: &Booking) -> Arc<AsyncMutex<()>> {
        self.state().locks.get_or_default(booking)
    }

    /// Learns the server's clock from a response.
    pub(crate) fn on_response(&self, headers: &HeaderMap, sent: Instant, received: Instant) {
        if let Some(date) = headers.get(DATE) {
            let clock = &mut self.state().server_clock;
            clock.add_date(date, sent, received);
        }
    }

    /// Adds a booking that begins, and returns its number.
    pub(super) fn open(&self, booking: &Booking, now: Instant) -> u64 {
        let mut state = self.state();
        state.forget_abandoned(|at| now.saturating_duration_since(at) >= Self::UNKNOWN_OUTCOME_TTL);
        state.last_number += 1;
        let number = state.last_number;
        state.open.insert(number, booking.clone());
        number
    }

    /// Removes a booking whose outcome is known.
    pub(super) fn close(&self, number: u64) {
        self.state().open.remove(&number);
    }

    /// Keeps a booking, whose caller no longer waits, as one with an unknown outcome.
    pub(super) fn abandon(&self, number: u64, now: Instant) {
        let mut state = self.state();
        state.abandoned.push_back((number, now));
        if state.abandoned.len() > Self::MAX_UNKNOWN_OUTCOMES
            && let Some((oldest, _)) = state.abandoned.pop_front()
        {
            state.open.remove(&oldest);
        }
    }
}

impl State {
    fn forget_abandoned(&mut self, is_old: impl Fn(Instant) -> bool) {
        while let Some((number, at)) = self.abandoned.front()
            && is_old(*at)
        {
            self.open.remove(number);
            self.abandoned.pop_front();
        }
    }

    pub(super) fn add_returned(&mut self, ticket: &TicketId) {
        if self.returned.len() == Bookings::MAX_RETURNED {
            self.returned.pop_front();
        }
        self.returned.push_back(ticket.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_unknown_outcomes_are_kept_for_so_long() {
        let bookings = Bookings::default();
        let booking = Booking {
            customer: CustomerRef::id("c"),
            service: "s".into(),
            group: "g".into(),
            time: None,
        };
        let now = Instant::now();
        let running = bookings.open(&booking, now);
        for _ in 0..2 * Bookings::MAX_UNKNOWN_OUTCOMES {
            let number = bookings.open(&booking, now);
            bookings.abandon(number, now);
        }
        let open = || bookings.state().open.len();
        assert_eq!(open(), 1 + Bookings::MAX_UNKNOWN_OUTCOMES);
        let later = now + Bookings::UNKNOWN_OUTCOME_TTL;
        let number = bookings.open(&booking, later);
        assert_eq!(open(), 2);
        bookings.close(number);
        bookings.close(running);
        assert_eq!(open(), 0);
    }
}
