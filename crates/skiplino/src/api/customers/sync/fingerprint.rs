//! Fingerprints of customers: hashes of their fields, by which rows are compared with customers.

use std::hash::{BuildHasher as _, RandomState};

use serde_json::Value;

use crate::models::customers::{Customer, CustomerWriteRequest, filled_object, filled_text};
use crate::models::json::hash_json;

const FIELDS: [&str; 4] = ["name", "email", "mobile", "metadata"];

/// The fields of a customer: the hash of each, or 0 if it is empty, which the API does not store.
///
/// The hashes have 64 bits and a random key. So a customer that differs from its row is not taken
/// for an equal one, neither by chance nor by data made for it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint([u64; FIELDS.len()]);

/// The fields that a row sets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowFields([Option<u64>; FIELDS.len()]);

/// Makes the fingerprints of one sync.
#[derive(Debug, Default)]
pub(crate) struct Fingerprints(RandomState);

impl Fingerprint {
    const EMPTY_FIELD: u64 = 0;
    /// Differs from each field of a row.
    const UNKNOWN_FIELD: u64 = u64::MAX;
    /// A customer that has to be looked up.
    pub(crate) const UNKNOWN: Self = Self([Self::UNKNOWN_FIELD; FIELDS.len()]);

    /// Writes the fields of a row. Returns the names of the fields that differed.
    pub(crate) fn write(&mut self, row: &RowFields) -> Vec<&'static str> {
        let mut changed = Vec::new();
        for ((stored, wanted), name) in self.0.iter_mut().zip(row.0).zip(FIELDS) {
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

impl Fingerprints {
    /// The hash of an `externalId`.
    pub(crate) fn id(&self, id: &str) -> u64 {
        self.0.hash_one(id)
    }

    pub(crate) fn customer(&self, customer: &Customer) -> Fingerprint {
        let metadata = match customer.metadata_json().map(serde_json::from_str) {
            Some(Ok(metadata)) => self.metadata(Some(&metadata)),
            Some(Err(_)) => Fingerprint::UNKNOWN_FIELD,
            None => Fingerprint::EMPTY_FIELD,
        };
        Fingerprint([
            self.text(customer.name()),
            self.text(customer.email()),
            self.text(customer.mobile()),
            metadata,
        ])
    }

    pub(crate) fn row(&self, row: &CustomerWriteRequest) -> RowFields {
        let fields = row.set_fields();
        let text = |text: &Option<String>| text.as_deref().map(|text| self.text(Some(text)));
        let metadata = fields.metadata.as_ref();
        RowFields([
            text(&fields.name),
            text(&fields.email),
            text(&fields.mobile),
            metadata.map(|metadata| self.metadata(Some(metadata))),
        ])
    }

    fn text(&self, text: Option<&str>) -> u64 {
        filled_text(text).map_or(Fingerprint::EMPTY_FIELD, |text| {
            field(self.0.hash_one(text))
        })
    }

    fn metadata(&self, metadata: Option<&Value>) -> u64 {
        filled_object(metadata).map_or(Fingerprint::EMPTY_FIELD, |metadata| {
            field(hash_json(&self.0, metadata))
        })
    }
}

/// The hash of a field that is neither empty nor unknown.
fn field(hash: u64) -> u64 {
    hash.clamp(Fingerprint::EMPTY_FIELD + 1, Fingerprint::UNKNOWN_FIELD - 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changed(row: &CustomerWriteRequest, metadata: &Value) -> Vec<&'static str> {
        let time = "2026-06-23T11:10:00.000Z";
        let record = json!({"_id": "a", "externalId": "x", "companyId": "c", "name": "N",
            "email": "", "metadata": metadata, "createdAt": time, "updatedAt": time});
        let customer = serde_json::from_str(&record.to_string());
        let customer = customer.unwrap_or_else(|error| unreachable!("{error}"));
        let fingerprints = Fingerprints::default();
        let mut stored = fingerprints.customer(&customer);
        let row = fingerprints.row(row);
        let changed = stored.write(&row);
        assert!(stored.write(&row).is_empty());
        changed
    }

    #[test]
    fn only_what_is_given_and_differs_is_changed() {
        let row = CustomerWriteRequest::new().external_id("x");
        assert!(changed(&row, &json!({"a": 1})).is_empty());
        let row = row.name("N").email("");
        assert!(changed(&row, &json!({})).is_empty());
        let row = row.name("").mobile("+1");
        assert_eq!(changed(&row, &json!({})), ["name", "mobile"]);
    }

    #[test]
    fn metadata_is_compared_as_a_whole() {
        let row = |metadata| CustomerWriteRequest::new().metadata(metadata);
        let stored = json!({"a": 1, "b": 2});
        assert!(changed(&row(json!({"b": 2, "a": 1.0})), &stored).is_empty());
        assert_eq!(changed(&row(json!({"a": 1})), &stored), ["metadata"]);
        assert_eq!(changed(&row(json!({})), &stored), ["metadata"]);
        assert!(changed(&row(json!({})), &Value::Null).is_empty());
        assert!(changed(&row(json!({})), &json!({})).is_empty());
        assert_eq!(changed(&row(json!({})), &json!([])), ["metadata"]);
    }
}
