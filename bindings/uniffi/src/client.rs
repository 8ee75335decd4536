//! The client object and its settings.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::ready;
use skiplino::{
    ApiKey, Call, Client, ClientOptions, KeyClass, Operation, RetryPolicy, UntypedCall,
};

use crate::call_options::NativeCallOptions;
use crate::cancellation::{CancelHandle, ShutdownSignal};
use crate::errors::SkiplinoError;
use crate::pending_call::PendingCall;
use crate::responses::{FromCore, ResponseInfo};
use crate::runtime::{ErasedData, ErasedFuture};
use crate::values::{count, duration};

/// The settings of a client. Absent settings have the core's defaults.
#[derive(uniffi::Record)]
pub struct ClientSettings {
    /// The base URL of the API, such as `https://host/external/v1`.
    pub base_url: Option<String>,
    /// The language of names and error reasons.
    pub locale: Option<String>,
    /// The maximum duration of connecting, including TLS.
    pub connect_timeout_ms: Option<i64>,
    /// The maximum duration of one attempt.
    pub attempt_timeout_ms: Option<i64>,
    /// The maximum duration of a whole call, including retries and pauses.
    pub deadline_ms: Option<i64>,
    /// The maximum number of attempts, including the first.
    pub max_attempts: Option<i64>,
    /// The maximum pause before the first retry. It doubles before each further retry.
    pub backoff_ms: Option<i64>,
    /// The maximum pause before any retry.
    pub max_backoff_ms: Option<i64>,
    /// The rate limit for the requests of all calls together.
    pub requests_per_second: Option<f64>,
    /// The maximum size of a response body in bytes.
    pub max_response_bytes: Option<i64>,
    /// The proxy for all calls, such as `http://user:password@host:3128`.
    pub proxy: Option<String>,
    /// Additional trusted certificate authorities, as PEM text.
    pub root_certificates: Option<String>,
    /// The end of the `User-Agent` header, such as `kiosk/4.2`.
    pub user_agent_suffix: Option<String>,
    /// Allows a secret key on Android and iOS.
    pub allow_secret_key_on_device: bool,
    /// Whether the host language has found out that this is Android or iOS. A library that is built
    /// for them knows.
    #[uniffi(default = false)]
    pub on_device: bool,
    /// The host language and its version, for the `User-Agent` header.
    pub host: String,
}

impl ClientSettings {
    fn read(self) -> Result<ClientOptions, SkiplinoError> {
        Ok(ClientOptions {
            base_url: self.base_url,
            locale: self.locale,
            connect_timeout: duration(self.connect_timeout_ms, "connectTimeout")?,
            attempt_timeout: duration(self.attempt_timeout_ms, "attemptTimeout")?,
            deadline: duration(self.deadline_ms, "deadline")?,
            max_attempts: count(self.max_attempts, "maxAttempts")?,
            backoff: duration(self.backoff_ms, "backoff")?,
            max_backoff: duration(self.max_backoff_ms, "maxBackoff")?,
            requests_per_second: self.requests_per_second,
            max_response_bytes: count(self.max_response_bytes, "maxResponseBytes")?,
            proxy: self.proxy,
            root_certificates: self.root_certificates.map(String::into_bytes),
            user_agent_suffix: self.user_agent_suffix,
        })
    }

    fn build(self, key: String) -> Result<(Client, RetryPolicy), SkiplinoError> {
        let mut builder = Client::builder(ApiKey::new(key)?).host(self.host.clone());
        let allow_secret_key_on_device = self.allow_secret_key_on_device;
        let on_device = self.on_device;
        #[cfg(feature = "testing")]
        let on_device = on_device || crate::test_state::on_device();
        let options = self.read()?;
        let retry = options.retry();
        builder = builder.options(options);
        if on_device {
            builder = builder.on_device();
        }
        if allow_secret_key_on_device {
            builder = builder.allow_secret_key_on_device();
        }
        Ok((builder.build()?, retry))
    }
}

/// The permissions of an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum NativeKeyClass {
    /// For apps that customers install.
    Public,
    /// For servers and operators: also grants access to the customer directory.
    Secret,
}

/// A client. All threads may use it at the same time. `operations.rs` lists its operations.
#[derive(uniffi::Object)]
pub struct NativeClient {
    /// `None` after the client was closed.
    open: Mutex<Option<Client>>,
    shutdown: ShutdownSignal,
    retry: RetryPolicy,
    key_class: KeyClass,
    #[cfg(feature = "testing")]
    _counted: crate::test_state::Counted,
}

#[uniffi::export]
impl NativeClient {
    /// Creates a client with an API key. Sends nothing.
    #[uniffi::constructor]
    pub fn new(api_key: String, settings: ClientSettings) -> Result<Arc<Self>, SkiplinoError> {
        let (client, retry) = settings.build(api_key)?;
        Ok(Arc::new(Self {
            key_class: client.key_class(),
            open: Mutex::new(Some(client)),
            shutdown: ShutdownSignal::default(),
            retry,
            #[cfg(feature = "testing")]
            _counted: crate::test_state::Counted::client(),
        }))
    }

    /// Whether the client's key is public or secret.
    pub fn key_class(&self) -> NativeKeyClass {
        match self.key_class {
            KeyClass::Public => NativeKeyClass::Public,
            KeyClass::Secret => NativeKeyClass::Secret,
        }
    }

    /// Closes the client and its connections. Calls in flight and later calls fail with `Closed`. A
    /// second call does nothing.
    pub fn shut_down(&self) {
        // Dropped after the lock is released.
        let client = self.open().take();
        self.shutdown.send();
        drop(client);
    }

    /// Whether the client was closed.
    pub fn is_closed(&self) -> bool {
        self.open().is_none()
    }
}

/// Makes a call of the core, or rejects the input.
type MakeCall<'a> = Box<dyn FnOnce(&Client) -> Result<UntypedCall, SkiplinoError> + 'a>;

/// Makes the host's response from the core's data, which must have the expected type.
type Convert = fn(ErasedData, ResponseInfo) -> Option<ErasedData>;

impl NativeClient {
    fn open(&self) -> MutexGuard<'_, Option<Client>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The core's client.
    pub(crate) fn client(&self) -> Result<Client, SkiplinoError> {
        self.open().clone().ok_or_else(SkiplinoError::closed)
    }

    pub(crate) fn shutdown(&self) -> ShutdownSignal {
        self.shutdown.clone()
    }

    pub(crate) fn options(
        &self,
        options: NativeCallOptions,
        operation: Operation,
    ) -> Result<skiplino::CallOptions, SkiplinoError> {
        options
            .with_policy(&self.retry)
            .map_err(|error| error.for_operation(operation))
    }

    /// Starts a call of the core whose response becomes an `R`.
    pub(crate) fn start<T: Send + 'static, R: FromCore<T> + Send + 'static>(
        &self,
        operation: Operation,
        make_call: impl FnOnce(&Client) -> Result<Call<T>, SkiplinoError>,
        options: NativeCallOptions,
        cancel: Option<Arc<CancelHandle>>,
    ) -> PendingCall<R> {
        let make_call = Box::new(|client: &Client| make_call(client).map(Call::untyped));
        let convert: Convert = |data, info| {
            let data = data.downcast().ok()?;
            Some(Box::new(R::from_core(*data, info)))
        };
        PendingCall::new(self.start_erased(operation, make_call, options, cancel, convert))
    }

    /// The part of [`Self::start`] that does not depend on the operation's types, and so is
    /// compiled once.
    fn start_erased(
        &self,
        operation: Operation,
        make_call: MakeCall<'_>,
        options: NativeCallOptions,
        cancel: Option<Arc<CancelHandle>>,
        convert: Convert,
    ) -> ErasedFuture {
        let token = CancelHandle::token(cancel);
        let call = self.client().and_then(|client| {
            let call = make_call(&client).map_err(|error| error.for_operation(operation))?;
            Ok(call.options(self.options(options, operation)?))
        });
        let call = match call {
            Ok(call) => call.cancelled_by(&token),
            Err(error) => return Box::pin(ready(Err(error))),
        };
        let fails_early = call.fails_early();
        let future: ErasedFuture = Box::pin(async move {
            let response = call.send().await?;
            let info = ResponseInfo::from(&response);
            convert(response.into_data(), info).ok_or_else(SkiplinoError::internal)
        });
        // A call with invalid input fails on this thread: it needs no network.
        match fails_early {
            true => future,
            false => self.shutdown().run(token, future),
        }
    }
}
