//! The server's clock, estimated from the times in its responses.

use std::time::{Duration, Instant};

use jiff::Timestamp;

const SECOND: i128 = 1_000_000_000;
const MILLISECOND: i128 = 1_000_000;

/// What a client knows about the server's clock.
///
/// A response to a request sent at `s` and received at `r` on the client's clock shows a time `t`
/// of the server's clock. So the difference between the clocks is between `t - r` and `t - s`. Each
/// further response can narrow this range.
#[derive(Debug, Default)]
pub(super) struct ServerClock(Option<Estimate>);

/// The range of the server's time at one moment, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy)]
struct Estimate {
    at: Instant,
    earliest: i128,
    latest: i128,
}

/// When a ticket was booked, compared with a moment of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BookedAt {
    Before,
    After,
    /// It may be either; the two are not further apart than this, if anything is known.
    Unclear(Option<Duration>),
}

impl ServerClock {
    /// After this time the estimate starts anew, because clocks drift.
    const MAX_AGE: Duration = Duration::from_secs(10 * 60);
    /// The machine that writes `Date` may not be the one that books the ticket, and their clocks
    /// may differ a little.
    pub(super) const LEEWAY: Duration = Duration::from_secs(1);

    /// Adds the `Date` of a response, which has whole seconds.
    pub(super) fn add_date(&mut self, date: Timestamp, sent: Instant, received: Instant) {
        let (date, leeway) = (date.as_nanosecond(), nanoseconds(Self::LEEWAY));
        self.add(date - leeway, date + SECOND + leeway, sent, received);
    }

    /// Adds the time at which the server booked a ticket for this request.
    pub(super) fn add_booking(&mut self, booked_at: Timestamp, sent: Instant, received: Instant) {
        let (from, to) = possible_times(booked_at);
        self.add(from, to, sent, received);
    }

    /// The server's clock was between these times while the request was in flight.
    fn add(&mut self, from: i128, to: i128, sent: Instant, received: Instant) {
        let new = Estimate {
            at: received,
            earliest: from,
            latest: to + passed(sent, received),
        };
        let old = self.0.filter(|old| {
            let age = received.saturating_duration_since(old.at);
            age < Self::MAX_AGE
        });
        self.0 = Some(old.map_or(new, |old| old.combined(new)));
    }

    /// The latest time that the server's clock may show now.
    pub(super) fn latest(&self, now: Instant) -> Option<i128> {
        Some(self.0?.range(now).1)
    }

    /// Compares the time of a ticket with the moment at which a request was sent. `latest` is the
    /// server's latest time at that moment, estimated before it: a later estimate would be too early
    /// if the server's clock runs slower than the client's. `seen` is when the client read the
    /// ticket.
    pub(super) fn compare(
        &self,
        booked_at: Timestamp,
        sent: Instant,
        latest: Option<i128>,
        seen: Instant,
    ) -> BookedAt {
        let (from, to) = possible_times(booked_at);
        let earliest = self.0.map(|estimate| estimate.range(sent).0);
        if earliest.is_some_and(|earliest| to < earliest) {
            return BookedAt::Before;
        }
        let (Some(earliest), Some(latest)) = (earliest, latest) else {
            return BookedAt::Unclear(None);
        };
        // A ticket from the future shows that the estimate is wrong: the client's clock stood still
        // while the machine slept, or the server's clock was set.
        if from > latest + passed(sent, seen) {
            return BookedAt::Unclear(None);
        }
        if from > latest {
            return BookedAt::After;
        }
        let apart = (to - earliest).max(latest - from);
        let apart = u64::try_from(apart).unwrap_or(u64::MAX);
        BookedAt::Unclear(Some(Duration::from_nanos(apart)))
    }
}

impl Estimate {
    /// The range at another moment.
    fn range(&self, moment: Instant) -> (i128, i128) {
        let passed = passed(self.at, moment);
        (self.earliest + passed, self.latest + passed)
    }

    /// Both estimates hold. If they contradict each other, the server has several clocks or a clock
    /// was set, and any of the times is possible.
    fn combined(self, new: Self) -> Self {
        let (earliest, latest) = new.range(self.at);
        let both = (self.earliest.max(earliest), self.latest.min(latest));
        let (earliest, latest) = if both.0 <= both.1 {
            both
        } else {
            (self.earliest.min(earliest), self.latest.max(latest))
        };
        Self {
            earliest,
            latest,
            ..self
        }
    }
}

/// The times that a server may write in this way: it writes milliseconds, or whole seconds.
fn possible_times(written: Timestamp) -> (i128, i128) {
    let from = written.as_nanosecond();
    let is_whole = written.subsec_nanosecond() == 0;
    (from, from + if is_whole { SECOND } else { MILLISECOND })
}

/// The time from one moment to another; negative if the other is earlier.
fn passed(from: Instant, to: Instant) -> i128 {
    let forwards = nanoseconds(to.saturating_duration_since(from));
    forwards - nanoseconds(from.saturating_duration_since(to))
}

fn nanoseconds(duration: Duration) -> i128 {
    duration.as_nanos().try_into().unwrap_or(i128::MAX >> 1)
}
