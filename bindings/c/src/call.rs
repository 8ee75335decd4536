//! One call: its options, and how it is sent.

use std::mem::MaybeUninit;

use skiplino::{Call, CallOptions, CancellationToken, Client, List, Operation, Response};

use crate::argument::{StringArg, optional_duration, optional_number};
use crate::cancellation_token::skiplino_cancellation_token;
use crate::client::skiplino_client;
use crate::error::{Failure, skiplino_error};
use crate::log::Log;
use crate::response::skiplino_response;
use crate::sized_struct::{self, SizedStruct};

/// Settings of one call, which override those of the client. Initialise with
/// SKIPLINO_CALL_OPTIONS_INIT. The strings belong to the caller and are read only during the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct skiplino_call_options<'a> {
    /// Set by SKIPLINO_CALL_OPTIONS_INIT.
    pub size: usize,
    /// The language of names and reasons, as in "ar". NULL for the client's, empty for the server's
    /// default.
    pub locale: StringArg,
    /// The timeout of the whole call in milliseconds, retries and pauses included. -1 for the
    /// client's.
    pub deadline_ms: i64,
    /// The maximum number of attempts, the first included. -1 for the client's.
    pub max_attempts: i64,
    /// The longest pause before the first retry in milliseconds. It doubles for each further retry.
    /// -1 for the client's.
    pub backoff_ms: i64,
    /// The upper limit of every pause in milliseconds. -1 for the client's.
    pub max_backoff_ms: i64,
    /// Cancels the call from another thread, or NULL.
    pub cancellation_token: Option<&'a skiplino_cancellation_token>,
    /// Where to write the response of a successful call, or NULL. Free the response with
    /// skiplino_response_free(). Pagers and watches ignore it.
    pub response: *mut *mut skiplino_response,
}

// SAFETY: `repr(C)`, the size first. Any bytes are valid numbers and raw pointers. The cancellation
// token is a handle or NULL, as the argument of every function.
unsafe impl SizedStruct for skiplino_call_options<'_> {
    const INIT: Self = Self {
        size: size_of::<Self>(),
        locale: StringArg::NULL,
        deadline_ms: -1,
        max_attempts: -1,
        backoff_ms: -1,
        max_backoff_ms: -1,
        cancellation_token: None,
        response: std::ptr::null_mut(),
    };
    const MIN_SIZE: usize = size_of::<Self>();
}

/// Call options or NULL.
#[repr(transparent)]
pub struct CallOptionsArg<'a>(*const skiplino_call_options<'a>);

/// A call that is about to be sent.
pub(crate) struct PendingCall<'a> {
    operation: Operation,
    client: &'a skiplino_client,
    options: skiplino_call_options<'a>,
}

impl<'a> PendingCall<'a> {
    pub(crate) fn new(
        operation: Operation,
        client: Option<&'a skiplino_client>,
        options: &CallOptionsArg<'a>,
    ) -> Result<Self, Failure> {
        let checked = || {
            Ok(Self {
                operation,
                client: skiplino_error::require(client, "client")?,
                options: sized_struct::read(options.0, "options")?,
            })
        };
        checked().map_err(|error: Failure| error.with_operation(operation))
    }

    /// A call that writes a result to `out`, an argument of this name.
    pub(crate) fn with_output<T>(
        operation: Operation,
        client: Option<&'a skiplino_client>,
        options: &CallOptionsArg<'a>,
        out: Option<&'a mut MaybeUninit<T>>,
        name: &str,
    ) -> Result<(Self, &'a mut MaybeUninit<T>), Failure> {
        let call = Self::new(operation, client, options)?;
        let out = skiplino_error::require(out, name);
        Ok((call, out.map_err(|error| error.with_operation(operation))?))
    }

    pub(crate) fn client(&self) -> Result<&Client, Failure> {
        self.client.inner.get().ok_or_else(skiplino_error::forked)
    }

    pub(crate) fn log(&self) -> &'a Log {
        &self.client.log
    }

    pub(crate) fn cancellation_token(&self) -> Result<Option<&CancellationToken>, Failure> {
        self.options
            .cancellation_token
            .map(|handle| handle.0.get().ok_or_else(skiplino_error::forked))
            .transpose()
    }

    pub(crate) fn call_options(&self) -> Result<CallOptions, Failure> {
        let options = &self.options;
        let retry = match (
            options.max_attempts,
            options.backoff_ms,
            options.max_backoff_ms,
        ) {
            (-1, -1, -1) => None,
            (max_attempts, backoff_ms, max_backoff_ms) => Some(self.client.retry.overridden(
                optional_number(max_attempts, "max_attempts")?,
                optional_duration(backoff_ms, "backoff_ms")?,
                optional_duration(max_backoff_ms, "max_backoff_ms")?,
            )),
        };
        Ok(CallOptions {
            locale: options.locale.optional_owned("locale")?,
            deadline: optional_duration(options.deadline_ms, "deadline_ms")?,
            retry,
        })
    }

    /// Builds a list, and gives it the options of this call.
    pub(crate) fn list<T: Send + 'static>(
        &self,
        build: impl FnOnce(&Client) -> Result<List<T>, Failure>,
    ) -> Result<List<T>, Failure> {
        let built = || {
            let list = build(self.client()?)?.options(self.call_options()?);
            Ok(match self.cancellation_token()? {
                Some(cancellation_token) => list.cancelled_by(cancellation_token),
                None => list,
            })
        };
        built().map_err(|error: Failure| error.with_operation(self.operation))
    }

    /// Sends a call. Writes its response to the place that the options name, if they name one.
    pub(crate) fn send<T: Send + 'static>(
        &self,
        build: impl FnOnce(&Client) -> Result<Call<T>, Failure>,
    ) -> Result<Response<T>, Failure> {
        let built = || {
            let call = build(self.client()?)?.options(self.call_options()?);
            Ok(match self.cancellation_token()? {
                Some(cancellation_token) => call.cancelled_by(cancellation_token),
                None => call,
            })
        };
        let call = built().map_err(|error: Failure| error.with_operation(self.operation))?;
        let response = self.log().capture(|| call.with_response().wait())?;
        if !self.options.response.is_null() {
            let handle = Box::into_raw(Box::new(skiplino_response::new(&response)));
            // SAFETY: it is not NULL, and the header requires a pointer to writable memory.
            unsafe { self.options.response.write(handle) };
        }
        Ok(response)
    }

    /// Sends a call and writes its data to `out`.
    pub(crate) fn send_to<T: Send + 'static, H: From<Response<T>>>(
        &self,
        out: &mut MaybeUninit<Box<H>>,
        build: impl FnOnce(&Client) -> Result<Call<T>, Failure>,
    ) -> Result<(), Failure> {
        out.write(Box::new(self.send(build)?.into()));
        Ok(())
    }
}
