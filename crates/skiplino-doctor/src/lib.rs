#![doc = include_str!("../README.md")]

mod certificate;
mod checks;
mod client_view;
mod contract;
mod document;
mod error;
mod exam;
mod field_words;
mod findings;
mod network;
mod reads;
mod record;
mod shape;
mod wire;
mod writes;

use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Value, json};
use skiplino::{Client, ErrorKind, KeyClass};

use crate::exam::Exam;
use crate::network::{advised, line};
use crate::record::Record;
use crate::wire::{Answer, Wire};

pub use crate::checks::{CHECKS, Check, CheckedBy, check};
pub use crate::error::DoctorError;
pub use crate::findings::{Line, Verdict};

/// The line about the service of `--book`.
const BOOK: &str = "book";

/// A setting and where it comes from, as in `base URL`, `SKIPLINO_BASE_URL`.
#[derive(Debug, Clone, Serialize)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Its value, without a key.
    pub value: String,
    /// Where it comes from.
    pub source: String,
}

/// Options of a diagnosis. By default doctor only reads.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The settings that doctor shows.
    pub settings: Vec<Setting>,
    /// Also try the write operations, on a temporary customer.
    pub write: bool,
    /// Book a ticket for this service, by id or by the start of its name, and cancel it.
    pub book: Option<String>,
    /// A folder for the raw responses.
    pub record: Option<PathBuf>,
}

/// How the diagnosis ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// Every check that doctor could make agrees.
    Agrees,
    /// A line has the sign `!` or `✗`, or something could not be removed.
    Differs,
    /// The server could not be reached, is not the API, or rejects the key. The error is the one
    /// that a call of the SDK returns.
    NoAccess(skiplino::Error),
    /// The caller stopped it.
    Stopped,
}

impl Outcome {
    /// Its name in JSON: `agrees`, `differs`, `noAccess` or `stopped`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::Differs => "differs",
            Self::NoAccess(_) => "noAccess",
            Self::Stopped => "stopped",
        }
    }
}

/// The result.
#[derive(Debug)]
#[non_exhaustive]
pub struct Diagnosis {
    /// Every line, in order.
    pub lines: Vec<Line>,
    /// One sentence for a person.
    pub summary: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Records that doctor created and could not remove, and how to remove them.
    pub left: Vec<String>,
    /// A file for a bug report: it has the shapes of texts in place of the texts.
    pub report: Value,
}

/// Compares the server of a client with the documentation of the API and the assumptions of the
/// SDK. Sends only reads, unless the options say otherwise.
///
/// Calls `should_stop` at least ten times a second. If it returns true, doctor removes what it
/// created and returns. `on_line` gets each line about the connection at once, and the lines of the
/// checks at the end.
///
/// # Errors
/// If no diagnosis can be made. A fault of the server is a line of the diagnosis, not an error.
pub fn examine(
    client: &Client,
    options: &Options,
    should_stop: &dyn Fn() -> bool,
    on_line: &mut dyn FnMut(&Line),
) -> Result<Diagnosis, DoctorError> {
    let record = options.record.as_deref().map(Record::new).transpose()?;
    let runtime = wire::runtime()?;
    let diagnosis = Wire::new(&runtime, client.connection_settings(), should_stop)
        .and_then(|wire| Exam::new(client, wire, record))
        .and_then(|exam| diagnose(exam, options, on_line));
    // A look-up of a name that hangs must not delay the end.
    runtime.shutdown_background();
    diagnosis
}

fn diagnose(
    mut exam: Exam<'_>,
    options: &Options,
    on_line: &mut dyn FnMut(&Line),
) -> Result<Diagnosis, DoctorError> {
    let mut lines = Vec::new();
    let mut report = |line: Line| {
        on_line(&line);
        lines.push(line);
    };
    for setting in &options.settings {
        let found = format!("{} ({})", setting.value, setting.source);
        report(Line {
            id: "setting".to_owned(),
            ..line(&setting.name, Verdict::Confirmed, &found)
        });
    }
    network::examine(&exam.wire, &mut report);
    let mut left = Vec::new();
    let error = access(&mut exam, &mut report);
    if error.is_none() && !exam.wire.is_stopped() {
        left = body(&mut exam, options, &mut report);
    }
    let is_stopped = exam.wire.is_stopped();
    if let Some(failure) = exam.take_failure() {
        return Err(failure.with_left(left));
    }
    for problem in std::mem::take(&mut exam.problems) {
        report(problem);
    }
    if error.is_none() {
        exam.findings.lines().into_iter().for_each(&mut report);
    }
    let needs_look = |line: &Line| matches!(line.verdict, Verdict::Refuted | Verdict::Broken);
    let outcome = match error {
        Some(error) => Outcome::NoAccess(error),
        None if is_stopped => Outcome::Stopped,
        None if lines.iter().any(needs_look) || !left.is_empty() => Outcome::Differs,
        None => Outcome::Agrees,
    };
    let summary = summary(&lines, &outcome);
    let report = report_of(&exam, options, &lines, &outcome, &summary, &left);
    Ok(Diagnosis {
        lines,
        summary,
        outcome,
        left,
        report: shape::redacted(report),
    })
}

/// Checks that the server can be reached, is the API, and accepts the key. If not, returns the
/// error that a call of the SDK returns.
fn access(exam: &mut Exam<'_>, report: &mut dyn FnMut(Line)) -> Option<skiplino::Error> {
    let first = reads::first(exam);
    if exam.wire.is_stopped() {
        return None;
    }
    let found = match &first {
        Some(answer) if answer.status == 200 && answer.json.is_some() => return None,
        Some(answer) => describe_first(answer),
        None => String::new(),
    };
    exam.problems.clear();
    let call = exam.client.branches().list();
    let call = call.retry(skiplino::RetryPolicy::never());
    let result = exam.wire.call(|token| call.cancelled_by(token).wait());
    if exam.wire.is_stopped() {
        return None;
    }
    let error = result.err()?;
    let (found, advice) = match error.kind() {
        ErrorKind::Unauthorized => (
            found,
            "check the key: copy it from the dashboard of the company that this server belongs to",
        ),
        ErrorKind::Server | ErrorKind::RateLimited if first.is_some() => (
            found,
            "the server, or a proxy in front of it, handles no requests now: run doctor again later",
        ),
        _ if first.is_some() => (
            found,
            "this is not the API: check the base URL, and whether a network's login page or a proxy \
             answers instead of the API",
        ),
        _ => (
            skiplino::redact(&error.to_string()),
            "no request reached the API: the lines above show which step failed",
        ),
    };
    report(advised("access", Verdict::Broken, &found, advice));
    Some(error)
}

/// Describes a first response that is not a list of branches.
fn describe_first(answer: &Answer) -> String {
    let kind = answer.header("content-type").unwrap_or("no content type");
    let kind = kind.split(';').next().unwrap_or_default();
    match answer.status {
        401 | 403 => format!("the server rejects the key ({})", answer.status),
        300..=399 => match answer.header("location").and_then(host_of) {
            Some(host) => format!("the server redirects to {host} ({})", answer.status),
            None => format!("the server redirects ({})", answer.status),
        },
        status => format!(
            "the server answers {status} with {kind}, {} bytes",
            answer.body.len()
        ),
    }
}

fn host_of(location: &str) -> Option<String> {
    let url = reqwest::Url::parse(location).ok()?;
    url.host_str().map(str::to_owned)
}

/// Makes all checks that need the API. Returns what could not be removed.
fn body(exam: &mut Exam<'_>, options: &Options, report: &mut dyn FnMut(Line)) -> Vec<String> {
    reads::connection(exam, report);
    let reads_customers = reads::key_class(exam, report);
    reads::without_key(exam);
    let services = reads::branches(exam, options.book.as_deref());
    reads::unknown_ticket(exam);
    if reads_customers {
        reads::customers(exam);
    }
    if (!options.write && options.book.is_none()) || exam.is_over() {
        return Vec::new();
    }
    let mut made = writes::Made::default();
    write(exam, options, reads_customers, &services, &mut made);
    exam.begin_clean_up();
    writes::clean_up(exam, &mut made)
}

fn write(
    exam: &mut Exam<'_>,
    options: &Options,
    reads_customers: bool,
    services: &reads::FoundServices,
    made: &mut writes::Made,
) {
    writes::not_possible(exam);
    let may_create = reads_customers && options.write;
    let customer = may_create.then(|| writes::customer(exam, made)).flatten();
    let Some(wanted) = &options.book else {
        return;
    };
    if exam.is_over() {
        return;
    }
    let matching = services.matching(wanted);
    let named = || {
        let named = matching.iter().map(|service| {
            let reads::FoundService { id, name, .. } = service;
            format!("{id} ({name})")
        });
        let named = named.collect::<Vec<_>>().join(", ");
        format!("name the service by its id: {named}")
    };
    let (found, advice) = match matching[..] {
        [service] if !services.may_match_another(wanted) => {
            return writes::ticket(exam, made, service, customer.as_ref());
        }
        [] => (
            "no service has this name or id",
            "name a service that skiplino tree BRANCH lists".to_owned(),
        ),
        [_] => (
            "a branch that could not be read may have another service of this name",
            named(),
        ),
        _ => ("more than one service has this name", named()),
    };
    exam.add_problem(advised(BOOK, Verdict::Refuted, found, &advice));
}

fn summary(lines: &[Line], outcome: &Outcome) -> String {
    let count = |verdict: Verdict| lines.iter().filter(|line| line.verdict == verdict).count();
    let not_checked = count(Verdict::NotChecked);
    let (differs, broken) = (count(Verdict::Refuted), count(Verdict::Broken));
    match outcome {
        Outcome::NoAccess(_) => "Doctor could not use the API: see the lines with ✗.".to_owned(),
        Outcome::Stopped => "Stopped before the end.".to_owned(),
        Outcome::Agrees => {
            format!("The SDK works with this server. All checks agree; not checked: {not_checked}.")
        }
        Outcome::Differs if broken == 0 => format!(
            "The SDK works with this server. Lines with !: {differs}; not checked: {not_checked}."
        ),
        Outcome::Differs => format!(
            "Some calls of the SDK fail with this server. Lines with ✗: {broken}, with !: {differs}; \
             not checked: {not_checked}. Send the file of --report to the SDK's maintainers."
        ),
    }
}

fn report_of(
    exam: &Exam<'_>,
    options: &Options,
    lines: &[Line],
    outcome: &Outcome,
    summary: &str,
    left: &[String],
) -> Value {
    let mut checks: Vec<_> = lines
        .iter()
        .map(|line| {
            let claim = check(&line.id).map(|check| check.claim);
            let mut shown = json!(line);
            shown["claim"] = json!(claim);
            // It may name services.
            if line.id == BOOK {
                shown["advice"] = Value::Null;
            }
            shown
        })
        .collect();
    // These values may be a key, or paths with the names of users.
    for (line, setting) in checks.iter_mut().zip(&options.settings) {
        if setting.name != "base URL" {
            let value = shape::shape_of_text(&setting.value);
            line["found"] = json!(format!("{value} ({})", setting.source));
        }
    }
    json!({
        "skiplino": env!("CARGO_PKG_VERSION"),
        "at": format!("{:.0}", jiff::Timestamp::now()),
        "system": format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        "keyClass": match exam.client.key_class() {
            KeyClass::Secret => "secret",
            KeyClass::Public => "public",
        },
        "write": options.write,
        "book": options.book.is_some(),
        "outcome": outcome.name(),
        "summary": summary,
        "lines": checks,
        "left": left.len(),
        "contract": exam.contract.value(),
        "answers": exam.answers,
    })
}

/// A key in a form that may be shown: its prefix, and its last four characters if the key is long.
#[must_use]
pub fn key_hint(key: &str) -> String {
    const SHOWN: usize = 4;
    const SHORTEST: usize = 16;
    let prefix = ["sk_", "pk_"]
        .into_iter()
        .find(|prefix| key.starts_with(prefix));
    let prefix = prefix.unwrap_or_default();
    let end = match key.len() >= SHORTEST {
        true => key.get(key.len() - SHOWN..).unwrap_or_default(),
        false => "",
    };
    format!("{prefix}…{end}")
}
