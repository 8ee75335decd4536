//! libskiplino: the SDK behind a C ABI. cbindgen generates `include/skiplino.h` from these files.
//!
//! Every export is one call of a function of [`boundary`], which stops panics and checks for NULL.
//! The types of arguments allow everything that C may pass: `Option<&T>` and `Option<Box<T>>` for a
//! handle or NULL, `StringArg` for a string or NULL.
//!
//! Imports point down this list only:
//!
//! 1. pagers, pages and watches;
//! 2. the resources: branches, services, tickets, customers; and the warm-up;
//! 3. [`call`], which sends a call;
//! 4. the handles that a call needs: client, cancellation token, response;
//! 5. [`boundary`], arguments, sized structs, the log;
//! 6. [`error`];
//! 7. codes and strings.

mod argument;
mod boundary;
mod branches;
mod c_string;
mod call;
mod cancellation_token;
mod client;
mod code;
mod customers;
mod error;
mod error_accessors;
mod log;
mod pagers;
mod pages;
mod response;
mod services;
mod sized_struct;
#[cfg(feature = "panicking")]
mod test_panics;
mod tickets;
mod timestamp;
mod warm_up;
mod watch;
