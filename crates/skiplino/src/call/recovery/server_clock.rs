//! The server's clock, estimated from the times in its responses.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::header::HeaderValue;

use crate::http::transport;

const SECOND: i128 = 1_000_000_000;
const MILLISECOND: i128 = 1_000_000;

/// What a client knows about the server's clock.
///
/// A response to a request sent at `s` and received at `r` on the client's clock shows a time `t`
/// of the server's clock. So the difference between the clocks is between `t - r` and `t - s`. Each
/// further response can narrow this range.
#[derive(Debug, Default)]
pub(super) struct ServerClock {
    estimate: Option<Estimate>,
    /// The last `Date`, and the time that it shows. All responses of a second have the same one,
    /// which is faster to compare than to parse.
    last_date: Option<(Box<[u8]>, Timestamp)>,
}

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
    pub(super) fn add_date(&mut self, header: &HeaderValue, sent: Instant, received: Instant) {
        let known = self.last_date.take();
        let known = known.filter(|(text, _)| **text == *header.as_bytes());
        let parsed = || Some((header.as_bytes().into(), transport::time_of(header)?));
        self.last_date = known.or_else(parsed);
        let Some((_, date)) = self.last_date else {
            return;
        };
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
        let old = self.estimate.filter(|old| {
            let age = received.saturating_duration_since(old.at);
            age < Self::MAX_AGE
        });
        self.estimate = Some(old.map_or(new, |old| old.combined(new)));
    }

    /// The latest time that the server's clock may show now.
    pub(super) fn latest(&self, now: Instant) -> Option<i128> {
        Some(self.estimate?.range(now).1)
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
        let earliest = self.estimate.map(|estimate| estimate.range(sent).0);
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn every_new_date_counts() {
        let (mut clock, now) = (ServerClock::default(), Instant::now());
        let mut latest_after = |date| {
            clock.add_date(&HeaderValue::from_static(date), now, now);
            let latest = clock.latest(now).unwrap();
            Timestamp::from_nanosecond(latest).unwrap().to_string()
        };
        let first = "Tue, 23 Jun 2026 11:00:00 GMT";
        assert_eq!(latest_after(first), "2026-06-23T11:00:02Z");
        assert_eq!(latest_after(first), "2026-06-23T11:00:02Z");
        assert_eq!(latest_after("no date"), "2026-06-23T11:00:02Z");
        // The clock was set, so both times are possible.
        let second = "Tue, 23 Jun 2026 12:00:00 GMT";
        assert_eq!(latest_after(second), "2026-06-23T12:00:02Z");
    }
}
