//! One call: its options, and how it is made.

use std::mem::MaybeUninit;
use std::time::Duration;

use serde_json::Value;
use skiplino::{
    Call, CallOptions, CancellationToken, Client, CustomerRef, List, Operation, Response,
    RetryPolicy,
};

use crate::cancellation_token::skiplino_cancellation_token;
use crate::client::skiplino_client;
use crate::error::{Failure, skiplino_error};
use crate::log::Log;
use crate::response::skiplino_response;
use crate::sized::{self, Versioned};
use crate::text::Text;

/// What may differ from the client's settings for one call. Begin with SKIPLINO_CALL_OPTIONS_INIT. Strings are the caller's, and only
/// read during the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct skiplino_call_options<'a> {
    /// Set by SKIPLINO_CALL_OPTIONS_INIT.
    pub size: usize,
    /// The language of names and reasons, as in "ar"; NULL for the client's, empty for the server's default.
    pub locale: Text,
    /// How long the call may take in milliseconds, retries and pauses included; -1 for the client's.
    pub deadline_ms: i64,
    /// Attempts in all; -1 for the client's.
    pub max_attempts: i64,
    /// The longest pause before the first retry in milliseconds, doubled for each one after it; -1 for the client's.
    pub backoff_ms: i64,
    /// The longest pause ever in milliseconds; -1 for the client's.
    pub max_backoff_ms: i64,
    /// What ends the call from another thread, or NULL.
    pub cancellation_token: Option<&'a skiplino_cancellation_token>,
    /// Where to write what came around the data of a success, or NULL. Free it with skiplino_response_free(). Walks and watches
    /// have none.
    pub response: *mut *mut skiplino_response,
}

// SAFETY: `repr(C)`, its size first; numbers and raw pointers take any bytes, and the cancellation token is a handle or NULL as at any function.
unsafe impl Versioned for skiplino_call_options<'_> {
    const INIT: Self = Self {
        size: size_of::<Self>(),
        locale: Text::NONE,
        deadline_ms: -1,
        max_attempts: -1,
        backoff_ms: -1,
        max_backoff_ms: -1,
        cancellation_token: None,
        response: std::ptr::null_mut(),
    };
    const FIRST: usize = size_of::<Self>();
}

/// Options or NULL.
#[repr(transparent)]
pub struct CallOptionsIn<'a>(*const skiplino_call_options<'a>);

/// A number of milliseconds, where there is one.
pub(crate) fn duration(ms: i64, name: &str) -> Result<Option<Duration>, Failure> {
    match ms {
        -1 => Ok(None),
        ms => match ms.try_into() {
            Ok(ms) => Ok(Some(Duration::from_millis(ms))),
            Err(_) => Err(skiplino_error::invalid(
                name,
                "must not be negative, but for -1",
            )),
        },
    }
}

/// The policy that differs from another one by what is given.
pub(crate) fn retry(
    before: &Retry,
    max_attempts: i64,
    backoff_ms: i64,
    max_backoff_ms: i64,
) -> Result<Retry, Failure> {
    let attempts = match max_attempts {
        -1 => before.max_attempts,
        attempts => Some(attempts.try_into().map_err(|_| {
            skiplino_error::invalid("max_attempts", "must not be negative, but for -1")
        })?),
    };
    Ok(Retry {
        max_attempts: attempts,
        backoff: duration(backoff_ms, "backoff_ms")?.or(before.backoff),
        cap: duration(max_backoff_ms, "max_backoff_ms")?.or(before.cap),
    })
}

/// What was set of how calls are tried again.
#[derive(Clone, Default)]
pub(crate) struct Retry {
    max_attempts: Option<u32>,
    backoff: Option<Duration>,
    cap: Option<Duration>,
}

impl Retry {
    pub(crate) fn policy(&self) -> RetryPolicy {
        let mut policy = RetryPolicy::default();
        if let Some(attempts) = self.max_attempts {
            policy = policy.max_attempts(attempts);
        }
        if self.backoff.is_some() || self.cap.is_some() {
            let (base, cap) = policy.pauses();
            policy = policy.backoff(self.backoff.unwrap_or(base), self.cap.unwrap_or(cap));
        }
        policy
    }
}

/// JSON text, where there is one. It is not repeated in a refusal: it may be a customer's.
pub(crate) fn json(text: &Text, name: &str) -> Result<Option<Value>, Failure> {
    let value = text.optional(name)?.map(serde_json::from_str);
    value
        .transpose()
        .map_err(|_| skiplino_error::invalid(name, "must be JSON"))
}

pub(crate) fn customer_if_any(
    id: &Text,
    external_id: &Text,
    id_name: &str,
    external_id_name: &str,
) -> Result<Option<CustomerRef>, Failure> {
    match (
        id.optional(id_name)?,
        external_id.optional(external_id_name)?,
    ) {
        (Some(_), Some(_)) => {
            let reason = format!("must be NULL where {external_id_name} is given");
            Err(skiplino_error::invalid(id_name, &reason))
        }
        (Some(id), None) => Ok(Some(CustomerRef::id(id))),
        (None, external_id) => Ok(external_id.map(CustomerRef::external_id)),
    }
}

pub(crate) fn customer(
    id: &Text,
    external_id: &Text,
    id_name: &str,
    external_id_name: &str,
) -> Result<CustomerRef, Failure> {
    customer_if_any(id, external_id, id_name, external_id_name)?
        .ok_or_else(|| skiplino_error::null(id_name))
}

/// A call about to be made.
pub(crate) struct Sending<'a> {
    operation: Operation,
    client: &'a skiplino_client,
    options: skiplino_call_options<'a>,
}

impl<'a> Sending<'a> {
    pub(crate) fn new(
        operation: Operation,
        client: Option<&'a skiplino_client>,
        options: &CallOptionsIn<'a>,
    ) -> Result<Self, Failure> {
        let begun = || {
            Ok(Self {
                operation,
                client: skiplino_error::unless_null(client, "client")?,
                options: sized::read(options.0, "options")?,
            })
        };
        begun().map_err(|error: Failure| error.during(operation))
    }

    /// The same for a call that gives something.
    pub(crate) fn begin<T>(
        operation: Operation,
        client: Option<&'a skiplino_client>,
        options: &CallOptionsIn<'a>,
        out: Option<&'a mut MaybeUninit<T>>,
        name: &str,
    ) -> Result<(Self, &'a mut MaybeUninit<T>), Failure> {
        let sending = Self::new(operation, client, options)?;
        let out = skiplino_error::unless_null(out, name);
        Ok((sending, out.map_err(|error| error.during(operation))?))
    }

    pub(crate) fn api(&self) -> Result<&Client, Failure> {
        self.client.api.get()
    }

    pub(crate) fn log(&self) -> &'a Log {
        &self.client.log
    }

    pub(crate) fn cancellation_token(&self) -> Result<Option<&CancellationToken>, Failure> {
        self.options
            .cancellation_token
            .map(|handle| handle.0.get())
            .transpose()
    }

    pub(crate) fn call_options(&self) -> Result<CallOptions, Failure> {
        let options = &self.options;
        let numbers = (
            options.max_attempts,
            options.backoff_ms,
            options.max_backoff_ms,
        );
        let retry = match numbers {
            (-1, -1, -1) => None,
            (attempts, backoff, cap) => {
                Some(retry(&self.client.retry, attempts, backoff, cap)?.policy())
            }
        };
        Ok(CallOptions {
            locale: options.locale.optional("locale")?.map(str::to_owned),
            deadline: duration(options.deadline_ms, "deadline_ms")?,
            retry,
        })
    }

    /// A list with the options of its calls.
    pub(crate) fn list<T: Send + 'static>(
        &self,
        make: impl FnOnce(&Client) -> Result<List<T>, Failure>,
    ) -> Result<List<T>, Failure> {
        let made = || {
            let list = make(self.api()?)?.options(self.call_options()?);
            Ok(match self.cancellation_token()? {
                Some(cancellation_token) => list.cancelled_by(cancellation_token),
                None => list,
            })
        };
        made().map_err(|error: Failure| error.during(self.operation))
    }

    /// Makes a call, and hands out what came around its data where that is asked for.
    pub(crate) fn respond<T: Send + 'static>(
        &self,
        make: impl FnOnce(&Client) -> Result<Call<T>, Failure>,
    ) -> Result<Response<T>, Failure> {
        let made = || {
            let call = make(self.api()?)?.options(self.call_options()?);
            Ok(match self.cancellation_token()? {
                Some(cancellation_token) => call.cancelled_by(cancellation_token),
                None => call,
            })
        };
        let call = made().map_err(|error: Failure| error.during(self.operation))?;
        let response = self.log().hear(|| call.with_response().wait())?;
        if !self.options.response.is_null() {
            let around = Box::into_raw(Box::new(skiplino_response::of(&response)));
            // SAFETY: it is not NULL, and the header asks for a pointer's place to write to.
            unsafe { self.options.response.write(around) };
        }
        Ok(response)
    }

    /// Makes a call and hands out its data.
    pub(crate) fn send<T: Send + 'static, H: From<Response<T>>>(
        &self,
        out: &mut MaybeUninit<Box<H>>,
        make: impl FnOnce(&Client) -> Result<Call<T>, Failure>,
    ) -> Result<(), Failure> {
        out.write(Box::new(self.respond(make)?.into()));
        Ok(())
    }
}
