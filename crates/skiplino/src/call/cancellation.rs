//! Cancelling a call from another thread, and the outcome of a cancelled write.

use std::fmt;
use std::future::pending;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{Either, select};
use tokio::sync::watch;

use crate::error::{Error, ErrorKind, Outcome};
use crate::http::transport::SendFlag;
use crate::operation::{Effect, Operation};

/// Cancels every call, list and watch that has this token. Any thread may cancel. A token cannot be
/// reset: later calls with it fail before anything is sent. Clones share one state.
///
/// An async program can drop a call's future instead. The token is for threads that wait.
#[derive(Clone, Default)]
pub struct CancellationToken(Arc<watch::Sender<bool>>);

impl CancellationToken {
    /// A token that is not cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels the calls. Running calls return at once, with
    /// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled).
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    /// Whether the token was cancelled.
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the token is cancelled, for a binding whose streams end with it.
    #[doc(hidden)]
    pub async fn cancelled(&self) {
        // Waiting fails only if the sender is dropped, and this value holds it.
        if self.0.subscribe().wait_for(|on| *on).await.is_err() {
            pending::<()>().await;
        }
    }
}

/// The result of `work`; `None` if the token is cancelled first. The caller pins the work: this
/// function's future would have room for it twice.
pub(crate) async fn or_cancelled<T>(
    cancellation_token: Option<&CancellationToken>,
    work: Pin<&mut impl Future<Output = T>>,
) -> Option<T> {
    let Some(cancellation_token) = cancellation_token else {
        return Some(work.await);
    };
    match select(pin!(cancellation_token.cancelled()), work).await {
        Either::Left(_) => None,
        Either::Right((done, _)) => Some(done),
    }
}

/// The progress of a call, from which the error of a cancelled call is made.
#[derive(Default)]
pub(crate) struct CallProgress {
    attempts: AtomicU32,
    maybe_applied: AtomicBool,
    /// The flag of the running attempt.
    send_flag: Mutex<Option<SendFlag>>,
}

impl CallProgress {
    pub(crate) fn set_attempts(&self, attempt: u32) {
        self.attempts.store(attempt, Ordering::Release);
    }

    pub(crate) fn set_maybe_applied(&self, maybe_applied: bool) {
        self.maybe_applied.store(maybe_applied, Ordering::Release);
    }

    pub(crate) fn set_send_flag(&self, send_flag: Option<SendFlag>) {
        *self
            .send_flag
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = send_flag;
    }

    pub(crate) fn cancelled(&self, operation: Operation) -> Error {
        let send_flag = self
            .send_flag
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let maybe_sent = send_flag.as_ref().is_some_and(SendFlag::is_set);
        let writes = operation.effect() != Effect::Read;
        Error::new(ErrorKind::Cancelled).edit(|inner| {
            inner.attempts = self.attempts.load(Ordering::Acquire);
            if writes && (maybe_sent || self.maybe_applied.load(Ordering::Acquire)) {
                inner.outcome = Outcome::Unknown;
            }
        })
    }
}

impl fmt::Debug for CancellationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CancellationToken({})", self.is_cancelled())
    }
}
