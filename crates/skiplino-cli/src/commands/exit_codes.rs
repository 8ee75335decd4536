//! `skiplino exit-codes`.

use serde_json::json;

use crate::exit;
use crate::failure::Failure;
use crate::output::Output;

pub(crate) fn run(out: &mut Output) -> Result<(), Failure> {
    for (code, meaning) in exit::CODES {
        if out.json {
            out.object(&json!({"code": code, "meaning": meaning}))?;
        } else {
            out.line(format_args!("{code:>5}  {meaning}"))?;
        }
    }
    Ok(())
}
