//! Ending a call from another thread than the one that waits for it.

use std::fmt;
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use tokio::sync::watch;

/// Ends the calls, lists and watches that it was given to, from any thread and for good: what is called with it afterwards fails
/// before any network. Clones are one and the same.
///
/// In async programs dropping a call's future does as much. This is for the threads that wait.
#[derive(Clone, Default)]
pub struct Canceller(Arc<watch::Sender<bool>>);

impl Canceller {
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

    async fn cancelled(&self) {
        // The sender is here, so waiting cannot fail.
        if self.0.subscribe().wait_for(|on| *on).await.is_err() {
            pending::<()>().await;
        }
    }
}

/// What `work` comes to, or nothing when it is cancelled first.
pub(crate) async fn unless<T>(
    canceller: Option<&Canceller>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let Some(canceller) = canceller else {
        return Some(work.await);
    };
    match select(pin!(canceller.cancelled()), pin!(work)).await {
        Either::Left(_) => None,
        Either::Right((done, _)) => Some(done),
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Canceller({})", self.is_cancelled())
    }
}
