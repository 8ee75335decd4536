//! The differences between a write request and a stored customer.

use serde_json::Value;

use crate::models::customers::{
    Customer, CustomerFields, CustomerUpdateRequest, CustomerWriteRequest,
};
use crate::models::same_json;

impl CustomerWriteRequest {
    /// The fields of `customer` that differ from this request, under the API's names, and the
    /// update that changes them. Unset fields do not count, and an empty field equals a missing
    /// one, because the API does not store empty fields.
    pub(crate) fn changes(
        &self,
        customer: &Customer,
    ) -> (Vec<&'static str>, CustomerUpdateRequest) {
        let mut names = Vec::new();
        let mut text = |name, wanted: &Option<String>, stored: Option<&str>| {
            let wanted = wanted.as_ref()?;
            (wanted != stored.unwrap_or_default()).then(|| {
                names.push(name);
                wanted.clone()
            })
        };
        let mut fields = CustomerFields {
            name: text("name", &self.fields.name, customer.name()),
            email: text("email", &self.fields.email, customer.email()),
            mobile: text("mobile", &self.fields.mobile, customer.mobile()),
            metadata: None,
        };
        if let Some(wanted) = &self.fields.metadata
            && !is_stored(wanted, customer.metadata_json())
        {
            names.push("metadata");
            fields.metadata = Some(wanted.clone());
        }
        let mut update = CustomerUpdateRequest::new(customer.id());
        update.fields = fields;
        (names, update)
    }
}

fn is_stored(wanted: &Value, stored: Option<&str>) -> bool {
    match stored.map(serde_json::from_str::<Value>) {
        Some(Ok(stored)) => same_json(wanted, &stored),
        Some(Err(_)) => false,
        None => wanted.as_object().is_some_and(serde_json::Map::is_empty),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn customer(metadata: &Value) -> Customer {
        let time = "2026-06-23T11:10:00.000Z";
        let record = json!({"_id": "a", "externalId": "x", "companyId": "c", "name": "N", "metadata": metadata,
            "createdAt": time, "updatedAt": time});
        serde_json::from_str(&record.to_string()).unwrap_or_else(|error| unreachable!("{error}"))
    }

    #[allow(
        clippy::needless_pass_by_value,
        reason = "it reads better in the tests"
    )]
    fn changed(request: &CustomerWriteRequest, metadata: Value) -> Vec<&'static str> {
        request.changes(&customer(&metadata)).0
    }

    #[test]
    fn only_what_is_given_and_differs_is_changed() {
        let request = CustomerWriteRequest::new().external_id("x");
        assert!(changed(&request, json!({"a": 1})).is_empty());
        let request = request.name("N").email("");
        assert!(changed(&request, json!({})).is_empty());
        let request = request.name("").mobile("+1");
        assert_eq!(changed(&request, json!({})), ["name", "mobile"]);
    }

    #[test]
    fn metadata_is_compared_as_json() {
        let request = |metadata| CustomerWriteRequest::new().metadata(metadata);
        let stored = json!({"a": 1, "b": [1.5, {"c": null}]});
        for same in [
            json!({"b": [1.5, {"c": null}], "a": 1}),
            json!({"a": 1.0, "b": [1.5, {"c": null}]}),
        ] {
            assert!(changed(&request(same), stored.clone()).is_empty());
        }
        for other in [
            json!({}),
            json!({"a": 1}),
            json!({"a": "1", "b": [1.5, {"c": null}]}),
            json!({"a": 1, "b": [{"c": null}, 1.5]}),
            json!({"a": 1, "b": [1.5, {}]}),
        ] {
            assert_eq!(changed(&request(other), stored.clone()), ["metadata"]);
        }
        // Integers that are one number only as floats.
        let large = json!({"a": 9_007_199_254_740_993_u64});
        assert_eq!(
            changed(&request(json!({"a": 9_007_199_254_740_992_u64})), large),
            ["metadata"]
        );
    }
}
