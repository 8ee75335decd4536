//! A watch for programs without async: an iterator that blocks the calling thread.

use std::fmt;
use std::pin::pin;
use std::time::Duration;

use crate::api::tickets::watch::cancelled;
use crate::api::tickets::watch::watcher::Watcher;
use crate::call::cancellation::{self, CancellationToken};
use crate::call::shared::Shared;
use crate::clock::FOREVER;
use crate::error::Error;
use crate::models::tickets::Ticket;

/// An iterator over the changes of a ticket, made by [`Watch::wait`](crate::Watch::wait).
///
/// `next()` blocks until the next change. [`Watch`](crate::Watch) describes the changes that are
/// returned, the number of requests and the errors. Inside an async runtime the first `next()`
/// fails with `InvalidRequest`, because it would block the runtime.
pub struct BlockingWatch {
    pub(super) watcher: Watcher,
    pub(super) cancellation_token: Option<CancellationToken>,
}

impl BlockingWatch {
    /// The next change. `None` if no change came within `limit`, or if the watch is over
    /// ([`is_over`](Self::is_over)).
    ///
    /// A poll that has not received its response within `limit` is cancelled and counts as failed.
    /// So choose a limit that is longer than a response takes.
    ///
    /// # Errors
    /// The errors of [`Watch`](crate::Watch). After an error the watch is over.
    pub fn next_within(&mut self, limit: Duration) -> Result<Option<Ticket>, Error> {
        self.step(Some(limit)).transpose()
    }

    /// Whether the watch has ended: no more changes will be returned.
    pub fn is_over(&self) -> bool {
        self.watcher.is_over
    }

    fn step(&mut self, limit: Option<Duration>) -> Option<Result<Ticket, Error>> {
        if self.watcher.is_over {
            return None;
        }
        let (watcher, cancellation_token) = (&mut self.watcher, self.cancellation_token.as_ref());
        let client = watcher.client.clone();
        let Shared {
            runtimes, config, ..
        } = &*client;
        let next = runtimes.block_on(config, async |pool| {
            let limited =
                tokio::time::timeout(limit.unwrap_or(FOREVER).min(FOREVER), watcher.next(pool));
            match cancellation::or_cancelled(cancellation_token, pin!(limited)).await {
                Some(next) => Ok(next.unwrap_or_default()),
                None => Err(cancelled()),
            }
        });
        next.unwrap_or_else(|error| self.watcher.fail(error))
    }
}

impl Iterator for BlockingWatch {
    type Item = Result<Ticket, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.step(None) {
                None if !self.is_over() => {}
                next => return next,
            }
        }
    }
}

impl fmt::Debug for BlockingWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingWatch")
            .field("ticket", &self.watcher.ticket)
            .finish_non_exhaustive()
    }
}
