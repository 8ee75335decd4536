//! Kotlin's call transport, in place of UniFFI's async functions. Those pass several structures by
//! value through JNA, and a callback, for each call, which costs more than the rest of the call.
//! Here only numbers and byte arrays cross the boundary and nothing calls into the JVM; UniFFI's
//! converters still write and read the calls and results.
//!
//! A call starts on the caller's thread and continues as a task of the runtime. One thread of the
//! JVM drives the runtime: it enters the library, and returns with all results that are ready.

mod call_driver;
pub(crate) mod erased_call;
mod exports;
pub(crate) mod handle_registry;
