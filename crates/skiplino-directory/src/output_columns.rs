//! The columns that are written for each customer.

use skiplino::Customer;
use skiplino::jiff::Timestamp;

/// A column of text.
#[derive(Debug, Clone, Copy)]
pub struct TextColumn {
    /// The name of the column, which is the name of the field in the API.
    pub name: &'static str,
    /// Reads the value of a customer.
    pub read: fn(&Customer) -> Option<&str>,
    /// Whether a customer may have no value.
    pub is_nullable: bool,
}

/// A column of times.
#[derive(Debug, Clone, Copy)]
pub struct TimeColumn {
    /// The name of the column, which is the name of the field in the API.
    pub name: &'static str,
    /// Reads the value of a customer.
    pub read: fn(&Customer) -> Timestamp,
}

const fn text(name: &'static str, read: fn(&Customer) -> Option<&str>) -> TextColumn {
    TextColumn {
        name,
        read,
        is_nullable: true,
    }
}

/// The columns of text, in order. They come before the times.
pub const TEXT_COLUMNS: [TextColumn; 6] = [
    text("externalId", Customer::external_id),
    text("name", Customer::name),
    text("email", Customer::email),
    text("mobile", Customer::mobile),
    text("metadata", Customer::metadata_json),
    TextColumn {
        name: "_id",
        read: |customer| Some(customer.id().as_str()),
        is_nullable: false,
    },
];

/// The columns of times, in order.
pub const TIME_COLUMNS: [TimeColumn; 2] = [
    TimeColumn {
        name: "createdAt",
        read: Customer::created_at,
    },
    TimeColumn {
        name: "updatedAt",
        read: Customer::updated_at,
    },
];
