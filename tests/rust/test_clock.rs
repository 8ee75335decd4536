//! A clock for tests of pauses that does not really wait.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use skiplino::Clock;

/// A clock on which each pause ends at once. The test's function runs during each pause.
pub struct TestClock {
    start: Instant,
    passed: Mutex<Duration>,
    pauses: Mutex<Vec<Duration>>,
    on_sleep: Box<dyn Fn(Duration) + Send + Sync>,
}

impl TestClock {
    pub fn new(on_sleep: impl Fn(Duration) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            start: Instant::now(),
            passed: Mutex::default(),
            pauses: Mutex::default(),
            on_sleep: Box::new(on_sleep),
        })
    }

    pub fn pauses(&self) -> Vec<Duration> {
        self.pauses.lock().unwrap().clone()
    }

    pub fn passed(&self) -> Duration {
        *self.passed.lock().unwrap()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        self.start + self.passed()
    }

    fn sleep(&self, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        *self.passed.lock().unwrap() += pause;
        self.pauses.lock().unwrap().push(pause);
        (self.on_sleep)(pause);
        Box::pin(async {})
    }
}
