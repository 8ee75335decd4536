//! Equality of JSON values for a server that may write a value in another form: `1.0` as `1`, or the
//! fields of an object in another order.

use std::hash::{BuildHasher, Hash};

use serde_json::{Number, Value};

/// Whether two values are equal.
pub(crate) fn same_json(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            CanonicalNumber::new(one) == CanonicalNumber::new(other)
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

/// A hash that is the same for equal values.
pub(crate) fn hash_json(hasher: &impl BuildHasher, value: &Value) -> u64 {
    match value {
        Value::Null => hasher.hash_one(0_u8),
        Value::Bool(value) => hasher.hash_one((1_u8, value)),
        Value::Number(number) => hasher.hash_one((2_u8, CanonicalNumber::new(number))),
        Value::String(text) => hasher.hash_one((3_u8, text)),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| hash_json(hasher, item)).collect();
            hasher.hash_one((4_u8, items))
        }
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(key, value)| hasher.hash_one((key, hash_json(hasher, value))));
            // The sum does not depend on the order.
            hasher.hash_one((5_u8, fields.fold(0, u64::wrapping_add)))
        }
    }
}

/// A number, without the difference between `1.0` and `1`.
#[derive(PartialEq, Eq, Hash)]
enum CanonicalNumber {
    Integer(i128),
    /// The bits of a number with decimals, or of one that no integer type of JSON holds.
    Float(u64),
}

impl CanonicalNumber {
    fn new(number: &Number) -> Self {
        let integer = number.as_i64().map(i128::from);
        if let Some(integer) = integer.or(number.as_u64().map(i128::from)) {
            return Self::Integer(integer);
        }
        let float = number.as_f64().unwrap_or_default();
        match float.fract() == 0.0 && float.abs() <= u64::MAX as f64 {
            true => Self::Integer(float as i128),
            false => Self::Float(float.to_bits()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::hash::RandomState;

    use serde_json::json;

    use super::*;

    #[test]
    fn equal_values_have_equal_hashes_and_others_have_not() {
        let hasher = RandomState::new();
        let is_same = |one: &Value, other: &Value| {
            let same = same_json(one, other);
            let hashes = hash_json(&hasher, one) == hash_json(&hasher, other);
            assert_eq!(same, hashes, "{one} {other}");
            same
        };
        let value = json!({"a": 1, "b": [1.5, {"c": null}]});
        for same in [
            json!({"b": [1.5, {"c": null}], "a": 1}),
            json!({"a": 1.0, "b": [1.5, {"c": null}]}),
        ] {
            assert!(is_same(&value, &same));
        }
        for other in [
            json!({}),
            json!({"a": 1}),
            json!({"a": "1", "b": [1.5, {"c": null}]}),
            json!({"a": 1, "b": [{"c": null}, 1.5]}),
            json!({"a": 1, "b": [1.5, {}]}),
            json!({"b": 1, "a": [1.5, {"c": null}]}),
        ] {
            assert!(!is_same(&value, &other));
        }
        assert!(is_same(&json!(1e17), &json!(100_000_000_000_000_000_i64)));
        assert!(is_same(&json!(-0.0), &json!(0)));
        // Integers that are one number only as floats.
        let (one, other) = (9_007_199_254_740_993_u64, 9_007_199_254_740_992_u64);
        assert!(!is_same(&json!(one), &json!(other)));
        for other in [json!([]), json!([0]), json!(null), json!(false), json!("")] {
            assert!(!is_same(&json!(0), &other));
        }
    }
}
