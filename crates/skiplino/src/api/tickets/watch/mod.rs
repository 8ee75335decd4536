//! Watching a ticket: its changes, found by polling at intervals that follow its queue.

mod blocking;
mod registry;
mod schedule;
mod watcher;

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::stream::{self, BoxStream, Stream, StreamExt as _};

use crate::api::tickets::watch::schedule::PollSchedule;
use crate::api::tickets::watch::watcher::Watcher;
use crate::call;
use crate::call::cancellation::{self, CancellationToken};
use crate::call::retry::RetryPolicy;
use crate::call::shared::Shared;
use crate::call::spec::CallOptions;
use crate::error::{Error, ErrorKind};
use crate::models::ids::TicketId;
use crate::models::tickets::Ticket;
use crate::operation::Operation;

pub use crate::api::tickets::watch::blocking::BlockingWatch;
pub(crate) use crate::api::tickets::watch::registry::WatchRegistry;

/// The changes of a ticket, made by [`Tickets::watch`](crate::Tickets::watch): a stream, or with
/// [`wait`](Self::wait) an iterator.
///
/// The first item is the ticket's current state. Each further item is a new state, returned once.
/// When the ticket changes more than once between two polls, only the newest state is returned. The
/// watch ends after the state `served` or `cancelled`. An unknown state does not end it, because the
/// state may not be final. Dropping the watch stops it. Poll the stream on a Tokio runtime.
///
/// # Requests
///
/// The ticket is polled (operation 5). The pause between two polls is a twentieth of the expected
/// wait, between [`min`](Self::min) and [`max`](Self::max): 2 s at the front of the queue, 30 s far
/// from it; for an appointment, the expected wait is the time until it starts. Watches of the same
/// ticket and locale, in the same client, share their polls.
///
/// # Errors
///
/// Failures of the network and the server are retried with growing pauses, until they have lasted
/// for [`give_up_after`](Self::give_up_after); then the watch ends with the last error. Any other
/// error ends the watch at once, such as `NotFound`, `Unauthorized`, `InvalidRequest`, `Decode` for a
/// ticket in another shape than the API documents, or `Cancelled` by a [`CancellationToken`].
#[must_use = "a watch does nothing until its changes are requested"]
pub struct Watch {
    client: Arc<Shared>,
    registry: Arc<WatchRegistry>,
    ticket: TicketId,
    options: CallOptions,
    schedule: PollSchedule,
    cancellation_token: Option<CancellationToken>,
    started: Option<BoxStream<'static, Result<Ticket, Error>>>,
}

impl Watch {
    pub(crate) fn new(client: Arc<Shared>, registry: Arc<WatchRegistry>, ticket: TicketId) -> Self {
        Self {
            client,
            registry,
            ticket,
            options: CallOptions::default(),
            schedule: PollSchedule::default(),
            cancellation_token: None,
            started: None,
        }
    }

    /// Locale and deadline of each poll. The retry policy is ignored, because the watch has its
    /// own.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// The shortest pause between two polls, near the front of the queue: 2 s by default.
    pub fn min(mut self, pause: Duration) -> Self {
        self.schedule.min = pause;
        self
    }

    /// The longest pause between two polls: 30 s by default.
    pub fn max(mut self, pause: Duration) -> Self {
        self.schedule.max = pause;
        self
    }

    /// How long failures of the network or the server may last before the watch ends with the last
    /// error: 10 minutes by default. If the server asks for a pause (`Retry-After`) beyond this
    /// time, the watch ends at once.
    pub fn give_up_after(mut self, limit: Duration) -> Self {
        self.schedule.give_up_after = limit;
        self
    }

    /// Lets another thread cancel the watch.
    pub fn cancelled_by(mut self, cancellation_token: &CancellationToken) -> Self {
        self.cancellation_token = Some(cancellation_token.clone());
        self
    }

    /// The changes as an iterator that blocks the calling thread, for programs without async.
    pub fn wait(self) -> BlockingWatch {
        BlockingWatch {
            watcher: self.watcher(),
            cancellation_token: self.cancellation_token,
        }
    }

    fn watcher(&self) -> Watcher {
        let key = (self.ticket.clone(), self.options.locale.clone());
        Watcher {
            shared: self.registry.get_or_default(&key),
            client: self.client.clone(),
            ticket: self.ticket.clone(),
            options: CallOptions {
                retry: Some(RetryPolicy::never()),
                ..self.options.clone()
            },
            schedule: self.schedule.clone(),
            version: 0,
            is_over: false,
        }
    }
}

impl Stream for Watch {
    type Item = Result<Ticket, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let started = match self.started.take() {
            Some(started) => started,
            None => {
                let cancellation_token = self.cancellation_token.clone();
                stream::unfold(
                    (self.watcher(), cancellation_token),
                    |(mut watcher, cancellation_token)| async move {
                        let pool = watcher.client.pool.clone();
                        let next = match call::in_runtime() {
                            Ok(()) => {
                                let next = pin!(watcher.next(&pool));
                                cancellation::or_cancelled(cancellation_token.as_ref(), next).await
                            }
                            Err(error) => Some(watcher.fail(error)),
                        };
                        let next = next.unwrap_or_else(|| watcher.fail(cancelled()));
                        next.map(|item| (item, (watcher, cancellation_token)))
                    },
                )
                .boxed()
            }
        };
        self.started.insert(started).as_mut().poll_next(context)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("ticket", &self.ticket)
            .finish_non_exhaustive()
    }
}

fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled).edit(|inner| inner.operation = Some(Operation::GetTicket))
}
