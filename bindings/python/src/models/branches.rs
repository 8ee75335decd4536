//! Branches and their groups of services.

use pyo3::prelude::*;

use super::{hash, list, record};

record! {
    /// A branch: `id`, `name` (localised), and whether it is open now.
    Branch(skiplino::Branch) {
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

        /// Whether the branch is open now.
        #[getter]
        fn is_open(&self) -> bool {
            self.0.is_open()
        }

        fn __hash__(&self) -> u64 {
            hash(self.id())
        }

        fn __repr__(&self) -> String {
            format!("Branch(id={:?}, name={:?})", self.id(), self.name())
        }
    }
}

record! {
    /// A group of services of a branch.
    BranchTreeGroup(skiplino::BranchTreeGroup) {
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

        /// The active services of the group.
        #[getter]
        fn services<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyTuple>> {
            list(py, self.0.services().to_vec()).map(|services| services.to_tuple())
        }

        fn __hash__(&self) -> u64 {
            hash(self.id())
        }

        fn __repr__(&self) -> String {
            let services = self.0.services().len();
            format!("BranchTreeGroup(id={:?}, name={:?}, services={services})", self.id(), self.name())
        }
    }
}
