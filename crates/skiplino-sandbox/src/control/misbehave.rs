use serde_json::json;

use super::{Input, Outcome};
use crate::{envelope::Failure, locale::Reason};

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

fn found(input: &Input<'_>, work: impl FnOnce(u64) -> bool) -> Outcome {
    if input.id.parse().is_ok_and(work) {
        Ok(json!({}))
    } else {
        Err(Failure::NotFound(Some(Reason::DoesNotExist)))
    }
}
