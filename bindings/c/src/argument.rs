//! Arguments from C: strings, JSON, durations and references to customers.

use std::ffi::{CStr, c_char};
use std::ptr;
use std::time::Duration;

use serde_json::Value;
use skiplino::CustomerRef;

use crate::code::skiplino_code;
use crate::error::{Failure, skiplino_error};

/// A string argument: NULL, or NUL-terminated and unchanged for the length of the call.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct StringArg(*const c_char);

impl StringArg {
    pub(crate) const NULL: Self = Self(ptr::null());

    /// The string, or `None` for NULL. The error names the argument `name`.
    pub(crate) fn optional(&self, name: &str) -> Result<Option<&str>, Failure> {
        if self.0.is_null() {
            return Ok(None);
        }
        // SAFETY: not NULL; the header requires a NUL-terminated string that lives for the call.
        let text = unsafe { CStr::from_ptr(self.0) };
        text.to_str().map(Some).map_err(|_| {
            skiplino_error::rejected(skiplino_code::SKIPLINO_NOT_UTF8, name, "must be UTF-8")
        })
    }

    /// A copy of the string, or `None` for NULL.
    pub(crate) fn optional_owned(&self, name: &str) -> Result<Option<String>, Failure> {
        Ok(self.optional(name)?.map(str::to_owned))
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, Failure> {
        skiplino_error::require(self.optional(name)?, name)
    }
}

/// A number that is not negative, or `None` for -1.
pub(crate) fn optional_number<T: TryFrom<i64>>(
    number: i64,
    name: &str,
) -> Result<Option<T>, Failure> {
    if number == -1 {
        return Ok(None);
    }
    number
        .try_into()
        .map(Some)
        .map_err(|_| skiplino_error::invalid(name, "must be zero or more, or -1 for the default"))
}

/// A duration in milliseconds, or `None` for -1.
pub(crate) fn optional_duration(ms: i64, name: &str) -> Result<Option<Duration>, Failure> {
    Ok(optional_number(ms, name)?.map(Duration::from_millis))
}

/// JSON text, or `None` for NULL. The error does not repeat the text, which may hold personal
/// data.
pub(crate) fn optional_json(text: &StringArg, name: &str) -> Result<Option<Value>, Failure> {
    let value = text.optional(name)?.map(serde_json::from_str);
    value
        .transpose()
        .map_err(|_| skiplino_error::invalid(name, "must be valid JSON"))
}

/// A customer by one of two ids, or `None` if both are NULL.
pub(crate) fn optional_customer(
    id: &StringArg,
    external_id: &StringArg,
    id_name: &str,
    external_id_name: &str,
) -> Result<Option<CustomerRef>, Failure> {
    match (
        id.optional(id_name)?,
        external_id.optional(external_id_name)?,
    ) {
        (Some(_), Some(_)) => {
            let reason = format!("must be NULL if {external_id_name} is given");
            Err(skiplino_error::invalid(id_name, &reason))
        }
        (Some(id), None) => Ok(Some(CustomerRef::id(id))),
        (None, external_id) => Ok(external_id.map(CustomerRef::external_id)),
    }
}

/// A customer by one of two ids.
pub(crate) fn required_customer(
    id: &StringArg,
    external_id: &StringArg,
    id_name: &str,
    external_id_name: &str,
) -> Result<CustomerRef, Failure> {
    let customer = optional_customer(id, external_id, id_name, external_id_name)?;
    skiplino_error::require(customer, id_name)
}
