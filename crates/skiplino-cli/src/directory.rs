//! Customer directories as files: which formats there are, what a row of one is, and how it becomes a request.

use std::borrow::Borrow;
use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::ValueEnum;
use serde_json::{Map, Value};
use skiplino::CustomerWriteRequest;

use crate::exit::Failure;

pub use self::target::Target;

mod csv_rows;
mod json_rows;
mod parquet_file;
mod parquet_rows;
mod records;
mod target;
mod write;

/// What is written of a customer, in this order.
const COLUMNS: [&str; 8] = [
    "externalId",
    "name",
    "email",
    "mobile",
    "metadata",
    "_id",
    "createdAt",
    "updatedAt",
];

/// What the server alone decides on. Files that were exported have it, so it is taken for read.
const IGNORED: [&str; 4] = ["_id", "companyId", "createdAt", "updatedAt"];

/// A row that is longer is none: the server takes no request of this size.
const LONGEST_ROW: usize = 1 << 20;

/// How a directory is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Comma-separated values with a heading
    Csv,
    /// A JSON object a line, as `customers list --json` prints it
    Jsonl,
    /// Apache Parquet
    Parquet,
}

impl Format {
    /// The format that a file's name ends in.
    pub fn named(path: &Path) -> Option<Self> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }

    /// The format that was asked for, or else that of the file's name.
    pub(crate) fn of(path: &Path, asked: Option<Self>) -> Result<Self, Failure> {
        let format = asked.or_else(|| Self::named(path)).ok_or_else(|| {
            Failure::Usage(format!(
                "{}: the format cannot be told from the name: say --format csv, jsonl or parquet",
                path.display()
            ))
        })?;
        if is_standard(path) && format == Self::Parquet {
            return Err(Failure::Usage(
                "Parquet needs a file: it is not written or read from its start to its end"
                    .to_owned(),
            ));
        }
        Ok(format)
    }
}

/// A path with something after its name.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Whether standard input or output is meant.
pub(crate) fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// A row of a file.
#[derive(Debug)]
pub(crate) struct Row {
    /// Where it begins, from 1: a line, or in Parquet a row.
    pub(crate) line: u64,
    /// Empty for a row that is bad: the sync refuses that, and so nothing is sent.
    request: CustomerWriteRequest,
    /// Why it cannot be a customer.
    pub(crate) bad: Option<String>,
    pub(crate) external_id: Option<String>,
}

impl Borrow<CustomerWriteRequest> for Row {
    fn borrow(&self) -> &CustomerWriteRequest {
        &self.request
    }
}

/// What a row gives.
#[derive(Debug, Default)]
struct Cells {
    external_id: Option<String>,
    name: Option<String>,
    email: Option<String>,
    mobile: Option<String>,
    metadata: Option<Map<String, Value>>,
}

impl Cells {
    /// The text of one of the columns that hold text.
    fn text(&mut self, column: &str) -> Option<&mut Option<String>> {
        Some(match column {
            "externalId" => &mut self.external_id,
            "name" => &mut self.name,
            "email" => &mut self.email,
            "mobile" => &mut self.mobile,
            _ => return None,
        })
    }

    fn into_row(self, line: u64) -> Row {
        let id = self
            .external_id
            .as_deref()
            .filter(|id| !id.trim().is_empty());
        let Some(id) = id else {
            return Row::bad(line, None, "it has no externalId");
        };
        let external_id = Some(id.to_owned());
        let mut request = CustomerWriteRequest::new().external_id(id);
        if let Some(name) = self.name {
            request = request.name(name);
        }
        if let Some(email) = self.email {
            request = request.email(email);
        }
        if let Some(mobile) = self.mobile {
            request = request.mobile(mobile);
        }
        if let Some(metadata) = self.metadata {
            request = request.metadata(metadata.into());
        }
        Row {
            line,
            request,
            bad: None,
            external_id,
        }
    }
}

impl Row {
    fn bad(line: u64, external_id: Option<String>, reason: impl Into<String>) -> Self {
        Self {
            line,
            request: CustomerWriteRequest::new(),
            bad: Some(reason.into()),
            external_id,
        }
    }
}

/// What is known of a source while somebody else reads it.
#[derive(Debug, Clone, Default)]
pub(crate) struct About {
    shared: Rc<Shared>,
    size: Option<u64>,
}

#[derive(Debug, Default)]
struct Shared {
    read: Cell<u64>,
    is_over: Cell<bool>,
    broken: RefCell<Option<Failure>>,
}

impl About {
    /// How much of it has been read: bytes, or in Parquet rows.
    pub(crate) fn read(&self) -> u64 {
        self.shared.read.get()
    }

    /// What `read` comes to in the end, where it is known.
    pub(crate) fn size(&self) -> Option<u64> {
        self.size
    }

    /// No more rows come.
    pub(crate) fn stop(&self) {
        self.shared.is_over.set(true);
    }

    /// What broke the reading off, once.
    pub(crate) fn broken(&self) -> Option<Failure> {
        self.shared.broken.take()
    }

    fn count(&self, more: u64) {
        self.shared.read.set(self.read() + more);
    }
}

struct Counted<R> {
    from: R,
    about: About,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.about.count(read as u64);
        Ok(read)
    }
}

/// The rows of a file.
pub(crate) struct Source {
    rows: Box<dyn Iterator<Item = io::Result<Row>>>,
    name: String,
    strict: bool,
    about: About,
}

impl Source {
    /// Opens a file and reads what goes before its rows. A source that is strict ends after the first row that is bad.
    pub(crate) fn open(path: &Path, format: Format, strict: bool) -> Result<Self, Failure> {
        let mut about = About::default();
        let name = match is_standard(path) {
            true => "standard input".to_owned(),
            false => path.display().to_string(),
        };
        let rows: Box<dyn Iterator<Item = io::Result<Row>>> = match format {
            Format::Csv => Box::new(csv_rows::read(open(path, &name, &mut about)?, &name)?),
            Format::Jsonl => Box::new(json_rows::read(open(path, &name, &mut about)?)),
            Format::Parquet => {
                let (rows, count) = parquet_rows::read(path, &name)?;
                about.size = Some(count);
                let read = about.clone();
                Box::new(rows.inspect(move |_| read.count(1)))
            }
        };
        Ok(Self {
            rows,
            name,
            strict,
            about,
        })
    }

    /// What can be asked of it later.
    pub(crate) fn about(&self) -> About {
        self.about.clone()
    }
}

/// Reads CSV to its end: the line of each row, its `externalId`, and whether it can be a customer. None where the heading is
/// refused. Only fuzzing asks.
#[doc(hidden)]
pub fn csv_rows(text: impl BufRead) -> Option<Vec<(u64, Option<String>, bool)>> {
    let rows = csv_rows::read(text, "a file").ok()?;
    let about = |row: Row| (row.line, row.external_id, row.bad.is_none());
    Some(rows.map_while(Result::ok).map(about).collect())
}

/// A file's text, without the mark that spreadsheets begin UTF-8 with.
fn open(path: &Path, name: &str, about: &mut About) -> Result<impl BufRead + use<>, Failure> {
    let mut open = || -> io::Result<_> {
        let from: Box<dyn Read> = if is_standard(path) {
            Box::new(io::stdin().lock())
        } else {
            let file = File::open(path)?;
            about.size = Some(file.metadata()?.len()).filter(|size| *size > 0);
            Box::new(file)
        };
        let about = about.clone();
        let mut from = BufReader::with_capacity(1 << 16, Counted { from, about });
        if from.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            from.consume(3);
        }
        Ok(from)
    };
    open().map_err(|error| Failure::Io(name.to_owned(), error))
}

impl Iterator for Source {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        if self.about.shared.is_over.get() {
            return None;
        }
        match self.rows.next()? {
            Ok(row) => {
                if self.strict && row.bad.is_some() {
                    self.about.stop();
                }
                Some(row)
            }
            Err(error) => {
                self.about.stop();
                let failure = Failure::Io(self.name.clone(), error);
                self.about.shared.broken.replace(Some(failure));
                None
            }
        }
    }
}

/// Refuses columns that would be lost without a word.
fn check_columns<'a>(file: &str, names: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
    let names: Vec<_> = names.collect();
    let refuse = |text: String| Err(Failure::Usage(format!("{file}: {text}")));
    let known = |name: &str| {
        COLUMNS.contains(&name)
            || IGNORED.contains(&name)
            || name
                .strip_prefix("metadata.")
                .is_some_and(|key| !key.is_empty())
    };
    let unknown: Vec<_> = names.iter().filter(|name| !known(name)).collect();
    if !unknown.is_empty() {
        return refuse(format!(
            "no customer has the fields {unknown:?}: name columns externalId, name, email, mobile, metadata or metadata.KEY, and leave out the others"
        ));
    }
    if let Some((_, twice)) = names
        .iter()
        .enumerate()
        .find(|(at, name)| names[..*at].contains(name))
    {
        return refuse(format!("the column {twice:?} is there twice"));
    }
    if !names.contains(&"externalId") {
        return refuse(
            "there is no column externalId, by which rows and customers are matched".to_owned(),
        );
    }
    if names.contains(&"metadata") && names.iter().any(|name| name.starts_with("metadata.")) {
        return refuse("metadata and metadata.KEY cannot both be columns".to_owned());
    }
    Ok(())
}

/// A JSON object, or why it is none. What was read is not repeated: it is about a person.
fn object(text: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(_)) if has_large_number(text) => Err(
            "metadata has a whole number that is too large to be kept exactly: make it a text"
                .to_owned(),
        ),
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("metadata is not a JSON object".to_owned()),
        Err(error) => Err(format!("metadata is not JSON: {}", json_fault(&error))),
    }
}

/// Whether JSON has a whole number of more than 64 bits, which would be rounded without a word.
fn has_large_number(text: &str) -> bool {
    let mut in_string = false;
    let mut is_escaped = false;
    let outside = |c: char| {
        let is_quote = c == '"' && !is_escaped;
        is_escaped = in_string && c == '\\' && !is_escaped;
        in_string ^= is_quote;
        if in_string { ' ' } else { c }
    };
    let numbers: String = text.chars().map(outside).collect();
    let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
    numbers
        .split(|c| !is_digit(c))
        .filter(|number| number.len() > 18 && !number.contains(['.', 'e', 'E']))
        .any(|number| number.parse::<u64>().is_err() && number.parse::<i64>().is_err())
}

/// Where JSON is wrong, without a word of what it says.
fn json_fault(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        _ => "it cannot be read",
    };
    format!("{what} at column {}", error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_would_be_rounded_are_refused() {
        for kept in [
            r#"{"a": 18446744073709551615, "b": -9223372036854775808}"#,
            r#"{"a": "123456789012345678901234567890", "b\"": 1}"#,
            r#"{"a\\": [1.2345678901234567890, 1e300, 123456789012345678]}"#,
        ] {
            assert!(object(kept).is_ok(), "{kept}");
        }
        for rounded in [
            r#"{"a": 18446744073709551616}"#,
            r#"{"a\\": [-9223372036854775809]}"#,
        ] {
            assert!(object(rounded).is_err(), "{rounded}");
        }
        assert!(object("[1]").is_err() && object("{").is_err());
    }
}
