//! The records and requests of the API, under its published names.

pub(crate) mod branches;
pub(crate) mod cow_str;
pub(crate) mod customers;
pub(crate) mod ids;
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

/// Whether two values are equal for a server that may write `1.0` as `1`.
fn same_json(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || ((one.is_f64() || other.is_f64()) && one.as_f64() == other.as_f64())
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| same_json(a, b))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, a)| other.get(key).is_some_and(|b| same_json(a, b)))
        }
        _ => one == other,
    }
}
