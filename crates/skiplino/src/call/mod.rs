//! One call: its options, and the two ways to make it.

pub(crate) mod attempt;
pub(crate) mod blocking;
pub(crate) mod cancellation;
pub(crate) mod context;
pub(crate) mod expected_record;
pub(crate) mod job;
pub(crate) mod rate_limiter;
pub(crate) mod recovery;
pub(crate) mod retry;
pub(crate) mod retry_loop;
pub(crate) mod shared;
pub(crate) mod sigpipe;
pub(crate) mod spec;
pub(crate) mod weak_map;

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join;
use reqwest::header::HeaderMap;

use crate::call::cancellation::CancellationToken;
use crate::call::context::{CallContext, NestedCall};
use crate::call::expected_record::ExpectedRecord;
use crate::call::job::Job;
use crate::call::recovery::Recovery;
use crate::call::retry::RetryPolicy;
use crate::call::shared::Shared;
use crate::call::spec::{CallOptions, CallSpec};
use crate::error::{Error, ErrorKind};
use crate::http::decode::{Data, Decode, DecodeFn};
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::transport::ConnectionPool;
use crate::http::transport::RawResponse;
use crate::operation::Operation;

/// The client's state and the request, or the reason why no request can be sent.
type PreparedRequest = Result<(Arc<Shared>, Request), Error>;

/// An operation ready to be sent: `.await` it (on Tokio), or [`wait`](Self::wait) for it. Nothing
/// is sent before.
///
/// Dropping the future of a call stops it.
#[must_use = "a call does nothing until it is awaited or waited for"]
pub struct Call<T> {
    untyped: UntypedCall,
    data: PhantomData<fn() -> T>,
}

/// A call without the type of its data: one compiled function makes all calls, and a binding
/// converts the data anyway.
#[doc(hidden)]
#[must_use = "a call does nothing until it is sent"]
pub struct UntypedCall {
    prepared: PreparedRequest,
    spec: CallSpec,
    none_on: Option<NotFoundAsNone>,
}

/// An [`UntypedCall`] that was sent.
type SentCall<'a> = Pin<Box<dyn Future<Output = Result<Response<Data>, Error>> + Send + 'a>>;

/// Turns a "no such record" error into a success without a record.
struct NotFoundAsNone {
    is_none: fn(&Error) -> bool,
    none: fn() -> Data,
}

impl Shared {
    /// Prepares the call of an operation. `id` is the parameter in the operation's path, and empty
    /// if there is none; `fill` adds the query or the body. Invalid input makes a call that fails
    /// before anything is sent.
    pub(crate) fn call<T>(
        self: &Arc<Self>,
        operation: Operation,
        decode: Decode<T>,
        id: Result<&str, Error>,
        fill: impl FnOnce(Request) -> Result<Request, Error>,
    ) -> Call<T> {
        let request = self.request(operation, id).and_then(fill);
        let prepared = request.map(|request| (Arc::clone(self), request));
        Call::prepared(operation, prepared, decode.read)
    }
}

impl<T> Call<T> {
    /// A call that fails before anything is sent.
    pub(crate) fn failed(operation: Operation, error: Error) -> Self {
        let unread = |_: &[u8]| Err(Error::new(ErrorKind::Internal));
        Self::prepared(operation, Err(error), unread)
    }

    fn prepared(operation: Operation, prepared: PreparedRequest, read: DecodeFn) -> Self {
        Self {
            untyped: UntypedCall::new(operation, prepared, read),
            data: PhantomData,
        }
    }

    pub(crate) fn recovery(mut self, recovery: Recovery) -> Self {
        self.untyped.spec.recovery = recovery;
        self
    }

    /// Makes the call a part of this job.
    pub(crate) fn job(mut self, job: Option<Arc<Job>>) -> Self {
        self.untyped.spec.job = job;
        self
    }

    /// Sends the request twice at the same time. For reads only.
    pub(crate) fn sent_twice(mut self) -> Self {
        self.untyped.spec.is_sent_twice = true;
        self
    }

    /// The operation of the call.
    pub fn operation(&self) -> Operation {
        self.untyped.spec.operation
    }

    /// The language of names and reasons for this call (`X-Locale`).
    pub fn locale(mut self, locale: impl Into<String>) -> Self {
        self.untyped.spec.options.locale = Some(locale.into());
        self
    }

    /// The time limit of this call, retries and pauses included.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.untyped.spec.options.deadline = Some(limit);
        self
    }

    /// The retry policy of this call.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.untyped.spec.options.retry = Some(policy);
        self
    }

    /// Lets another thread cancel this call.
    pub fn cancelled_by(mut self, cancellation_token: &CancellationToken) -> Self {
        self.untyped = self.untyped.cancelled_by(cancellation_token);
        self
    }

    /// All options at once, replacing those set before.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.untyped = self.untyped.options(options);
        self
    }

    /// Returns the whole [`Response`]: the data, and message, status, headers and attempts.
    pub fn with_response(self) -> CallWithResponse<T> {
        CallWithResponse(self)
    }

    /// The call without the type of its data.
    #[doc(hidden)]
    pub fn untyped(self) -> UntypedCall {
        self.untyped
    }
}

impl<T: 'static> Call<T> {
    /// Rejects a response whose data have a wrong id. The function returns the JSON path of that
    /// id.
    pub(crate) fn refuse_wrong_id(
        mut self,
        find_wrong_id: impl Fn(&T) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.untyped.spec.expected_record = Some(ExpectedRecord::new(find_wrong_id));
        self
    }
}

impl<T: Send + 'static> Call<Option<T>> {
    /// Turns the errors that `is_none` accepts into a response without a record.
    pub(crate) fn recover_as_none(mut self, is_none: fn(&Error) -> bool) -> Self {
        let none = || Box::new(None::<T>) as Data;
        self.untyped.none_on = Some(NotFoundAsNone { is_none, none });
        self
    }
}

impl<T: Send + 'static> Call<T> {
    /// Makes the call on this thread and returns its data.
    ///
    /// # Errors
    /// The errors of the operation; `InvalidRequest` inside an async runtime, which it would block.
    pub fn wait(self) -> Result<T, Error> {
        self.with_response().wait().map(Response::into_data)
    }

    /// The result of the call if its only attempt gets this response. Nothing is sent, and the
    /// response may be about any record. Used by doctor and by fuzzing.
    #[doc(hidden)]
    pub fn answered(self, status: u16, body: Vec<u8>) -> Result<Response<T>, Error> {
        self.untyped
            .answered(status, body)
            .and_then(Response::typed)
    }

    /// Sends the call as a part of another call, with the connections, language, retry policy and
    /// remaining time of that call.
    pub(crate) fn send_within<'a>(mut self, context: &CallContext<'a>) -> NestedCall<'a, T> {
        self.untyped.spec.ends_in_background = context.ends_in_background;
        let options = CallOptions {
            locale: context.locale.map(str::to_owned),
            deadline: Some(context.time_left()),
            retry: Some(context.retry.clone()),
        };
        let call = self.options(options).job(context.job.cloned());
        Box::pin(call.send_on(Some(context.pool)))
    }

    /// Sends the call within a runtime, on these connections or on the client's own.
    pub(crate) fn send_on(
        self,
        pool: Option<&ConnectionPool>,
    ) -> impl Future<Output = Result<Response<T>, Error>> + Send {
        self.untyped
            .send_on(pool)
            .map(|result| result.and_then(Response::typed))
    }
}

impl UntypedCall {
    fn new(operation: Operation, prepared: PreparedRequest, read: DecodeFn) -> Self {
        Self {
            prepared,
            spec: CallSpec {
                operation,
                read,
                options: CallOptions::default(),
                expected_record: None,
                recovery: Recovery::of(operation.effect()),
                ends_in_background: false,
                job: None,
                cancellation_token: None,
                is_sent_twice: false,
            },
            none_on: None,
        }
    }

    /// Whether the call fails before anything is sent. A binding can then run it on its own thread.
    pub fn fails_early(&self) -> bool {
        self.prepared.is_err()
    }

    /// See [`Call::options`].
    pub fn options(mut self, options: CallOptions) -> Self {
        self.spec.options = options;
        self
    }

    /// See [`Call::cancelled_by`].
    pub fn cancelled_by(mut self, cancellation_token: &CancellationToken) -> Self {
        self.spec.cancellation_token = Some(cancellation_token.clone());
        self
    }

    fn wait(self) -> Result<Response<Data>, Error> {
        let result = self.prepared.and_then(|(shared, request)| {
            shared.runtimes.block_on(&shared.config, async |pool| {
                Box::pin(run(&self.spec, &shared, pool, &request)).await
            })
        });
        finish(result, self.spec.operation, self.none_on.as_ref())
    }

    fn answered(mut self, status: u16, body: Vec<u8>) -> Result<Response<Data>, Error> {
        self.spec.expected_record = None;
        let response = RawResponse {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
        };
        let result = self
            .prepared
            .and_then(|_| attempt::interpret(&self.spec, Ok(response), true));
        finish(result, self.spec.operation, self.none_on.as_ref())
    }

    /// Sends the call within a runtime, on the connections that the client keeps for `.await`.
    pub fn send(self) -> SentCall<'static> {
        self.send_on(None)
    }

    /// The only large future of a call, in a box of its own: the calls within a call then need a
    /// small stack, and a call is copied once.
    pub(crate) fn send_on(self, pool: Option<&ConnectionPool>) -> SentCall<'_> {
        Box::pin(async move {
            let result = match self.prepared {
                Ok((ref shared, ref request)) => match in_runtime() {
                    Ok(()) => {
                        let pool = pool.unwrap_or(&shared.pool);
                        run(&self.spec, shared, pool, request).await
                    }
                    Err(error) => Err(error),
                },
                Err(error) => Err(error),
            };
            finish(result, self.spec.operation, self.none_on.as_ref())
        })
    }
}

/// Makes the call once, or twice at the same time. Of two failures, returns the first one.
async fn run(
    spec: &CallSpec,
    shared: &Arc<Shared>,
    pool: &ConnectionPool,
    request: &Request,
) -> Result<Response<Data>, Error> {
    let once = || retry_loop::run(spec, shared, pool, request);
    if !spec.is_sent_twice {
        return once().await;
    }
    // Boxed: the future of every other call would have room for both.
    let (first, second) = join(Box::pin(once()), Box::pin(once())).await;
    first.and(second)
}

/// Completes a result: names the operation in an error, and turns an error that means "no such
/// record" into a response.
fn finish(
    result: Result<Response<Data>, Error>,
    operation: Operation,
    none_on: Option<&NotFoundAsNone>,
) -> Result<Response<Data>, Error> {
    result.or_else(|error| match none_on {
        Some(NotFoundAsNone { is_none, none }) if is_none(&error) => {
            Ok(Response::from_error(error, none()))
        }
        _ => Err(error.edit(|inner| inner.operation = Some(operation))),
    })
}

/// Fails outside a Tokio runtime, where the layers below would panic.
pub(crate) fn in_runtime() -> Result<(), Error> {
    match tokio::runtime::Handle::try_current() {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::new(ErrorKind::InvalidRequest).edit(|inner| {
            inner.reason =
                Some("awaiting a call needs a Tokio runtime: call wait() without one".to_owned());
        })),
    }
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(
            self.send_on(None)
                .map(|result| result.map(Response::into_data)),
        )
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
            .field("operation", &self.spec.operation.id())
            .field("options", &self.spec.options)
            .finish_non_exhaustive()
    }
}

/// A [`Call`] that returns the whole [`Response`].
#[derive(Debug)]
#[must_use = "a call does nothing until it is awaited or waited for"]
pub struct CallWithResponse<T>(Call<T>);

impl<T: Send + 'static> CallWithResponse<T> {
    /// Makes the call on this thread.
    ///
    /// # Errors
    /// The errors of [`Call::wait`].
    pub fn wait(self) -> Result<Response<T>, Error> {
        self.0.untyped.wait().and_then(Response::typed)
    }
}

impl<T: Send + 'static> IntoFuture for CallWithResponse<T> {
    type Output = Result<Response<T>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.0.send_on(None))
    }
}
