//! Rows of a Parquet file.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use parquet::basic::{Compression, Repetition, Type as Physical};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row as Record, reader::RowIter};
use parquet::schema::types::{Type, TypePtr};

use super::notice::Notice;
use super::unchanged_file::changed;
use crate::column::{Column, parse_columns};
use crate::error::{DirectoryError, FormatError, HeadingError, RowError};
use crate::row::{FileRow, TableRow};

/// The columns to read, by their names in the file.
type Columns = HashMap<String, Column>;

/// The rows of a file, how many there are, and the notice about its columns.
type Opened<R> = Result<(R, u64, Option<Notice>), DirectoryError>;

pub(super) fn rows(path: &Path) -> Opened<impl Iterator<Item = io::Result<FileRow>> + use<>> {
    let opened = guarded(|| open(path));
    let (mut rows, count, notice) = opened.unwrap_or_else(|| {
        let file = path.to_owned();
        let source = FormatError::Damaged;
        Err(DirectoryError::Format { file, source })
    })?;
    let rows = std::iter::from_fn(move || {
        // All columns have been read to their end before.
        guarded(|| rows.next())
            .unwrap_or_else(|| Some(Err(ParquetError::General("panic".to_owned()))))
            .map(|row| row.map_err(|error| system_error(error).unwrap_or_else(changed)))
    });
    Ok((rows, count, notice))
}

/// Calls the Parquet library, which panics on some damaged files: then the result is None.
fn guarded<T>(call: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call)).ok()
}

/// The error of the operating system, if there was one. Otherwise the file is damaged.
fn system_error(error: ParquetError) -> Option<io::Error> {
    let ParquetError::External(source) = error else {
        return None;
    };
    let error = source.downcast::<io::Error>().ok()?;
    error.raw_os_error().is_some().then_some(*error)
}

fn open(path: &Path) -> Opened<impl Iterator<Item = Result<FileRow, ParquetError>> + use<>> {
    let io_error = |source: io::Error| DirectoryError::Io {
        file: path.to_owned(),
        source,
    };
    let heading_error = |source| DirectoryError::Heading {
        file: path.to_owned(),
        source,
    };
    let format_error = |source| DirectoryError::Format {
        file: path.to_owned(),
        source,
    };
    let read_error = |error, damage| match system_error(error) {
        Some(error) => io_error(error),
        None => format_error(damage),
    };
    let parquet_error = |error| read_error(error, FormatError::Damaged);
    let mut file = File::open(path).map_err(io_error)?;
    let size = file.metadata().map_err(io_error)?.len();
    if !is_parquet(&mut file).map_err(io_error)? {
        return Err(format_error(FormatError::NotParquet));
    }
    let reader = SerializedFileReader::new(file).map_err(parquet_error)?;
    let metadata = reader.metadata();
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
        let has_values = has_values(&reader, schema, field).map_err(|(row_group, error)| {
            let column = field.name().to_owned();
            read_error(error, FormatError::DamagedColumn { column, row_group })
        })?;
        // A column of another type is accepted if it holds no values: the program that wrote it
        // could not know the type.
        if !is_text(field) && has_values {
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

fn is_parquet(file: &mut File) -> io::Result<bool> {
    let mut start = Vec::new();
    file.by_ref().take(4).read_to_end(&mut start)?;
    file.rewind()?;
    // The second one is that of encrypted files.
    Ok(matches!(&*start, b"PAR1" | b"PARE"))
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

/// Whether a column holds a value in any row. Reads the whole column, so that a damaged file is
/// rejected before any of its rows is used.
///
/// # Errors
/// The number of the row group in which the column cannot be read.
fn has_values(
    reader: &dyn FileReader,
    schema: &Type,
    column: &TypePtr,
) -> Result<bool, (usize, ParquetError)> {
    let mut has_values = false;
    for (number, group) in reader.metadata().row_groups().iter().enumerate() {
        let read = || -> Result<bool, ParquetError> {
            let projection = project(schema, vec![column.clone()])?;
            let group_reader = reader.get_row_group(number)?;
            let (mut rows, mut has_values) = (0, false);
            for record in RowIter::from_row_group(Some(projection), &*group_reader)? {
                rows += 1;
                let record = record?;
                let mut fields = record.get_column_iter();
                has_values |= fields.any(|(_, field)| !is_missing(field));
            }
            match rows == group.num_rows() {
                true => Ok(has_values),
                false => Err(ParquetError::General("rows are missing".to_owned())),
            }
        };
        let panicked = || Err(ParquetError::General("panic".to_owned()));
        let read = guarded(read).unwrap_or_else(panicked);
        has_values |= read.map_err(|error| (number, error))?;
    }
    Ok(has_values)
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
