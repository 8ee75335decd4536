use pyo3::prelude::*;
use pyo3::types::PyDateTime;

use super::{datetime, hash, record};
use crate::json;

record! {
    /// A record of the customer directory.
    Customer(skiplino::Customer) {
        /// The server's id.
        #[getter]
        fn id(&self) -> &str {
            self.0.id().as_str()
        }

        /// The caller's own id, if there is one.
        #[getter]
        fn external_id(&self) -> Option<&str> {
            self.0.external_id()
        }

        /// The company's id.
        #[getter]
        fn company_id(&self) -> &str {
            self.0.company_id()
        }

        /// Their name, if it is known.
        #[getter]
        fn name(&self) -> Option<&str> {
            self.0.name()
        }

        /// Their e-mail address, if it is known.
        #[getter]
        fn email(&self) -> Option<&str> {
            self.0.email()
        }

        /// Their mobile number, if it is known.
        #[getter]
        fn mobile(&self) -> Option<&str> {
            self.0.mobile()
        }

        // Read anew at each look, so that changing what was given changes nothing here.
        /// Whatever the caller keeps there.
        #[getter]
        fn metadata(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
            self.0.metadata_json().map(|text| json::loads(py, text)).transpose()
        }

        /// When the record was created.
        #[getter]
        fn created_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
            datetime(py, self.0.created_at())
        }

        /// When it was changed last.
        #[getter]
        fn updated_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
            datetime(py, self.0.updated_at())
        }

        fn __hash__(&self) -> u64 {
            hash(self.id())
        }

        // Everything else is about a person.
        fn __repr__(&self) -> String {
            format!("Customer(id={:?})", self.id())
        }
    }
}
