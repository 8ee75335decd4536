//! The directory as a table of Arrow, for whatever takes one: pyarrow, polars, pandas, DuckDB.

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

/// Customers a batch, and a few more: few enough to hold them twice, many enough that nobody minds the seams.
const BATCH: usize = 16_384;

/// A table in memory. It is handed out as often as it is asked for, without being copied.
#[pyclass(frozen, module = "skiplino._native")]
pub(crate) struct ArrowTable {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    changed_during_read: bool,
}

#[pymethods]
impl ArrowTable {
    /// The Arrow PyCapsule interface, which readers of tables look for.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // A producer may answer with what it has; whoever wants other types casts them.
        let _ = requested_schema;
        let batches = self.batches.clone().into_iter().map(Ok);
        let reader = RecordBatchIterator::new(batches, Arc::clone(&self.schema));
        let stream = FFI_ArrowArrayStream::new(Box::new(reader));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    /// The columns alone, through the same interface.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema =
            FFI_ArrowSchema::try_from(&*self.schema).map_err(|error| impossible(&error))?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }

    fn __len__(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The columns: those of `to_dict()`, what can be written first.
    #[getter]
    fn column_names(&self) -> Vec<String> {
        let fields = self.schema.fields().iter();
        fields.map(|field| field.name().clone()).collect()
    }

    /// Whether the list was seen to change while it was read.
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

type Text = fn(&Customer) -> Option<&str>;
type Time = fn(&Customer) -> i64;

/// The columns as records name them, in the order of the command's files; a null is what a customer does not have.
const TEXTS: [(&str, Text, bool); 7] = [
    ("externalId", Customer::external_id, true),
    ("name", Customer::name, true),
    ("email", Customer::email, true),
    ("mobile", Customer::mobile, true),
    ("metadata", Customer::metadata_json, true),
    ("_id", |customer| Some(customer.id().as_str()), false),
    ("companyId", |customer| Some(customer.company_id()), false),
];
const TIMES: [(&str, Time); 2] = [
    ("createdAt", |customer| {
        customer.created_at().as_microsecond()
    }),
    ("updatedAt", |customer| {
        customer.updated_at().as_microsecond()
    }),
];

/// A table that pages of customers are added to.
pub(crate) struct Building {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    rows: usize,
    texts: [LargeStringBuilder; TEXTS.len()],
    times: [TimestampMicrosecondBuilder; TIMES.len()],
}

impl Building {
    pub(crate) fn new() -> Self {
        let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        // Large ones, because pandas keeps its texts so, and takes these as they are.
        let text = |(name, _, nullable)| Field::new(name, DataType::LargeUtf8, nullable);
        let time = |(name, _)| Field::new(name, utc.clone(), false);
        let fields: Vec<_> = TEXTS.map(text).into_iter().chain(TIMES.map(time)).collect();
        Self {
            schema: Arc::new(Schema::new(fields)),
            batches: Vec::new(),
            rows: 0,
            texts: Default::default(),
            times: TIMES.map(|_| TimestampMicrosecondBuilder::new().with_timezone("UTC")),
        }
    }

    pub(crate) fn add(&mut self, page: &Page<Customer>) -> Result<(), ArrowError> {
        for customer in page.items() {
            for (column, (_, read, _)) in self.texts.iter_mut().zip(TEXTS) {
                column.append_option(read(customer));
            }
            for (column, (_, read)) in self.times.iter_mut().zip(TIMES) {
                column.append_value(read(customer));
            }
        }
        self.rows += page.items().len();
        match self.rows >= BATCH {
            true => self.close_batch(),
            false => Ok(()),
        }
    }

    fn close_batch(&mut self) -> Result<(), ArrowError> {
        let rows = std::mem::take(&mut self.rows);
        let texts = self.texts.iter_mut().map(|column| -> ArrayRef {
            // One customer is much like another. What has to grow leaves holes in the memory that are never filled.
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
