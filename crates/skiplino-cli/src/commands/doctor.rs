//! `skiplino doctor`: compares a server with the documentation and the assumptions of the SDK.

use std::cell::RefCell;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use skiplino_doctor::{Diagnosis, Line, Options, Outcome, check, examine};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::signals::StopRequest;

/// Check whether the SDK works with your server
///
/// Checks the settings, the connection, the key and every read operation. Compares the responses with
/// the documentation of the API and the assumptions of the SDK. Only reads, unless --write or --book
/// is given. Prints at most the last four characters of the key, and no personal data.
///
/// Each line starts with a sign: ✓ as expected, ! different, but the SDK still works, ✗ calls of the
/// SDK fail, · not checked. A line with → says what to do.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  skiplino doctor
  skiplino doctor --report report.json               a file for a bug report: no texts, ids or keys
  skiplino doctor --write --book \"Cash Deposit\"      also writes, and removes all it created
  skiplino sandbox --contract report.json            a sandbox that differs in the same way

Exit codes: 0 all checks agree, 1 a line has ! or ✗, 3 the server rejects the key, 11 no connection.")]
pub(crate) struct Doctor {
    /// Also try the write operations, on a temporary customer that is deleted at the end
    #[arg(long)]
    write: bool,

    /// Also book a ticket for this service (its name or id), and cancel it at once
    #[arg(long, value_name = "SERVICE")]
    book: Option<String>,

    /// Write a file for a bug report: shapes replace texts, ids and keys
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Keep the raw responses in a new folder that only you can read. They contain personal data
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
}

impl Doctor {
    pub(crate) fn run(self, context: &Context, out: &mut Output) -> Result<(), Failure> {
        let options = Options {
            settings: context.settings.clone(),
            write: self.write,
            book: self.book,
            record: self.record,
        };
        let stop = StopRequest::listen()?;
        if options.write || options.book.is_some() {
            // Doctor must remove what it created, even if nobody reads the output any more.
            out.make_optional();
        }
        let is_json = out.json;
        let printer = RefCell::new(&mut *out);
        let diagnosis = examine(&context.client, &options, &|| stop.is_made(), &mut |line| {
            if !is_json {
                // If this fails, printing the last line also fails.
                let _ = print(&mut printer.borrow_mut(), line);
            }
        })?;
        let written = self.report.map_or(Ok(()), |file| {
            let text = format!("{:#}\n", diagnosis.report);
            let written = std::fs::write(&file, text);
            written.map_err(|error| Failure::io(file.display().to_string(), error))
        });
        // Prints what could not be removed, even if the report could not be written.
        finish(&diagnosis, out)?;
        out.flush()?;
        if out.is_lost() {
            for left in &diagnosis.left {
                out.note(format_args!("not removed: {left}"));
            }
        }
        written?;
        stop.end_process();
        match diagnosis.outcome {
            Outcome::NoAccess(error) => Err(error.into()),
            Outcome::Agrees => Ok(()),
            _ => Err(Failure::ServerDiffers(diagnosis.summary)),
        }
    }
}

/// Prints a line, and the advice on a second one.
fn print(out: &mut Output, line: &Line) -> std::io::Result<()> {
    let label = match check(&line.id) {
        Some(check) => format!("{} {}", check.id, check.topic),
        None => line.topic.clone(),
    };
    out.line(format_args!(
        "{} {label:<20}  {}",
        line.verdict.sign(),
        line.found
    ))?;
    if let Some(advice) = &line.advice {
        out.line(format_args!("  → {advice}"))?;
    }
    out.flush()
}

fn finish(diagnosis: &Diagnosis, out: &mut Output) -> Result<(), Failure> {
    if out.json {
        out.object(&json!({
            "outcome": diagnosis.outcome.name(),
            "summary": diagnosis.summary,
            "left": diagnosis.left,
            "lines": diagnosis.lines,
        }))?;
        return Ok(());
    }
    for left in &diagnosis.left {
        out.line(format_args!("✗ not removed           {left}"))?;
    }
    out.line("")?;
    Ok(out.line(&diagnosis.summary)?)
}
