//! Conversions of arguments: ids or objects with an id, times, and seconds.

use std::time::Duration;

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDate, PyDateTime, PyDelta, PyString};
use skiplino::jiff::Timestamp;
use skiplino::jiff::civil::Date;
use skiplino::{BranchId, CustomerId, CustomerRef, ExternalId, GroupId, ServiceId, TicketId};

use crate::models::{Branch, BranchTreeGroup, Customer, NamedRef, Service, Ticket, TicketCustomer};
use crate::{errors, json};

/// A parameter that takes an id as text, or an object with that id.
macro_rules! id_argument {
    ($($name:ident($id:ty) from $text:ty: $($class:ident => $read:expr),+; $wanted:literal)+) => {$(
        pub(crate) struct $name(pub(crate) $id);

        impl<'py> FromPyObject<'_, 'py> for $name {
            type Error = PyErr;

            fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
                if let Ok(text) = given.cast::<PyString>() {
                    return Ok(Self(<$text>::from(text.extract::<&str>()?).into()));
                }
                $(if let Ok(object) = given.cast::<$class>() {
                    let read: fn(&$class) -> $id = $read;
                    return Ok(Self(read(object.get())));
                })+
                let name = given.get_type().name()?;
                Err(PyTypeError::new_err(format!(concat!("expected ", $wanted, ", not {}"), name)))
            }
        }
    )+};
}

id_argument! {
    BranchArgument(BranchId) from BranchId:
        Branch => |branch| branch.0.id().clone(), NamedRef => |named| named.id.as_str().into();
        "a branch or its id"
    ServiceArgument(ServiceId) from ServiceId:
        Service => |service| service.0.id().clone(), NamedRef => |named| named.id.as_str().into();
        "a service or its id"
    GroupArgument(GroupId) from GroupId:
        BranchTreeGroup => |group| group.0.id().clone(),
        NamedRef => |named| named.id.as_str().into();
        "a group of services or its id"
    TicketArgument(TicketId) from TicketId:
        Ticket => |ticket| ticket.0.id().clone();
        "a ticket or its id"
    CustomerArgument(CustomerRef) from CustomerId:
        Customer => |customer| customer.0.id().into(),
        TicketCustomer => |customer| customer.0.id().into();
        "a customer or their id"
}

/// The customer that a call is about.
pub(crate) fn customer(
    customer: Option<CustomerArgument>,
    external_id: Option<String>,
) -> PyResult<CustomerRef> {
    match (customer, external_id) {
        (Some(CustomerArgument(customer)), None) => Ok(customer),
        (None, Some(id)) => Ok(ExternalId::from(id).into()),
        (Some(_), Some(_)) => Err(PyTypeError::new_err(
            "give customer or external_id, not both",
        )),
        (None, None) => Err(PyTypeError::new_err("give customer or external_id")),
    }
}

/// A point in time: an aware datetime.
#[derive(Clone, Copy)]
pub(crate) struct TimestampArgument(pub(crate) Timestamp);

impl<'py> FromPyObject<'_, 'py> for TimestampArgument {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let py = given.py();
        let Ok(time) = given.cast::<PyDateTime>() else {
            let name = given.get_type().name()?;
            return Err(PyTypeError::new_err(format!(
                "expected a datetime, not {name}"
            )));
        };
        if time.call_method0(intern!(py, "utcoffset"))?.is_none() {
            let reason = "must have a time zone, as in datetime(…, tzinfo=timezone.utc)";
            return Err(errors::invalid(py, "time", reason));
        }
        let seconds: f64 = time.call_method0(intern!(py, "timestamp"))?.extract()?;
        // A double holds microseconds exactly, except in the last few thousand years of datetime,
        // where they round by one.
        Timestamp::from_microsecond((seconds * 1e6).round() as i64)
            .map(Self)
            .map_err(|_| errors::invalid(py, "time", "is out of range"))
    }
}

/// A day. A datetime is a date in Python, too, but its day depends on the time zone, so it is
/// rejected.
pub(crate) struct DateArgument(pub(crate) Date);

impl<'py> FromPyObject<'_, 'py> for DateArgument {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if given.is_instance_of::<PyDate>() && !given.is_instance_of::<PyDateTime>() {
            return json::date(&given.to_owned()).map(Self);
        }
        let name = given.get_type().name()?;
        Err(PyTypeError::new_err(format!("expected a date, not {name}")))
    }
}

/// Seconds, or a timedelta.
pub(crate) struct Seconds(f64);

impl<'py> FromPyObject<'_, 'py> for Seconds {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if given.is_instance_of::<PyDelta>() {
            let seconds = given.call_method0(intern!(given.py(), "total_seconds"))?;
            return seconds.extract().map(Self);
        }
        given.extract().map(Self)
    }
}

impl Seconds {
    pub(crate) fn duration(&self, py: Python<'_>, field: &str) -> PyResult<Duration> {
        if self.0 == f64::INFINITY {
            return Ok(Duration::MAX);
        }
        Duration::try_from_secs_f64(self.0)
            .map_err(|_| errors::invalid(py, field, "must be zero or more seconds"))
    }
}
