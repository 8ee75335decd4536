//! When a watched ticket is polled next.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::models::tickets::{Ticket, TicketStatus};

/// The pauses between two polls of a ticket.
#[derive(Clone)]
pub(super) struct PollSchedule {
    pub(super) min: Duration,
    pub(super) max: Duration,
    pub(super) give_up_after: Duration,
}

/// The last poll of a ticket.
pub(super) struct LastPoll {
    pub(super) at: Instant,
    /// The server's time at the poll, or the local time if the server did not send its own.
    pub(super) server_time: Timestamp,
    /// The part of the pause to leave out, so that many watchers do not poll at the same moment.
    pub(super) jitter: f64,
    /// The failures in a row up to this poll, if it failed.
    pub(super) failures: Option<FailureStreak>,
}

/// Failed polls in a row.
#[derive(Clone, Copy)]
pub(super) struct FailureStreak {
    pub(super) since: Instant,
    /// Failures after the first one.
    repeats: u32,
    retry_after: Duration,
}

impl FailureStreak {
    /// The streak with one more failure.
    pub(super) fn extend(before: Option<Self>, at: Instant, retry_after: Duration) -> Self {
        Self {
            since: before.map_or(at, |streak| streak.since),
            repeats: before.map_or(0, |streak| streak.repeats + 1),
            retry_after,
        }
    }
}

impl Default for PollSchedule {
    fn default() -> Self {
        Self {
            min: Duration::from_secs(2),
            max: Duration::from_secs(30),
            give_up_after: Duration::from_secs(10 * 60),
        }
    }
}

impl PollSchedule {
    /// The pause is this fraction of the expected wait: short enough to notice that the wait
    /// changed.
    const POLLS_PER_WAIT: u32 = 20;
    /// The pause when the expected wait is unknown.
    const UNKNOWN_WAIT: Duration = Duration::from_secs(10);

    /// The pause between the last poll and the next one.
    pub(super) fn pause(&self, ticket: Option<&Ticket>, last: &LastPoll) -> Duration {
        let pause = match (&last.failures, ticket) {
            (Some(streak), _) => {
                let backoff = self.min.saturating_mul(1 << streak.repeats.min(16));
                return backoff.min(self.max).max(streak.retry_after);
            }
            (None, Some(ticket)) => expected_wait(ticket, last.server_time)
                .map_or(Self::UNKNOWN_WAIT, |wait| wait / Self::POLLS_PER_WAIT)
                .min(self.max),
            (None, None) => Duration::ZERO,
        };
        pause.mul_f64(1.0 - last.jitter).max(self.min)
    }
}

/// The time until the ticket is likely to be called; `None` if unknown.
fn expected_wait(ticket: &Ticket, now: Timestamp) -> Option<Duration> {
    const MINUTE: Duration = Duration::from_secs(60);
    match ticket.status() {
        TicketStatus::Waiting => {
            let minutes = ticket.waiting_time().or(ticket.queue_size())?;
            // The first ticket in the queue can be called at any moment, even if the estimate is
            // longer.
            let is_first = ticket.queue_size() == Some(0);
            Some(if is_first {
                Duration::ZERO
            } else {
                MINUTE * minutes
            })
        }
        TicketStatus::Upcoming => {
            let left = ticket.time()?.duration_since(now);
            Some(left.try_into().unwrap_or(Duration::ZERO))
        }
        _ => None,
    }
}
