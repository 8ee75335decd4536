//! The four resources: the operations of each, their input, and the requests they become.

pub(crate) mod branches;
pub(crate) mod customers;
pub(crate) mod services;
pub(crate) mod tickets;
