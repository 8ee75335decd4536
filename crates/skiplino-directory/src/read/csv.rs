//! Rows of a CSV file.

use std::io::{self, BufRead};
use std::path::Path;

use super::csv_records::{Record, Records, SEPARATORS};
use super::notice::Notice;
use super::progress::ReadProgress;
use crate::column::{Column, Field, parse_columns};
use crate::error::{DirectoryError, HeadingError, RowError};
use crate::formula::unescape;
use crate::row::{FileRow, MAX_ROW_BYTES, TableRow};

/// The columns of the file.
struct Heading {
    columns: Vec<Column>,
    /// The columns after them that have no name. Spreadsheets write such columns.
    unnamed: usize,
    separator: u8,
}

/// Reads CSV text: checks its heading at once, then returns its rows one by one. The name of the
/// file is for errors.
///
/// # Errors
/// If the text cannot be read, or its columns are not those of customers.
pub fn read_csv<R: BufRead>(
    text: R,
    file: &Path,
) -> Result<impl Iterator<Item = io::Result<FileRow>> + use<R>, DirectoryError> {
    rows(text, file, ReadProgress::default()).map(|(rows, _)| rows)
}

/// The rows, and the notices about the heading.
pub(super) fn rows<R: BufRead>(
    text: R,
    file: &Path,
    progress: ReadProgress,
) -> Result<
    (
        impl Iterator<Item = io::Result<FileRow>> + use<R>,
        Vec<Notice>,
    ),
    DirectoryError,
> {
    let mut records = Records::new(text, MAX_ROW_BYTES);
    let (heading, notices) = heading(&mut records, file)?;
    records.set_separator(heading.separator);
    let rows = std::iter::from_fn(move || {
        loop {
            let record = match records.next() {
                Ok(Some(record)) => record,
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            };
            let fields = record.fields(heading.separator);
            let is_blank = |field: &Vec<u8>| field.trim_ascii().is_empty();
            if record.error.is_none() && fields.iter().all(is_blank) {
                progress.add_skipped();
                continue;
            }
            return Some(Ok(row(&record, &fields, &heading, &progress)));
        }
    });
    Ok((rows, notices))
}

fn heading<R: BufRead>(
    records: &mut Records<R>,
    file: &Path,
) -> Result<(Heading, Vec<Notice>), DirectoryError> {
    let mut next = || {
        records.next().map_err(|source| DirectoryError::Io {
            file: file.to_owned(),
            source,
        })
    };
    let mut record = next()?;
    let separator = record.as_ref().and_then(declared_separator);
    if separator.is_some() {
        record = next()?;
    }
    parse_heading(record, separator).map_err(|source| DirectoryError::Heading {
        file: file.to_owned(),
        source,
    })
}

/// The separator of a line such as `sep=;`, which Excel reads and writes before the heading.
fn declared_separator(record: &Record) -> Option<u8> {
    let text = record.text.strip_prefix(b"\"").unwrap_or(&record.text);
    let text = text.strip_suffix(b"\"").unwrap_or(text);
    let (name, separator) = text.split_at_checked(4)?;
    match separator {
        [separator] if name.eq_ignore_ascii_case(b"sep=") && SEPARATORS.contains(separator) => {
            Some(*separator)
        }
        _ => None,
    }
}

fn parse_heading(
    record: Option<Record>,
    declared: Option<u8>,
) -> Result<(Heading, Vec<Notice>), HeadingError> {
    let record = record.ok_or(HeadingError::Empty)?;
    if let Some(error) = record.error {
        return Err(HeadingError::Syntax(error));
    }
    let names_by = |separator| -> Result<Vec<String>, HeadingError> {
        let names = record.fields(separator).into_iter().map(String::from_utf8);
        let names = names.collect::<Result<_, _>>();
        names.map_err(|_| HeadingError::NotUtf8)
    };
    let known = |names: &[String]| {
        let columns = names.iter().filter_map(|name| Column::parse(name));
        columns.count()
    };
    let mut separator = declared.unwrap_or(SEPARATORS[0]);
    let mut names = names_by(separator)?;
    // The separator by which the heading has the most columns that customers have.
    for other in SEPARATORS.iter().filter(|_| declared.is_none()) {
        let split = names_by(*other)?;
        if known(&split) > known(&names) {
            (separator, names) = (*other, split);
        }
    }
    let all = names.len();
    let is_named = |name: &String| !name.trim().is_empty();
    names.truncate(names.iter().rposition(is_named).map_or(0, |last| last + 1));
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let columns = parse_columns(&names)?;
    let unnamed = all - names.len();
    let notices = [
        (separator != SEPARATORS[0]).then_some(Notice::Separator(separator.into())),
        Notice::column_names(&names, &columns),
        (unnamed > 0).then_some(Notice::UnnamedColumns(unnamed)),
    ];
    let heading = Heading {
        columns,
        unnamed,
        separator,
    };
    Ok((heading, notices.into_iter().flatten().collect()))
}

fn row(record: &Record, fields: &[Vec<u8>], heading: &Heading, progress: &ReadProgress) -> FileRow {
    parse(record, fields, heading, progress).unwrap_or_else(|mut error| {
        if record.last_line > record.line {
            error = RowError::MultiLine {
                error: Box::new(error),
                last_line: record.last_line,
            };
        }
        // If the quotes of a record are wrong, its fields are not reliable.
        let id = external_id(fields, &heading.columns).filter(|_| record.error.is_none());
        FileRow::rejected(record.line, id, error)
    })
}

fn parse(
    record: &Record,
    fields: &[Vec<u8>],
    heading: &Heading,
    progress: &ReadProgress,
) -> Result<FileRow, RowError> {
    if let Some(error) = &record.error {
        return Err(error.clone());
    }
    let named = heading.columns.len();
    if !(named..=named + heading.unnamed).contains(&fields.len()) {
        return Err(RowError::FieldCount {
            found: fields.len(),
            expected: named + heading.unnamed,
        });
    }
    if let Some(index) = fields[named..].iter().position(|field| !field.is_empty()) {
        return Err(RowError::UnnamedColumn(named + index + 1));
    }
    let mut row = TableRow::default();
    for (column, field) in heading.columns.iter().zip(fields) {
        let name = || column.name().unwrap_or_else(|| "a column".to_owned());
        let text = std::str::from_utf8(field).map_err(|_| RowError::FieldNotUtf8(name()))?;
        let text = match unescape(text) {
            Some(text) if progress.unescapes_formulas() => text,
            // Storing the value with its `'` would replace a valid number.
            Some(_) => return Err(RowError::EscapedFormula(name())),
            None => text,
        };
        check_lines(record, heading, column, text)?;
        if *column != Column::Field(Field::Metadata) {
            progress.add_text(record.line, text);
        }
        row.set(column, text)?;
    }
    Ok(row.finish(record.line))
}

/// Rejects several lines in a field that has one. A name or an id may have several, unless they are
/// more likely rows that an unclosed quote has joined.
fn check_lines(
    record: &Record,
    heading: &Heading,
    column: &Column,
    text: &str,
) -> Result<(), RowError> {
    let Column::Field(field) = column else {
        return Ok(());
    };
    if *field == Field::Metadata || !text.contains(['\n', '\r']) {
        return Ok(());
    }
    if record.is_rows(heading.separator, heading.columns.len()) {
        return Err(RowError::RowsInField(field.name()));
    }
    match field {
        Field::Email | Field::Mobile => Err(RowError::LinesInField(field.name())),
        _ => Ok(()),
    }
}

fn external_id(fields: &[Vec<u8>], columns: &[Column]) -> Option<String> {
    let is_id = |column: &Column| *column == Column::Field(Field::ExternalId);
    let index = columns.iter().position(is_id)?;
    let id = std::str::from_utf8(fields.get(index)?).ok()?;
    (!id.is_empty()).then(|| id.to_owned())
}
