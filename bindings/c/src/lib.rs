//! libskiplino: the SDK behind a C ABI. `include/skiplino.h` is made from these files by cbindgen.
//!
//! Every export is one expression: `guard::…`, which catches panics and looks for NULL first. Arguments are typed for what C may
//! hand over: `Option<&T>` and `Option<Box<T>>` for a handle or NULL, `Text` for a string or NULL.

mod branches;
mod call;
mod cancellation_token;
mod client;
mod code;
mod customers;
mod error;
mod guard;
mod log;
mod pages;
#[cfg(feature = "panicking")]
mod panicking;
mod process;
mod response;
mod sized;
mod slots;
mod text;
mod tickets;
mod watch;
