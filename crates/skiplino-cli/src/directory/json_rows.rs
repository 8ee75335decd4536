//! Rows of a file of JSON lines.

use std::io::{self, BufRead, Read as _};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Cells, LONGEST_ROW, Row, json_fault, object};

/// An object of a line. A field that no customer has is refused, and one that is there twice, too.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow, default)]
    external_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    email: Option<&'a RawValue>,
    #[serde(borrow, default)]
    mobile: Option<&'a RawValue>,
    #[serde(borrow, default)]
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

pub(super) fn read(mut from: impl BufRead) -> impl Iterator<Item = io::Result<Row>> {
    let mut line = 0;
    std::iter::from_fn(move || {
        loop {
            let mut text = Vec::new();
            let reading = from
                .by_ref()
                .take(LONGEST_ROW as u64 + 1)
                .read_until(b'\n', &mut text);
            match reading {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
            line += 1;
            if text.len() > LONGEST_ROW && text.last() != Some(&b'\n') {
                let skipped = from.skip_until(b'\n');
                let row = Row::bad(line, None, "it is longer than 1 MiB");
                return Some(skipped.map(|_| row));
            }
            if !text.trim_ascii().is_empty() {
                return Some(Ok(row(line, &text)));
            }
        }
    })
}

fn row(line: u64, text: &[u8]) -> Row {
    let Ok(text) = std::str::from_utf8(text) else {
        return Row::bad(line, None, "it is not UTF-8");
    };
    // A list would be taken for the fields in their order.
    if !text.trim_ascii_start().starts_with('{') {
        return Row::bad(line, None, "it is not a JSON object");
    }
    let read = match serde_json::from_str::<Line<'_>>(text) {
        Ok(read) => read,
        Err(error) => return Row::bad(line, None, fault(&error)),
    };
    let mut cells = Cells::default();
    for (field, value) in [
        ("externalId", read.external_id),
        ("name", read.name),
        ("email", read.email),
        ("mobile", read.mobile),
    ] {
        let Some(value) = value else { continue };
        // A number would have lost its leading zeros and its plus already.
        let Ok(text) = serde_json::from_str::<Option<String>>(value.get()) else {
            return Row::bad(line, cells.external_id, format!("{field} is not a text"));
        };
        if let Some(cell) = cells.text(field) {
            *cell = text;
        }
    }
    if let Some(metadata) = read.metadata.filter(|value| value.get() != "null") {
        match object(metadata.get()) {
            Ok(object) => cells.metadata = Some(object),
            Err(fault) => return Row::bad(line, cells.external_id, fault),
        }
    }
    cells.into_row(line)
}

/// What is wrong with a line. What names a field is told, what may be somebody's data is not.
fn fault(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let about_a_field = ["unknown field `", "duplicate field `"];
    let field = about_a_field.iter().find_map(|start| {
        let (name, _) = text.strip_prefix(start)?.split_once('`')?;
        Some(format!("{start}{name}`"))
    });
    match field {
        Some(field) => field,
        None if error.is_data() => "it is not a JSON object".to_owned(),
        None => format!("it is not JSON: {}", json_fault(error)),
    }
}
