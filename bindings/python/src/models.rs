//! Results as Python classes: immutable, with properties that read the core's records.

mod branches;
mod customers;
mod lists;
mod response;
mod services;
mod tickets;

use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyList, PyTzInfo};
use skiplino::jiff::{Timestamp, tz::Offset};

pub(crate) use branches::{Branch, BranchTreeGroup};
pub(crate) use customers::Customer;
pub(crate) use lists::{Page, Pagination};
pub(crate) use response::Response;
pub(crate) use services::{Service, Slot};
pub(crate) use tickets::{NamedRef, Ticket, TicketCustomer};

/// A result that can be handed to Python.
pub(crate) trait ToPython: Send + 'static {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>>;
}

impl ToPython for () {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(py.None())
    }
}

impl<T: ToPython> ToPython for Option<T> {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.map_or_else(|| Ok(py.None()), |data| data.to_python(py))
    }
}

impl<T: ToPython> ToPython for Vec<T> {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        list(py, self).map(|list| list.into_any().unbind())
    }
}

fn list<T: ToPython>(py: Python<'_>, records: Vec<T>) -> PyResult<Bound<'_, PyList>> {
    let objects = records.into_iter().map(|record| record.to_python(py));
    PyList::new(py, objects.collect::<PyResult<Vec<_>>>()?)
}

/// A class for a record of the core: the given members, and those that all records share.
macro_rules! record {
    ($(#[$doc:meta])* $name:ident($core:ty) { $($members:tt)* }) => {
        $(#[$doc])*
        #[pyo3::pyclass(frozen, eq, module = "skiplino._native")]
        #[derive(Clone, PartialEq)]
        pub(crate) struct $name(pub(crate) $core);

        #[pyo3::pymethods]
        impl $name {
            $($members)*

            /// The record as the API's JSON.
            fn to_dict(&self, py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                crate::json::to_dict(py, &self.0)
            }

            /// A record from the API's JSON.
            #[staticmethod]
            fn from_dict(record: &pyo3::Bound<'_, pyo3::types::PyDict>) -> pyo3::PyResult<Self> {
                crate::json::from_dict(record).map(Self)
            }

            fn __reduce__<'py>(
                slf: &pyo3::Bound<'py, Self>,
            ) -> pyo3::PyResult<(pyo3::Bound<'py, pyo3::PyAny>, (pyo3::Py<pyo3::PyAny>,))> {
                use pyo3::types::PyAnyMethods as _;
                let make = slf.getattr(pyo3::intern!(slf.py(), "from_dict"))?;
                Ok((make, (slf.get().to_dict(slf.py())?,)))
            }
        }

        impl crate::models::ToPython for $core {
            fn to_python(self, py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                pyo3::Py::new(py, $name(self)).map(pyo3::Py::into_any)
            }
        }
    };
}
use record;

/// The hash of a record, computed from its id.
fn hash(id: impl std::hash::Hash) -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    use std::sync::LazyLock;
    // Seeded once per process, as Python seeds the hashes of strings.
    static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    SEED.hash_one(id)
}

fn datetime(py: Python<'_>, time: Timestamp) -> PyResult<Bound<'_, PyDateTime>> {
    let zoned = Offset::UTC.to_datetime(time);
    let micros = zoned.subsec_nanosecond() / 1000;
    PyDateTime::new(
        py,
        zoned.year().into(),
        zoned.month() as u8,
        zoned.day() as u8,
        zoned.hour() as u8,
        zoned.minute() as u8,
        zoned.second() as u8,
        micros as u32,
        Some(&*PyTzInfo::utc(py)?),
    )
}
