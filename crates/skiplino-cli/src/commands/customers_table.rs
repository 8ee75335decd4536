//! A customer as text: a row, or all its fields.

use skiplino::Customer;

use crate::failure::Failure;
use crate::output::{Cell, Column, Output};

pub(super) const COLUMNS: [Column; 5] = [
    Column::id("ID"),
    Column::text("EXTERNAL ID").hide_priority(1),
    Column::text("NAME"),
    Column::text("EMAIL").min_width(24).hide_priority(3),
    Column::text("MOBILE").min_width(16).hide_priority(2),
];

pub(super) fn row(customer: &Customer) -> [Cell; 5] {
    [
        customer.id().into(),
        customer.external_id().unwrap_or_default().into(),
        customer.name().unwrap_or_default().into(),
        customer.email().unwrap_or_default().into(),
        customer.mobile().unwrap_or_default().into(),
    ]
}

pub(super) fn details(customer: &Customer, out: &mut Output) -> Result<(), Failure> {
    if out.json {
        return Ok(out.object(customer)?);
    }
    let text = |field: Option<&str>| field.unwrap_or_default().to_owned();
    Ok(out.record(&[
        ("Id", customer.id().to_string()),
        ("External id", text(customer.external_id())),
        ("Name", text(customer.name())),
        ("Email", text(customer.email())),
        ("Mobile", text(customer.mobile())),
        ("Metadata", text(customer.metadata_json())),
        ("Company", customer.company_id().to_owned()),
        ("Created", customer.created_at().to_string()),
        ("Updated", customer.updated_at().to_string()),
    ])?)
}
