//! What the API sends and takes, under its published names.

mod branches;
mod customers;
mod services;
mod tickets;

pub use branches::{Branch, BranchTreeGroup};
pub use customers::{Customer, CustomerUpdateRequest, CustomerWriteRequest};
pub use services::{Service, Slot};
pub use tickets::{
    BookTicketRequest, ChangeTimeRequest, Named, Ticket, TicketCustomer, TicketStatus, TicketType,
};

use serde_json::Value;

use crate::Error;

fn check_object(field: &str, value: Option<&Value>) -> Result<(), Error> {
    match value {
        None | Some(Value::Object(_)) => Ok(()),
        Some(_) => Err(Error::invalid(field, "must be a JSON object")),
    }
}
