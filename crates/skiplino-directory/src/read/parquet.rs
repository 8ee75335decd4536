//! Rows of a Parquet file.

use std::fs::File;
use std::io;
use std::path::Path;

use parquet::basic::{Repetition, Type as Physical};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Field, Row as Record, reader::RowIter};
use parquet::schema::types::{Type, TypePtr};

use crate::column::{Column, check_columns};
use crate::error::{DirectoryError, HeadingError, RowError};
use crate::row::{FileRow, TableRow};

/// Opens a file: its rows, and how many there are.
pub(super) fn rows(
    path: &Path,
) -> Result<(impl Iterator<Item = io::Result<FileRow>> + use<>, u64), DirectoryError> {
    let io_error = |source: io::Error| DirectoryError::Io {
        file: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(io_error)?;
    let reader = SerializedFileReader::new(file).map_err(|error| io_error(error.into()))?;
    let metadata = reader.metadata().file_metadata();
    let count = u64::try_from(metadata.num_rows()).unwrap_or_default();
    let schema = metadata.schema_descr().root_schema();
    let columns = columns(schema.get_fields()).map_err(|source| DirectoryError::Heading {
        file: path.to_owned(),
        source,
    })?;
    let projection = Type::group_type_builder(schema.name())
        .with_fields(columns)
        .build();
    let rows = projection
        .and_then(|projection| RowIter::from_file_into(Box::new(reader)).project(Some(projection)))
        .map_err(|error| io_error(error.into()))?;
    let rows = rows
        .zip(1..)
        .map(|(record, number)| Ok(row(number, &record?)));
    Ok((rows, count))
}

/// The columns to read: those that can be written to customers.
fn columns(columns: &[TypePtr]) -> Result<Vec<TypePtr>, HeadingError> {
    check_columns(columns.iter().map(|column| column.name()))?;
    let is_written = |column: &&TypePtr| Column::parse(column.name()) != Some(Column::ReadOnly);
    let columns = columns.iter().filter(is_written);
    columns
        .map(|column| match is_text(column) {
            true => Ok(column.clone()),
            // Numbers are rejected: they have lost their leading zeros and plus signs already.
            false => Err(HeadingError::NotText(column.name().to_owned())),
        })
        .collect()
}

fn is_text(column: &Type) -> bool {
    column.is_primitive()
        && column.get_physical_type() == Physical::BYTE_ARRAY
        && column.get_basic_info().repetition() != Repetition::REPEATED
}

fn row(number: u64, record: &Record) -> FileRow {
    let mut row = TableRow::default();
    for (column, field) in record.get_column_iter() {
        if let Err(error) = set(&mut row, column, field) {
            return row.reject(number, error);
        }
    }
    row.finish(number)
}

fn set(row: &mut TableRow, column: &str, field: &Field) -> Result<(), RowError> {
    let text = match field {
        Field::Null => return Ok(()),
        Field::Str(text) => text.as_str(),
        Field::Bytes(bytes) => bytes
            .as_utf8()
            .map_err(|_| RowError::FieldNotUtf8(column.to_owned()))?,
        _ => return Err(RowError::FieldNotText(column.to_owned())),
    };
    Ok(row.set(column, text)?)
}
