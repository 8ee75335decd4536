//! The clock of a client, replaceable so that tests of pauses need not wait.

use std::pin::Pin;
use std::time::{Duration, Instant};

/// The longest time that anything waits. Adding it to a clock's time must not overflow.
pub(crate) const FOREVER: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Returns the time and waits. Only tests replace the system's clock.
#[doc(hidden)]
pub trait Clock: Send + Sync + 'static {
    /// Now, on a clock that never goes back.
    fn now(&self) -> Instant;
    /// Ends when the pause is over.
    fn sleep(&self, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The system's clock and Tokio's timers.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(pause))
    }
}
