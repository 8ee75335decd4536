//! One call: what differs for it, the handle that ends it, and what comes back beside its data.

use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::{Either, select};
use skiplino::{CallOptions, CancellationToken, Response, RetryPolicy, UntypedCall};
use tokio::sync::watch;

use crate::errors::SkiplinoError;
use crate::runtime::{self, Data, Outcome, Work};
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
    pub(crate) cancellation_token: CancellationToken,
    #[cfg(feature = "testing")]
    _counted: crate::testing::Counted,
}

#[cfg_attr(not(feature = "kotlin"), uniffi::export)]
impl CancelHandle {
    /// Nothing is cancelled yet.
    #[cfg_attr(not(feature = "kotlin"), uniffi::constructor)]
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            cancellation_token: CancellationToken::new(),
            #[cfg(feature = "testing")]
            _counted: crate::testing::Counted::handle(),
        })
    }

    /// Ends what it was given to. A call under way fails at once, with `Cancelled` and what is known of its outcome.
    pub fn cancel(&self) {
        self.cancellation_token.cancel();
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

    /// Does the work, and has it ended when the client is closed: whatever obeys the cancellation token says what is known.
    async fn unless(&self, cancellation_token: &CancellationToken, work: Work) -> Outcome {
        match select(pin!(self.closed()), work).await {
            Either::Left(((), work)) => {
                cancellation_token.cancel();
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

impl<R: 'static> Sending<R> {
    /// Of work that gives this shape.
    pub(crate) fn new(work: Work) -> Self {
        Self {
            work,
            shape: PhantomData,
        }
    }

    /// The work, whose outcome [`Self::shaped`] takes.
    #[cfg(feature = "kotlin")]
    pub(crate) fn into_work(self) -> Work {
        self.work
    }

    /// What the work came to.
    pub(crate) fn shaped(outcome: Outcome) -> Result<R, SkiplinoError> {
        match outcome?.downcast() {
            Ok(data) => Ok(*data),
            Err(_) => Err(SkiplinoError::bug()),
        }
    }
}

impl<R: 'static> Future for Sending<R> {
    type Output = Result<R, SkiplinoError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.work.as_mut().poll(context).map(Self::shaped)
    }
}

/// Exports calls, as functions that begin them. Swift waits for them by UniFFI's async functions, Kotlin has a way of its own (`kotlin.rs`).
macro_rules! calls {
    (impl $of:ident {$(
        $(#[$doc:meta])*
        pub fn $name:ident(&$this:ident $(, $argument:ident: $type:ty)* $(,)?) -> $answer:ty $begin:block
    )+}) => {
        #[cfg(not(feature = "kotlin"))]
        #[uniffi::export]
        impl $of {$(
            $(#[$doc])*
            pub async fn $name(&$this $(, $argument: $type)*) -> Result<$answer, crate::errors::SkiplinoError> {
                $begin.await
            }
        )+}

        #[cfg(feature = "kotlin")]
        impl $of {$(
            $(#[$doc])*
            pub(crate) fn $name(&$this $(, $argument: $type)*) -> crate::calls::Sending<$answer> $begin
        )+}
    };
}

pub(crate) use calls;

/// Gives an answer its shape, unless its data are of another type than they should be.
pub(crate) type Shape = Box<dyn FnOnce(Data, ResponseInfo) -> Option<Data> + Send>;

/// Begins a call on the runtime's thread, or on this one where it is refused anyway.
pub(crate) fn send(
    call: UntypedCall,
    options: CallOptions,
    closing: Closing,
    cancel: Option<Arc<CancelHandle>>,
    shape: Shape,
) -> Work {
    let cancellation_token = cancel.map_or_else(CancellationToken::new, |handle| {
        handle.cancellation_token.clone()
    });
    let call = call.options(options).cancelled_by(&cancellation_token);
    let refused = call.is_refused();
    let work: Work = Box::pin(async move {
        let response = call.send().await?;
        let info = ResponseInfo::of(&response);
        shape(response.into_data(), info).ok_or_else(SkiplinoError::bug)
    });
    match refused {
        true => work,
        false => unless_closed(closing, cancellation_token, work),
    }
}

/// Does the work on the runtime's thread, and has it ended when the client is closed.
pub(crate) fn unless_closed(
    closing: Closing,
    cancellation_token: CancellationToken,
    work: Work,
) -> Work {
    runtime::run(Box::pin(async move {
        closing.unless(&cancellation_token, work).await
    }))
}
