//! Values as they are typed: times, dates, customers, options.

use std::time::Duration;

use serde_json::{Map, Value};
use skiplino::jiff::Timestamp;
use skiplino::jiff::civil::Date;
use skiplino::{CustomerId, CustomerRef, ExternalId};

/// A day to look for slots on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Day {
    /// Today where the company is, which only the server knows.
    Today,
    On(Date),
}

pub(crate) fn day(text: &str) -> Result<Day, String> {
    if text.eq_ignore_ascii_case("today") {
        return Ok(Day::Today);
    }
    text.parse()
        .map(Day::On)
        .map_err(|_| "give a date as in 2026-07-01, or today".to_owned())
}

pub(crate) fn time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| {
        "give a time with Z or its offset, as in 2026-07-01T09:30:00Z or 2026-07-01T12:30:00+03:00"
            .to_owned()
    })
}

pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok();
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|limit| !limit.is_zero())
        .ok_or_else(|| "give seconds, more than 0, as in 30 or 2.5".to_owned())
}

/// A customer: 32 hexadecimal characters are the server's id, `ext:` goes before one's own.
pub(crate) fn customer(text: &str) -> Result<CustomerRef, String> {
    if let Some(external) = text.strip_prefix("ext:") {
        return external_id(external).map(CustomerRef::from);
    }
    if text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(CustomerId::from(text).into());
    }
    Err("give the customer's id (32 hexadecimal characters), or ext: and your own id, as in ext:crm-7741".to_owned())
}

pub(crate) fn external_id(text: &str) -> Result<ExternalId, String> {
    if text.trim().is_empty() {
        return Err("an external id must not be empty".to_owned());
    }
    Ok(ExternalId::from(text))
}

/// A customer as it can be typed again.
pub(crate) fn typed(customer: &CustomerRef) -> String {
    match customer {
        CustomerRef::Id(id) => id.to_string(),
        CustomerRef::ExternalId(id) => format!("ext:{id}"),
    }
}

pub(crate) fn object(text: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err("give a JSON object, as in '{\"tier\": \"gold\"}'".to_owned()),
    }
}

/// `key=value`, where a value that reads as JSON is that and any other is text.
pub(crate) fn option(text: &str) -> Result<(String, Value), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => {
            let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            Ok((key.to_owned(), value))
        }
        _ => Err("give key=value, as in accountType=savings".to_owned()),
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
    fn options_are_json_where_they_read_as_it() {
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
    fn times_need_an_offset_and_limits_must_be_something() {
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
