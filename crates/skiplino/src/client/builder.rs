//! The builder of a client. It checks every setting, so that no call meets an invalid one.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;

use crate::call::blocking::Interrupt;
use crate::call::rate_limiter;
use crate::call::retry::RetryPolicy;
use crate::call::shared::Shared;
use crate::client::Client;
use crate::client::api_key::ApiKey;
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Config, ProxySetting};
use crate::error::Error;
use crate::http::{certificates, proxy, tls};
use crate::operation::KeyClass;

/// The base URL of the development environment, the only published one.
pub const DEFAULT_BASE_URL: &str = "https://api-dev.skiplino.com/external/v1";

/// The settings that all host languages have, for bindings. An absent setting keeps its default.
#[doc(hidden)]
#[derive(Clone, Default)]
pub struct ClientOptions {
    pub base_url: Option<String>,
    pub locale: Option<String>,
    pub connect_timeout: Option<Duration>,
    pub attempt_timeout: Option<Duration>,
    pub deadline: Option<Duration>,
    pub max_attempts: Option<u32>,
    pub backoff: Option<Duration>,
    pub max_backoff: Option<Duration>,
    pub requests_per_second: Option<f64>,
    pub max_response_bytes: Option<usize>,
    pub proxy: Option<String>,
    pub root_certificates: Option<Vec<u8>>,
    pub user_agent_suffix: Option<String>,
}

impl ClientOptions {
    /// The retry policy of the three settings that are part of it.
    pub fn retry(&self) -> RetryPolicy {
        RetryPolicy::default().overridden(self.max_attempts, self.backoff, self.max_backoff)
    }
}

// The proxy's URL can contain a password.
impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions").finish_non_exhaustive()
    }
}

impl Client {
    /// A client with the defaults: the development environment, 5 s to connect, 10 s an attempt, 30
    /// s a call.
    ///
    /// # Errors
    /// The errors of [`ClientBuilder::build`].
    pub fn new(key: ApiKey) -> Result<Self, Error> {
        Self::builder(key).build()
    }

    /// Sets up a client.
    pub fn builder(key: ApiKey) -> ClientBuilder {
        ClientBuilder::new(key)
    }
}

/// Builds a [`Client`].
#[must_use]
pub struct ClientBuilder {
    key: ApiKey,
    base_url: String,
    locale: Option<String>,
    host: String,
    user_agent_suffix: Option<String>,
    connect_timeout: Duration,
    attempt_timeout: Duration,
    deadline: Duration,
    retry: RetryPolicy,
    requests_per_second: Option<f64>,
    max_response_bytes: usize,
    proxy: Option<String>,
    root_certificates: Vec<u8>,
    /// Why the certificates of the environment cannot be used.
    env_certificates_error: Option<Error>,
    on_device: bool,
    behind_network: bool,
    allow_secret_key_on_device: bool,
    clock: Arc<dyn Clock>,
    interrupt: Option<Interrupt>,
}

impl ClientBuilder {
    fn new(key: ApiKey) -> Self {
        Self {
            key,
            base_url: DEFAULT_BASE_URL.to_owned(),
            locale: None,
            host: "rust".to_owned(),
            user_agent_suffix: None,
            connect_timeout: Duration::from_secs(5),
            attempt_timeout: Duration::from_secs(10),
            deadline: Duration::from_secs(30),
            retry: RetryPolicy::default(),
            requests_per_second: None,
            max_response_bytes: 16 * 1024 * 1024,
            proxy: None,
            root_certificates: Vec::new(),
            env_certificates_error: None,
            on_device: cfg!(any(target_os = "android", target_os = "ios")),
            behind_network: false,
            allow_secret_key_on_device: false,
            clock: Arc::new(SystemClock),
            interrupt: None,
        }
    }

    /// Applies every setting that is present.
    #[doc(hidden)]
    pub fn options(mut self, options: ClientOptions) -> Self {
        self = self.retry(options.retry());
        macro_rules! apply {
            ($($name:ident)+) => {
                $(if let Some(value) = options.$name {
                    self = self.$name(value);
                })+
            };
        }
        apply!(base_url locale connect_timeout attempt_timeout deadline requests_per_second);
        apply!(max_response_bytes proxy root_certificates user_agent_suffix);
        self
    }

    /// The API's base URL, as in `https://host/external/v1`; default [`DEFAULT_BASE_URL`].
    /// `http://` is allowed for localhost only.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// The language of names and reasons (`X-Locale`), if the server has a translation. Empty for
    /// the server's default.
    pub fn locale(mut self, locale: impl Into<String>) -> Self {
        self.locale = Some(locale.into());
        self
    }

    /// The time limit of connecting, TLS included; default 5 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// The time limit of one attempt; default 10 s.
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.attempt_timeout = limit;
        self
    }

    /// The time limit of a whole call, retries and pauses included; default 30 s.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.deadline = limit;
        self
    }

    /// The retry policy; default 3 attempts, with pauses of up to 250 ms doubling to 8 s.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// The rate limit in requests a second, evenly spaced, for all calls of the client together;
    /// default none. A 429 response slows the client down in any case.
    pub fn requests_per_second(mut self, limit: f64) -> Self {
        self.requests_per_second = Some(limit);
        self
    }

    /// The largest response body, uncompressed; default 16 MiB.
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// A proxy for all calls, as in `http://user:password@host:3128`. Needs a base URL with https,
    /// or the proxy could read the key. Default: the proxy of the environment (`HTTPS_PROXY`, or
    /// else `ALL_PROXY`), except for localhost and the hosts in `NO_PROXY`.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Trusts the certificate authorities of this PEM text beside the usual ones.
    pub fn root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.root_certificates.extend_from_slice(pem.as_ref());
        self.root_certificates.push(b'\n');
        self
    }

    /// Trusts the certificate authorities of the file `SSL_CERT_FILE` and of the folders
    /// `SSL_CERT_DIR`, if these environment variables are set, beside the usual ones. The command
    /// and the Python package do so.
    pub fn root_certificates_from_env(mut self) -> Self {
        // Read here, so that apps that do not call this do not contain the code.
        match certificates::from_environment() {
            Ok(pem) => self.root_certificates.extend_from_slice(&pem),
            Err(error) => self.env_certificates_error = Some(error),
        }
        self
    }

    /// The end of the `User-Agent`, as in `kiosk/4.2`.
    pub fn user_agent_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.user_agent_suffix = Some(suffix.into());
        self
    }

    /// The host language of a binding, for the `User-Agent`.
    #[doc(hidden)]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// Replaces the system's clock, for tests of pauses.
    #[doc(hidden)]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// A function that `wait` calls on the waiting thread ten times a second. Return `true` to end
    /// the call, for example after Ctrl-C in Python. The call fails with `Internal`; the binding
    /// replaces that error.
    #[doc(hidden)]
    pub fn interrupt(mut self, should_end: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.interrupt = Some(Arc::new(should_end));
        self
    }

    /// Applies the rules for phones on any machine, for tests.
    #[doc(hidden)]
    pub fn on_device(mut self) -> Self {
        self.on_device = true;
        self
    }

    /// Treats a server on this machine as one behind a network, for tests.
    #[doc(hidden)]
    pub fn behind_network(mut self) -> Self {
        self.behind_network = true;
        self
    }

    /// Allows a secret key on Android and iOS. It is rejected there by default, because users of
    /// the app can read it.
    pub fn allow_secret_key_on_device(mut self) -> Self {
        self.allow_secret_key_on_device = true;
        self
    }

    /// Checks the settings and makes the client. Nothing is sent.
    ///
    /// # Errors
    /// `InvalidRequest` with the name of the invalid setting.
    pub fn build(self) -> Result<Client, Error> {
        let guarded = self.on_device && !self.allow_secret_key_on_device;
        if guarded && self.key.class() == KeyClass::Secret {
            return Err(Error::invalid(
                "apiKey",
                "a secret key must not be used on a device: use a public key, or allow it in the client builder",
            ));
        }
        let base_url = base_url(&self.base_url)?;
        for (field, limit) in [
            ("connectTimeout", self.connect_timeout),
            ("attemptTimeout", self.attempt_timeout),
            ("deadline", self.deadline),
        ] {
            if limit.is_zero() {
                return Err(Error::invalid(field, "must be greater than zero"));
            }
        }
        if let Some(limit) = self.requests_per_second {
            rate_limiter::check("requestsPerSecond", limit)?;
        }
        let proxy = match &self.proxy {
            Some(url) => proxy::configured(url, &base_url)?,
            None if is_loopback(&base_url) => ProxySetting::Direct,
            None => proxy::of_environment(&base_url),
        };
        if let Some(error) = self.env_certificates_error {
            return Err(error);
        }
        // Only a server on this machine can be reached without TLS.
        let is_local = base_url.scheme() == "http" && !self.behind_network;
        let config = Config {
            base_url,
            is_local,
            authorization: self.key.authorization()?,
            key_class: self.key.class(),
            locale: self
                .locale
                .as_deref()
                .map(config::locale)
                .transpose()?
                .flatten(),
            user_agent: user_agent(&self.host, self.user_agent_suffix.as_deref())?,
            connect_timeout: self.connect_timeout,
            attempt_timeout: self.attempt_timeout,
            deadline: self.deadline,
            max_response_bytes: self.max_response_bytes,
            proxy,
            tls: tls::config(&self.root_certificates)?,
            clock: self.clock,
        };
        let shared = Shared::new(config, self.retry, self.requests_per_second, self.interrupt)?;
        Ok(Client::from_shared(shared))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("key", &self.key)
            .field("locale", &self.locale)
            .field("connect_timeout", &self.connect_timeout)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("deadline", &self.deadline)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

fn base_url(text: &str) -> Result<Url, Error> {
    let reject = |reason: &str| Err(Error::invalid("baseUrl", reason));
    // No error contains the URL, because it may contain credentials.
    let Ok(mut url) = Url::parse(text) else {
        return reject("must be an absolute URL");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return reject("must not contain credentials");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return reject("must not have a query or a fragment");
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return reject("must use https (http only for localhost)"),
        _ => return reject("must use https"),
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    // An empty path becomes "/", whose empty segment would double the slash before every operation.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty();
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let address = host.trim_start_matches('[').trim_end_matches(']');
    match address.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

fn user_agent(host: &str, suffix: Option<&str>) -> Result<String, Error> {
    let mut agent = format!(
        "skiplino/{} ({host}; {}; {})",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    );
    if let Some(suffix) = suffix {
        agent.push(' ');
        agent.push_str(suffix);
    }
    if agent.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        Ok(agent)
    } else {
        Err(Error::invalid("userAgentSuffix", "must be printable ASCII"))
    }
}
