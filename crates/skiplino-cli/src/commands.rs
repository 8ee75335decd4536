//! The commands, one module for each, and the code that they share.

pub(crate) mod book;
pub(crate) mod branches;
pub(crate) mod completions;
mod confirm;
pub(crate) mod customers;
mod customers_export;
mod customers_import;
mod customers_table;
pub(crate) mod doctor;
pub(crate) mod exit_codes;
mod import_files;
mod import_report;
pub(crate) mod sandbox;
mod send_write;
pub(crate) mod slots;
pub(crate) mod ticket;
mod ticket_view;
mod ticket_watch;
pub(crate) mod tree;
pub(crate) mod whoami;
