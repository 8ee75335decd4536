//! The client: a core client until it is closed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::ready;
use skiplino::{ApiKey, Call, Client, KeyClass, Operation, RetryPolicy, UntypedCall};

use crate::calls::{CancelHandle, Closing, NativeCallOptions, ResponseInfo, Sending, Shape, send};
use crate::errors::SkiplinoError;
use crate::runtime::Work;
use crate::times::{count, duration};

/// How a client is set up; what is absent is as the core has it.
#[derive(uniffi::Record)]
pub struct ClientSettings {
    /// Where the API is, as in `https://host/external/v1`.
    pub base_url: Option<String>,
    /// The language of names and reasons.
    pub locale: Option<String>,
    /// How long connecting may take, TLS included.
    pub connect_timeout_ms: Option<i64>,
    /// How long one attempt may take.
    pub attempt_timeout_ms: Option<i64>,
    /// How long a whole call may take, retries and pauses included.
    pub deadline_ms: Option<i64>,
    /// Attempts in all.
    pub max_attempts: Option<i64>,
    /// The longest pause before the first retry, doubled for each one after it.
    pub backoff_ms: Option<i64>,
    /// The longest pause ever.
    pub max_backoff_ms: Option<i64>,
    /// At most so many requests a second from all calls together.
    pub requests_per_second: Option<f64>,
    /// The largest answer that is read, in bytes.
    pub max_response_bytes: Option<i64>,
    /// A proxy for all calls, as in `http://user:password@host:3128`.
    pub proxy: Option<String>,
    /// Certificate authorities to trust beside the usual ones, as PEM text.
    pub root_certificates: Option<String>,
    /// What the `User-Agent` ends with, as in `kiosk/4.2`.
    pub user_agent_suffix: Option<String>,
    /// Takes a secret key even on Android and iOS.
    pub allow_secret_key_on_device: bool,
    /// The language that it serves and its version, for the `User-Agent`.
    pub host: String,
}

impl ClientSettings {
    fn retry(&self) -> Result<RetryPolicy, SkiplinoError> {
        let mut policy = RetryPolicy::default();
        if let Some(attempts) = count(self.max_attempts, "maxAttempts")? {
            policy = policy.max_attempts(attempts);
        }
        let (base, cap) = policy.pauses();
        let base = duration(self.backoff_ms, "backoff")?.unwrap_or(base);
        let cap = duration(self.max_backoff_ms, "maxBackoff")?.unwrap_or(cap);
        Ok(policy.backoff(base, cap))
    }

    fn build(self, key: String, retry: RetryPolicy) -> Result<Client, SkiplinoError> {
        let mut builder = Client::builder(ApiKey::new(key)?)
            .retry(retry)
            .host(self.host);
        macro_rules! set {
            ($($name:ident: $value:expr,)+) => {
                $(if let Some(value) = $value {
                    builder = builder.$name(value);
                })+
            };
        }
        set! {
            base_url: self.base_url,
            locale: self.locale,
            connect_timeout: duration(self.connect_timeout_ms, "connectTimeout")?,
            attempt_timeout: duration(self.attempt_timeout_ms, "attemptTimeout")?,
            deadline: duration(self.deadline_ms, "deadline")?,
            requests_per_second: self.requests_per_second,
            max_response_bytes: count(self.max_response_bytes, "maxResponseBytes")?,
            proxy: self.proxy,
            root_certificates: self.root_certificates,
            user_agent_suffix: self.user_agent_suffix,
        }
        #[cfg(feature = "testing")]
        if crate::testing::on_device() {
            builder = builder.on_device();
        }
        if self.allow_secret_key_on_device {
            builder = builder.allow_secret_key_on_device();
        }
        Ok(builder.build()?)
    }
}

/// What a key is allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum NativeKeyClass {
    /// For apps in the hands of customers.
    Public,
    /// For servers and operators: the customer directory as well.
    Secret,
}

/// A client. All threads may use it at the same time. Its operations are in the files of their resources.
#[derive(uniffi::Object)]
pub struct NativeClient {
    /// Nothing once it is closed.
    open: Mutex<Option<Client>>,
    closing: Closing,
    retry: RetryPolicy,
    key_class: KeyClass,
    #[cfg(feature = "testing")]
    _counted: crate::testing::Counted,
}

#[uniffi::export]
impl NativeClient {
    /// Makes a client with an API key. Nothing is sent.
    #[uniffi::constructor]
    pub fn new(api_key: String, settings: ClientSettings) -> Result<Arc<Self>, SkiplinoError> {
        let retry = settings.retry()?;
        let client = settings.build(api_key, retry.clone())?;
        Ok(Arc::new(Self {
            key_class: client.key_class(),
            open: Mutex::new(Some(client)),
            closing: Closing::default(),
            retry,
            #[cfg(feature = "testing")]
            _counted: crate::testing::Counted::client(),
        }))
    }

    /// The class of its key.
    pub fn key_class(&self) -> NativeKeyClass {
        match self.key_class {
            KeyClass::Public => NativeKeyClass::Public,
            KeyClass::Secret => NativeKeyClass::Secret,
        }
    }

    /// Ends what is under way, which fails with `Closed`, and frees the connections. Whatever is called afterwards fails with
    /// `Closed`. Twice is as good as once.
    pub fn shut_down(&self) {
        // Dropped after the lock.
        let client = self.open().take();
        self.closing.close();
        drop(client);
    }

    /// Whether it was shut down.
    pub fn is_closed(&self) -> bool {
        self.open().is_none()
    }
}

/// Makes a call of a client, or refuses what is asked.
type Make<'a> = Box<dyn FnOnce(&Client) -> Result<UntypedCall, SkiplinoError> + 'a>;

impl NativeClient {
    fn open(&self) -> MutexGuard<'_, Option<Client>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The core's client.
    pub(crate) fn client(&self) -> Result<Client, SkiplinoError> {
        self.open().clone().ok_or_else(SkiplinoError::closed)
    }

    pub(crate) fn closing(&self) -> Closing {
        self.closing.clone()
    }

    pub(crate) fn options(
        &self,
        options: NativeCallOptions,
        operation: Operation,
    ) -> Result<skiplino::CallOptions, SkiplinoError> {
        options
            .read(&self.retry)
            .map_err(|refusal| refusal.of(operation))
    }

    /// Begins a call of the operation, whose answer gets a shape of this interface.
    pub(crate) fn send<T: Send + 'static, R: Send + 'static>(
        &self,
        operation: Operation,
        call: impl FnOnce(&Client) -> Result<Call<T>, SkiplinoError>,
        options: NativeCallOptions,
        cancel: Option<Arc<CancelHandle>>,
        shape: impl FnOnce(T, ResponseInfo) -> R + Send + 'static,
    ) -> Sending<R> {
        let call = Box::new(|client: &Client| call(client).map(Call::untyped));
        let shape: Shape = Box::new(|data, info| {
            let data = data.downcast().ok()?;
            Some(Box::new(shape(*data, info)))
        });
        Sending::new(self.begin(operation, call, options, cancel, shape))
    }

    /// [`Self::send`], of which only what depends on the types is in the library for each operation.
    fn begin(
        &self,
        operation: Operation,
        call: Make<'_>,
        options: NativeCallOptions,
        cancel: Option<Arc<CancelHandle>>,
        shape: Shape,
    ) -> Work {
        let begun = self.client().and_then(|client| {
            let call = call(&client).map_err(|refusal| refusal.of(operation))?;
            Ok((call, self.options(options, operation)?))
        });
        match begun {
            Ok((call, options)) => send(call, options, self.closing(), cancel, shape),
            Err(refusal) => Box::pin(ready(Err(refusal))),
        }
    }
}
