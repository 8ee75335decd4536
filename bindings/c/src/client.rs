//! The client: its options, new and free.

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

use bindings_common::ForkGuarded;
use skiplino::{ApiKey, Client, ClientOptions, RetryPolicy};

use crate::argument::{StringArg, optional_duration, optional_number};
use crate::boundary;
use crate::code::skiplino_code;
use crate::error::{Failure, skiplino_error};
use crate::log::{Log, skiplino_log_callback, skiplino_log_level};
use crate::sized_struct::{self, SizedStruct};

/// A client. Any number of threads may use it at the same time. Each call runs on the thread that
/// makes it, over connections that the client keeps open. A forked child cannot use it: see
/// SKIPLINO_FORKED.
pub struct skiplino_client {
    pub(crate) inner: ForkGuarded<Client>,
    pub(crate) retry: RetryPolicy,
    pub(crate) log: Log,
}

/// The settings of a client. Initialise with SKIPLINO_OPTIONS_INIT. The strings belong to the
/// caller; only skiplino_client_new() reads them.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct skiplino_options {
    /// Set by SKIPLINO_OPTIONS_INIT.
    pub size: usize,
    /// The base URL of the API, as in "https://host/external/v1". NULL for the development
    /// environment.
    pub base_url: StringArg,
    /// The language of names and reasons, as in "ar". NULL for the server's default.
    pub locale: StringArg,
    /// The end of the User-Agent header, as in "kiosk/4.2", or NULL.
    pub user_agent_suffix: StringArg,
    /// The proxy of all calls, as in "http://user:password@host:3128". NULL for the proxy that the
    /// environment variables name.
    pub proxy: StringArg,
    /// Certificate authorities to trust in addition to the built-in ones, as PEM text, or NULL.
    pub root_certificates: StringArg,
    /// The timeout for connecting, TLS included, in milliseconds. -1 for the default.
    pub connect_timeout_ms: i64,
    /// The timeout for one attempt in milliseconds. -1 for the default.
    pub attempt_timeout_ms: i64,
    /// The timeout for a whole call in milliseconds, retries and pauses included. -1 for the
    /// default.
    pub deadline_ms: i64,
    /// The maximum number of attempts, the first included. -1 for the default.
    pub max_attempts: i64,
    /// The longest pause before the first retry in milliseconds. It doubles for each further retry.
    /// -1 for the default.
    pub backoff_ms: i64,
    /// The upper limit of every pause in milliseconds. -1 for the default.
    pub max_backoff_ms: i64,
    /// The largest response body that the client reads, in bytes. -1 for the default.
    pub max_response_bytes: i64,
    /// The maximum number of requests per second over all calls of the client. 0 for no limit.
    pub requests_per_second: f64,
    /// Receives the log of the client's calls, pagers and watches. Pagers and watches may outlive
    /// the client. NULL for no log.
    pub log: skiplino_log_callback,
    /// The first argument of `log`.
    pub log_data: *mut c_void,
    /// The least important skiplino_log_level that `log` receives.
    pub log_level: i32,
}

// SAFETY: `repr(C)`, the size first. Any bytes are valid pointers and numbers. The callback is a
// function or NULL.
unsafe impl SizedStruct for skiplino_options {
    const INIT: Self = Self {
        size: size_of::<Self>(),
        base_url: StringArg::NULL,
        locale: StringArg::NULL,
        user_agent_suffix: StringArg::NULL,
        proxy: StringArg::NULL,
        root_certificates: StringArg::NULL,
        connect_timeout_ms: -1,
        attempt_timeout_ms: -1,
        deadline_ms: -1,
        max_attempts: -1,
        backoff_ms: -1,
        max_backoff_ms: -1,
        max_response_bytes: -1,
        requests_per_second: 0.0,
        log: None,
        log_data: std::ptr::null_mut(),
        log_level: skiplino_log_level::SKIPLINO_LOG_INFO as i32,
    };
    const MIN_SIZE: usize = size_of::<Self>();
}

/// Client options or NULL.
#[repr(transparent)]
pub struct OptionsArg(*const skiplino_options);

fn build(key: &str, options: &skiplino_options) -> Result<skiplino_client, Failure> {
    let limit = options.requests_per_second;
    let settings = ClientOptions {
        base_url: options.base_url.optional_owned("base_url")?,
        locale: options.locale.optional_owned("locale")?,
        connect_timeout: optional_duration(options.connect_timeout_ms, "connect_timeout_ms")?,
        attempt_timeout: optional_duration(options.attempt_timeout_ms, "attempt_timeout_ms")?,
        deadline: optional_duration(options.deadline_ms, "deadline_ms")?,
        max_attempts: optional_number(options.max_attempts, "max_attempts")?,
        backoff: optional_duration(options.backoff_ms, "backoff_ms")?,
        max_backoff: optional_duration(options.max_backoff_ms, "max_backoff_ms")?,
        requests_per_second: Some(limit).filter(|limit| *limit != 0.0),
        max_response_bytes: optional_number(options.max_response_bytes, "max_response_bytes")?,
        proxy: options.proxy.optional_owned("proxy")?,
        root_certificates: options
            .root_certificates
            .optional_owned("root_certificates")?
            .map(String::into_bytes),
        user_agent_suffix: options
            .user_agent_suffix
            .optional_owned("user_agent_suffix")?,
    };
    let retry = settings.retry();
    let builder = Client::builder(ApiKey::new(key)?).options(settings);
    Ok(skiplino_client {
        inner: ForkGuarded::new(builder.host("c").build()?),
        retry,
        log: Log::new(options.log, options.log_data, options.log_level)?,
    })
}

/// Creates a client with an API key. `options` may be NULL. Sends nothing. Free the client with
/// skiplino_client_free(). Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_client_new(
    key: StringArg,
    options: OptionsArg,
    client: Option<&mut MaybeUninit<Box<skiplino_client>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let out = skiplino_error::require(client, "client")?;
        let options = sized_struct::read(options.0, "options")?;
        out.write(Box::new(build(key.required("key")?, &options)?));
        Ok(())
    })
}

/// Frees a client. No call of the client may be running. Its pagers and watches stay usable. In a
/// forked child, the parent's connections stay open. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_client_free(client: Option<Box<skiplino_client>>) {
    boundary::free(client);
}

/// The version of the library, as in "0.1.0". The string is valid for the life of the process.
/// Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_version() -> *const c_char {
    boundary::guard(std::ptr::null(), || {
        concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
    })
}
