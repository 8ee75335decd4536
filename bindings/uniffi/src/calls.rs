//! One call: what differs for it, the handle that ends it, and what comes back beside its data.

use std::any::Any;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::future::{Either, select};
use skiplino::{Call, CallOptions, Canceller, Response, RetryPolicy};
use tokio::sync::watch;

use crate::errors::SkiplinoError;
use crate::runtime::{self, Outcome, Work};
use crate::times::{count, duration};

/// What differs from the client's settings for one call.
#[derive(Debug, Clone, uniffi::Record)]
pub struct NativeCallOptions {
    /// The language of names and reasons; empty for the server's default.
    pub locale: Option<String>,
    /// How long the whole call may take, retries and pauses included.
    pub deadline_ms: Option<i64>,
    /// Attempts in all.
    pub max_attempts: Option<i64>,
}

impl NativeCallOptions {
    pub(crate) fn read(self, retry: &RetryPolicy) -> Result<CallOptions, SkiplinoError> {
        let attempts = count(self.max_attempts, "maxAttempts")?;
        Ok(CallOptions {
            locale: self.locale,
            deadline: duration(self.deadline_ms, "deadline")?,
            retry: attempts.map(|attempts| retry.clone().max_attempts(attempts)),
        })
    }
}

/// Ends one call, list or watch, from any thread and for good.
#[cfg_attr(not(feature = "kotlin"), derive(uniffi::Object))]
pub struct CancelHandle {
    pub(crate) canceller: Canceller,
    #[cfg(feature = "testing")]
    _counted: crate::testing::Counted,
}

#[cfg_attr(not(feature = "kotlin"), uniffi::export)]
impl CancelHandle {
    /// Nothing is cancelled yet.
    #[cfg_attr(not(feature = "kotlin"), uniffi::constructor)]
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            canceller: Canceller::new(),
            #[cfg(feature = "testing")]
            _counted: crate::testing::Counted::handle(),
        })
    }

    /// Ends what it was given to. A call under way fails at once, with `Cancelled` and what is known of its outcome.
    pub fn cancel(&self) {
        self.canceller.cancel();
    }
}

/// What came with the data of an answer.
#[derive(Debug, Clone, uniffi::Record)]
pub struct ResponseInfo {
    /// The HTTP status.
    pub status: u16,
    /// The envelope's `message`, as in `Ticket booked successfully.`
    pub message: Option<String>,
    /// How many attempts it took.
    pub attempts: u32,
    /// Whether a write's own answer was lost and its effect was found by looking.
    pub recovered: bool,
    /// The headers that are text, as in `date: Tue, 23 Jun 2026 11:10:00 GMT`, one a line: few look at them, and as one text they
    /// cost next to nothing.
    pub headers: String,
}

impl ResponseInfo {
    pub(crate) fn of<T>(response: &Response<T>) -> Self {
        let mut headers = String::new();
        for (name, value) in response.headers() {
            for part in [name, ": ", value, "\n"] {
                headers.push_str(part);
            }
        }
        Self {
            status: response.status(),
            message: response.message().map(str::to_owned),
            attempts: response.attempts(),
            recovered: response.recovered(),
            headers,
        }
    }
}

/// Whether the client was closed, for what it has under way.
#[derive(Clone, Default)]
pub(crate) struct Closing(Arc<watch::Sender<bool>>);

impl Closing {
    pub(crate) fn close(&self) {
        self.0.send_replace(true);
    }

    async fn closed(&self) {
        // The sender is here, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|closed| *closed).await;
    }

    /// Does the work, and has it ended when the client is closed: whatever obeys the canceller says what is known.
    async fn unless(&self, canceller: &Canceller, work: Work) -> Outcome {
        match select(pin!(self.closed()), work).await {
            Either::Left(((), work)) => {
                canceller.cancel();
                work.await.map_err(SkiplinoError::by_closing)
            }
            Either::Right((done, _)) => done,
        }
    }
}

/// What an export waits for: the end of a call, in the shape that it gives.
#[must_use = "nothing is known before it is waited for"]
pub(crate) struct Sending<R> {
    work: Work,
    shape: PhantomData<fn() -> R>,
}

impl<R: Send + 'static> Sending<R> {
    /// Of work that gives this shape.
    pub(crate) fn new(work: Work) -> Self {
        Self {
            work,
            shape: PhantomData,
        }
    }
}

impl<R: 'static> Future for Sending<R> {
    type Output = Result<R, SkiplinoError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let ended = ready!(self.work.as_mut().poll(context));
        Poll::Ready(ended.and_then(|data| {
            data.downcast()
                .map(|data| *data)
                .map_err(|_| SkiplinoError::bug())
        }))
    }
}

/// Begins a call on the runtime's thread, or on this one where it is refused anyway.
pub(crate) fn send<T: Send + 'static, R: Send + 'static>(
    call: Call<T>,
    options: CallOptions,
    closing: Closing,
    cancel: Option<Arc<CancelHandle>>,
    shape: impl FnOnce(T, ResponseInfo) -> R + Send + 'static,
) -> Sending<R> {
    let canceller = cancel.map_or_else(Canceller::new, |handle| handle.canceller.clone());
    let refused = call.is_refused();
    let call = call
        .options(options)
        .cancelled_by(&canceller)
        .with_response()
        .into_future();
    let work: Work = Box::pin(async move {
        let response = call.await?;
        let info = ResponseInfo::of(&response);
        Ok(Box::new(shape(response.into_data(), info)) as Box<dyn Any + Send>)
    });
    Sending::new(match refused {
        true => work,
        false => unless_closed(closing, canceller, work),
    })
}

/// Does the work on the runtime's thread, and has it ended when the client is closed.
pub(crate) fn unless_closed(closing: Closing, canceller: Canceller, work: Work) -> Work {
    runtime::run(Box::pin(
        async move { closing.unless(&canceller, work).await },
    ))
}
