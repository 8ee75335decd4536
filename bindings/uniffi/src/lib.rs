//! The native library under the Swift and Kotlin packages, exported by UniFFI. App code never sees
//! this interface: each package has an API of its own language in front of it, and this interface
//! may change with every release.
//!
//! Every operation is async. It takes options for one call and a handle that cancels the call:
//! Swift has no other way to reach a call in flight, and a cancelled write in Kotlin must report
//! its outcome. Times are milliseconds since 1970, JSON is text. Exports that do more than set or
//! read a field return `Result`, so that a panic becomes an error and does not end the process.
//!
//! `operations.rs` has the table of all operations.

mod branches;
mod call_options;
mod cancellation;
mod client;
mod customers;
mod errors;
#[cfg(feature = "kotlin")]
mod kotlin;
#[cfg(not(feature = "kotlin"))]
mod log;
mod operations;
mod pager;
mod pages;
mod pending_call;
mod responses;
mod runtime;
mod services;
#[cfg(feature = "testing")]
mod test_state;
#[cfg(feature = "testing")]
mod testing;
mod tickets;
mod values;
mod watch;

uniffi::setup_scaffolding!("skiplino_native");
