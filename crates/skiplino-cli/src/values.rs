//! Parsers of argument values: times, dates, customers, options.

use std::time::Duration;

use serde_json::{Map, Value};
use skiplino::jiff::Timestamp;
use skiplino::jiff::civil::Date;
use skiplino::{CustomerId, CustomerRef, ExternalId};
use skiplino_directory::{MetadataError, parse_metadata};

/// Why a value cannot be parsed. Clap prints it after the name of the argument.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ValueError {
    #[error("give a date as in 2026-07-01, or today")]
    Date,
    #[error(
        "give a time with Z or its offset, as in 2026-07-01T09:30:00Z or 2026-07-01T12:30:00+03:00"
    )]
    Time,
    #[error("give seconds, more than 0, as in 30 or 2.5")]
    Seconds,
    #[error(
        "give the customer's id (32 hexadecimal characters), or ext: and your own id, as in ext:crm-7741"
    )]
    Customer,
    #[error("an external id must not be empty")]
    EmptyExternalId,
    #[error("give a JSON object, as in '{{\"tier\": \"gold\"}}'")]
    JsonObject,
    #[error("the object {0}")]
    Metadata(MetadataError),
    #[error("give key=value, as in accountType=savings")]
    ServiceOption,
}

/// The day of a list of slots.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Day {
    /// Today in the company's time zone, which only the server knows.
    Today,
    On(Date),
}

pub(crate) fn day(text: &str) -> Result<Day, ValueError> {
    if text.eq_ignore_ascii_case("today") {
        return Ok(Day::Today);
    }
    text.parse().map(Day::On).map_err(|_| ValueError::Date)
}

pub(crate) fn time(text: &str) -> Result<Timestamp, ValueError> {
    text.parse().map_err(|_| ValueError::Time)
}

pub(crate) fn seconds(text: &str) -> Result<Duration, ValueError> {
    let seconds = text.parse::<f64>().ok();
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|limit| !limit.is_zero())
        .ok_or(ValueError::Seconds)
}

/// A customer: 32 hexadecimal characters are the server's id, `ext:` precedes the caller's own.
pub(crate) fn customer(text: &str) -> Result<CustomerRef, ValueError> {
    if let Some(external) = text.strip_prefix("ext:") {
        return external_id(external).map(CustomerRef::from);
    }
    if text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(CustomerId::from(text).into());
    }
    Err(ValueError::Customer)
}

pub(crate) fn external_id(text: &str) -> Result<ExternalId, ValueError> {
    if text.trim().is_empty() {
        return Err(ValueError::EmptyExternalId);
    }
    Ok(ExternalId::from(text))
}

/// A customer as an argument that names it.
pub(crate) fn typed(customer: &CustomerRef) -> String {
    match customer {
        CustomerRef::Id(id) => id.to_string(),
        CustomerRef::ExternalId(id) => format!("ext:{id}"),
    }
}

pub(crate) fn object(text: &str) -> Result<Map<String, Value>, ValueError> {
    parse_metadata(text).map_err(|error| match error {
        MetadataError::Json(_) | MetadataError::NotObject => ValueError::JsonObject,
        lossy => ValueError::Metadata(lossy),
    })
}

/// `key=value`. A value that is JSON is sent as JSON, any other as text.
pub(crate) fn option(text: &str) -> Result<(String, Value), ValueError> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => {
            let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            Ok((key.to_owned(), value))
        }
        _ => Err(ValueError::ServiceOption),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_an_id_or_ext() {
        let id = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b";
        assert!(matches!(customer(id), Ok(CustomerRef::Id(_))));
        assert!(matches!(
            customer("ext:crm-7741"),
            Ok(CustomerRef::ExternalId(_))
        ));
        assert!(customer("crm-7741").is_err());
        assert!(customer("ext:").is_err());
        for text in [id, "ext:crm-7741"] {
            assert_eq!(
                customer(text).map(|customer| typed(&customer)),
                Ok(text.to_owned())
            );
        }
    }

    #[test]
    fn options_are_json_or_text() {
        assert_eq!(option("n=2"), Ok(("n".to_owned(), Value::from(2))));
        assert_eq!(
            option("n=savings=x"),
            Ok(("n".to_owned(), Value::from("savings=x")))
        );
        assert_eq!(
            option("pin=0012"),
            Ok(("pin".to_owned(), Value::from("0012")))
        );
        assert!(option("=x").is_err());
        assert!(option("x").is_err());
    }

    #[test]
    fn an_object_of_which_a_part_would_be_lost_is_rejected() {
        assert!(object(r#"{"a": {"b": [1]}}"#).is_ok());
        for text in ["[1]", "{", "1"] {
            assert_eq!(object(text), Err(ValueError::JsonObject));
        }
        let text = |text| object(text).map_err(|error| error.to_string());
        let twice = "the object holds the key \"b\" twice in one object";
        assert_eq!(text(r#"{"a": {"b": 1, "b": 2}}"#), Err(twice.to_owned()));
        assert!(text(r#"{"a": 18446744073709551616}"#).is_err());
    }

    #[test]
    fn times_need_an_offset_and_seconds_are_positive() {
        assert_eq!(
            time("2026-07-01T12:30:00+03:00"),
            time("2026-07-01T09:30:00Z")
        );
        assert!(time("2026-07-01T09:30:00").is_err());
        assert_eq!(seconds("2.5"), Ok(Duration::from_millis(2500)));
        for wrong in ["0", "-1", "NaN", "inf", "x", "1e300"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
