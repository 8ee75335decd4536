//! The directory as an Arrow table, for pyarrow, polars, pandas, DuckDB and others.

use std::sync::Arc;

use arrow_array::builder::{LargeStringBuilder, TimestampMicrosecondBuilder};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array as _, ArrayRef, RecordBatch, RecordBatchIterator};
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use skiplino::{Customer, Page};
use skiplino_directory::{TEXT_COLUMNS, TIME_COLUMNS, TextColumn};

/// The fewest customers of a batch. The builder holds a batch twice while it is closed.
const BATCH_ROWS: usize = 16_384;

/// A table in memory. Readers share it without copying.
#[pyclass(frozen, module = "skiplino._native")]
pub(crate) struct ArrowTable {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    changed_during_read: bool,
}

#[pymethods]
impl ArrowTable {
    /// The Arrow PyCapsule interface.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // A producer may ignore the requested schema; the reader casts the types.
        let _ = requested_schema;
        let batches = self.batches.clone().into_iter().map(Ok);
        let reader = RecordBatchIterator::new(batches, Arc::clone(&self.schema));
        let stream = FFI_ArrowArrayStream::new(Box::new(reader));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    /// The schema, through the same interface.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema =
            FFI_ArrowSchema::try_from(&*self.schema).map_err(|error| impossible(&error))?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }

    fn __len__(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The names of the columns, as in `to_dict()`. Fields that can be written come first.
    #[getter]
    fn column_names(&self) -> Vec<String> {
        let fields = self.schema.fields().iter();
        fields.map(|field| field.name().clone()).collect()
    }

    /// Whether the list changed while it was read.
    #[getter]
    fn changed_during_read(&self) -> bool {
        self.changed_during_read
    }

    fn __repr__(&self) -> String {
        format!(
            "ArrowTable(rows={}, columns={:?})",
            self.__len__(),
            self.column_names()
        )
    }
}

fn impossible(error: &ArrowError) -> PyErr {
    PyRuntimeError::new_err(error.to_string())
}

const COMPANY_ID: TextColumn = TextColumn {
    name: "companyId",
    read: |customer| Some(customer.company_id()),
    is_nullable: false,
};

/// The columns of exported files, and the company.
const TEXTS: [TextColumn; 7] = {
    let [external_id, name, email, mobile, metadata, id] = TEXT_COLUMNS;
    [external_id, name, email, mobile, metadata, id, COMPANY_ID]
};

/// Builds a table from pages of customers.
pub(crate) struct TableBuilder {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    rows: usize,
    texts: [LargeStringBuilder; TEXTS.len()],
    times: [TimestampMicrosecondBuilder; TIME_COLUMNS.len()],
}

impl TableBuilder {
    pub(crate) fn new() -> Self {
        let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        // pandas uses large strings, and takes these without conversion.
        let texts =
            TEXTS.map(|column| Field::new(column.name, DataType::LargeUtf8, column.is_nullable));
        let times = TIME_COLUMNS.map(|column| Field::new(column.name, utc.clone(), false));
        let fields: Vec<_> = texts.into_iter().chain(times).collect();
        Self {
            schema: Arc::new(Schema::new(fields)),
            batches: Vec::new(),
            rows: 0,
            texts: Default::default(),
            times: TIME_COLUMNS.map(|_| TimestampMicrosecondBuilder::new().with_timezone("UTC")),
        }
    }

    pub(crate) fn add(&mut self, page: &Page<Customer>) -> Result<(), ArrowError> {
        for customer in page.items() {
            for (builder, column) in self.texts.iter_mut().zip(TEXTS) {
                builder.append_option((column.read)(customer));
            }
            for (builder, column) in self.times.iter_mut().zip(TIME_COLUMNS) {
                builder.append_value((column.read)(customer).as_microsecond());
            }
        }
        self.rows += page.items().len();
        match self.rows >= BATCH_ROWS {
            true => self.close_batch(),
            false => Ok(()),
        }
    }

    fn close_batch(&mut self) -> Result<(), ArrowError> {
        let rows = std::mem::take(&mut self.rows);
        let texts = self.texts.iter_mut().map(|column| -> ArrayRef {
            // The next batch needs about as much. A builder that grows leaves gaps in the memory.
            let bytes = column.values_slice().len();
            let next = LargeStringBuilder::with_capacity(rows, bytes + bytes / 16);
            let mut column = std::mem::replace(column, next).finish();
            column.shrink_to_fit();
            Arc::new(column)
        });
        let times = self.times.iter_mut().map(|column| -> ArrayRef {
            let mut column = column.finish();
            column.shrink_to_fit();
            Arc::new(column)
        });
        let columns = texts.chain(times).collect();
        self.batches
            .push(RecordBatch::try_new(Arc::clone(&self.schema), columns)?);
        Ok(())
    }

    pub(crate) fn finish(mut self, changed_during_read: bool) -> Result<ArrowTable, ArrowError> {
        if self.rows > 0 {
            self.close_batch()?;
        }
        Ok(ArrowTable {
            schema: self.schema,
            batches: self.batches,
            changed_during_read,
        })
    }
}
