//! The client that the options and the environment describe.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;
use std::time::Duration;

use skiplino::{ApiKey, Client, DEFAULT_BASE_URL, Error, KeyClass, RetryPolicy};

use skiplino_doctor::{Setting, key_hint};

use crate::failure::{Failure, UsageError};
use crate::files::is_standard_stream;
use crate::globals::Globals;
use crate::host::Host;
use crate::secret::{Secret, mask};

/// The library's own limit for an attempt. `--timeout` may raise it, but does not lower it.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
const RETRIES: u32 = 2;
/// The most bytes read of a file: a device named by mistake must not fill the memory.
const MAX_KEY_FILE_BYTES: u64 = 64 << 10;
const MAX_CA_FILE_BYTES: u64 = 16 << 20;

/// The client and the options with which a command calls the API.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) masked_key: &'static str,
    pub(crate) base_url: String,
    pub(crate) locale: Option<String>,
    /// The settings with their sources, for people.
    pub(crate) settings: Vec<Setting>,
}

impl Context {
    /// Builds the client. Nothing is sent.
    pub(crate) fn new(globals: Globals, host: &dyn Host) -> Result<Self, Failure> {
        // An empty environment variable counts as unset.
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let key_file = globals.api_key_file.as_deref();
        let key = key(globals.api_key, key_file)?;
        let masked_key = mask(&key);
        let (hint, key_source) = (
            key_hint(&key),
            source("--api-key", "SKIPLINO_API_KEY", &key),
        );
        let key_source = key_file.map_or(key_source, |_| "--api-key-file");
        let key = ApiKey::new(key)?;
        let base_url = given(globals.base_url);
        let locale = given(globals.locale);
        let url_source = base_url.as_deref().map_or("default", |url| {
            source("--base-url", "SKIPLINO_BASE_URL", url)
        });
        let locale_source = locale
            .as_deref()
            .map_or("default", |tag| source("--locale", "SKIPLINO_LOCALE", tag));
        let base_url = base_url.unwrap_or_else(|| DEFAULT_BASE_URL.to_owned());
        let retries = globals.retries.unwrap_or(RETRIES);
        let mut builder = Client::builder(key)
            .base_url(&base_url)
            .root_certificates_from_env()
            .host(host.language())
            .user_agent_suffix(concat!("skiplino-cli/", env!("CARGO_PKG_VERSION")))
            .retry(RetryPolicy::default().max_attempts(retries.saturating_add(1)));
        if let Some(locale) = &locale {
            builder = builder.locale(locale);
        }
        let ca_file = globals.ca_file.filter(|file| !file.as_os_str().is_empty());
        if let Some(file) = &ca_file {
            let text = read(file, MAX_CA_FILE_BYTES);
            let subject = || format!("the certificates in {}", file.display());
            builder =
                builder.root_certificates(text.map_err(|error| Failure::io(subject(), error))?);
        }
        if let Some(timeout) = globals.timeout {
            let attempt = ATTEMPT_TIMEOUT.max(timeout / retries.saturating_add(1));
            builder = builder.deadline(timeout).attempt_timeout(attempt);
        }
        let client = builder
            .build()
            .map_err(|error| invalid_certificates(error, ca_file.as_deref()))?;
        let mut settings = vec![
            setting("base URL", base_url.clone(), url_source),
            setting(
                "key",
                format!("{hint}, {}", class_name(&client)),
                key_source,
            ),
        ];
        if let Some(locale) = &locale {
            settings.push(setting("locale", locale.clone(), locale_source));
        }
        if let Some(file) = &ca_file {
            let name = file.display().to_string();
            let from = source("--ca-file", "SKIPLINO_CA_FILE", &name);
            settings.push(setting("authorities", name, from));
        }
        for variable in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
            if let Some(value) = std::env::var_os(variable).filter(|value| !value.is_empty()) {
                let value = value.to_string_lossy().into_owned();
                settings.push(setting("authorities", value, variable));
            }
        }
        Ok(Self {
            client,
            masked_key,
            base_url,
            locale,
            settings,
        })
    }

    pub(crate) fn key_class(&self) -> &'static str {
        class_name(&self.client)
    }
}

fn class_name(client: &Client) -> &'static str {
    match client.key_class() {
        KeyClass::Secret => "secret",
        KeyClass::Public => "public",
    }
}

fn setting(name: &str, value: String, source: &str) -> Setting {
    Setting {
        name: name.to_owned(),
        value,
        source: source.to_owned(),
    }
}

/// Where a value comes from. The parser fills an option from its variable.
fn source(option: &'static str, variable: &'static str, value: &str) -> &'static str {
    match std::env::var(variable).is_ok_and(|set| set == value) {
        true => variable,
        false => option,
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

fn read(file: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The library does not know where the certificates come from.
fn invalid_certificates(error: Error, file: Option<&Path>) -> Failure {
    let reasons = error.fields().get("rootCertificates");
    match (reasons.and_then(|reasons| reasons.first()), file) {
        (Some(reason), Some(file)) => Failure::from(UsageError::CaFile {
            file: file.to_owned(),
            reason: reason.clone(),
        }),
        _ => error.into(),
    }
}

/// Warns of a key file that other users of the machine can read.
#[cfg(unix)]
fn warn_if_shared(file: &Path) {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;

    use skiplino_directory::printable;

    let is_shared =
        |found: std::fs::Metadata| found.is_file() && found.permissions().mode() & 0o044 != 0;
    if std::fs::metadata(file).is_ok_and(is_shared) {
        let name = file.display().to_string();
        let name = printable(&name);
        let _ = writeln!(
            io::stderr(),
            "skiplino: other users can read the API key in {name}: make it private with chmod 600"
        );
    }
}

#[cfg(not(unix))]
fn warn_if_shared(_: &Path) {}

fn key_from_file(file: &Path) -> Result<String, Failure> {
    let (name, read) = if is_standard_stream(file) {
        let mut text = Vec::new();
        let stdin = io::stdin().lock();
        let read = stdin.take(MAX_KEY_FILE_BYTES).read_to_end(&mut text);
        ("standard input".to_owned(), read.map(|_| text))
    } else {
        warn_if_shared(file);
        (file.display().to_string(), read(file, MAX_KEY_FILE_BYTES))
    };
    let text = read.and_then(|text| {
        String::from_utf8(text).map_err(|_| io::Error::new(ErrorKind::InvalidData, "not UTF-8"))
    });
    let text = text.map_err(|error| Failure::io(format!("the API key in {name}"), error))?;
    Ok(text.trim().to_owned())
}
