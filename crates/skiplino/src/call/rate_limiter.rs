//! The rate limit of a client: the caller's own, and a pause of all calls after a 429.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::error::{Error, ErrorKind, TimeoutKind};

/// Every attempt of a client acquires its turn here.
///
/// After a 429 no attempt is sent until the time that the server named. Then attempts leave one
/// after another, in the order of their arrival, at the rate that the server accepted before: if
/// all left at once, the rejected ones would collide again in the next second and could use up
/// their attempts. The rate grows by a tenth of itself each second, and the learned rate is dropped
/// after a minute without a 429.
///
/// Each attempt gets a start time and waits on its own. No lock is held while it waits: a future
/// that is not polled for a while must not stop the others.
#[derive(Debug, Default)]
pub(crate) struct RateLimiter(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The caller's limit.
    limit: Option<Spacing>,
    /// The rate that the server accepted.
    learned: Option<LearnedRate>,
    paused_until: Option<Instant>,
    /// How often sending was paused. A request that reserved a start time before a pause must
    /// reserve again.
    pauses: u64,
    accepted: RecentRequests,
}

/// Requests evenly spaced in time.
#[derive(Debug)]
struct Spacing {
    per_second: f64,
    /// When the next request may leave.
    next: Option<Instant>,
}

#[derive(Debug)]
struct LearnedRate {
    spacing: Spacing,
    base: f64,
    since: Instant,
}

/// Requests that the server accepted within the last second, counted per tenth of a second.
#[derive(Debug, Default)]
struct RecentRequests {
    tenths: [u32; 10],
    start: Option<Instant>,
    /// The current tenth, counted from the start.
    tenth: u128,
}

impl RecentRequests {
    fn in_the_last_second(&mut self, now: Instant) -> u32 {
        let start = *self.start.get_or_insert(now);
        let tenth = since(start, now).as_millis() / 100;
        for passed in (self.tenth + 1..=tenth).take(10) {
            *self.count_of(passed) = 0;
        }
        self.tenth = self.tenth.max(tenth);
        self.tenths.iter().sum()
    }

    fn add(&mut self, now: Instant) {
        self.in_the_last_second(now);
        *self.count_of(self.tenth) += 1;
    }

    fn count_of(&mut self, tenth: u128) -> &mut u32 {
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

    /// The earliest time for the next request. A delay of up to a tenth of a second is made up for,
    /// because timers are coarser than a fast rate.
    fn earliest(&self, now: Instant) -> Instant {
        let late = now.checked_sub(Duration::from_millis(100)).unwrap_or(now);
        self.next.map_or(now, |next| next.max(late))
    }

    fn reserve(&mut self, time: Instant) {
        self.next = Some(time + Duration::from_secs_f64(1.0 / self.per_second));
    }
}

impl State {
    /// When the next request may leave.
    fn next(&mut self, now: Instant) -> Instant {
        if let Some(learned) = &mut self.learned {
            let since_last_429 = since(learned.since, now);
            learned.spacing.per_second = learned.base * (1.0 + since_last_429.as_secs_f64() / 10.0);
            if since_last_429 > RateLimiter::FORGET_AFTER {
                self.learned = None;
            }
        }
        self.paused_until = self.paused_until.filter(|until| *until > now);
        let resumes = self.paused_until.into_iter();
        let spaced = self.spacings().map(|spacing| spacing.earliest(now));
        resumes.chain(spaced).max().unwrap_or(now)
    }

    fn spacings(&mut self) -> impl Iterator<Item = &mut Spacing> {
        let learned = self.learned.iter_mut().map(|learned| &mut learned.spacing);
        self.limit.iter_mut().chain(learned)
    }

    fn is_unlimited(&self) -> bool {
        self.limit.is_none() && self.learned.is_none() && self.paused_until.is_none()
    }
}

impl RateLimiter {
    /// The longest pause, even if the server asks for more: after it one request is tried.
    pub(crate) const MAX_PAUSE: Duration = Duration::from_secs(60);
    /// Requests a second after a 429 if too few were accepted before it to learn a rate from.
    const FALLBACK_RATE: f64 = 10.0;
    /// Two 429 responses mean the same pause if its ends are this close.
    const SAME_PAUSE: Duration = Duration::from_millis(100);
    const FORGET_AFTER: Duration = Duration::from_secs(60);

    /// At most `per_second` requests, or no limit.
    pub(crate) fn new(per_second: Option<f64>) -> Self {
        Self(Mutex::new(State {
            limit: per_second.map(Spacing::new),
            ..State::default()
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a request may leave; fails if that is not before `end`.
    ///
    /// # Errors
    /// `RateLimited` while the server asks for a longer pause; `Timeout` if too many requests are
    /// before this one.
    pub(crate) async fn acquire(&self, clock: &dyn Clock, end: Instant) -> Result<(), Error> {
        if self.state().is_unlimited() {
            return Ok(());
        }
        loop {
            let (wait, pauses) = self.reserve(clock.now(), end)?;
            if wait.is_zero() {
                return Ok(());
            }
            clock.sleep(wait).await;
            if self.state().pauses == pauses {
                return Ok(());
            }
        }
    }

    /// Reserves the next free time: how long until then, and the count of pauses it is valid for.
    fn reserve(&self, now: Instant, end: Instant) -> Result<(Duration, u64), Error> {
        let mut state = self.state();
        let time = state.next(now);
        let wait = since(now, time);
        if time >= end && !wait.is_zero() {
            return Err(match state.paused_until {
                Some(_) => {
                    Error::new(ErrorKind::RateLimited).edit(|inner| inner.retry_after = Some(wait))
                }
                None => Error::new(ErrorKind::Timeout)
                    .edit(|inner| inner.timeout = Some(TimeoutKind::Call)),
            });
        }
        for spacing in state.spacings() {
            spacing.reserve(time);
        }
        Ok((wait, state.pauses))
    }

    /// Counts a request that the server accepted.
    pub(crate) fn on_response(&self, now: Instant) {
        self.state().accepted.add(now);
    }

    /// Stops all sending for the length of the pause, because the server responded with 429.
    pub(crate) fn on_rate_limited(&self, clock: &dyn Clock, pause: Duration) {
        let now = clock.now();
        let until = now + pause.min(Self::MAX_PAUSE);
        let mut state = self.state();
        let paused = state.paused_until.filter(|before| *before > now);
        // Requests that were sent before the first 429 say nothing new.
        if paused.is_some_and(|before| until <= before + Self::SAME_PAUSE) {
            return;
        }
        if paused.is_none() {
            let accepted = f64::from(state.accepted.in_the_last_second(now)) * 0.9;
            let base = match &state.learned {
                _ if accepted >= Self::FALLBACK_RATE => accepted,
                // Too few to learn from, but the last rate was too fast.
                Some(learned) => (learned.spacing.per_second / 2.0).clamp(1.0, Self::FALLBACK_RATE),
                None => Self::FALLBACK_RATE,
            };
            state.learned = Some(LearnedRate {
                spacing: Spacing::new(base),
                base,
                since: until,
            });
        }
        state.paused_until = Some(until);
        state.pauses += 1;
        for spacing in state.spacings() {
            spacing.next = None;
        }
    }
}

/// Rejects a limit that is too low or not a number.
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
