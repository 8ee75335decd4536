//! Control API: faults and the rate limit.

use serde_json::json;

use super::input::{Input, Outcome};
use crate::{envelope::Failure, locale::Reason};

const HIGHEST_RATE: f64 = 1e6;
/// About one request in a year: `Retry-After` would overflow with less.
const LOWEST_RATE: f64 = 1e-7;

pub(super) fn list(input: &Input<'_>) -> Outcome {
    Ok(input.app.faults.json())
}

pub(super) fn add(input: &Input<'_>) -> Outcome {
    input.app.faults.add(input.body.clone())
}

pub(super) fn clear(input: &Input<'_>) -> Outcome {
    input.app.faults.clear();
    Ok(json!({}))
}

pub(super) fn remove(input: &Input<'_>) -> Outcome {
    found(input, |id| input.app.faults.remove(id))
}

pub(super) fn release(input: &Input<'_>) -> Outcome {
    found(input, |id| input.app.faults.release(id))
}

pub(super) fn rate_limit(input: &Input<'_>) -> Outcome {
    Ok(input.app.rate_limit.json())
}

pub(super) fn limit_rate(input: &Input<'_>) -> Outcome {
    let mut fields = input.fields();
    fields.require("requestsPerSecond");
    let rate = fields.number("requestsPerSecond").unwrap_or(1.0);
    if !(LOWEST_RATE..=HIGHEST_RATE).contains(&rate) {
        fields.errors.add("requestsPerSecond", Reason::OutOfRange);
    }
    let burst = fields.whole("burst", 1, 1_000_000);
    let burst = burst.and_then(|burst| u32::try_from(burst).ok());
    // Without this check, a misspelt `burst` would be ignored.
    for name in input.body.keys() {
        if !["requestsPerSecond", "burst"].contains(&name.as_str()) {
            fields.errors.add(name, Reason::NotValid);
        }
    }
    fields.errors.finish()?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let burst = burst.unwrap_or(rate.ceil() as u32);
    input.app.rate_limit.set(rate, burst);
    rate_limit(input)
}

pub(super) fn unlimit_rate(input: &Input<'_>) -> Outcome {
    input.app.rate_limit.clear();
    rate_limit(input)
}

fn found(input: &Input<'_>, work: impl FnOnce(u64) -> bool) -> Outcome {
    if input.id.parse().is_ok_and(work) {
        Ok(json!({}))
    } else {
        Err(Failure::NotFound(Some(Reason::DoesNotExist)))
    }
}
