//! Changes to the JSON of a response: wrong types, unknown values, extra or missing fields.

use serde_json::{Value, json};

use crate::envelope::ApiResponse;

/// A change to the JSON of a response.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mutation {
    WrongTypes,
    UnknownEnum,
    ExtraFields,
    MissingOptional,
}

impl Mutation {
    pub(crate) fn apply(self, response: &mut ApiResponse) {
        if let Self::ExtraFields = self {
            add_fields(&mut response.body);
        }
        if !response.status.is_success() {
            return;
        }
        match self {
            Self::ExtraFields => {}
            Self::MissingOptional => remove_optional(&mut response.body),
            Self::UnknownEnum => {
                if let Some(data) = response.body.get_mut("data") {
                    make_unknown(data);
                }
            }
            Self::WrongTypes => {
                if let Some(data) = response.body.get_mut("data") {
                    make_wrong(data);
                }
            }
        }
    }
}

fn add_fields(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(add_fields),
        Value::Object(fields) => {
            // `error` has names of request fields, and `metadata` belongs to the caller.
            for (name, field) in fields.iter_mut() {
                if !["metadata", "error"].contains(&name.as_str()) {
                    add_fields(field);
                }
            }
            fields.insert("addedInVersionNine".to_owned(), json!({"deep": [1, null]}));
            fields.insert("x".to_owned(), Value::Null);
        }
        _ => {}
    }
}

fn remove_optional(value: &mut Value) {
    const OPTIONAL: [&str; 10] = [
        "customer",
        "queueSize",
        "waitingTime",
        "externalId",
        "name",
        "email",
        "mobile",
        "metadata",
        "page",
        "limit",
    ];
    match value {
        Value::Array(items) => items.iter_mut().for_each(remove_optional),
        Value::Object(fields) => {
            let names_itself = fields.contains_key("id");
            fields.retain(|name, _| {
                !OPTIONAL.contains(&name.as_str()) || (names_itself && name == "name")
            });
            fields.values_mut().for_each(remove_optional);
        }
        _ => {}
    }
}

fn make_unknown(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(make_unknown),
        Value::Object(fields) => {
            for (name, unknown) in [("status", "teleporting"), ("type", "holographic")] {
                if let Some(field) = fields.get_mut(name) {
                    *field = json!(unknown);
                }
            }
        }
        _ => {}
    }
}

fn make_wrong(value: &mut Value) {
    match value {
        Value::Array(items) if !items.is_empty() => items.iter_mut().for_each(make_wrong),
        Value::Object(fields) => fields.values_mut().for_each(make_wrong),
        Value::String(_) => *value = json!(7),
        _ => *value = json!("wrong"),
    }
}
