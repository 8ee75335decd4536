//! One call: what it will do, its options, and the two ways to make it.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderMap;

use crate::cancel::Canceller;
use crate::client::{Client, Inner};
use crate::error::{Error, ErrorKind};
use crate::operation::{Effect, Operation};
use crate::pace::Pace;
use crate::plan::{Data, Decode, Decodes, Plan};
use crate::request::Request;
use crate::response::Response;
use crate::retry::RetryPolicy;
use crate::settle::Settle;
use crate::transport::Answer;

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

/// The data that an error stands for, where it is an answer too.
type Recover<T> = fn(&Error) -> Option<T>;

/// What is sent, and by whom; or why nothing is.
type Prepared = Result<(Client, Request), Error>;

/// An operation ready to be sent: `.await` it (on Tokio), or [`wait`](Self::wait) for it. Nothing happens before.
///
/// Dropping the future of a call stops it.
#[must_use = "a call does nothing until it is awaited or waited for"]
pub struct Call<T> {
    prepared: Prepared,
    plan: Plan,
    decode: Decode<T>,
    recover: Option<Recover<T>>,
}

impl<T> Call<T> {
    pub(crate) fn new(client: Client, request: Request, decode: Decode<T>) -> Self {
        let operation = request.operation;
        Self::planned(operation, Ok((client, request)), decode)
    }

    /// A call that fails without any network.
    pub(crate) fn refused(operation: Operation, error: Error) -> Self {
        let unread = |_: &[u8]| Err(Error::new(ErrorKind::Internal));
        Self::planned(operation, Err(error), unread)
    }

    fn planned(operation: Operation, prepared: Prepared, decode: Decode<T>) -> Self {
        Self {
            prepared,
            plan: Plan {
                operation,
                options: CallOptions::default(),
                settle: Settle::of(operation.effect()),
                pace: None,
                canceller: None,
            },
            decode,
            recover: None,
        }
    }

    pub(crate) fn recover(mut self, recover: Recover<T>) -> Self {
        self.recover = Some(recover);
        self
    }

    pub(crate) fn settle(mut self, settle: Settle) -> Self {
        self.plan.settle = settle;
        self
    }

    /// Attempts after the first one keep this pace, too.
    pub(crate) fn pace(mut self, pace: Option<Arc<Pace>>) -> Self {
        self.plan.pace = pace;
        self
    }

    /// The operation that it calls.
    pub fn operation(&self) -> Operation {
        self.plan.operation
    }

    /// Whether it will fail without any network, for a binding that need not leave its thread for that.
    #[doc(hidden)]
    pub fn is_refused(&self) -> bool {
        self.prepared.is_err()
    }

    /// The language of names and reasons for this call (`X-Locale`).
    pub fn locale(mut self, locale: impl Into<String>) -> Self {
        self.plan.options.locale = Some(locale.into());
        self
    }

    /// How long this call may take, retries and pauses included.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.plan.options.deadline = Some(limit);
        self
    }

    /// How this call is tried again.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.plan.options.retry = Some(policy);
        self
    }

    /// Lets another thread end this call.
    pub fn cancelled_by(mut self, canceller: &Canceller) -> Self {
        self.plan.canceller = Some(canceller.clone());
        self
    }

    /// All options at once, replacing those set before.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.plan.options = options;
        self
    }

    /// Asks for the whole [`Response`]: the data, and message, status, headers and attempts.
    pub fn with_response(self) -> CallWithResponse<T> {
        CallWithResponse(self)
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
        let result = self.plan.wait(self.prepared, &self.decode);
        finish(result, self.recover)
    }

    /// What the call ends in if its one attempt is answered like this. Nothing is sent. Only fuzzing asks.
    #[doc(hidden)]
    pub fn answered(self, status: u16, body: Vec<u8>) -> Result<Response<T>, Error> {
        let answer = Answer {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
        };
        let result = self.prepared.and_then(|_| {
            let heard = self.plan.heard(Ok(answer), &self.decode, true);
            heard.map_err(|error| self.plan.named(error))
        });
        finish(result, self.recover)
    }

    /// Sends it from within a runtime, on the connections given or on those that the client keeps for `.await`.
    pub(crate) async fn send_on(
        self,
        pool: Option<&reqwest::Client>,
    ) -> Result<Response<T>, Error> {
        let result = self.plan.send(self.prepared, pool, &self.decode).await;
        finish(result, self.recover)
    }
}

impl Plan {
    fn wait(&self, prepared: Prepared, decode: &dyn Decodes) -> Result<Response<Data>, Error> {
        let may_repeat = self.operation.effect() == Effect::Read;
        let result = prepared.and_then(|(client, request)| {
            let Inner {
                drivers, config, ..
            } = &*client.0;
            drivers.drive(config, may_repeat, async |pool| {
                self.run(&client, pool, &request, decode).await
            })
        });
        result.map_err(|error| self.named(error))
    }

    async fn send(
        &self,
        prepared: Prepared,
        pool: Option<&reqwest::Client>,
        decode: &dyn Decodes,
    ) -> Result<Response<Data>, Error> {
        let result = match (prepared, in_runtime()) {
            (Ok((client, request)), Ok(())) => {
                let pool = pool.unwrap_or(&client.0.pool);
                self.run(&client, pool, &request, decode).await
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
fn finish<T: 'static>(
    result: Result<Response<Data>, Error>,
    recover: Option<Recover<T>>,
) -> Result<Response<T>, Error> {
    let error = match result {
        Ok(response) => {
            return response
                .typed()
                .ok_or_else(|| Error::new(ErrorKind::Internal));
        }
        Err(error) => error,
    };
    match recover.and_then(|recover| recover(&error)) {
        Some(data) => Ok(error.into_response(data)),
        None => Err(error),
    }
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
