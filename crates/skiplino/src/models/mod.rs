//! The records and requests of the API, under its published names.

pub(crate) mod branches;
pub(crate) mod cow_str;
pub(crate) mod customers;
pub(crate) mod ids;
pub(crate) mod json;
pub(crate) mod page;
pub(crate) mod services;
pub(crate) mod tickets;
pub(crate) mod timestamp;

pub use branches::{Branch, BranchTreeGroup};
pub use customers::{Customer, CustomerUpdateRequest, CustomerWriteRequest};
pub use services::{Service, Slot};
pub use tickets::{
    BookTicketRequest, ChangeTimeRequest, NamedRef, Ticket, TicketCustomer, TicketStatus,
    TicketType,
};

use serde_json::Value;

use crate::error::Error;

fn check_object(field: &str, value: Option<&Value>) -> Result<(), Error> {
    match value {
        None | Some(Value::Object(_)) => Ok(()),
        Some(_) => Err(Error::invalid(field, "must be a JSON object")),
    }
}
