//! Rows of a CSV file.

use std::io::{self, BufRead};

use serde_json::{Map, Value};

use super::records::{Record, Records};
use super::{Cells, LONGEST_ROW, Row, check_columns, object};
use crate::exit::Failure;

/// Reads the heading, and then a row at a time.
pub(super) fn read<R: BufRead>(
    from: R,
    file: &str,
) -> Result<impl Iterator<Item = io::Result<Row>> + use<R>, Failure> {
    let refuse = |text: &str| Failure::Usage(format!("{file}: {text}"));
    let mut records = Records::new(from, LONGEST_ROW);
    let heading = records
        .next()
        .map_err(|error| Failure::Io(file.to_owned(), error))?
        .ok_or_else(|| refuse("it is empty: a heading is needed that names the columns"))?;
    if let Some(fault) = heading.fault {
        return Err(refuse(&format!("in the heading: {fault}")));
    }
    let columns = heading
        .fields()
        .into_iter()
        .map(String::from_utf8)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| refuse("the heading is not UTF-8"))?;
    check_columns(file, columns.iter().map(String::as_str))?;
    Ok(std::iter::from_fn(move || match records.next() {
        Ok(Some(record)) => Some(Ok(row(&record, &columns))),
        Ok(None) => None,
        Err(error) => Some(Err(error)),
    }))
}

fn row(record: &Record, columns: &[String]) -> Row {
    let fields = record.fields();
    let text = |column: &str| {
        let at = columns.iter().position(|name| name == column)?;
        let text = std::str::from_utf8(fields.get(at)?).ok()?;
        Some(text.to_owned()).filter(|text| !text.is_empty())
    };
    let bad = |reason: &str| {
        let id = text("externalId").filter(|_| record.fault.is_none());
        let reason = match record.last_line {
            last if last > record.line => format!("{reason} (to line {last})"),
            _ => reason.to_owned(),
        };
        Row::bad(record.line, id, reason)
    };
    if let Some(fault) = record.fault {
        return bad(fault);
    }
    if fields.len() != columns.len() {
        let (has, named) = (fields.len(), columns.len());
        return bad(&format!(
            "it has {has} columns where the heading has {named}"
        ));
    }
    let mut cells = Cells::default();
    let mut metadata = Map::new();
    for (column, field) in columns.iter().zip(&fields) {
        let Ok(text) = std::str::from_utf8(field) else {
            return bad(&format!("{column} is not UTF-8"));
        };
        if text.is_empty() {
            continue;
        }
        if let Some(cell) = cells.text(column) {
            *cell = Some(text.to_owned());
        } else if column == "metadata" {
            match object(text) {
                Ok(object) => cells.metadata = Some(object),
                Err(fault) => return bad(&fault),
            }
        } else if let Some(key) = column.strip_prefix("metadata.") {
            metadata.insert(key.to_owned(), Value::from(text));
        }
    }
    if !metadata.is_empty() {
        cells.metadata = Some(metadata);
    }
    cells.into_row(record.line)
}
