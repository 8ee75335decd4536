//! The settings of a client, checked: the layers below the client read them from here.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::clock::Clock;
use crate::error::Error;
use crate::operation::KeyClass;

pub(crate) struct Config {
    pub(crate) base_url: Url,
    /// Whether the server is on this machine, so that no proxy of the environment is used.
    pub(crate) loopback: bool,
    pub(crate) authorization: HeaderValue,
    pub(crate) key_class: KeyClass,
    pub(crate) locale: Option<HeaderValue>,
    pub(crate) user_agent: String,
    pub(crate) connect_timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) deadline: Duration,
    pub(crate) max_response_bytes: usize,
    pub(crate) proxy: Option<Url>,
    pub(crate) tls: rustls::ClientConfig,
    pub(crate) clock: Arc<dyn Clock>,
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
