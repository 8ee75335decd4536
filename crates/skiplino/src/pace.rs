//! How fast a client may send: as fast as it was asked to at most, and never against a server that said "later".

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Mutex as AsyncMutex;

use crate::clock::Clock;
use crate::error::{Deadline, Error, ErrorKind};

/// The gate that every attempt of a client goes through.
///
/// A 429 closes it for all of them, until the time that the server named. Afterwards they leave one after another, in the order they
/// came, at the rate that the server is known to have taken: were they all let go at once, those refused would meet again in the
/// next second, and the unlucky ones would use up their attempts. The rate grows by a tenth of itself a second, and what was learnt is
/// forgotten after a minute without a refusal.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// First come, first served.
    turn: AsyncMutex<()>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What the user asked for.
    limit: Option<Spacing>,
    /// What the server was seen to take.
    learnt: Option<Learnt>,
    closed_until: Option<Instant>,
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

/// Requests that the server took within about the last second: each counts for less as time goes by.
#[derive(Debug, Default)]
struct Taken {
    count: f64,
    at: Option<Instant>,
}

impl Taken {
    fn now(&self, now: Instant) -> f64 {
        let age = self.at.map_or(Duration::ZERO, |at| since(at, now));
        self.count * (-age.as_secs_f64()).exp()
    }

    fn add(&mut self, now: Instant) {
        self.count = self.now(now) + 1.0;
        self.at = Some(now);
    }
}

impl Spacing {
    fn new(per_second: f64) -> Self {
        Self {
            per_second,
            next: None,
        }
    }

    fn wait(&self, now: Instant) -> Duration {
        self.next.map_or(Duration::ZERO, |next| since(now, next))
    }

    fn take(&mut self, now: Instant) {
        // Late ones are made up for within a tenth of a second, because timers are coarser than a fast rate.
        let earliest = now.checked_sub(Duration::from_millis(100)).unwrap_or(now);
        let from = self.next.map_or(now, |next| next.max(earliest));
        self.next = Some(from + Duration::from_secs_f64(1.0 / self.per_second));
    }
}

impl State {
    /// How long until the next request may leave.
    fn wait(&mut self, now: Instant) -> Duration {
        if let Some(learnt) = &mut self.learnt {
            let calm = since(learnt.since, now);
            learnt.spacing.per_second = learnt.base * (1.0 + calm.as_secs_f64() / 10.0);
            if calm > Pace::FORGET {
                self.learnt = None;
            }
        }
        self.closed_until = self.closed_until.filter(|until| *until > now);
        let closed = self
            .closed_until
            .map_or(Duration::ZERO, |until| since(now, until));
        let spacings = self
            .limit
            .iter()
            .chain(self.learnt.iter().map(|learnt| &learnt.spacing));
        spacings
            .map(|spacing| spacing.wait(now))
            .fold(closed, Duration::max)
    }

    fn take(&mut self, now: Instant) {
        for spacing in self
            .limit
            .iter_mut()
            .chain(self.learnt.iter_mut().map(|learnt| &mut learnt.spacing))
        {
            spacing.take(now);
        }
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
    const FORGET: Duration = Duration::from_secs(60);

    /// At most so many requests a second, or as many as there are.
    pub(crate) fn new(per_second: Option<f64>) -> Self {
        let state = State {
            limit: per_second.map(Spacing::new),
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
            ..Self::default()
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when a request may leave; fails when that is not within `left`.
    ///
    /// # Errors
    /// `RateLimited` while the server has asked to wait for longer; `Timeout` when too many are before this one.
    pub(crate) async fn pass(&self, clock: &dyn Clock, left: Duration) -> Result<(), Error> {
        let end = clock.now() + left;
        if self.state().is_open() {
            return Ok(());
        }
        self.in_time(clock, end)?;
        // Those before this one may hold the turn for longer than it has.
        let Ok(_turn) = tokio::time::timeout(left, self.turn.lock()).await else {
            self.in_time(clock, end)?;
            return Err(too_late());
        };
        loop {
            let wait = self.in_time(clock, end)?;
            if wait.is_zero() {
                self.state().take(clock.now());
                return Ok(());
            }
            clock.sleep(wait).await;
        }
    }

    /// How long to wait, if that is before the end.
    fn in_time(&self, clock: &dyn Clock, end: Instant) -> Result<Duration, Error> {
        let now = clock.now();
        let mut state = self.state();
        let wait = state.wait(now);
        if now + wait < end || wait.is_zero() {
            return Ok(wait);
        }
        Err(match state.closed_until {
            Some(until) => Error::new(ErrorKind::RateLimited)
                .edit(|inner| inner.retry_after = Some(since(now, until))),
            None => too_late(),
        })
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
        // Those that were under way when the first one was refused tell nothing new.
        let first = state.closed_until.is_none_or(|before| before <= now);
        if first {
            let seen = state.taken.now(now) * 0.9;
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
        state.closed_until = Some(state.closed_until.map_or(until, |before| before.max(until)));
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

fn too_late() -> Error {
    Error::new(ErrorKind::Timeout).edit(|inner| inner.deadline = Some(Deadline::Call))
}

fn since(earlier: Instant, later: Instant) -> Duration {
    later.saturating_duration_since(earlier)
}
