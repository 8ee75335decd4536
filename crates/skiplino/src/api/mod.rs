//! The four resources: what each operation takes, and which request it becomes.

pub(crate) mod branches;
pub(crate) mod customers;
pub(crate) mod services;
pub(crate) mod tickets;

pub use branches::Branches;
pub use customers::Customers;
pub use services::Services;
pub use tickets::Tickets;
