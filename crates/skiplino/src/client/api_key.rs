//! The API key: it is public or secret, is never printed, and is wiped when dropped.

use std::fmt;

use reqwest::header::HeaderValue;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::operation::KeyClass;

/// A Skiplino API key. Its text is never printed, and is wiped from this value's memory when it is
/// dropped. A client keeps a copy for the `Authorization` header, marked as sensitive, for as long
/// as it lives.
///
/// A key that starts with `sk_` is secret, as published; everything else counts as public.
#[derive(Clone)]
pub struct ApiKey(Zeroizing<String>);

impl ApiKey {
    /// The key as the dashboard shows it.
    ///
    /// # Errors
    /// `InvalidRequest` (field `apiKey`) if the key is empty, has quotes around it, or has
    /// characters other than visible ASCII; the error does not contain the key.
    pub fn new(key: impl Into<String>) -> Result<Self, Error> {
        let key = Zeroizing::new(key.into());
        if key.is_empty() {
            return Err(Error::invalid("apiKey", "must not be empty"));
        }
        if key.starts_with(['"', '\'']) || key.ends_with(['"', '\'']) {
            return Err(Error::invalid(
                "apiKey",
                "must not have quotes around it: give the key alone",
            ));
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::invalid(
                "apiKey",
                "must be visible ASCII without spaces or line breaks",
            ));
        }
        Ok(Self(key))
    }

    /// Whether the key is a public or a secret one.
    pub fn class(&self) -> KeyClass {
        if self.0.starts_with("sk_") {
            KeyClass::Secret
        } else {
            KeyClass::Public
        }
    }

    /// The value of the `Authorization` header, marked as sensitive so that no layer below logs it.
    pub(crate) fn authorization(&self) -> Result<HeaderValue, Error> {
        let text = Zeroizing::new(format!("Bearer {}", self.0.as_str()));
        let mut value = HeaderValue::from_str(&text)
            .map_err(|_| Error::invalid("apiKey", "must be valid in an HTTP header"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl TryFrom<&str> for ApiKey {
    type Error = Error;
    fn try_from(key: &str) -> Result<Self, Error> {
        Self::new(key)
    }
}

impl TryFrom<String> for ApiKey {
    type Error = Error;
    fn try_from(key: String) -> Result<Self, Error> {
        Self::new(key)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({:?}, redacted)", self.class())
    }
}
