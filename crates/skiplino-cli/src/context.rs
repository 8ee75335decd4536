//! The client that the options and the environment describe.

use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use skiplino::{ApiKey, Client, DEFAULT_BASE_URL, KeyClass, RetryPolicy};

use crate::failure::{Failure, UsageError};
use crate::files::is_standard_stream;
use crate::globals::Globals;
use crate::host::Host;
use crate::secret::{Secret, mask};

/// The library's own limit for an attempt. `--timeout` may raise it, but does not lower it.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
const RETRIES: u32 = 2;
/// The most bytes read of a key file: a device named by mistake must not fill the memory.
const MAX_KEY_FILE_BYTES: u64 = 64 << 10;

/// The client and the options with which a command calls the API.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) masked_key: &'static str,
    pub(crate) base_url: String,
    pub(crate) locale: Option<String>,
}

impl Context {
    /// Builds the client. Nothing is sent.
    pub(crate) fn new(globals: Globals, host: &dyn Host) -> Result<Self, Failure> {
        // An empty environment variable counts as unset.
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let key = key(globals.api_key, globals.api_key_file.as_deref())?;
        let masked_key = mask(&key);
        let key = ApiKey::new(key)?;
        let base_url = given(globals.base_url).unwrap_or_else(|| DEFAULT_BASE_URL.to_owned());
        let locale = given(globals.locale);
        let retries = globals.retries.unwrap_or(RETRIES);
        let mut builder = Client::builder(key)
            .base_url(&base_url)
            .host(host.language())
            .user_agent_suffix(concat!("skiplino-cli/", env!("CARGO_PKG_VERSION")))
            .retry(RetryPolicy::default().max_attempts(retries.saturating_add(1)));
        if let Some(locale) = &locale {
            builder = builder.locale(locale);
        }
        if let Some(timeout) = globals.timeout {
            let attempt = ATTEMPT_TIMEOUT.max(timeout / retries.saturating_add(1));
            builder = builder.deadline(timeout).attempt_timeout(attempt);
        }
        Ok(Self {
            client: builder.build()?,
            masked_key,
            base_url,
            locale,
        })
    }

    pub(crate) fn key_class(&self) -> &'static str {
        match self.client.key_class() {
            KeyClass::Secret => "secret",
            KeyClass::Public => "public",
        }
    }
}

fn key(typed: Option<Secret>, file: Option<&Path>) -> Result<String, Failure> {
    if let Some(file) = file {
        return key_from_file(file);
    }
    let key = typed.filter(|key| !key.is_empty());
    let key = key.ok_or(UsageError::NoApiKey)?;
    Ok(key.into_text().ok_or(UsageError::ApiKeyNotText)?)
}

fn key_from_file(file: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let (name, read) = if is_standard_stream(file) {
        let stdin = std::io::stdin().lock();
        let read = stdin.take(MAX_KEY_FILE_BYTES).read_to_string(&mut text);
        ("standard input".to_owned(), read.map(drop))
    } else {
        let opened = std::fs::File::open(file);
        let read = opened.and_then(|file| file.take(MAX_KEY_FILE_BYTES).read_to_string(&mut text));
        (file.display().to_string(), read.map(drop))
    };
    read.map_err(|error| Failure::io(format!("the API key in {name}"), error))?;
    Ok(text.trim().to_owned())
}
