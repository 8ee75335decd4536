//! Services and their appointment slots.

use pyo3::prelude::*;
use pyo3::types::PyDateTime;

use super::{datetime, hash, record};

record! {
    /// A service that customers queue for.
    Service(skiplino::Service) {
        /// The id.
        #[getter]
        fn id(&self) -> &str {
            self.0.id().as_str()
        }

        /// The name, in the language of the request.
        #[getter]
        fn name(&self) -> &str {
            self.0.name()
        }

        /// Whether the service takes walk-ins now.
        #[getter]
        fn is_open(&self) -> bool {
            self.0.is_open()
        }

        /// Whether the service takes appointments.
        #[getter]
        fn is_appointment(&self) -> bool {
            self.0.is_appointment()
        }

        fn __hash__(&self) -> u64 {
            hash(self.id())
        }

        fn __repr__(&self) -> String {
            format!("Service(id={:?}, name={:?})", self.id(), self.name())
        }
    }
}

record! {
    /// A time that an appointment can be booked for.
    Slot(skiplino::Slot) {
        /// The start of the slot, in UTC.
        #[getter]
        fn time<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
            datetime(py, self.0.time())
        }

        /// The number of places left.
        #[getter]
        fn remaining(&self) -> u32 {
            self.0.remaining()
        }

        fn __hash__(&self) -> u64 {
            hash(self.0.time())
        }

        fn __repr__(&self) -> String {
            format!("Slot(time='{}', remaining={})", self.0.time(), self.0.remaining())
        }
    }
}
