//! The four resources: checks the input of each operation and builds its request.

pub(crate) mod branches;
pub(crate) mod customers;
pub(crate) mod services;
pub(crate) mod tickets;
