//! The command as a process against a sandbox: its arguments and environment, its output and its
//! exit code.

#![allow(clippy::unwrap_used, reason = "a failed step fails its test")]

mod bookings;
mod certificates;
mod doctor;
mod export_import;
mod failures;
#[cfg(target_os = "linux")]
mod files;
mod help;
mod imports;
mod lists;
mod safety;
mod sandbox;
mod spreadsheets;
mod support;
mod watch;
