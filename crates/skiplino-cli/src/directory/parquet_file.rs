//! Customers written to Parquet.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use skiplino::Customer;

use super::write::Encoder;

/// The columns of the other formats; what is a time is one here, too.
const SCHEMA: &str = "message customers {
    optional binary externalId (string);
    optional binary name (string);
    optional binary email (string);
    optional binary mobile (string);
    optional binary metadata (string);
    required binary _id (string);
    required int64 createdAt (timestamp(millis, true));
    required int64 updatedAt (timestamp(millis, true));
}";

/// Rows of a group: all that is held in memory.
const GROUP: usize = 10_000;

pub(super) struct ParquetFile<W: Write + Send> {
    to: SerializedFileWriter<W>,
    group: Vec<Customer>,
}

impl<W: Write + Send> ParquetFile<W> {
    pub(super) fn new(to: W) -> io::Result<Self> {
        let schema = parse_message_type(SCHEMA)?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
        let to = SerializedFileWriter::new(to, Arc::new(schema), Arc::new(properties.build()))?;
        Ok(Self {
            to,
            group: Vec::with_capacity(GROUP),
        })
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let group = &self.group;
        let mut to = self.to.next_row_group()?;
        texts(&mut to, group, Customer::external_id)?;
        texts(&mut to, group, Customer::name)?;
        texts(&mut to, group, Customer::email)?;
        texts(&mut to, group, Customer::mobile)?;
        texts(&mut to, group, Customer::metadata_json)?;
        let ids: Vec<_> = group.iter().map(|one| one.id().as_str().into()).collect();
        column::<W, ByteArrayType>(&mut to, &ids, None)?;
        let created: Vec<_> = group
            .iter()
            .map(|one| one.created_at().as_millisecond())
            .collect();
        column::<W, Int64Type>(&mut to, &created, None)?;
        let updated: Vec<_> = group
            .iter()
            .map(|one| one.updated_at().as_millisecond())
            .collect();
        column::<W, Int64Type>(&mut to, &updated, None)?;
        to.close()?;
        self.group.clear();
        Ok(())
    }
}

fn texts<W: Write + Send>(
    to: &mut SerializedRowGroupWriter<'_, W>,
    group: &[Customer],
    text: fn(&Customer) -> Option<&str>,
) -> Result<(), ParquetError> {
    let values: Vec<ByteArray> = group
        .iter()
        .filter_map(|one| text(one).map(Into::into))
        .collect();
    let present: Vec<_> = group
        .iter()
        .map(|one| i16::from(text(one).is_some()))
        .collect();
    column::<W, ByteArrayType>(to, &values, Some(&present))
}

fn column<W: Write + Send, T: parquet::data_type::DataType>(
    to: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
    present: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let column = to.next_column()?;
    let mut column = column.ok_or_else(|| ParquetError::General("a column too many".to_owned()))?;
    column.typed::<T>().write_batch(values, present, None)?;
    column.close()
}

impl<W: Write + Send> Encoder for ParquetFile<W> {
    fn write(&mut self, customers: &[Customer]) -> io::Result<()> {
        for customer in customers {
            self.group.push(customer.clone());
            if self.group.len() == GROUP {
                self.write_group()?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        if !self.group.is_empty() {
            self.write_group()?;
        }
        self.to.into_inner()?.flush()
    }
}
