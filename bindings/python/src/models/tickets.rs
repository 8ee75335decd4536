//! Tickets and the records that they refer to.

use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyDict};

use super::{datetime, hash, record};
use crate::json;

/// The id and the localised name of a branch, a service or a group that a ticket refers to.
#[pyclass(frozen, eq, module = "skiplino._native")]
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct NamedRef {
    /// The id.
    #[pyo3(get)]
    pub(crate) id: String,
    /// The name, in the language of the request.
    #[pyo3(get)]
    name: String,
}

#[pymethods]
impl NamedRef {
    fn __hash__(&self) -> u64 {
        hash(&self.id)
    }

    fn __repr__(&self) -> String {
        format!("NamedRef(id={:?}, name={:?})", self.id, self.name)
    }

    /// The record as the API's JSON.
    fn to_dict(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        json::to_dict(py, self)
    }

    /// A record from the API's JSON.
    #[staticmethod]
    fn from_dict(record: &Bound<'_, PyDict>) -> PyResult<Self> {
        json::from_dict(record)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (Py<PyAny>,))> {
        let make = slf.getattr("from_dict")?;
        Ok((make, (slf.get().to_dict(slf.py())?,)))
    }
}

impl NamedRef {
    fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
        }
    }
}

record! {
    /// The customer of a ticket.
    TicketCustomer(skiplino::TicketCustomer) {
        /// The customer's id.
        #[getter]
        fn id(&self) -> &str {
            self.0.id().as_str()
        }

        /// The customer's name, if one is stored.
        #[getter]
        fn name(&self) -> Option<&str> {
            self.0.name()
        }

        fn __hash__(&self) -> u64 {
            hash(self.id())
        }

        // The name is personal data.
        fn __repr__(&self) -> String {
            format!("TicketCustomer(id={:?})", self.id())
        }
    }
}

record! {
    /// A ticket.
    Ticket(skiplino::Ticket) {
        /// The id.
        #[getter]
        fn id(&self) -> &str {
            self.0.id().as_str()
        }

        /// The number that the staff calls, as in ``A042``.
        #[getter]
        fn ticket_number(&self) -> &str {
            self.0.ticket_number()
        }

        /// The status: ``waiting``, ``upcoming``, ``serving``, ``served``, ``cancelled``,
        /// ``noShow``, or a value that the API adds later.
        #[getter]
        fn status(&self) -> &str {
            self.0.status().as_str()
        }

        /// When the ticket got this status.
        #[getter]
        fn status_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
            datetime(py, self.0.status_at())
        }

        /// ``sequential`` for a walk-in, ``appointment``, or a value that the API adds later.
        #[getter]
        fn r#type(&self) -> &str {
            self.0.ticket_type().as_str()
        }

        /// The time of the appointment; None for a walk-in.
        #[getter]
        fn time<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDateTime>>> {
            self.0.time().map(|time| datetime(py, time)).transpose()
        }

        /// The branch of the ticket.
        #[getter]
        fn branch(&self) -> NamedRef {
            NamedRef::new(self.0.branch().id().as_str(), self.0.branch().name())
        }

        /// The service of the ticket.
        #[getter]
        fn service(&self) -> NamedRef {
            NamedRef::new(self.0.service().id().as_str(), self.0.service().name())
        }

        /// The group of the service.
        #[getter]
        fn group_of_service(&self) -> NamedRef {
            let group = self.0.group_of_service();
            NamedRef::new(group.id().as_str(), group.name())
        }

        /// The customer; None for an anonymous walk-in.
        #[getter]
        fn customer(&self) -> Option<TicketCustomer> {
            self.0.customer().cloned().map(TicketCustomer)
        }

        /// When the ticket was booked.
        #[getter]
        fn booked_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
            datetime(py, self.0.booked_at())
        }

        /// The number of people ahead; only for a waiting ticket, and may be None even then.
        #[getter]
        fn queue_size(&self) -> Option<u32> {
            self.0.queue_size()
        }

        /// The estimated wait in minutes, rounded; only for a waiting ticket, and may be None even
        /// then.
        #[getter]
        fn waiting_time(&self) -> Option<u32> {
            self.0.waiting_time()
        }

        fn __hash__(&self) -> u64 {
            hash(self.id())
        }

        fn __repr__(&self) -> String {
            let (id, number, status) = (self.id(), self.ticket_number(), self.status());
            format!("Ticket(id={id:?}, ticket_number={number:?}, status={status:?})")
        }
    }
}
