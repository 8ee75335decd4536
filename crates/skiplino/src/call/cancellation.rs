//! Ending a call from another thread than the one that waits for it.

use std::fmt;
use std::future::pending;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{Either, select};
use tokio::sync::watch;

use crate::error::{Error, ErrorKind, Outcome};
use crate::http::transport::Sent;
use crate::operation::{Effect, Operation};

/// Ends the calls, lists and watches that it was given to, from any thread and for good: what is called with it afterwards fails
/// before any network. Clones are one and the same.
///
/// In async programs dropping a call's future does as much. This is for the threads that wait.
#[derive(Clone, Default)]
pub struct CancellationToken(Arc<watch::Sender<bool>>);

impl CancellationToken {
    /// Nothing is cancelled yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the calls. Those under way return at once, with [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled).
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was.
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is, for a binding whose streams are to end with it.
    #[doc(hidden)]
    pub async fn cancelled(&self) {
        // The sender is here, so waiting cannot fail.
        if self.0.subscribe().wait_for(|on| *on).await.is_err() {
            pending::<()>().await;
        }
    }
}

/// What `work` comes to, or nothing when it is cancelled first.
pub(crate) async fn unless<T>(
    cancellation_token: Option<&CancellationToken>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let Some(cancellation_token) = cancellation_token else {
        return Some(work.await);
    };
    match select(pin!(cancellation_token.cancelled()), pin!(work)).await {
        Either::Left(_) => None,
        Either::Right((done, _)) => Some(done),
    }
}

/// How far a call has come, for when it is cancelled.
#[derive(Default)]
pub(crate) struct SoFar {
    attempts: AtomicU32,
    in_doubt: AtomicBool,
    /// Of the attempt under way.
    sent: Mutex<Option<Sent>>,
}

impl SoFar {
    pub(crate) fn begins(&self, attempt: u32) {
        self.attempts.store(attempt, Ordering::Release);
    }

    pub(crate) fn doubts(&self, in_doubt: bool) {
        self.in_doubt.store(in_doubt, Ordering::Release);
    }

    pub(crate) fn sending(&self, sent: Option<Sent>) {
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner) = sent;
    }

    pub(crate) fn cancelled(&self, operation: Operation) -> Error {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let reached = sent.as_ref().is_some_and(Sent::get);
        let writes = operation.effect() != Effect::Read;
        Error::new(ErrorKind::Cancelled).edit(|inner| {
            inner.attempts = self.attempts.load(Ordering::Acquire);
            if writes && (reached || self.in_doubt.load(Ordering::Acquire)) {
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
