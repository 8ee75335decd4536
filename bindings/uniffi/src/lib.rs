//! What the Swift and Kotlin packages stand on, generated from by UniFFI. Nothing here is for users of those packages: each has an API
//! of its own language in front of it, and this one is free to change with them.
//!
//! Every operation is async and takes what differs for one call, and a handle that ends it: in Swift nothing else reaches a call under
//! way, and in Kotlin a write that is cancelled is to say what is known of it. Times are milliseconds since 1970, JSON is text.
//! Exports that do more than set or read a field return `Result`, so that a panic is an error there, and not the end of the process.

mod branches;
mod calls;
mod client;
mod customers;
mod errors;
#[cfg(feature = "kotlin")]
mod kotlin;
mod log;
mod pages;
mod runtime;
mod services;
#[cfg(feature = "testing")]
mod testing;
mod tickets;
mod times;
mod watch;

uniffi::setup_scaffolding!("skiplino_native");
