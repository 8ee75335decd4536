//! Rows of a Parquet file.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use parquet::basic::{Compression, Repetition, Type as Physical};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row as Record, reader::RowIter};
use parquet::schema::types::{Type, TypePtr};

use super::notice::Notice;
use crate::column::{Column, parse_columns};
use crate::error::{DirectoryError, FormatError, HeadingError, RowError};
use crate::row::{FileRow, TableRow};

/// The columns to read, by their names in the file.
type Columns = HashMap<String, Column>;

/// The rows of a file, how many there are, and the notice about its columns.
type Opened<R> = Result<(R, u64, Option<Notice>), DirectoryError>;

pub(super) fn rows(path: &Path) -> Opened<impl Iterator<Item = io::Result<FileRow>> + use<>> {
    let opened = guarded(|| open(path));
    let (mut rows, count, notice) = opened.unwrap_or_else(|source| {
        let file = path.to_owned();
        Err(DirectoryError::Format { file, source })
    })?;
    let rows = std::iter::from_fn(move || {
        let damaged = |error| Some(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
        guarded(|| rows.next()).unwrap_or_else(damaged)
    });
    Ok((rows, count, notice))
}

/// Calls the Parquet library, which panics on some damaged files.
fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, FormatError> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|_| FormatError::Damaged)
}

fn open(path: &Path) -> Opened<impl Iterator<Item = io::Result<FileRow>> + use<>> {
    let io_error = |source: io::Error| DirectoryError::Io {
        file: path.to_owned(),
        source,
    };
    let parquet_error = |error: ParquetError| io_error(error.into());
    let heading_error = |source| DirectoryError::Heading {
        file: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(io_error)?;
    let size = file.metadata().map_err(io_error)?.len();
    let reader = SerializedFileReader::new(file).map_err(parquet_error)?;
    let metadata = reader.metadata();
    let format_error = |source| DirectoryError::Format {
        file: path.to_owned(),
        source,
    };
    let count = check_counts(metadata, size).ok_or_else(|| format_error(FormatError::Damaged))?;
    let schema = metadata.file_metadata().schema_descr().root_schema();
    let fields = schema.get_fields();
    let names: Vec<_> = fields.iter().map(|field| field.name()).collect();
    let columns = parse_columns(&names).map_err(heading_error)?;
    let notice = Notice::column_names(&names, &columns);
    let mut read = Columns::new();
    let mut projection = Vec::new();
    for (field, column) in fields.iter().zip(columns) {
        if column == Column::ReadOnly {
            continue;
        }
        check_codec(metadata, field.name()).map_err(format_error)?;
        // A column of another type is accepted if it holds no values: the program that wrote it
        // could not know the type.
        if !is_text(field) && !is_empty(&reader, schema, field).map_err(parquet_error)? {
            // Numbers are rejected: they have lost their leading zeros and plus signs already.
            return Err(heading_error(HeadingError::NotText(
                field.name().to_owned(),
            )));
        }
        read.insert(field.name().to_owned(), column);
        projection.push(field.clone());
    }
    let projection = project(schema, projection).map_err(parquet_error)?;
    let rows = RowIter::from_file_into(Box::new(reader))
        .project(Some(projection))
        .map_err(parquet_error)?;
    let rows = rows
        .zip(1..)
        .map(move |(record, number)| Ok(row(number, &record?, &read)));
    Ok((rows, count, notice))
}

/// The number of rows. None if the parts of the file contradict each other about their numbers of
/// rows, or lie outside the file.
fn check_counts(metadata: &ParquetMetaData, size: u64) -> Option<u64> {
    let mut count = 0_u64;
    for group in metadata.row_groups() {
        count = count.checked_add(u64::try_from(group.num_rows()).ok()?)?;
        for chunk in group.columns() {
            let data = u64::try_from(chunk.data_page_offset()).ok()?;
            let dictionary = chunk.dictionary_page_offset().map(u64::try_from);
            let start = dictionary.transpose().ok()?.unwrap_or(data);
            let length = u64::try_from(chunk.compressed_size()).ok()?;
            let is_inside = data <= size && start.checked_add(length)? <= size;
            // A list has several values in a row.
            let is_list = chunk.column_descr().max_rep_level() > 0;
            if !is_inside || (!is_list && chunk.num_values() != group.num_rows()) {
                return None;
            }
        }
    }
    let said = u64::try_from(metadata.file_metadata().num_rows()).ok()?;
    (said == count).then_some(count)
}

fn project(schema: &Type, fields: Vec<TypePtr>) -> Result<Type, ParquetError> {
    let group = Type::group_type_builder(schema.name());
    group.with_fields(fields).build()
}

/// Rejects a column that is compressed in a way that this program does not know.
fn check_codec(metadata: &ParquetMetaData, name: &str) -> Result<(), FormatError> {
    let groups = metadata.row_groups().iter();
    let mut chunks = groups.flat_map(|group| group.columns());
    let unknown = chunks.find(|chunk| {
        let is_read = matches!(
            chunk.compression(),
            Compression::UNCOMPRESSED
                | Compression::SNAPPY
                | Compression::GZIP(_)
                | Compression::BROTLI(_)
                | Compression::ZSTD(_)
                | Compression::LZ4
                | Compression::LZ4_RAW
        );
        let root = chunk.column_path().parts().first();
        root.is_some_and(|root| root == name) && !is_read
    });
    unknown.map_or(Ok(()), |chunk| {
        Err(FormatError::Codec {
            column: name.to_owned(),
            codec: chunk.compression().to_string(),
        })
    })
}

fn is_text(column: &Type) -> bool {
    column.is_primitive()
        && column.get_physical_type() == Physical::BYTE_ARRAY
        && column.get_basic_info().repetition() != Repetition::REPEATED
}

/// Whether a column holds no value in any row.
fn is_empty(
    reader: &dyn FileReader,
    schema: &Type,
    column: &TypePtr,
) -> Result<bool, ParquetError> {
    let projection = project(schema, vec![column.clone()])?;
    for record in RowIter::from_file(Some(projection), reader)? {
        if record?
            .get_column_iter()
            .any(|(_, field)| !is_missing(field))
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a value stands for a missing one.
fn is_missing(field: &Field) -> bool {
    match field {
        Field::Null => true,
        Field::Float(number) => number.is_nan(),
        Field::Double(number) => number.is_nan(),
        Field::Group(record) => record.get_column_iter().all(|(_, field)| is_missing(field)),
        _ => false,
    }
}

fn row(number: u64, record: &Record, columns: &Columns) -> FileRow {
    let mut row = TableRow::default();
    for (name, field) in record.get_column_iter() {
        let Some(column) = columns.get(name) else {
            continue;
        };
        if let Err(error) = set(&mut row, name, column, field) {
            return row.reject(number, error);
        }
    }
    row.finish(number)
}

fn set(row: &mut TableRow, name: &str, column: &Column, field: &Field) -> Result<(), RowError> {
    let text = match field {
        Field::Str(text) => text.as_str(),
        Field::Bytes(bytes) => bytes
            .as_utf8()
            .map_err(|_| RowError::FieldNotUtf8(name.to_owned()))?,
        field if is_missing(field) => {
            row.set_empty(column);
            return Ok(());
        }
        _ => return Err(RowError::FieldNotText(name.to_owned())),
    };
    row.set(column, text)
}
