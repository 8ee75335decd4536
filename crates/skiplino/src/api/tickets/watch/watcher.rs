//! One watcher of a ticket: waits for the next change, and polls when a poll is due.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::api::tickets::read_ticket;
use crate::api::tickets::watch::registry::{SharedWatch, WatchState};
use crate::api::tickets::watch::schedule::{FailureStreak, LastPoll, PollSchedule};
use crate::call::shared::Shared;
use crate::call::spec::CallOptions;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::http::transport::{self, ConnectionPool};
use crate::models::ids::TicketId;
use crate::models::tickets::{Ticket, TicketStatus};

pub(super) struct Watcher {
    pub(super) client: Arc<Shared>,
    pub(super) ticket: TicketId,
    pub(super) options: CallOptions,
    pub(super) shared: Arc<SharedWatch>,
    pub(super) schedule: PollSchedule,
    /// The version of the ticket that was returned last.
    pub(super) version: u64,
    pub(super) is_over: bool,
}

impl Watcher {
    /// Ends the watch with this error, unless it has ended before.
    pub(super) fn fail(&mut self, error: Error) -> Option<Result<Ticket, Error>> {
        let was_over = std::mem::replace(&mut self.is_over, true);
        (!was_over).then_some(Err(error))
    }

    /// Waits for the next change; `None` after the last one.
    pub(super) async fn next(&mut self, pool: &ConnectionPool) -> Option<Result<Ticket, Error>> {
        let clock = Arc::clone(&self.client.config.clock);
        let shared = Arc::clone(&self.shared);
        while !self.is_over {
            let mut state = shared.0.lock().await;
            if let Some((version, ticket)) = state.newer_than(self.version) {
                self.version = version;
                self.is_over = is_final(ticket);
                return Some(Ok(ticket.clone()));
            }
            let left = state.last_poll.as_ref().map_or(Duration::ZERO, |last| {
                let pause = self.schedule.pause(state.ticket(), last);
                pause.saturating_sub(clock.now().saturating_duration_since(last.at))
            });
            if left > Duration::ZERO {
                drop(state);
                clock.sleep(left).await;
                continue;
            }
            if let Err(error) = self.poll_once(pool, &mut state, &*clock).await {
                return self.fail(error);
            }
        }
        None
    }

    /// Polls the ticket and stores the result.
    ///
    /// # Errors
    /// When another poll would be useless, or when polls have failed for too long.
    async fn poll_once(
        &self,
        pool: &ConnectionPool,
        state: &mut WatchState,
        clock: &dyn Clock,
    ) -> Result<(), Error> {
        let call = read_ticket::get(&self.client, &self.ticket).options(self.options.clone());
        let failures_before = state.last_poll.as_ref().and_then(|last| last.failures);
        let failure =
            |at, retry_after| Some(FailureStreak::extend(failures_before, at, retry_after));
        // Counts as failed until the response arrives: a poll that is cancelled in between must not
        // be repeated at once.
        let started = clock.now();
        state.last_poll = Some(LastPoll {
            at: started,
            server_time: Timestamp::now(),
            jitter: 0.0,
            failures: failure(started, Duration::ZERO),
        });
        let result = call.send_on(Some(pool)).await;
        let at = clock.now();
        let last = state.last_poll.insert(LastPoll {
            at,
            server_time: Timestamp::now(),
            jitter: fastrand::f64() / 5.0,
            failures: None,
        });
        match result {
            Ok(response) => {
                if let Some(server_time) = transport::server_time(&response.headers) {
                    last.server_time = server_time;
                }
                state.update(response.data);
                Ok(())
            }
            Err(error) => {
                let retry_after = error.retry_after().unwrap_or_default();
                last.failures = failure(at, retry_after);
                let since = last.failures.map_or(at, |streak| streak.since);
                // The server's own pause would outlast the limit.
                let next_poll = at - since + retry_after;
                if is_temporary(&error) && next_poll < self.schedule.give_up_after {
                    Ok(())
                } else {
                    Err(error)
                }
            }
        }
    }
}

fn is_final(ticket: &Ticket) -> bool {
    matches!(
        ticket.status(),
        TicketStatus::Served | TicketStatus::Cancelled
    )
}

/// Whether the error says nothing about the ticket. The login page of a hotel's network in place of
/// the API's response is such an error, too.
fn is_temporary(error: &Error) -> bool {
    match error.kind() {
        // In the envelope of the API, so it is no login page.
        ErrorKind::Decode => {
            let is_in_data = error.path().is_some_and(|path| path.starts_with("data"));
            !(is_in_data && error.is_other_shape())
        }
        ErrorKind::UnexpectedStatus => true,
        _ => error.is_retryable(),
    }
}
