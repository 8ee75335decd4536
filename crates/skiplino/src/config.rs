//! The settings of a client, checked: the layers below the client read them from here.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::operation::KeyClass;

pub(crate) struct Config {
    pub(crate) base_url: Url,
    /// Whether the server is on this machine, as a sandbox is.
    pub(crate) is_local: bool,
    pub(crate) authorization: HeaderValue,
    pub(crate) key_class: KeyClass,
    pub(crate) locale: Option<HeaderValue>,
    pub(crate) user_agent: String,
    pub(crate) connect_timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) deadline: Duration,
    pub(crate) max_response_bytes: usize,
    pub(crate) proxy: ProxySetting,
    pub(crate) tls: rustls::ClientConfig,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Config {
    /// The API key.
    pub(crate) fn key(&self) -> &str {
        let header = self.authorization.to_str().unwrap_or_default();
        header.strip_prefix("Bearer ").unwrap_or_default()
    }

    /// # Errors
    /// `SecretKeyRequired` unless the key is a secret one.
    pub(crate) fn require_secret_key(&self) -> Result<(), Error> {
        match self.key_class {
            KeyClass::Secret => Ok(()),
            KeyClass::Public if self.key().starts_with("pk_") => {
                Err(Error::new(ErrorKind::SecretKeyRequired))
            }
            KeyClass::Public => Err(Error::invalid(
                "apiKey",
                "must start with sk_, but starts with neither sk_ nor pk_; copy the whole key",
            )
            .edit(|inner| inner.kind = ErrorKind::SecretKeyRequired)),
        }
    }
}

/// The proxy between the client and the server.
#[doc(hidden)]
#[derive(Clone)]
pub enum ProxySetting {
    /// Without a proxy.
    Direct,
    /// Through this proxy, whose URL can contain a password.
    Use(Url),
    /// The environment names a proxy that cannot be used, for this reason.
    Unusable(String),
}

impl std::fmt::Debug for ProxySetting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProxySetting")
    }
}

/// Checks a locale and converts it to a header value. An empty locale is `None`.
pub(crate) fn locale(text: &str) -> Result<Option<HeaderValue>, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let tag = text.len() <= 35
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    match HeaderValue::from_str(text) {
        Ok(value) if tag => Ok(Some(value)),
        _ => Err(Error::invalid(
            "locale",
            "must be a language tag, as in en or ar-BH",
        )),
    }
}
