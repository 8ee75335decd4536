//! The sandbox's clock, and the company's calendar.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Weekday},
    tz::{TimeZone, offset},
};
use serde_json::{Value, json};

/// The latest time of the clock (9000-01-01). jiff cannot express much later dates.
const LAST: i64 = 221_845_392_000_000;

/// Milliseconds since 1970.
pub(crate) type Millis = i64;

/// The time zone of the demo company: Asia/Bahrain, which has no summer time.
fn company_zone() -> TimeZone {
    TimeZone::fixed(offset(3))
}

/// The source of the time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mode {
    /// The machine's time plus an offset.
    Real { offset: i64 },
    /// The clock is stopped.
    Frozen { now: Millis },
    /// The clock runs from `from`, `factor` times as fast as the machine's.
    Scaled {
        from: Millis,
        since: Instant,
        factor: f64,
    },
}

impl Mode {
    /// The mode for the `now` and `freeze` of a configuration or a reset.
    pub(crate) fn starting(now: Option<Millis>, freeze: bool) -> Self {
        let real = real_now();
        if freeze {
            Self::Frozen {
                now: now.unwrap_or(real),
            }
        } else {
            Self::Real {
                offset: now.map_or(0, |now| now.saturating_sub(real)),
            }
        }
    }

    fn now(self) -> Millis {
        let now = match self {
            Self::Real { offset } => real_now().saturating_add(offset),
            Self::Frozen { now } => now,
            Self::Scaled {
                from,
                since,
                factor,
            } => {
                #[allow(clippy::cast_possible_truncation)]
                let passed = (since.elapsed().as_secs_f64() * 1000.0 * factor) as i64;
                from.saturating_add(passed)
            }
        };
        now.clamp(0, LAST)
    }
}

/// The clock of the sandbox.
#[derive(Debug)]
pub(crate) struct Clock(Mutex<Mode>);

impl Clock {
    pub(crate) fn new(mode: Mode) -> Self {
        Self(Mutex::new(mode))
    }

    pub(crate) fn mode(&self) -> Mode {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, mode: Mode) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = mode;
    }

    pub(crate) fn now(&self) -> Millis {
        self.mode().now()
    }

    /// Advances the clock by milliseconds in every mode, within its range.
    pub(crate) fn advance(&self, by: i64) {
        let mut mode = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let target = mode.now().saturating_add(by).clamp(0, LAST);
        match &mut *mode {
            Mode::Real { offset } => *offset = target.saturating_sub(real_now()),
            Mode::Frozen { now } => *now = target,
            Mode::Scaled { from, since, .. } => (*from, *since) = (target, Instant::now()),
        }
    }

    /// The clock as the control API and the page show it.
    pub(crate) fn json(&self) -> Value {
        let now = format(self.now());
        match self.mode() {
            Mode::Real { .. } => json!({"mode": "real", "now": now}),
            Mode::Frozen { .. } => json!({"mode": "frozen", "now": now}),
            Mode::Scaled { factor, .. } => json!({"mode": "scaled", "factor": factor, "now": now}),
        }
    }

    /// The time in the format of the `Date` header.
    pub(crate) fn http_date(&self) -> String {
        let since = Duration::from_millis(u64::try_from(self.now()).unwrap_or(0));
        httpdate::fmt_http_date(UNIX_EPOCH + since)
    }
}

pub(crate) fn real_now() -> Millis {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}

/// ISO 8601 in UTC with milliseconds, as the contract requires.
pub(crate) fn format(at: Millis) -> String {
    format_utc(at, 3)
}

/// ISO 8601 in UTC with this many digits after the seconds.
pub(crate) fn format_utc(at: Millis, digits: usize) -> String {
    let at = Timestamp::from_millisecond(at).unwrap_or_default();
    format!("{at:.digits$}")
}

/// ISO 8601 with milliseconds and the company's offset from UTC.
pub(crate) fn format_local(at: Millis) -> String {
    let at = Timestamp::from_millisecond(at).unwrap_or_default();
    format!("{:.3}", at.display_with_offset(offset(3)))
}

/// Parses an ISO 8601 time in UTC with a trailing `Z`; `None` for any other form.
pub(crate) fn parse(text: &str) -> Option<Millis> {
    let is_utc = text.len() <= 30 && text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T');
    let at: Timestamp = text.parse().ok()?;
    is_utc
        .then(|| at.as_millisecond())
        .filter(|at| (0..=LAST).contains(at))
}

/// The day of the company at that time.
pub(crate) fn company_day(at: Millis) -> Date {
    Timestamp::from_millisecond(at)
        .unwrap_or_default()
        .to_zoned_datetime(company_zone())
        .date()
}

/// Minutes since the company's midnight.
pub(crate) fn company_minute(at: Millis) -> i64 {
    let time = Timestamp::from_millisecond(at)
        .unwrap_or_default()
        .to_zoned_datetime(company_zone())
        .time();
    i64::from(time.hour()) * 60 + i64::from(time.minute())
}

/// The time `minute` minutes after the company's midnight; `None` at the end of the calendar.
pub(crate) fn company_moment(day: Date, minute: i64) -> Option<Millis> {
    let midnight = day.to_zoned_datetime(company_zone()).ok()?;
    Some(
        midnight
            .checked_add(minute.minutes())
            .ok()?
            .timestamp()
            .as_millisecond(),
    )
}

/// 0 for Sunday to 6 for Saturday.
pub(crate) fn weekday(day: Date) -> i8 {
    let weekday: Weekday = day.weekday();
    weekday.to_sunday_zero_offset()
}
