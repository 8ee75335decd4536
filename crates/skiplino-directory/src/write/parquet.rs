//! Customers as Parquet.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use skiplino::Customer;

use super::encoder::Encoder;
use crate::output_columns::{TEXT_COLUMNS, TIME_COLUMNS, TextColumn};

/// Rows of a group, which is held in memory.
const GROUP_ROWS: usize = 10_000;

pub(super) struct ParquetEncoder<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    group: Vec<Customer>,
}

/// The columns of the other formats, with times as times.
fn schema() -> String {
    let mut schema = "message customers {\n".to_owned();
    for column in TEXT_COLUMNS {
        let repetition = if column.is_nullable {
            "optional"
        } else {
            "required"
        };
        let _ = writeln!(schema, "{repetition} binary {} (string);", column.name);
    }
    for column in TIME_COLUMNS {
        let name = column.name;
        let _ = writeln!(schema, "required int64 {name} (timestamp(millis, true));");
    }
    schema.push('}');
    schema
}

impl<W: Write + Send> ParquetEncoder<W> {
    pub(super) fn new(writer: W) -> io::Result<Self> {
        let schema = parse_message_type(&schema())?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
        let properties = Arc::new(properties.build());
        Ok(Self {
            writer: SerializedFileWriter::new(writer, Arc::new(schema), properties)?,
            group: Vec::with_capacity(GROUP_ROWS),
        })
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut writer = self.writer.next_row_group()?;
        for column in TEXT_COLUMNS {
            write_texts(&mut writer, &self.group, column)?;
        }
        for column in TIME_COLUMNS {
            let time = |customer| (column.read)(customer).as_millisecond();
            let times: Vec<_> = self.group.iter().map(time).collect();
            write_column::<W, Int64Type>(&mut writer, &times, None)?;
        }
        writer.close()?;
        self.group.clear();
        Ok(())
    }
}

fn write_texts<W: Write + Send>(
    writer: &mut SerializedRowGroupWriter<'_, W>,
    group: &[Customer],
    column: TextColumn,
) -> Result<(), ParquetError> {
    let texts = group.iter().map(|customer| (column.read)(customer));
    // Parquet stores the values that are there, and for each row whether it has one.
    let values: Vec<ByteArray> = texts.clone().flatten().map(Into::into).collect();
    let is_present: Vec<_> = texts.map(|text| i16::from(text.is_some())).collect();
    let is_present = column.is_nullable.then_some(&*is_present);
    write_column::<W, ByteArrayType>(writer, &values, is_present)
}

fn write_column<W: Write + Send, T: DataType>(
    writer: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
    is_present: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let column = writer.next_column()?;
    let too_many = || ParquetError::General("more columns than the schema has".to_owned());
    let mut column = column.ok_or_else(too_many)?;
    column.typed::<T>().write_batch(values, is_present, None)?;
    column.close()
}

/// The error of the system, which the library's own error hides.
fn into_io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(source) => source
            .downcast::<io::Error>()
            .map_or_else(io::Error::other, |error| *error),
        error => error.into(),
    }
}

impl<W: Write + Send> Encoder for ParquetEncoder<W> {
    fn write(&mut self, customers: &[Customer]) -> io::Result<()> {
        for customer in customers {
            self.group.push(customer.clone());
            if self.group.len() == GROUP_ROWS {
                self.write_group().map_err(into_io_error)?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        if !self.group.is_empty() {
            self.write_group().map_err(into_io_error)?;
        }
        self.writer.into_inner().map_err(into_io_error)?.flush()
    }
}
