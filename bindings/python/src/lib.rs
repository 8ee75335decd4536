//! The private module `skiplino._native`, the part of the Python package that is written in Rust.
//! The Python files of `skiplino` wrap it with public signatures and documentation.

mod arrow;
mod arrow_input;
mod arrow_stream;
mod blocking;
mod client;
mod command;
mod directory;
mod doctor;
mod errors;
mod event_loop;
mod input;
mod interrupt;
mod iterators;
mod json;
mod log;
mod models;
mod options;
mod row;
mod socket_pair;
mod sync;

use pyo3::prelude::*;

/// The native half of the package `skiplino`.
#[pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use crate::arrow::ArrowTable;
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
    use crate::doctor::examine_server;
    #[pymodule_export]
    use crate::event_loop::CompletionQueue;
    #[pymodule_export]
    use crate::iterators::{NativeAsyncIterator, NativeIterator};
    #[pymodule_export]
    use crate::models::{
        Branch, BranchTreeGroup, Customer, NamedRef, Page, Pagination, Response, Service, Slot,
        Ticket, TicketCustomer,
    };
    #[pymodule_export]
    use crate::options::{CancellationToken, Options};
    #[pymodule_export]
    use crate::sync::SyncedRow;

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
