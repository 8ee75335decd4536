//! The differences that were found, as `skiplino sandbox --contract` reads them.

use serde_json::{Map, Value, json};
use skiplino::Operation;

use crate::document::{Difference, DifferenceKind};
use crate::shape::shape_of_name;

/// A contract of the sandbox, with only the differences from the documentation. Tests compare its
/// keys with the sandbox's own type.
#[derive(Debug, Default)]
pub(crate) struct ContractDraft(Map<String, Value>);

impl ContractDraft {
    pub(crate) fn value(&self) -> Value {
        Value::Object(self.0.clone())
    }

    pub(crate) fn set(&mut self, key: &str, value: Value) {
        self.0.insert(key.to_owned(), value);
    }

    fn insert(&mut self, key: &str, name: &str, value: Value) {
        let entries = self.0.entry(key).or_insert_with(|| json!({}));
        entries[name] = value;
    }

    fn push(&mut self, key: &str, name: &str) {
        let entries = self.0.entry(key).or_insert_with(|| json!([]));
        if let Some(entries) = entries.as_array_mut()
            && entries.iter().all(|entry| entry != name)
        {
            entries.push(json!(name));
        }
    }

    pub(crate) fn missing(&mut self, field: &str) {
        self.push("missing_fields", field);
    }

    pub(crate) fn refuse_public_key(&mut self, operation: Operation) {
        self.push("public_key_refused", operation.id());
    }

    pub(crate) fn max_limit(&mut self, operation: Operation, limit: u64) {
        self.insert("max_limits", operation.id(), json!(limit));
    }

    /// Adds a response with another status than the check expects.
    pub(crate) fn status(&mut self, check: &str, operation: Operation, status: u16) {
        match (check, status) {
            ("A04" | "A05", 422) => self.set("unknown_path_id_status", json!(status)),
            ("P16", 404) => self.set("unknown_id_status", json!(status)),
            ("P24", 200) => self.set("oversized_limit", json!("capped")),
            ("P02" | "P28" | "P29", 200 | 201 | 202 | 204) => {
                self.insert("success_statuses", operation.id(), json!(status));
            }
            _ => {}
        }
    }

    /// Adds a difference between a response and the document.
    pub(crate) fn add(&mut self, difference: &Difference, body: &Value) {
        let name = difference.name();
        // A report keeps no name of a field that may be the id or the number of a person.
        let is_kept = |name: &str| name.split('.').all(|part| shape_of_name(part) == part);
        if !is_kept(&name)
            || matches!(&difference.kind, DifferenceKind::Renamed(new) if !is_kept(new))
        {
            return;
        }
        // The sandbox can change fields of a schema only.
        if difference.field.is_empty() || difference.schema == "Answer" {
            return;
        }
        let last = difference.field.rsplit('.').next().unwrap_or_default();
        match (&difference.kind, name.as_str()) {
            (DifferenceKind::Renamed(new), "BranchTreeGroup.services") => {
                self.set("tree_services", json!(new));
            }
            (DifferenceKind::Renamed(new), _) if is_record(&difference.schema) => {
                self.insert("renamed_fields", &name, json!(new));
            }
            (DifferenceKind::Missing, "Pagination.total" | "Pagination.totalPages") => {
                self.set("total", json!("missing"));
            }
            (DifferenceKind::Missing, "SuccessEnvelope.data") => {
                self.set("delete_data", json!("missing"));
            }
            (DifferenceKind::Type { .. }, "SuccessEnvelope.data") => {
                self.set("delete_data", json!("object"));
            }
            (DifferenceKind::Missing, "ErrorEnvelope.error") => {}
            (
                DifferenceKind::Missing,
                "ErrorEnvelope.message" | "ValidationErrorEnvelope.message",
            ) => {
                let has_title = body.get("title").is_some();
                let shape = if has_title { "problem" } else { "nested" };
                self.set("error_envelope", json!(shape));
            }
            (DifferenceKind::Missing, _) if is_record(&difference.schema) => self.missing(&name),
            (DifferenceKind::Extra, _) if is_record(&difference.schema) => {
                self.insert("extra_fields", &name, sample(body, last));
            }
            (
                DifferenceKind::Type {
                    found: "integer", ..
                },
                _,
            ) if is_time(last) => {
                self.set("timestamps", json!("epoch"));
            }
            (DifferenceKind::Type { found: "null", .. }, _) if is_optional(&name) => {
                self.set("optional_fields", json!("null"));
            }
            (DifferenceKind::Type { found, .. }, _) if is_record(&difference.schema) => {
                let kind = match *found {
                    "string" => "text",
                    "integer" | "number" => "number",
                    "array" => "list",
                    other => other,
                };
                self.insert("field_types", &name, json!(kind));
            }
            (DifferenceKind::Format, _) if is_time(last) => {
                let form = match find_text(body, last) {
                    Some(text) if !text.ends_with('Z') => "offset",
                    Some(text) if !text.contains('.') => "seconds",
                    Some(_) => "microseconds",
                    None => return,
                };
                self.set("timestamps", json!(form));
            }
            _ => {}
        }
    }
}

/// Whether the sandbox can change fields of this schema.
fn is_record(schema: &str) -> bool {
    !schema.ends_with("ErrorEnvelope")
}

/// Whether the server leaves out the field if it has no value.
fn is_optional(name: &str) -> bool {
    const OPTIONAL: [&str; 7] = [
        "Customer.externalId",
        "Customer.name",
        "Customer.email",
        "Customer.mobile",
        "Customer.metadata",
        "Ticket.queueSize",
        "Ticket.waitingTime",
    ];
    OPTIONAL.contains(&name)
}

/// Whether a field of this name is a time.
pub(crate) fn is_time(field: &str) -> bool {
    ["statusAt", "bookedAt", "time", "createdAt", "updatedAt"].contains(&field)
}

/// A fixed value of the same type as that of the field.
fn sample(body: &Value, field: &str) -> Value {
    match find(body, field) {
        Some(Value::Bool(_)) => json!(true),
        Some(Value::Number(_)) => json!(1),
        Some(Value::String(_)) => json!("text"),
        Some(Value::Array(_)) => json!([]),
        Some(Value::Object(_)) => json!({}),
        Some(Value::Null) | None => Value::Null,
    }
}

fn find_text<'a>(body: &'a Value, field: &str) -> Option<&'a str> {
    find(body, field)?.as_str()
}

/// The first field of this name that is not null.
fn find<'a>(value: &'a Value, field: &str) -> Option<&'a Value> {
    match value {
        Value::Array(items) => items.iter().find_map(|item| find(item, field)),
        Value::Object(fields) => fields
            .get(field)
            .filter(|value| !value.is_null())
            .or_else(|| fields.values().find_map(|value| find(value, field))),
        _ => None,
    }
}
