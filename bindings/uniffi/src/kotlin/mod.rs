//! Kotlin's call transport, in place of UniFFI's async functions. For each call, such a function
//! passes several structures by value and a callback through JNA, which costs more than the rest of
//! the call. Here only numbers and byte arrays cross the boundary and nothing calls into the JVM;
//! UniFFI's converters still write and read the calls and results.
//!
//! A call starts on the caller's thread and continues as a task of the driver's runtime. One thread
//! of the JVM drives the runtime: it enters the library, and returns with all results that are
//! ready. Each class loader that loads the Kotlin package has a driver, a runtime and a thread of
//! its own.

pub(crate) mod call_driver;
pub(crate) mod erased_call;
mod exports;
pub(crate) mod handle_registry;
mod log;
