//! Rows of a CSV file.

use std::cell::Cell;
use std::io::{self, BufRead};
use std::path::Path;
use std::rc::Rc;

use super::csv_records::{Record, Records};
use crate::column::{Field, check_columns};
use crate::error::{DirectoryError, HeadingError, RowError};
use crate::formula::unescape;
use crate::row::{FileRow, MAX_ROW_BYTES, TableRow};

/// Reads CSV text: checks its heading at once, then returns its rows one by one. The name of the
/// file is for errors.
///
/// # Errors
/// If the text cannot be read, or its columns are not those of customers.
pub fn read_csv<R: BufRead>(
    text: R,
    file: &Path,
) -> Result<impl Iterator<Item = io::Result<FileRow>> + use<R>, DirectoryError> {
    rows(text, file, Rc::default())
}

/// The same. `unescapes` may be set until the first row is read: formulas lose their `'` then.
pub(super) fn rows<R: BufRead>(
    text: R,
    file: &Path,
    unescapes: Rc<Cell<bool>>,
) -> Result<impl Iterator<Item = io::Result<FileRow>> + use<R>, DirectoryError> {
    let file = || file.to_owned();
    let mut records = Records::new(text, MAX_ROW_BYTES);
    let heading = records.next().map_err(|source| DirectoryError::Io {
        file: file(),
        source,
    })?;
    let columns = columns(heading).map_err(|source| DirectoryError::Heading {
        file: file(),
        source,
    })?;
    Ok(std::iter::from_fn(move || match records.next() {
        Ok(Some(record)) => Some(Ok(row(&record, &columns, unescapes.get()))),
        Ok(None) => None,
        Err(error) => Some(Err(error)),
    }))
}

fn columns(heading: Option<Record>) -> Result<Vec<String>, HeadingError> {
    let heading = heading.ok_or(HeadingError::Empty)?;
    if let Some(error) = heading.error {
        return Err(HeadingError::Syntax(error));
    }
    let columns = heading.fields().into_iter().map(String::from_utf8);
    let columns: Vec<_> = columns
        .collect::<Result<_, _>>()
        .map_err(|_| HeadingError::NotUtf8)?;
    check_columns(columns.iter().map(String::as_str))?;
    Ok(columns)
}

fn row(record: &Record, columns: &[String], unescapes: bool) -> FileRow {
    let fields = record.fields();
    parse(record, &fields, columns, unescapes).unwrap_or_else(|mut error| {
        if record.last_line > record.line {
            error = RowError::MultiLine {
                error: Box::new(error),
                last_line: record.last_line,
            };
        }
        // If the quotes of a record are wrong, its fields are not reliable.
        let id = external_id(&fields, columns).filter(|_| record.error.is_none());
        FileRow::rejected(record.line, id, error)
    })
}

fn parse(
    record: &Record,
    fields: &[Vec<u8>],
    columns: &[String],
    unescapes: bool,
) -> Result<FileRow, RowError> {
    if let Some(error) = &record.error {
        return Err(error.clone());
    }
    if fields.len() != columns.len() {
        return Err(RowError::FieldCount {
            found: fields.len(),
            expected: columns.len(),
        });
    }
    let mut row = TableRow::default();
    for (column, field) in columns.iter().zip(fields) {
        let text = std::str::from_utf8(field);
        let text = text.map_err(|_| RowError::FieldNotUtf8(column.clone()))?;
        let text = match unescape(text) {
            Some(text) if unescapes => text,
            // Stored as it is, it would spoil a good number.
            Some(_) => return Err(RowError::EscapedFormula(column.clone())),
            None => text,
        };
        // In CSV an empty text and a missing one are the same.
        if !text.is_empty() {
            row.set(column, text)?;
        }
    }
    Ok(row.finish(record.line))
}

fn external_id(fields: &[Vec<u8>], columns: &[String]) -> Option<String> {
    let name = Field::ExternalId.name();
    let index = columns.iter().position(|column| column == name)?;
    let id = std::str::from_utf8(fields.get(index)?).ok()?;
    (!id.is_empty()).then(|| id.to_owned())
}
