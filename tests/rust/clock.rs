//! A clock for tests of pauses: nobody waits.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use skiplino::Clock;

/// A clock on which a pause is over as soon as it begins; what happens meanwhile is up to the test.
pub struct Jumping {
    start: Instant,
    passed: Mutex<Duration>,
    pauses: Mutex<Vec<Duration>>,
    meanwhile: Box<dyn Fn(Duration) + Send + Sync>,
}

impl Jumping {
    pub fn new(meanwhile: impl Fn(Duration) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            start: Instant::now(),
            passed: Mutex::default(),
            pauses: Mutex::default(),
            meanwhile: Box::new(meanwhile),
        })
    }

    pub fn pauses(&self) -> Vec<Duration> {
        self.pauses.lock().unwrap().clone()
    }

    pub fn passed(&self) -> Duration {
        *self.passed.lock().unwrap()
    }
}

impl Clock for Jumping {
    fn now(&self) -> Instant {
        self.start + self.passed()
    }

    fn sleep(&self, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        *self.passed.lock().unwrap() += pause;
        self.pauses.lock().unwrap().push(pause);
        (self.meanwhile)(pause);
        Box::pin(async {})
    }
}
