//! One call: what differs for it, the handle that ends it, and what comes back beside its data.

use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use skiplino::{Call, CallOptions, Canceller, Response, RetryPolicy};
use tokio::sync::watch;

use crate::errors::SkiplinoError;
use crate::runtime;
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
#[derive(uniffi::Object)]
pub struct CancelHandle {
    pub(crate) canceller: Canceller,
    #[cfg(feature = "testing")]
    _counted: crate::testing::Counted,
}

#[uniffi::export]
impl CancelHandle {
    /// Nothing is cancelled yet.
    #[uniffi::constructor]
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
    pub(crate) async fn unless<T>(
        &self,
        canceller: &Canceller,
        work: impl Future<Output = Result<T, SkiplinoError>>,
    ) -> Result<T, SkiplinoError> {
        match select(pin!(self.closed()), pin!(work)).await {
            Either::Left(((), work)) => {
                canceller.cancel();
                work.await.map_err(SkiplinoError::by_closing)
            }
            Either::Right((done, _)) => done,
        }
    }
}

/// Makes a call on the runtime's threads.
pub(crate) async fn send<T: Send + 'static, R: Send + 'static>(
    call: Call<T>,
    options: CallOptions,
    closing: Closing,
    cancel: Option<Arc<CancelHandle>>,
    shape: impl FnOnce(T, ResponseInfo) -> R + Send + 'static,
) -> Result<R, SkiplinoError> {
    let canceller = cancel.map_or_else(Canceller::new, |handle| handle.canceller.clone());
    let refused = call.is_refused();
    let call = call
        .options(options)
        .cancelled_by(&canceller)
        .with_response();
    let work = async move {
        let response = call.await?;
        let info = ResponseInfo::of(&response);
        Ok(shape(response.into_data(), info))
    };
    if refused {
        return work.await;
    }
    runtime::run(async move { closing.unless(&canceller, work).await }).await
}
