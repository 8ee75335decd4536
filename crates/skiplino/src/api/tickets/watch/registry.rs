//! The tickets that a client watches. All watchers of a ticket share its state and its polls.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Mutex as AsyncMutex;

use crate::api::tickets::watch::schedule::LastPoll;
use crate::call::weak_map::WeakMap;
use crate::models::ids::TicketId;
use crate::models::tickets::Ticket;

/// The state of one watched ticket, shared by all its watchers in a client.
///
/// No background task polls the ticket. A watcher that finds a poll due takes the lock and polls;
/// the others wait for the lock and find the new state. So a ticket is never polled twice at once,
/// and never without a watcher.
#[derive(Default)]
pub(super) struct SharedWatch(pub(super) AsyncMutex<WatchState>);

#[derive(Default)]
pub(super) struct WatchState {
    /// The newest state of the ticket, and its version: the number of changes up to it.
    newest: Option<(u64, Ticket)>,
    pub(super) last_poll: Option<LastPoll>,
}

impl WatchState {
    pub(super) fn ticket(&self) -> Option<&Ticket> {
        self.newest.as_ref().map(|(_, ticket)| ticket)
    }

    /// The newest state, if it is newer than this version.
    pub(super) fn newer_than(&self, version: u64) -> Option<(u64, &Ticket)> {
        let (newest, ticket) = self.newest.as_ref()?;
        (*newest > version).then_some((*newest, ticket))
    }

    /// Stores the ticket of a response, if it differs from the newest state.
    pub(super) fn update(&mut self, ticket: Ticket) {
        if self.ticket() != Some(&ticket) {
            let version = self.newest.as_ref().map_or(0, |(version, _)| *version);
            self.newest = Some((version + 1, ticket));
        }
    }
}

/// A ticket and the locale of its names. Watchers with different locales cannot share responses.
type WatchKey = (TicketId, Option<String>);

/// The tickets that a client watches at the moment.
#[derive(Default)]
pub(crate) struct WatchRegistry(Mutex<WeakMap<WatchKey, SharedWatch>>);

impl WatchRegistry {
    /// The shared state of a ticket; made by its first watcher and dropped with its last.
    pub(super) fn get_or_default(&self, key: &WatchKey) -> Arc<SharedWatch> {
        let mut watches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        watches.get_or_default(key)
    }
}
