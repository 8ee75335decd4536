//! Full responses.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::ToPython;

/// The data of a call, with the details of its HTTP response.
#[pyclass(frozen, generic, get_all, module = "skiplino._native")]
pub(crate) struct Response {
    /// The result of the call.
    data: Py<PyAny>,
    /// The HTTP status.
    status: u16,
    /// The ``message`` of the response's envelope.
    message: Option<String>,
    /// The number of attempts made.
    attempts: u32,
    /// Whether the response of a write was lost and the write was confirmed by lookup.
    recovered: bool,
    /// The headers of the response, with names in lower case.
    headers: Py<PyDict>,
}

#[pymethods]
impl Response {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let data = self.data.bind(py).repr()?;
        let (status, attempts, recovered) = (self.status, self.attempts, self.recovered);
        let recovered = if recovered { "True" } else { "False" };
        Ok(format!(
            "Response(status={status}, attempts={attempts}, recovered={recovered}, data={data})"
        ))
    }
}

impl<T: ToPython> ToPython for skiplino::Response<T> {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let headers = PyDict::new(py);
        for (name, value) in self.headers() {
            headers.set_item(name, value)?;
        }
        let response = Response {
            status: self.status(),
            message: self.message().map(str::to_owned),
            attempts: self.attempts(),
            recovered: self.recovered(),
            headers: headers.unbind(),
            data: self.into_data().to_python(py)?,
        };
        Py::new(py, response).map(Py::into_any)
    }
}
