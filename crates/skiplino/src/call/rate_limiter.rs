//! How fast a client may send: as fast as it was asked to at most, and never against a server that said "later".

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::error::{Error, ErrorKind, TimeoutKind};

/// The gate that every attempt of a client goes through.
///
/// A 429 closes it for all of them, until the time that the server named. Afterwards they leave one after another, in the order they
/// came, at the rate that the server is known to have taken: were they all let go at once, those refused would meet again in the
/// next second, and the unlucky ones would use up their attempts. The rate grows by a tenth of itself a second, and what was learnt is
/// forgotten after a minute without a refusal.
///
/// Each attempt is given its time and waits for it by itself. Nothing is held meanwhile: a future that nobody polls for a while must
/// not stop the others.
#[derive(Debug, Default)]
pub(crate) struct Pace(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// What the user asked for.
    limit: Option<Spacing>,
    /// What the server was seen to take.
    learnt: Option<Learnt>,
    closed_until: Option<Instant>,
    /// How often it was closed. Times given before are void.
    closings: u64,
    taken: Taken,
}

/// Requests evenly spaced in time.
#[derive(Debug)]
struct Spacing {
    per_second: f64,
    /// When the next one may leave.
    next: Option<Instant>,
}

#[derive(Debug)]
struct Learnt {
    spacing: Spacing,
    base: f64,
    since: Instant,
}

/// Requests that the server took within the last second, by tenths of it.
#[derive(Debug, Default)]
struct Taken {
    tenths: [u32; 10],
    start: Option<Instant>,
    /// The present tenth, counted from the start.
    tenth: u128,
}

impl Taken {
    fn in_the_last_second(&mut self, now: Instant) -> u32 {
        let start = *self.start.get_or_insert(now);
        let tenth = since(start, now).as_millis() / 100;
        for passed in (self.tenth + 1..=tenth).take(10) {
            *self.of(passed) = 0;
        }
        self.tenth = self.tenth.max(tenth);
        self.tenths.iter().sum()
    }

    fn add(&mut self, now: Instant) {
        self.in_the_last_second(now);
        *self.of(self.tenth) += 1;
    }

    fn of(&mut self, tenth: u128) -> &mut u32 {
        &mut self.tenths[(tenth % 10) as usize]
    }
}

impl Spacing {
    fn new(per_second: f64) -> Self {
        Self {
            per_second,
            next: None,
        }
    }

    /// The earliest time for the next one. Late ones are made up for within a tenth of a second, because timers are coarser than a
    /// fast rate.
    fn earliest(&self, now: Instant) -> Instant {
        let late = now.checked_sub(Duration::from_millis(100)).unwrap_or(now);
        self.next.map_or(now, |next| next.max(late))
    }

    fn give(&mut self, time: Instant) {
        self.next = Some(time + Duration::from_secs_f64(1.0 / self.per_second));
    }
}

impl State {
    /// When the next request may leave.
    fn next(&mut self, now: Instant) -> Instant {
        if let Some(learnt) = &mut self.learnt {
            let calm = since(learnt.since, now);
            learnt.spacing.per_second = learnt.base * (1.0 + calm.as_secs_f64() / 10.0);
            if calm > Pace::FORGET {
                self.learnt = None;
            }
        }
        self.closed_until = self.closed_until.filter(|until| *until > now);
        let opens = self.closed_until.into_iter();
        let spaced = self.spacings().map(|spacing| spacing.earliest(now));
        opens.chain(spaced).max().unwrap_or(now)
    }

    fn spacings(&mut self) -> impl Iterator<Item = &mut Spacing> {
        let learnt = self.learnt.iter_mut().map(|learnt| &mut learnt.spacing);
        self.limit.iter_mut().chain(learnt)
    }

    fn is_open(&self) -> bool {
        self.limit.is_none() && self.learnt.is_none() && self.closed_until.is_none()
    }
}

impl Pace {
    /// The gate is never closed for longer, whatever the server said: then one request tries again.
    pub(crate) const LONGEST: Duration = Duration::from_secs(60);
    /// Requests a second that are tried where nothing tells how many the server takes.
    const GENTLE: f64 = 10.0;
    /// Two refusals mean the same time when they name it so closely.
    const SAME: Duration = Duration::from_millis(100);
    const FORGET: Duration = Duration::from_secs(60);

    /// At most so many requests a second, or as many as there are.
    pub(crate) fn new(per_second: Option<f64>) -> Self {
        Self(Mutex::new(State {
            limit: per_second.map(Spacing::new),
            ..State::default()
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when a request may leave; fails when that is not within `left`.
    ///
    /// # Errors
    /// `RateLimited` while the server has asked to wait for longer; `Timeout` when too many are before this one.
    pub(crate) async fn pass(&self, clock: &dyn Clock, left: Duration) -> Result<(), Error> {
        if self.state().is_open() {
            return Ok(());
        }
        let end = clock.now() + left;
        loop {
            let (wait, closings) = self.time(clock.now(), end)?;
            if wait.is_zero() {
                return Ok(());
            }
            clock.sleep(wait).await;
            if self.state().closings == closings {
                return Ok(());
            }
        }
    }

    /// Gives a request its time: how long until then, and by which count.
    fn time(&self, now: Instant, end: Instant) -> Result<(Duration, u64), Error> {
        let mut state = self.state();
        let time = state.next(now);
        let wait = since(now, time);
        if time >= end && !wait.is_zero() {
            return Err(match state.closed_until {
                Some(_) => {
                    Error::new(ErrorKind::RateLimited).edit(|inner| inner.retry_after = Some(wait))
                }
                None => Error::new(ErrorKind::Timeout)
                    .edit(|inner| inner.deadline = Some(TimeoutKind::Call)),
            });
        }
        for spacing in state.spacings() {
            spacing.give(time);
        }
        Ok((wait, state.closings))
    }

    /// The server took a request.
    pub(crate) fn taken(&self, clock: &dyn Clock) {
        let now = clock.now();
        self.state().taken.add(now);
    }

    /// The server refused a request (429): nobody sends for the length of the pause.
    pub(crate) fn refused(&self, clock: &dyn Clock, pause: Duration) {
        let now = clock.now();
        let until = now + pause.min(Self::LONGEST);
        let mut state = self.state();
        let closed = state.closed_until.filter(|before| *before > now);
        // Those that were under way when the first one was refused tell nothing new.
        if closed.is_some_and(|before| until <= before + Self::SAME) {
            return;
        }
        if closed.is_none() {
            let seen = f64::from(state.taken.in_the_last_second(now)) * 0.9;
            let base = match &state.learnt {
                _ if seen >= Self::GENTLE => seen,
                // Too few to tell from. What was tried last was too fast.
                Some(learnt) => (learnt.spacing.per_second / 2.0).clamp(1.0, Self::GENTLE),
                None => Self::GENTLE,
            };
            state.learnt = Some(Learnt {
                spacing: Spacing::new(base),
                base,
                since: until,
            });
        }
        state.closed_until = Some(until);
        state.closings += 1;
        for spacing in state.spacings() {
            spacing.next = None;
        }
    }
}

/// Refuses a limit that cannot be kept.
pub(crate) fn check(field: &str, per_second: f64) -> Result<(), Error> {
    const SLOWEST: f64 = 0.001;
    if per_second.is_finite() && per_second >= SLOWEST {
        return Ok(());
    }
    Err(Error::invalid(field, format!("must be {SLOWEST} or more")))
}

fn since(earlier: Instant, later: Instant) -> Duration {
    later.saturating_duration_since(earlier)
}
