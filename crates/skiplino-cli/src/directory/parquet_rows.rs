//! Rows of a Parquet file.

use std::fs::File;
use std::io;
use std::path::Path;

use parquet::basic::{Repetition, Type as Physical};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Field, Row as Record, reader::RowIter};
use parquet::schema::types::Type;
use serde_json::{Map, Value};

use super::{Cells, IGNORED, Row, check_columns, object};
use crate::exit::Failure;

/// Opens a file. Its rows, and how many they are.
pub(super) fn read(
    path: &Path,
    name: &str,
) -> Result<(impl Iterator<Item = io::Result<Row>> + use<>, u64), Failure> {
    let broken = |error: io::Error| Failure::Io(name.to_owned(), error);
    let file = File::open(path).map_err(broken)?;
    let reader = SerializedFileReader::new(file).map_err(|error| broken(error.into()))?;
    let about = reader.metadata().file_metadata();
    let count = u64::try_from(about.num_rows()).unwrap_or_default();
    let schema = about.schema_descr().root_schema();
    let columns = schema.get_fields();
    check_columns(name, columns.iter().map(|column| column.name()))?;
    let mut wanted = Vec::new();
    for column in columns
        .iter()
        .filter(|column| !IGNORED.contains(&column.name()))
    {
        let is_text = column.is_primitive()
            && column.get_physical_type() == Physical::BYTE_ARRAY
            && column.get_basic_info().repetition() != Repetition::REPEATED;
        if !is_text {
            // A number would have lost its leading zeros and its plus already.
            let column = column.name();
            return Err(Failure::Usage(format!(
                "{name}: the column {column} does not hold text"
            )));
        }
        wanted.push(column.clone());
    }
    let projected = Type::group_type_builder(schema.name())
        .with_fields(wanted)
        .build();
    let rows = projected
        .and_then(|projected| RowIter::from_file_into(Box::new(reader)).project(Some(projected)))
        .map_err(|error| broken(error.into()))?;
    let rows = rows
        .zip(1..)
        .map(|(record, number)| Ok(row(number, &record?)));
    Ok((rows, count))
}

fn row(number: u64, record: &Record) -> Row {
    let mut cells = Cells::default();
    let mut metadata = Map::new();
    for (column, field) in record.get_column_iter() {
        let text = match field {
            Field::Null => continue,
            Field::Str(text) => text.as_str(),
            Field::Bytes(bytes) => match bytes.as_utf8() {
                Ok(text) => text,
                Err(_) => {
                    let reason = format!("{column} is not UTF-8");
                    return Row::bad(number, cells.external_id, reason);
                }
            },
            _ => {
                let reason = format!("{column} is not a text");
                return Row::bad(number, cells.external_id, reason);
            }
        };
        if let Some(cell) = cells.text(column) {
            *cell = Some(text.to_owned());
        } else if column == "metadata" {
            match object(text) {
                Ok(object) => cells.metadata = Some(object),
                Err(fault) => return Row::bad(number, cells.external_id, fault),
            }
        } else if let Some(key) = column.strip_prefix("metadata.") {
            metadata.insert(key.to_owned(), Value::from(text));
        }
    }
    if !metadata.is_empty() {
        cells.metadata = Some(metadata);
    }
    cells.into_row(number)
}
