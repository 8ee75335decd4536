//! The client that the flags and the environment describe, and the care taken of the key.

use std::ffi::OsString;
use std::fmt;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use skiplino::{ApiKey, Client, DEFAULT_BASE_URL, KeyClass, RetryPolicy};

use crate::cli::Globals;
use crate::exit::Failure;
use crate::host::Host;

/// The library's own limit for an attempt, which `--timeout` may lengthen but does not shorten.
const ATTEMPT: Duration = Duration::from_secs(10);
const RETRIES: u32 = 2;
/// No more is read of a key's file: a device or a disk image named by mistake must not fill the memory.
const LONGEST_KEY_FILE: u64 = 64 << 10;

/// A key as it was typed: never shown.
#[derive(Clone)]
pub(crate) struct Secret(OsString);

impl From<OsString> for Secret {
    fn from(text: OsString) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// What the commands work with.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) masked_key: &'static str,
    pub(crate) base_url: String,
    pub(crate) locale: Option<String>,
}

impl Context {
    /// Builds the client. Nothing is sent.
    pub(crate) fn new(globals: Globals, host: &dyn Host) -> Result<Self, Failure> {
        // A variable that is set to nothing is one that is not set.
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
            let attempt = ATTEMPT.max(timeout / retries.saturating_add(1));
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
    let not_text = || Failure::Usage("the API key is not text".to_owned());
    match typed.filter(|key| !key.0.is_empty()) {
        Some(key) => key.0.into_string().map_err(|_| not_text()),
        None => Err(Failure::Usage(
            "no API key: set SKIPLINO_API_KEY, or name a file that holds it with --api-key-file"
                .to_owned(),
        )),
    }
}

fn key_from_file(file: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let (name, read) = if file == Path::new("-") {
        let stdin = std::io::stdin().lock();
        let read = stdin.take(LONGEST_KEY_FILE).read_to_string(&mut text);
        ("standard input".to_owned(), read.map(drop))
    } else {
        let opened = std::fs::File::open(file);
        let read = opened.and_then(|file| file.take(LONGEST_KEY_FILE).read_to_string(&mut text));
        (file.display().to_string(), read.map(drop))
    };
    read.map_err(|error| Failure::Io(format!("the API key of {name}"), error))?;
    Ok(text.trim().to_owned())
}

/// What may be shown of a key: its published prefix, which says no more than its class.
fn mask(key: &str) -> &'static str {
    if key.starts_with("sk_") {
        "sk_…"
    } else if key.starts_with("pk_") {
        "pk_…"
    } else {
        "…"
    }
}

/// `text` without anything that looks like a key, and without the key of the environment whatever it looks like.
pub(crate) fn without_keys(text: &str) -> String {
    let mut text = text.to_owned();
    if let Ok(key) = std::env::var("SKIPLINO_API_KEY")
        && !key.is_empty()
    {
        text = text.replace(&key, mask(&key));
    }
    for prefix in ["sk_", "pk_"] {
        let mut rest = text.as_str();
        let mut clean = String::with_capacity(text.len());
        while let Some(start) = rest.find(prefix) {
            let (before, found) = rest.split_at(start);
            let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
            let end = found.find(|c| !is_key(c)).unwrap_or(found.len());
            clean.push_str(before);
            clean.push_str(mask(found));
            let after = found.get(end..).unwrap_or_default();
            // What was masked before is not masked again.
            rest = after.strip_prefix('…').unwrap_or(after);
        }
        clean.push_str(rest);
        text = clean;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_taken_out_of_any_text() {
        assert_eq!(
            without_keys("unexpected argument 'sk_live-1.2_3' or pk_x, not risk"),
            "unexpected argument 'sk_…' or pk_…, not risk"
        );
        assert_eq!(without_keys("nothing here"), "nothing here");
        assert_eq!(without_keys("'sk_…'"), "'sk_…'");
    }

    #[test]
    fn a_key_is_masked_down_to_its_class() {
        assert_eq!(mask("sk_live_1"), "sk_…");
        assert_eq!(mask("pk_live_1"), "pk_…");
        assert_eq!(mask("other"), "…");
        assert_eq!(
            format!("{:?}", Secret::from(OsString::from("sk_1"))),
            "Secret(redacted)"
        );
    }
}
