//! The four resources: what each operation takes, and which request it becomes.

mod branches;
mod customers;
mod services;
mod tickets;

pub use branches::Branches;
pub use customers::Customers;
pub use services::Services;
pub use tickets::Tickets;
