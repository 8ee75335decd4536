//! Records the writes that a dry run leaves out, so that later rows of the same customer get the
//! outcome that a real run would give them.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use crate::models::customers::{Customer, CustomerWriteRequest};
use crate::models::ids::ExternalId;

/// The customers as the rows so far would have written them. Their fields are hashes: 24 bytes and
/// some overhead for each customer, however long its fields are.
#[derive(Debug, Default)]
pub(crate) struct SimulatedCustomers(HashMap<u64, StoredFields>);

/// The hash of each field, or 0 if it is empty, which the API does not store.
#[derive(Debug, Default)]
struct StoredFields([u32; 4]);

impl SimulatedCustomers {
    /// Applies a row to a customer that an earlier row would have written. Returns the fields that
    /// differ; `None` if no earlier row had this `externalId`.
    pub(crate) fn apply(
        &mut self,
        id: &ExternalId,
        row: &CustomerWriteRequest,
    ) -> Option<Vec<&'static str>> {
        let stored = self.0.get_mut(&hash_of(id.as_str()))?;
        Some(stored.apply(row))
    }

    /// Applies a row to a customer that the server has, or that is new.
    pub(crate) fn start(
        &mut self,
        id: &ExternalId,
        customer: Option<&Customer>,
        row: &CustomerWriteRequest,
    ) {
        let mut stored = StoredFields::default();
        if let Some(customer) = customer {
            let metadata = customer.metadata_json().map(serde_json::from_str);
            let metadata = metadata.transpose().unwrap_or_default();
            stored = StoredFields([
                text_hash(customer.name()),
                text_hash(customer.email()),
                text_hash(customer.mobile()),
                metadata.as_ref().map_or(0, metadata_hash),
            ]);
        }
        stored.apply(row);
        self.0.insert(hash_of(id.as_str()), stored);
    }
}

impl StoredFields {
    fn apply(&mut self, row: &CustomerWriteRequest) -> Vec<&'static str> {
        let fields = row.set_fields();
        let text = |text: &Option<String>| text.as_deref().map(|text| text_hash(Some(text)));
        let wanted = [
            ("name", text(&fields.name)),
            ("email", text(&fields.email)),
            ("mobile", text(&fields.mobile)),
            ("metadata", fields.metadata.as_ref().map(metadata_hash)),
        ];
        let mut changed = Vec::new();
        for (stored, (name, wanted)) in self.0.iter_mut().zip(wanted) {
            if let Some(wanted) = wanted
                && wanted != *stored
            {
                changed.push(name);
                *stored = wanted;
            }
        }
        changed
    }
}

fn hash_of(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn text_hash(text: Option<&str>) -> u32 {
    match text {
        None | Some("") => 0,
        Some(text) => nonzero(hash_of(text)),
    }
}

fn metadata_hash(metadata: &Value) -> u32 {
    match metadata.as_object() {
        Some(object) if object.is_empty() => 0,
        _ => nonzero(json_hash(metadata)),
    }
}

fn nonzero(hash: u64) -> u32 {
    (hash as u32).max(1)
}

/// Ignores the differences that a server may make: `1.0` written as `1`, and another order of the
/// fields.
fn json_hash(value: &Value) -> u64 {
    match value {
        Value::Null => hash_of(0),
        Value::Bool(value) => hash_of((1, value)),
        Value::Number(number) => hash_of((2, number.as_f64().map(f64::to_bits))),
        Value::String(text) => hash_of((3, text)),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(json_hash).collect();
            hash_of((4, items))
        }
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(key, value)| hash_of((key, json_hash(value))));
            hash_of((5, fields.fold(0, u64::wrapping_add)))
        }
    }
}
