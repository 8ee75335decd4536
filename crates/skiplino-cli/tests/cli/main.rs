//! The command as a process against a sandbox: its arguments and environment, its output and its exit code.

#![allow(clippy::unwrap_used, reason = "a failed step fails its test")]

mod books;
mod fails;
mod guards;
mod imports;
mod lists;
mod moves;
mod sandbox;
mod support;
mod watches;
