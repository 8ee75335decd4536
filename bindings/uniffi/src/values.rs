//! Converts the plain values of the hosts: times and durations in milliseconds, counts, dates and
//! JSON text.

use std::time::Duration;

use serde_json::Value;
use skiplino::jiff::Timestamp;
use skiplino::jiff::civil::Date;

use crate::errors::SkiplinoError;

pub(crate) fn timestamp(ms: i64, field: &str) -> Result<Timestamp, SkiplinoError> {
    Timestamp::from_millisecond(ms).map_err(|_| SkiplinoError::invalid(field, "is out of range"))
}

pub(crate) fn duration(ms: Option<i64>, field: &str) -> Result<Option<Duration>, SkiplinoError> {
    ms.map(|ms| {
        ms.try_into()
            .map(Duration::from_millis)
            .map_err(|_| SkiplinoError::invalid(field, "must not be negative"))
    })
    .transpose()
}

pub(crate) fn count<N: TryFrom<i64>>(
    number: Option<i64>,
    field: &str,
) -> Result<Option<N>, SkiplinoError> {
    number
        .map(|number| {
            number
                .try_into()
                .map_err(|_| SkiplinoError::invalid(field, "is out of range"))
        })
        .transpose()
}

/// A date such as `2026-06-23`.
pub(crate) fn parse_date(date: Option<String>) -> Result<Option<Date>, SkiplinoError> {
    date.map(|date| date.parse())
        .transpose()
        .map_err(|_| SkiplinoError::invalid("date", "must be a date such as 2026-06-23"))
}

/// JSON text. The error does not repeat the text, which may be a customer's data.
pub(crate) fn json(text: Option<String>, field: &str) -> Result<Option<Value>, SkiplinoError> {
    text.map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|_| SkiplinoError::invalid(field, "must be JSON"))
}
