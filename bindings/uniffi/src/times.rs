//! Times as the hosts have them: milliseconds since 1970, as exact as the API's own, and spans in milliseconds.

use std::time::Duration;

use skiplino::jiff::Timestamp;

use crate::errors::SkiplinoError;

pub(crate) fn timestamp(ms: i64, field: &str) -> Result<Timestamp, SkiplinoError> {
    Timestamp::from_millisecond(ms).map_err(|_| SkiplinoError::invalid(field, "is out of range"))
}

/// A span, where there is one.
pub(crate) fn duration(ms: Option<i64>, field: &str) -> Result<Option<Duration>, SkiplinoError> {
    ms.map(|ms| {
        ms.try_into()
            .map(Duration::from_millis)
            .map_err(|_| SkiplinoError::invalid(field, "must not be negative"))
    })
    .transpose()
}

/// A number that is not negative, where there is one.
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
