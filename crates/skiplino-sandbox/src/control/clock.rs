//! Control API: the clock, and the reset.

use std::time::Instant;

use super::input::{Input, Outcome};
use crate::{clock::Mode, locale::Reason};

const FASTEST: f64 = 1e6;
/// A thousand years.
const FARTHEST: f64 = 3e10;

pub(super) fn get(input: &Input<'_>) -> Outcome {
    Ok(input.app.clock.json())
}

pub(super) fn put(input: &Input<'_>) -> Outcome {
    let app = input.app;
    let mut fields = input.fields();
    fields.require("mode");
    let mode = fields.text("mode").unwrap_or_default();
    let now = fields.time("now");
    if mode == "scaled" {
        fields.require("factor");
    }
    let factor = fields.number("factor").unwrap_or(1.0);
    if !(0.0..=FASTEST).contains(&factor) {
        fields.errors.add("factor", Reason::OutOfRange);
    }
    let now_or_current = now.unwrap_or_else(|| app.clock.now());
    let new = match mode.as_str() {
        "real" => Mode::starting(now, false),
        "frozen" => Mode::Frozen {
            now: now_or_current,
        },
        "scaled" => Mode::Scaled {
            from: now_or_current,
            since: Instant::now(),
            factor,
        },
        _ => {
            fields.errors.add("mode", Reason::NotValid);
            app.clock.mode()
        }
    };
    fields.errors.finish()?;
    app.clock.set(new);
    Ok(app.clock.json())
}

pub(super) fn advance(input: &Input<'_>) -> Outcome {
    let mut fields = input.fields();
    fields.require("seconds");
    let seconds = fields.number("seconds").unwrap_or_default();
    if seconds.abs() > FARTHEST {
        fields.errors.add("seconds", Reason::OutOfRange);
    }
    fields.errors.finish()?;
    #[allow(clippy::cast_possible_truncation)]
    input.app.clock.advance((seconds * 1000.0).round() as i64);
    Ok(input.app.clock.json())
}

pub(super) fn reset(input: &Input<'_>) -> Outcome {
    let mut fields = input.fields();
    let seed = fields.whole("seed", 0, u64::MAX);
    let now = fields.time("now");
    let freeze = fields.flag("freeze");
    fields.errors.finish()?;
    input.app.reset(seed, now, freeze)?;
    super::inspect::state(input)
}
