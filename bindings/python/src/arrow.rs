//! The directory as a table of Arrow, for whatever takes one: pyarrow, polars, pandas, DuckDB.

use std::sync::Arc;

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{
    Array as _, ArrayRef, RecordBatch, RecordBatchIterator, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use skiplino::{Customer, Page};

/// Customers a batch: few enough to hold them twice, many enough that nobody minds the seams.
const BATCH: usize = 16_384;

/// A table in memory. It is handed out as often as it is asked for, without being copied.
#[pyclass(frozen, module = "skiplino._native")]
pub(crate) struct ArrowTable {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    moved: bool,
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
    fn moved(&self) -> bool {
        self.moved
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

/// A table that pages of customers are added to.
pub(crate) struct Building {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    rows: Vec<Customer>,
}

impl Building {
    pub(crate) fn new() -> Self {
        let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let field = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
        Self {
            // As records name them, and in the order of the command's files.
            schema: Arc::new(Schema::new(vec![
                field("externalId", true),
                field("name", true),
                field("email", true),
                field("mobile", true),
                field("metadata", true),
                field("_id", false),
                field("companyId", false),
                Field::new("createdAt", utc.clone(), false),
                Field::new("updatedAt", utc, false),
            ])),
            batches: Vec::new(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, page: Page<Customer>) -> Result<(), ArrowError> {
        self.rows.extend(page);
        match self.rows.len() >= BATCH {
            true => self.close_batch(),
            false => Ok(()),
        }
    }

    fn close_batch(&mut self) -> Result<(), ArrowError> {
        let rows = std::mem::take(&mut self.rows);
        let text = |read: fn(&Customer) -> Option<&str>| -> ArrayRef {
            let mut column: StringArray = rows.iter().map(read).collect();
            column.shrink_to_fit();
            Arc::new(column)
        };
        let time = |read: fn(&Customer) -> i64| -> ArrayRef {
            let column: TimestampMicrosecondArray =
                rows.iter().map(read).collect::<Vec<_>>().into();
            Arc::new(column.with_timezone("UTC"))
        };
        let columns = vec![
            text(Customer::external_id),
            text(Customer::name),
            text(Customer::email),
            text(Customer::mobile),
            text(Customer::metadata_json),
            text(|customer| Some(customer.id().as_str())),
            text(|customer| Some(customer.company_id())),
            time(|customer| customer.created_at().as_microsecond()),
            time(|customer| customer.updated_at().as_microsecond()),
        ];
        self.batches
            .push(RecordBatch::try_new(Arc::clone(&self.schema), columns)?);
        Ok(())
    }

    pub(crate) fn finish(mut self, moved: bool) -> Result<ArrowTable, ArrowError> {
        if !self.rows.is_empty() {
            self.close_batch()?;
        }
        Ok(ArrowTable {
            schema: self.schema,
            batches: self.batches,
            moved,
        })
    }
}
