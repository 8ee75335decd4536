//! The bookings of a client that are open, and the tickets that it has returned.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::Mutex as AsyncMutex;

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

    /// Whether `other` could have created it, too.
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
    locks: HashMap<Booking, Weak<AsyncMutex<()>>>,
    pub(super) open: Vec<OpenBooking>,
    last_number: u64,
    /// The newest tickets that were returned to callers, the newest last.
    pub(super) returned: VecDeque<TicketId>,
}

/// A booking in progress, or one whose outcome is unknown.
pub(super) struct OpenBooking {
    pub(super) number: u64,
    pub(super) booking: Booking,
    /// When its caller stopped waiting for it.
    pub(super) abandoned_at: Option<Instant>,
}

impl Bookings {
    /// How long a booking with an unknown outcome counts as open.
    const UNKNOWN_OUTCOME_TTL: Duration = Duration::from_secs(10 * 60);
    const MAX_RETURNED: usize = 1024;

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lock that makes equal bookings run one after another.
    pub(super) fn serialize(&self, booking: &Booking) -> Arc<AsyncMutex<()>> {
        let mut state = self.state();
        if let Some(lock) = state.locks.get(booking).and_then(Weak::upgrade) {
            return lock;
        }
        state.locks.retain(|_, lock| lock.strong_count() > 0);
        let lock = Arc::default();
        state.locks.insert(booking.clone(), Arc::downgrade(&lock));
        lock
    }

    pub(super) fn open(&self, booking: &Booking, now: Instant) -> u64 {
        let mut state = self.state();
        state.open.retain(|open| {
            open.abandoned_at
                .is_none_or(|at| now.saturating_duration_since(at) < Self::UNKNOWN_OUTCOME_TTL)
        });
        state.last_number += 1;
        let number = state.last_number;
        state.open.push(OpenBooking {
            number,
            booking: booking.clone(),
            abandoned_at: None,
        });
        number
    }
}

impl State {
    pub(super) fn add_returned(&mut self, ticket: &TicketId) {
        if self.returned.len() == Bookings::MAX_RETURNED {
            self.returned.pop_front();
        }
        self.returned.push_back(ticket.clone());
    }
}
