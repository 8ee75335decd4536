//! The rows of a sync: their source, and the result of each.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::vec;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyIterator, PyMapping, PySequence, PyString, PyTuple, PyType};
use skiplino_directory::{Field, FieldSet};

use crate::arrow_input::ArrowRows;
use crate::errors;
use crate::json;
use crate::models::{Customer, ToPython};
use crate::row::{FieldReason, Row, exception, field_of, reject, set_text};

/// Converts one item of an iterable.
fn row_of(item: &Bound<'_, PyAny>) -> PyResult<Row> {
    if let Ok(customer) = item.cast::<Customer>() {
        return Ok(row_of_customer(&customer.get().0));
    }
    if let Ok(mapping) = item.cast::<PyMapping>() {
        return row_of_mapping(mapping);
    }
    let name = item.get_type().name()?;
    Err(PyTypeError::new_err(format!(
        "expected rows that are mappings or customers, or a table with __arrow_c_stream__, not {name}"
    )))
}

fn row_of_mapping(mapping: &Bound<'_, PyMapping>) -> PyResult<Row> {
    let mut row = Row::new();
    let mut given = FieldSet::default();
    for pair in mapping.items()?.iter() {
        let (key, value) = pair.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
        let Ok(key) = key.cast::<PyString>() else {
            let reason = match key.is_none() {
                true => FieldReason::ExtraCells,
                false => FieldReason::KeyNotStr(key.get_type().name()?.to_string()),
            };
            reject(&mut row, "row", reason);
            continue;
        };
        let Ok(name) = key.extract::<&str>() else {
            reject(&mut row, "row", FieldReason::NotUnicode);
            continue;
        };
        match field_of(name) {
            Ok(Some(field)) if !given.insert(field) => reject(&mut row, name, FieldReason::Twice),
            Ok(Some(field)) => set_value(&mut row, field, &value)?,
            Ok(None) => {}
            Err(reason) => reject(&mut row, name, reason),
        }
    }
    Ok(row)
}

fn set_value(row: &mut Row, field: Field, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let value = &json::without_numpy(value)?;
    if let Ok(text) = value.cast::<PyString>() {
        match text.extract::<&str>() {
            Ok(text) => set_text(row, field, text),
            Err(_) => reject(row, field.name(), FieldReason::NotUnicode),
        }
    } else if is_missing(value)? {
        row.set_empty(field);
    } else if field == Field::Metadata {
        match json::to_json(value) {
            Ok(metadata) => row.set_metadata(metadata),
            Err(error) => reject(row, field.name(), error),
        }
    } else if field == Field::ExternalId
        && value.is_instance_of::<PyInt>()
        && !value.is_instance_of::<PyBool>()
    {
        // Python does not write integers of thousands of digits.
        match value.str().and_then(|digits| digits.extract::<String>()) {
            Ok(digits) => set_text(row, field, digits),
            Err(_) => reject(row, field.name(), FieldReason::NotText("int".to_owned())),
        }
    } else {
        let name = value.get_type().name()?.to_string();
        reject(row, field.name(), FieldReason::NotText(name));
    }
    Ok(())
}

fn row_of_customer(customer: &skiplino::Customer) -> Row {
    let mut row = Row::new();
    for (field, text) in [
        (Field::ExternalId, customer.external_id()),
        (Field::Name, customer.name()),
        (Field::Email, customer.email()),
        (Field::Mobile, customer.mobile()),
    ] {
        match text {
            Some(text) => set_text(&mut row, field, text),
            None => row.set_empty(field),
        }
    }
    match customer.metadata_json() {
        Some(text) => set_text(&mut row, Field::Metadata, text),
        None => row.set_empty(Field::Metadata),
    }
    row
}

/// None, and the values that tables have instead: NaN, NaT and pandas.NA.
fn is_missing(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    if value.is_none() {
        return Ok(true);
    }
    if value.is_instance_of::<PyMapping>() || value.is_instance_of::<PySequence>() {
        return Ok(false);
    }
    // NaN and NaT differ from themselves. pandas.NA cannot be compared, and neither can values of
    // other types, which are then rejected for their type.
    Ok(value.get_type().name()? == "NAType" || value.ne(value).unwrap_or(false))
}

/// The exception that ended a source early. The sync itself only sees the end of the rows.
#[derive(Clone, Default)]
pub(crate) struct SourceError(Arc<Mutex<Option<PyErr>>>);

impl SourceError {
    pub(crate) fn take(&self) -> Option<PyErr> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn set(&self, error: PyErr) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

/// The external ids of a source, and the exception that ended them early.
pub(crate) type ExternalIds = (Box<dyn Iterator<Item = String>>, SourceError);

/// The rows of a table, or of any iterable.
pub(crate) struct Source {
    rows: Rows,
    /// The fields whose stored values an empty value erases.
    erased: FieldSet,
    pub(crate) error: SourceError,
}

enum Rows {
    Arrow(Box<ArrowRows>),
    Iterator(Py<PyIterator>),
    Collected(vec::IntoIter<Row>),
    Ended,
}

impl Source {
    pub(crate) fn new(rows: &Bound<'_, PyAny>, erased: FieldSet) -> PyResult<Self> {
        let rows = match ArrowRows::open(rows)? {
            Some(table) => Rows::Arrow(Box::new(table)),
            None => Rows::Iterator(rows.try_iter()?.unbind()),
        };
        Ok(Self {
            rows,
            erased,
            error: SourceError::default(),
        })
    }

    /// The same, but reads an iterator to its end now: background work must not run the program's
    /// own code.
    pub(crate) fn collected(rows: &Bound<'_, PyAny>, erased: FieldSet) -> PyResult<Self> {
        let mut source = Self::new(rows, erased)?;
        if let Rows::Iterator(iterator) = &source.rows {
            let items = iterator.bind(rows.py()).clone();
            let all = items
                .map(|item| row_of(&item?))
                .collect::<PyResult<Vec<_>>>()?;
            source.rows = Rows::Collected(all.into_iter());
        }
        Ok(source)
    }

    /// The external ids of the rows, if the rows can be read a second time.
    pub(crate) fn external_ids(&self, rows: &Bound<'_, PyAny>) -> PyResult<Option<ExternalIds>> {
        let id = |row: &Row| row.external_id().map(str::to_owned);
        if let Rows::Collected(all) = &self.rows {
            let ids: Vec<_> = all.as_slice().iter().filter_map(id).collect();
            return Ok(Some((Box::new(ids.into_iter()), self.error.clone())));
        }
        // An iterator, or a stream of Arrow batches, is consumed by reading it.
        if rows.len().is_err() || rows.hasattr("__next__")? {
            return Ok(None);
        }
        let again = Self::new(rows, self.erased)?;
        let error = again.error.clone();
        let ids = again.filter_map(move |row| id(&row));
        Ok(Some((Box::new(ids), error)))
    }

    fn next_row(&mut self) -> PyResult<Option<Row>> {
        match &mut self.rows {
            Rows::Arrow(table) => table.next_row(),
            Rows::Iterator(iterator) => Python::attach(|py| {
                let Some(item) = iterator.bind(py).clone().next() else {
                    return Ok(None);
                };
                row_of(&item?).map(Some)
            }),
            Rows::Collected(rows) => Ok(rows.next()),
            Rows::Ended => Ok(None),
        }
    }
}

impl Iterator for Source {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let next = self.next_row();
        if !matches!(next, Ok(Some(_))) {
            self.rows = Rows::Ended;
        }
        let next = next.unwrap_or_else(|error| {
            self.error.set(error);
            None
        });
        next.map(|mut row| {
            row.erase(self.erased);
            row
        })
    }
}

/// A row of the source, and the result of its sync.
#[pyclass(frozen, get_all, module = "skiplino._native")]
pub(crate) struct SyncedRow {
    /// Its place in the source, from 0.
    index: u64,
    /// The external id of the row, if it has one.
    external_id: Option<String>,
    /// ``created``, ``updated``, ``unchanged``, ``alreadyDone`` (by an earlier run), ``failed`` or
    /// ``unknown``.
    outcome: Cow<'static, str>,
    /// Why the row failed, or may have failed.
    error: Option<Py<PyAny>>,
    /// The customer after the sync, or in a dry run before it. None if it was not read.
    customer: Option<Py<PyAny>>,
    /// The fields that were updated, with the names of the API.
    changed: Py<PyTuple>,
}

/// The arguments of `__new__`, for pickle.
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

    // The values of the row are personal data, so they are left out.
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
        let rejected = exception(self.row(), py);
        let error = self.outcome().error().map(|error| {
            let error = rejected.unwrap_or_else(|| errors::raise(py, error));
            error.into_value(py).into_any()
        });
        let customer = self.customer().cloned();
        let row = SyncedRow {
            index: self.index(),
            external_id: self.row().external_id().map(str::to_owned),
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
