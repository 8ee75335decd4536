//! Customers.

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

        /// Your own id for the customer, if one is stored.
        #[getter]
        fn external_id(&self) -> Option<&str> {
            self.0.external_id()
        }

        /// The company's id.
        #[getter]
        fn company_id(&self) -> &str {
            self.0.company_id()
        }

        /// The customer's name, if one is stored.
        #[getter]
        fn name(&self) -> Option<&str> {
            self.0.name()
        }

        /// The customer's e-mail address, if one is stored.
        #[getter]
        fn email(&self) -> Option<&str> {
            self.0.email()
        }

        /// The customer's mobile number, if one is stored.
        #[getter]
        fn mobile(&self) -> Option<&str> {
            self.0.mobile()
        }

        // Parsed for each access, so that a change of the returned dict does not change the record.
        /// Your own data about the customer, if any is stored.
        #[getter]
        fn metadata(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
            self.0.metadata_json().map(|text| json::parse_json(py, text)).transpose()
        }

        /// When the record was created.
        #[getter]
        fn created_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
            datetime(py, self.0.created_at())
        }

        /// When the record was last updated.
        #[getter]
        fn updated_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
            datetime(py, self.0.updated_at())
        }

        fn __hash__(&self) -> u64 {
            hash(self.id())
        }

        // The other fields are personal data.
        fn __repr__(&self) -> String {
            format!("Customer(id={:?})", self.id())
        }
    }
}
