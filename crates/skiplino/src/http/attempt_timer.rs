//! Limits the time of attempts.

use std::pin::{Pin, pin};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::clock::FOREVER;

/// Limits the time of attempts, and keeps a timer for the next attempt.
///
/// A new timer that ends before all others of its runtime makes tokio interrupt its own wait for
/// events, which costs two system calls. That is the case for each call that is made alone. A timer
/// that is still running only gets a later end.
#[derive(Default)]
pub(crate) struct AttemptTimer(Mutex<Option<RunningTimer>>);

/// A timer, and the runtime that it belongs to.
struct RunningTimer {
    runtime: Id,
    sleep: Pin<Box<Sleep>>,
}

impl AttemptTimer {
    /// Does some work, or returns `None` if it takes longer than `limit`.
    pub(crate) async fn limit<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let runtime = Handle::current().id();
        let end = Instant::now() + limit.min(FOREVER);
        let kept = self.kept().take();
        // The timers of a runtime that has ended have elapsed.
        let sleep = match kept.filter(|kept| kept.runtime == runtime && !kept.sleep.is_elapsed()) {
            Some(mut kept) => {
                kept.sleep.as_mut().reset(end);
                kept.sleep
            }
            None => Box::pin(sleep_until(end)),
        };
        match select(pin!(work), sleep).await {
            Either::Left((result, sleep)) => {
                *self.kept() = Some(RunningTimer { runtime, sleep });
                Some(result)
            }
            Either::Right(_) => None,
        }
    }

    fn kept(&self) -> MutexGuard<'_, Option<RunningTimer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first failure")]
mod tests {
    use std::future::pending;

    use tokio::runtime::{Builder, Runtime};
    use tokio::task::yield_now;

    use super::*;

    const SHORT: Duration = Duration::from_millis(1);
    const LONG: Duration = Duration::from_secs(3600);

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_time().build().unwrap()
    }

    #[test]
    fn a_kept_timer_ends_neither_early_nor_late() {
        let timer = AttemptTimer::default();
        runtime().block_on(async {
            assert_eq!(timer.limit(SHORT, yield_now()).await, Some(()));
            assert!(timer.kept().is_some());
            // Longer than the end of the kept timer.
            let work = tokio::time::sleep(10 * SHORT);
            assert_eq!(timer.limit(LONG, work).await, Some(()));
            assert!(timer.kept().is_some());
            assert_eq!(timer.limit(SHORT, pending::<()>()).await, None);
            assert!(timer.kept().is_none());
        });
    }

    #[test]
    fn a_timer_of_another_runtime_is_not_used() {
        let timer = AttemptTimer::default();
        let first = runtime();
        first.block_on(timer.limit(LONG, yield_now()));
        let second = runtime();
        let limited = second.block_on(timer.limit(SHORT, pending::<()>()));
        assert_eq!(limited, None);
        second.block_on(timer.limit(LONG, yield_now()));
        drop(second);
        let limited = first.block_on(timer.limit(SHORT, pending::<()>()));
        assert_eq!(limited, None);
    }
}
