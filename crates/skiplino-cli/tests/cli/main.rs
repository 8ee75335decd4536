//! The command as it is used: a process, its arguments and environment, what it prints and how it ends. Against a sandbox.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod books;
mod fails;
mod guards;
mod imports;
mod lists;
mod moves;
mod sandbox;
mod support;
mod watches;
