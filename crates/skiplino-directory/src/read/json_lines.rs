//! Rows of a file of JSON lines.

use std::io::{self, BufRead, Read as _};

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::column::Field;
use crate::error::{JsonError, RowError};
use crate::row::{CustomerRow, FileRow, MAX_ROW_BYTES};

/// The object of a line. Unknown fields are rejected, and so are fields that appear twice.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow, default, deserialize_with = "given")]
    external_id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "given")]
    name: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "given")]
    email: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "given")]
    mobile: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "given")]
    metadata: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "_id")]
    _id: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "companyId")]
    _company_id: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "createdAt")]
    _created_at: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "updatedAt")]
    _updated_at: Option<&'a RawValue>,
}

/// A field that the line has, even if it is null.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

pub(super) fn rows(mut reader: impl BufRead) -> impl Iterator<Item = io::Result<FileRow>> {
    let mut line = 0;
    std::iter::from_fn(move || {
        loop {
            let mut text = Vec::new();
            let read = reader
                .by_ref()
                .take(MAX_ROW_BYTES as u64 + 1)
                .read_until(b'\n', &mut text);
            match read {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
            line += 1;
            if text.len() > MAX_ROW_BYTES && text.last() != Some(&b'\n') {
                let skipped = reader.skip_until(b'\n');
                let row = FileRow::rejected(line, None, RowError::TooLong);
                return Some(skipped.map(|_| row));
            }
            if !text.trim_ascii().is_empty() {
                return Some(Ok(row(line, &text)));
            }
        }
    })
}

fn row(line: u64, text: &[u8]) -> FileRow {
    let read = match parse(text) {
        Ok(read) => read,
        Err(error) => return FileRow::rejected(line, None, error),
    };
    let mut customer = CustomerRow::new();
    match fill(&mut customer, &read) {
        Ok(()) => FileRow::new(line, customer),
        Err(error) => {
            let external_id = customer.external_id().map(str::to_owned);
            FileRow::rejected(line, external_id, error)
        }
    }
}

fn parse(text: &[u8]) -> Result<Line<'_>, RowError> {
    let text = std::str::from_utf8(text).map_err(|_| RowError::NotUtf8)?;
    // The deserializer would also accept an array with the fields in their order.
    if !text.trim_ascii_start().starts_with('{') {
        return Err(RowError::NotObject);
    }
    serde_json::from_str(text).map_err(|error| row_error(&error))
}

fn fill(customer: &mut CustomerRow<RowError>, line: &Line<'_>) -> Result<(), RowError> {
    for (field, value) in [
        (Field::ExternalId, line.external_id),
        (Field::Name, line.name),
        (Field::Email, line.email),
        (Field::Mobile, line.mobile),
    ] {
        let Some(value) = value else { continue };
        // Numbers are rejected: they have lost their leading zeros and plus signs already.
        let text = serde_json::from_str::<Option<String>>(value.get());
        let text = text.map_err(|_| RowError::FieldNotText(field.name().to_owned()))?;
        set(customer, field, text.as_deref())?;
    }
    if let Some(metadata) = line.metadata.map(RawValue::get) {
        set(
            customer,
            Field::Metadata,
            Some(metadata).filter(|text| *text != "null"),
        )?;
    }
    Ok(())
}

fn set(
    customer: &mut CustomerRow<RowError>,
    field: Field,
    text: Option<&str>,
) -> Result<(), RowError> {
    match text {
        Some(text) => customer.set_text(field, text),
        None => {
            customer.set_empty(field);
            Ok(())
        }
    }
    .map_err(|error| {
        let field = field.name();
        RowError::Text { field, error }
    })
}

/// The error of the JSON library, without the values of the row that it quotes.
fn row_error(error: &serde_json::Error) -> RowError {
    let text = error.to_string();
    let field_after = |start| Some(text.strip_prefix(start)?.split_once('`')?.0.to_owned());
    if let Some(field) = field_after("unknown field `") {
        RowError::UnknownField(field)
    } else if let Some(field) = field_after("duplicate field `") {
        RowError::DuplicateField(field)
    } else if error.is_data() {
        RowError::NotObject
    } else {
        RowError::Json(JsonError::from(error))
    }
}
