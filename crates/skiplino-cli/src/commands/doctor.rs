//! `skiplino doctor`: whether the server agrees with what the SDK was built on.

use std::cell::RefCell;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use skiplino_doctor::{Diagnosis, Line, Options, Outcome, check, examine};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::signals::StopRequest;

/// Find out whether the SDK fits your server
///
/// Looks at the settings, the way to the server, the key, and every read operation, and compares the
/// answers with what the SDK was built on. Only reads, unless --write or --book is given. Prints no
/// key beyond its last four characters and no personal data.
///
/// Each line starts with a sign: ✓ as expected, ! different, but the SDK copes, ✗ calls of the SDK
/// fail, · not seen. A line with → says what to do.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  skiplino doctor
  skiplino doctor --report report.json               for a bug report: no texts, ids or keys
  skiplino doctor --write --book \"Cash Withdrawal\"   also writes, and removes what it made
  skiplino sandbox --contract report.json            a sandbox that differs in the same way

Exit codes: 0 all agree, 1 something to look at, 3 the key is rejected, 11 no connection.")]
pub(crate) struct Doctor {
    /// Also try the write operations, on a throw-away customer that is deleted at the end
    #[arg(long)]
    write: bool,

    /// Also book a ticket for this service (its name or id), and cancel it at once
    #[arg(long, value_name = "SERVICE")]
    book: Option<String>,

    /// Write a report for a bug report: texts, ids and keys are replaced by their shape
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Keep the raw answers for yourself, in a new folder that only you can read. They contain
    /// personal data
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
            // What it made has to be removed, even if nobody reads the output any more.
            out.make_optional();
        }
        let is_json = out.json;
        let printer = RefCell::new(&mut *out);
        let diagnosis = examine(&context.client, &options, &|| stop.is_made(), &mut |line| {
            if !is_json {
                // The last line fails, too.
                let _ = print(&mut printer.borrow_mut(), line);
            }
        })?;
        let written = self.report.map_or(Ok(()), |file| {
            let text = format!("{:#}\n", diagnosis.report);
            let written = std::fs::write(&file, text);
            written.map_err(|error| Failure::io(file.display().to_string(), error))
        });
        // It says what could not be removed, even if there is no report.
        finish(&diagnosis, out)?;
        out.flush()?;
        written?;
        stop.end_process();
        match diagnosis.outcome {
            Outcome::NoAccess(error) => Err(error.into()),
            Outcome::Agrees => Ok(()),
            _ => Err(Failure::ServerDiffers(diagnosis.summary)),
        }
    }
}

/// A line for people, and a second one with what to do.
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
