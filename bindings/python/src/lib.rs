//! The private module `skiplino._native`: what of the Python package is written in Rust. Users meet it through `skiplino`, which
//! gives it signatures and documentation.

mod arrow;
mod arrow_input;
mod asking;
mod bridge;
mod client;
mod command;
mod directory;
mod errors;
mod input;
mod json;
mod log;
mod models;
mod process;
mod row;
mod sync;
mod walks;

use pyo3::prelude::*;

/// The native half of the package `skiplino`.
#[pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use crate::arrow::ArrowTable;
    #[pymodule_export]
    use crate::asking::{CancellationToken, Options};
    #[pymodule_export]
    use crate::bridge::Bridge;
    #[pymodule_export]
    use crate::client::NativeClient;
    #[pymodule_export]
    use crate::command::run_command;
    #[pymodule_export]
    use crate::directory::{
        async_customers_to_arrow, async_sync_customers, async_write_customers, customers_to_arrow,
        export_customers, sync_customers, write_customers,
    };
    #[pymodule_export]
    use crate::models::{
        Branch, BranchTreeGroup, Customer, NamedRef, Page, Pagination, Response, Service, Slot,
        Ticket, TicketCustomer,
    };
    #[pymodule_export]
    use crate::sync::SyncedRow;
    #[pymodule_export]
    use crate::walks::{AsyncWalk, Walk};

    use super::{Bound, PyModule, PyModuleMethods as _, PyResult};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add(
            "ERROR_KINDS",
            skiplino::ErrorKind::ALL.map(|kind| kind.as_str()),
        )?;
        module.add("DEFAULT_BASE_URL", skiplino::DEFAULT_BASE_URL)
    }
}
