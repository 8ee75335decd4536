//! Rows brought into the directory: where they come from, and what is told of each.

use std::borrow::{Borrow, Cow};
use std::sync::{Arc, Mutex, PoisonError};
use std::vec;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyIterator, PyMapping, PyString, PyTuple, PyType};
use serde_json::Value;
use skiplino::{CustomerWriteRequest, Operation};

use crate::errors;
use crate::frame::Frame;
use crate::json;
use crate::models::{Customer, ToPython};

/// What the server alone decides on. Records that were read have it, so it is passed over.
const SERVERS: [&str; 7] = [
    "_id",
    "companyId",
    "createdAt",
    "updatedAt",
    "company_id",
    "created_at",
    "updated_at",
];

/// A field that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    ExternalId,
    Name,
    Email,
    Mobile,
    Metadata,
}

impl Column {
    /// The field of this name, as Python or the API writes it. None for one that is passed over.
    pub(crate) fn of(name: &str) -> Result<Option<Self>, String> {
        Ok(Some(match name {
            "externalId" | "external_id" => Self::ExternalId,
            "name" => Self::Name,
            "email" => Self::Email,
            "mobile" => Self::Mobile,
            "metadata" => Self::Metadata,
            name if SERVERS.contains(&name) => return Ok(None),
            _ => {
                return Err(
                    "is no field of a customer: externalId, name, email, mobile, metadata".into(),
                );
            }
        }))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ExternalId => "externalId",
            Self::Name => "name",
            Self::Email => "email",
            Self::Mobile => "mobile",
            Self::Metadata => "metadata",
        }
    }
}

/// A row of a source.
pub(crate) struct Row {
    /// Empty for a row that is bad: the sync refuses that, and so nothing is sent.
    request: CustomerWriteRequest,
    external_id: Option<String>,
    /// The field that cannot be taken, and why.
    bad: Option<(String, String)>,
}

impl Row {
    pub(crate) fn new() -> Self {
        Self {
            request: CustomerWriteRequest::new(),
            external_id: None,
            bad: None,
        }
    }

    pub(crate) fn text(&mut self, column: Column, text: impl Into<String>) {
        let request = std::mem::take(&mut self.request);
        self.request = match column {
            Column::ExternalId => {
                let id = text.into();
                self.external_id = Some(id.clone());
                request.external_id(id)
            }
            Column::Name => request.name(text),
            Column::Email => request.email(text),
            Column::Mobile => request.mobile(text),
            // Texts of this column are JSON.
            Column::Metadata => request,
        };
    }

    pub(crate) fn metadata(&mut self, metadata: Value) {
        self.request = std::mem::take(&mut self.request).metadata(metadata);
    }

    /// Metadata that is written down as JSON.
    pub(crate) fn metadata_text(&mut self, text: &str) {
        let metadata = Python::attach(|py| {
            let value = json::loads(py, text).map_err(|_| "is not JSON".to_owned())?;
            json::value(value.bind(py), "metadata").map_err(|error| errors::reason(py, &error))
        });
        match metadata {
            Ok(metadata) => self.metadata(metadata),
            Err(reason) => self.spoil(Column::Metadata.name(), reason),
        }
    }

    pub(crate) fn spoil(&mut self, field: impl Into<String>, reason: impl Into<String>) {
        self.bad.get_or_insert((field.into(), reason.into()));
    }

    /// As it is handed over.
    pub(crate) fn checked(mut self) -> Self {
        if self.bad.is_some() {
            self.request = CustomerWriteRequest::new();
        }
        self
    }

    fn of_mapping(mapping: &Bound<'_, PyMapping>) -> PyResult<Self> {
        let mut row = Self::new();
        for pair in mapping.items()?.iter() {
            let (key, value) = pair.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
            let Ok(key) = key.cast::<PyString>() else {
                let name = key.get_type().name()?;
                return Err(PyTypeError::new_err(format!(
                    "a row's keys must be str, not {name}"
                )));
            };
            let name = key.extract::<&str>()?;
            match Column::of(name) {
                Ok(Some(column)) => row.cell(column, &value)?,
                Ok(None) => {}
                Err(reason) => row.spoil(name, reason),
            }
        }
        Ok(row.checked())
    }

    fn cell(&mut self, column: Column, value: &Bound<'_, PyAny>) -> PyResult<()> {
        if is_missing(value)? {
            return Ok(());
        }
        if let Ok(text) = value.cast::<PyString>() {
            let text = text.extract::<&str>()?;
            match column {
                Column::Metadata => self.metadata_text(text),
                column => self.text(column, text),
            }
        } else if column == Column::Metadata {
            match json::value(value, "metadata") {
                Ok(metadata) => self.metadata(metadata),
                Err(error) => self.spoil("metadata", errors::reason(value.py(), &error)),
            }
        } else if column == Column::ExternalId
            && value.is_instance_of::<PyInt>()
            && !value.is_instance_of::<PyBool>()
        {
            self.text(column, value.str()?.extract::<String>()?);
        } else {
            let name = value.get_type().name()?;
            self.spoil(column.name(), format!("must be a text, not {name}"));
        }
        Ok(())
    }

    fn of_customer(customer: &skiplino::Customer) -> Self {
        let mut row = Self::new();
        for (column, text) in [
            (Column::ExternalId, customer.external_id()),
            (Column::Name, customer.name()),
            (Column::Email, customer.email()),
            (Column::Mobile, customer.mobile()),
        ] {
            if let Some(text) = text {
                row.text(column, text);
            }
        }
        if let Ok(Some(metadata)) = customer.metadata() {
            row.metadata(metadata);
        }
        row
    }

    /// Why it cannot be taken.
    fn refusal(&self, py: Python<'_>) -> Option<PyErr> {
        let (field, reason) = self.bad.as_ref()?;
        let operation = Some(Operation::CreateCustomer);
        Some(errors::invalid_of(py, operation, field, reason))
    }
}

impl Borrow<CustomerWriteRequest> for Row {
    fn borrow(&self) -> &CustomerWriteRequest {
        &self.request
    }
}

/// None, and what tables have for it.
fn is_missing(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    if value.is_none() {
        return Ok(true);
    }
    if let Ok(number) = value.cast::<PyFloat>() {
        return Ok(number.value().is_nan());
    }
    Ok(value.get_type().name()? == "NAType")
}

/// What broke a source off. The sync only sees its end.
#[derive(Clone, Default)]
pub(crate) struct Broken(Arc<Mutex<Option<PyErr>>>);

impl Broken {
    pub(crate) fn take(&self) -> Option<PyErr> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn set(&self, error: PyErr) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

/// The rows to bring in: those of a frame, or of anything that can be gone through.
pub(crate) struct Source {
    rows: Rows,
    pub(crate) broken: Broken,
}

enum Rows {
    Frame(Box<Frame>),
    Iterator(Py<PyIterator>),
    All(vec::IntoIter<Row>),
    Over,
}

impl Source {
    pub(crate) fn new(rows: &Bound<'_, PyAny>) -> PyResult<Self> {
        let rows = match Frame::of(rows)? {
            Some(frame) => Rows::Frame(Box::new(frame)),
            None => Rows::Iterator(rows.try_iter()?.unbind()),
        };
        Ok(Self {
            rows,
            broken: Broken::default(),
        })
    }

    /// The same with every row taken now: what goes on beside the program must not run the program's own iterators.
    pub(crate) fn taken(rows: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut this = Self::new(rows)?;
        if let Rows::Iterator(iterator) = &this.rows {
            let items = iterator.bind(rows.py()).clone();
            let all = items
                .map(|item| row(&item?))
                .collect::<PyResult<Vec<_>>>()?;
            this.rows = Rows::All(all.into_iter());
        }
        Ok(this)
    }

    fn following(&mut self) -> PyResult<Option<Row>> {
        match &mut self.rows {
            Rows::Frame(frame) => frame.following(),
            Rows::Iterator(iterator) => Python::attach(|py| {
                let Some(item) = iterator.bind(py).clone().next() else {
                    return Ok(None);
                };
                row(&item?).map(Some)
            }),
            Rows::All(rows) => Ok(rows.next()),
            Rows::Over => Ok(None),
        }
    }
}

fn row(item: &Bound<'_, PyAny>) -> PyResult<Row> {
    if let Ok(customer) = item.cast::<Customer>() {
        return Ok(Row::of_customer(&customer.get().0));
    }
    if let Ok(mapping) = item.cast::<PyMapping>() {
        return Row::of_mapping(mapping);
    }
    let name = item.get_type().name()?;
    Err(PyTypeError::new_err(format!(
        "expected rows that are mappings or customers, or a table with __arrow_c_stream__, not {name}"
    )))
}

impl Iterator for Source {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let next = self.following();
        if !matches!(next, Ok(Some(_))) {
            self.rows = Rows::Over;
        }
        next.unwrap_or_else(|error| {
            self.broken.set(error);
            None
        })
    }
}

/// A row of the source and what became of it.
#[pyclass(frozen, get_all, module = "skiplino._native")]
pub(crate) struct SyncedRow {
    /// Its place in the source, from 0.
    index: u64,
    /// What it is told apart by, if it has that.
    external_id: Option<String>,
    /// `"created"`, `"updated"`, `"unchanged"`, `"alreadyDone"` (by an earlier run), `"failed"` or `"unknown"`.
    outcome: Cow<'static, str>,
    /// Why it was not done, or may not have been.
    error: Option<Py<PyAny>>,
    /// The customer as the server has it after this, or in a dry run as it is; None where it was not seen.
    customer: Option<Py<PyAny>>,
    /// For one that was updated: the fields that were not what the row says, under the API's names.
    changed: Py<PyTuple>,
}

/// What a row is made from, as `__new__` takes it.
type Parts<'py> = (
    u64,
    Option<&'py str>,
    &'py str,
    Option<&'py Py<PyAny>>,
    Option<&'py Py<PyAny>>,
    &'py Py<PyTuple>,
);

#[pymethods]
impl SyncedRow {
    #[new]
    fn new(
        index: u64,
        external_id: Option<String>,
        outcome: String,
        error: Option<Py<PyAny>>,
        customer: Option<Py<PyAny>>,
        changed: Py<PyTuple>,
    ) -> Self {
        Self {
            index,
            external_id,
            outcome: outcome.into(),
            error,
            customer,
            changed,
        }
    }

    fn __reduce__<'py>(slf: &'py Bound<'py, Self>) -> (Bound<'py, PyType>, Parts<'py>) {
        let row = slf.get();
        let parts = (
            row.index,
            row.external_id.as_deref(),
            &*row.outcome,
            row.error.as_ref(),
            row.customer.as_ref(),
            &row.changed,
        );
        (slf.get_type(), parts)
    }

    // Nothing of what the row says.
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let error = match &self.error {
            Some(error) => format!(", error={}", error.bind(py).repr()?),
            None => String::new(),
        };
        let (index, outcome) = (self.index, &self.outcome);
        Ok(format!(
            "SyncedRow(index={index}, outcome={outcome:?}{error})"
        ))
    }
}

impl ToPython for skiplino::SyncedRow<Row> {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let told = self.row().refusal(py);
        let error = self.outcome().error().map(|error| {
            let error = told.unwrap_or_else(|| errors::raise(py, error));
            error.into_value(py).into_any()
        });
        let customer = self.customer().cloned();
        let row = SyncedRow {
            index: self.index(),
            external_id: self.row().external_id.clone(),
            outcome: self.outcome().as_str().into(),
            error,
            customer: customer
                .map(|customer| customer.to_python(py))
                .transpose()?,
            changed: PyTuple::new(py, self.changed())?.unbind(),
        };
        Py::new(py, row).map(Py::into_any)
    }
}
