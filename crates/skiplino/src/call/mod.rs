//! One call: what it will do, its options, and the two ways to make it.

pub(crate) mod attempt;
pub(crate) mod blocking;
pub(crate) mod cancellation;
pub(crate) mod rate_limiter;
pub(crate) mod recovery;
pub(crate) mod retry;
pub(crate) mod retry_loop;

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderMap;

use crate::call::attempt::Plan;
use crate::call::cancellation::CancellationToken;
use crate::call::rate_limiter::Pace;
use crate::call::recovery::Settle;
use crate::call::retry::RetryPolicy;
use crate::client::{Client, Inner};
use crate::error::{Error, ErrorKind};
use crate::http::decode::{Data, Decode, Read};
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::transport::Answer;
use crate::operation::{Effect, Operation};

/// What may differ from the client's settings for one call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallOptions {
    /// The language of names and reasons; empty for the server's default.
    pub locale: Option<String>,
    /// How long the whole call may take, retries and pauses included.
    pub deadline: Option<Duration>,
    /// How it is tried again.
    pub retry: Option<RetryPolicy>,
}

/// What is sent, and by whom; or why nothing is.
type Prepared = Result<(Client, Request), Error>;

/// An operation ready to be sent: `.await` it (on Tokio), or [`wait`](Self::wait) for it. Nothing happens before.
///
/// Dropping the future of a call stops it.
#[must_use = "a call does nothing until it is awaited or waited for"]
pub struct Call<T> {
    untyped: UntypedCall,
    data: PhantomData<fn() -> T>,
}

/// A call without the type of its data, which a binding gives them anyhow: that way one function makes all calls.
#[doc(hidden)]
#[must_use = "a call does nothing until it is sent"]
pub struct UntypedCall {
    prepared: Prepared,
    plan: Plan,
    read: Read,
    none: Option<NoneWhere>,
}

/// The errors that are an answer too, and which one.
struct NoneWhere {
    is: fn(&Error) -> bool,
    none: fn() -> Data,
}

impl<T> Call<T> {
    /// A call of the request, or one that fails without any network where there is none.
    pub(crate) fn new(
        client: &Client,
        operation: Operation,
        request: Result<Request, Error>,
        decode: Decode<T>,
    ) -> Self {
        let prepared = request.map(|request| (client.clone(), request));
        Self::prepared(operation, prepared, decode.read)
    }

    /// A call that fails without any network.
    pub(crate) fn refused(operation: Operation, error: Error) -> Self {
        let unread = |_: &[u8]| Err(Error::new(ErrorKind::Internal));
        Self::prepared(operation, Err(error), unread)
    }

    fn prepared(operation: Operation, prepared: Prepared, read: Read) -> Self {
        Self {
            untyped: UntypedCall::new(operation, prepared, read),
            data: PhantomData,
        }
    }

    pub(crate) fn settle(mut self, settle: Settle) -> Self {
        self.untyped.plan.settle = settle;
        self
    }

    /// Attempts after the first one keep this pace, too.
    pub(crate) fn pace(mut self, pace: Option<Arc<Pace>>) -> Self {
        self.untyped.plan.pace = pace;
        self
    }

    /// The operation that it calls.
    pub fn operation(&self) -> Operation {
        self.untyped.plan.operation
    }

    /// The language of names and reasons for this call (`X-Locale`).
    pub fn locale(mut self, locale: impl Into<String>) -> Self {
        self.untyped.plan.options.locale = Some(locale.into());
        self
    }

    /// How long this call may take, retries and pauses included.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.untyped.plan.options.deadline = Some(limit);
        self
    }

    /// How this call is tried again.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.untyped.plan.options.retry = Some(policy);
        self
    }

    /// Lets another thread end this call.
    pub fn cancelled_by(mut self, cancellation_token: &CancellationToken) -> Self {
        self.untyped = self.untyped.cancelled_by(cancellation_token);
        self
    }

    /// All options at once, replacing those set before.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.untyped = self.untyped.options(options);
        self
    }

    /// Asks for the whole [`Response`]: the data, and message, status, headers and attempts.
    pub fn with_response(self) -> CallWithResponse<T> {
        CallWithResponse(self)
    }

    /// Leaves the type of the data to whoever takes them.
    #[doc(hidden)]
    pub fn untyped(self) -> UntypedCall {
        self.untyped
    }
}

impl<T: Send + 'static> Call<Option<T>> {
    /// Takes some errors for the answer that there is nothing.
    pub(crate) fn none_where(mut self, is: fn(&Error) -> bool) -> Self {
        let none = || Box::new(None::<T>) as Data;
        self.untyped.none = Some(NoneWhere { is, none });
        self
    }
}

impl<T: Send + 'static> Call<T> {
    /// Makes the call on this thread and returns its data.
    ///
    /// # Errors
    /// As the operation; `InvalidRequest` inside an async runtime, which it would block.
    pub fn wait(self) -> Result<T, Error> {
        self.wait_response().map(Response::into_data)
    }

    fn wait_response(self) -> Result<Response<T>, Error> {
        self.untyped.wait().and_then(Response::typed)
    }

    /// What the call ends in if its one attempt is answered like this. Nothing is sent. Only fuzzing asks.
    #[doc(hidden)]
    pub fn answered(self, status: u16, body: Vec<u8>) -> Result<Response<T>, Error> {
        self.untyped
            .answered(status, body)
            .and_then(Response::typed)
    }

    /// Sends it from within a runtime, on the connections given or on those that the client keeps for `.await`.
    pub(crate) async fn send_on(
        self,
        pool: Option<&reqwest::Client>,
    ) -> Result<Response<T>, Error> {
        self.untyped.send_on(pool).await.and_then(Response::typed)
    }
}

impl UntypedCall {
    fn new(operation: Operation, prepared: Prepared, read: Read) -> Self {
        Self {
            prepared,
            plan: Plan {
                operation,
                options: CallOptions::default(),
                settle: Settle::of(operation.effect()),
                pace: None,
                cancellation_token: None,
            },
            read,
            none: None,
        }
    }

    /// Whether it will fail without any network, for a binding that need not leave its thread for that.
    pub fn is_refused(&self) -> bool {
        self.prepared.is_err()
    }

    /// As [`Call::options`].
    pub fn options(mut self, options: CallOptions) -> Self {
        self.plan.options = options;
        self
    }

    /// As [`Call::cancelled_by`].
    pub fn cancelled_by(mut self, cancellation_token: &CancellationToken) -> Self {
        self.plan.cancellation_token = Some(cancellation_token.clone());
        self
    }

    fn wait(self) -> Result<Response<Data>, Error> {
        let result = self.plan.wait(self.prepared, self.read);
        finish(result, self.none.as_ref())
    }

    fn answered(self, status: u16, body: Vec<u8>) -> Result<Response<Data>, Error> {
        let answer = Answer {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
        };
        let result = self.prepared.and_then(|_| {
            let heard = self.plan.heard(Ok(answer), self.read, true);
            heard.map_err(|error| self.plan.named(error))
        });
        finish(result, self.none.as_ref())
    }

    /// Sends it from within a runtime, on the connections that the client keeps for `.await`.
    pub async fn send(self) -> Result<Response<Data>, Error> {
        self.send_on(None).await
    }

    pub(crate) async fn send_on(
        self,
        pool: Option<&reqwest::Client>,
    ) -> Result<Response<Data>, Error> {
        let result = self.plan.send(self.prepared, pool, self.read).await;
        finish(result, self.none.as_ref())
    }
}

impl Plan {
    fn wait(&self, prepared: Prepared, read: Read) -> Result<Response<Data>, Error> {
        let may_repeat = self.operation.effect() == Effect::Read;
        let result = prepared.and_then(|(client, request)| {
            let Inner {
                drivers, config, ..
            } = &*client.0;
            drivers.drive(config, may_repeat, async |pool| {
                self.run(&client, pool, &request, read).await
            })
        });
        result.map_err(|error| self.named(error))
    }

    async fn send(
        &self,
        prepared: Prepared,
        pool: Option<&reqwest::Client>,
        read: Read,
    ) -> Result<Response<Data>, Error> {
        let result = match (prepared, in_runtime()) {
            (Ok((client, request)), Ok(())) => {
                let pool = pool.unwrap_or(&client.0.pool);
                self.run(&client, pool, &request, read).await
            }
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
        result.map_err(|error| self.named(error))
    }

    fn named(&self, error: Error) -> Error {
        error.edit(|inner| inner.operation = Some(self.operation))
    }
}

/// What every result goes through, whether it was sent or refused.
fn finish(
    result: Result<Response<Data>, Error>,
    none: Option<&NoneWhere>,
) -> Result<Response<Data>, Error> {
    result.or_else(|error| match none {
        Some(NoneWhere { is, none }) if is(&error) => Ok(error.into_response(none())),
        _ => Err(error),
    })
}

/// Whether there is a runtime to wait in; without one, the layers below would panic.
pub(crate) fn in_runtime() -> Result<(), Error> {
    match tokio::runtime::Handle::try_current() {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::new(ErrorKind::InvalidRequest).edit(|inner| {
            inner.reason = Some("awaiting takes a Tokio runtime: wait() needs none".to_owned());
        })),
    }
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.send_on(None).await.map(Response::into_data) })
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.untyped.fmt(f)
    }
}

impl fmt::Debug for UntypedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &self.plan.operation.id())
            .field("options", &self.plan.options)
            .finish_non_exhaustive()
    }
}

/// A [`Call`] that gives the whole [`Response`].
#[derive(Debug)]
#[must_use = "a call does nothing until it is awaited or waited for"]
pub struct CallWithResponse<T>(Call<T>);

impl<T: Send + 'static> CallWithResponse<T> {
    /// Makes the call on this thread.
    ///
    /// # Errors
    /// As [`Call::wait`].
    pub fn wait(self) -> Result<Response<T>, Error> {
        self.0.wait_response()
    }
}

impl<T: Send + 'static> IntoFuture for CallWithResponse<T> {
    type Output = Result<Response<T>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.0.send_on(None))
    }
}
