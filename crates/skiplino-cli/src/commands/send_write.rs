//! Sends a write, and reports whether it was applied if its response was lost.

use skiplino::Call;

use crate::failure::{Failure, WithAdvice as _};
use crate::output::Output;

/// Sends a write. If its response was lost but a lookup confirmed the write, a note says so. If the
/// outcome remains unknown, the failure has the advice.
pub(crate) fn send_write<T: Send + 'static>(
    call: Call<T>,
    advice: impl Into<String>,
    out: &mut Output,
) -> Result<T, Failure> {
    out.make_optional();
    let response = call.with_response().wait().with_advice(advice)?;
    if response.recovered() {
        out.note("the response was lost, but a lookup confirmed the write");
    }
    Ok(response.into_data())
}
