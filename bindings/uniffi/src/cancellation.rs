//! Cancels calls: one call by its handle, or all calls of a client when the client is closed.

use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use skiplino::CancellationToken;
use tokio::sync::watch;

use crate::errors::SkiplinoError;
use crate::runtime::{self, ErasedFuture};

/// Cancels one call, page or watch step, from any thread. This cannot be undone.
#[cfg_attr(not(feature = "kotlin"), derive(uniffi::Object))]
pub struct CancelHandle {
    token: CancellationToken,
    #[cfg(feature = "testing")]
    _counted: crate::test_state::Counted,
}

#[cfg_attr(not(feature = "kotlin"), uniffi::export)]
impl CancelHandle {
    /// Creates a handle that has not cancelled anything yet.
    #[cfg_attr(not(feature = "kotlin"), uniffi::constructor)]
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            token: CancellationToken::new(),
            #[cfg(feature = "testing")]
            _counted: crate::test_state::Counted::cancel_handle(),
        })
    }

    /// Cancels the call that received this handle. The call fails at once with `Cancelled`; its
    /// outcome says whether a write may have been applied.
    pub fn cancel(&self) {
        self.token.cancel();
    }
}

impl CancelHandle {
    /// The token of a handle, or a token that nothing cancels.
    pub(crate) fn token(handle: Option<Arc<Self>>) -> CancellationToken {
        handle.map_or_else(CancellationToken::new, |handle| handle.token.clone())
    }
}

/// Tells the calls in flight that their client was closed.
#[derive(Clone, Default)]
pub(crate) struct ShutdownSignal(Arc<watch::Sender<bool>>);

impl ShutdownSignal {
    pub(crate) fn send(&self) {
        self.0.send_replace(true);
    }

    async fn received(&self) {
        // This owns the sender, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|closed| *closed).await;
    }

    /// Runs a call on the runtime's thread. Closing the client cancels the token and replaces the
    /// error by `Closed`.
    pub(crate) fn run(self, token: CancellationToken, call: ErasedFuture) -> ErasedFuture {
        runtime::run(Box::pin(async move {
            match select(pin!(self.received()), call).await {
                Either::Left(((), call)) => {
                    token.cancel();
                    call.await.map_err(SkiplinoError::into_closed)
                }
                Either::Right((result, _)) => result,
            }
        }))
    }
}
