//! Returns log lines to Kotlin with the results of the calls.
//!
//! A callback into the JVM would run the app's logger on the thread that drives all calls. If
//! several copies of the package share this library, such a callback would also belong to only one
//! of the copies.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use bindings_common::log::{Entry, EventSubscriber, Level, Sink};

use crate::kotlin::call_driver::CallDriver;

/// The call id of log lines. Those of calls are positive.
const LOG_LINE: u64 = 0;

thread_local! {
    /// The driver of the call that this thread starts or drives now.
    static CURRENT: RefCell<Option<Arc<CallDriver>>> = const { RefCell::new(None) };
}

/// Does work whose log events belong to a driver.
pub(crate) fn into_log_of<R>(driver: &Arc<CallDriver>, work: impl FnOnce() -> R) -> R {
    struct Restore(Option<Arc<CallDriver>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0.take());
        }
    }
    let _restore = Restore(CURRENT.replace(Some(Arc::clone(driver))));
    work()
}

/// Sets which log events become lines, see `skiplino_kotlin_set_log_level`.
pub(crate) fn set_level(driver: &CallDriver, level: i32) {
    static SUBSCRIBED: OnceLock<()> = OnceLock::new();
    if level > 0 {
        // This library has its own copy of tracing's global state: no subscriber of the app is
        // replaced.
        SUBSCRIBED.get_or_init(|| {
            let _ = tracing::subscriber::set_global_default(EventSubscriber(ToDriver));
        });
    }
    driver.set_log_level(level);
}

fn number(level: Level) -> u8 {
    match level {
        Level::Warn => 1,
        Level::Info => 2,
        Level::Debug => 3,
    }
}

/// Adds events to the results of the current driver.
struct ToDriver;

impl Sink for ToDriver {
    fn is_enabled(&self, level: Level) -> bool {
        let wants = |driver: &Arc<CallDriver>| i32::from(number(level)) <= driver.log_level();
        CURRENT.with_borrow(|driver| driver.as_ref().is_some_and(wants))
    }

    fn log(&self, level: Level, entry: &Entry) {
        if let Some(driver) = CURRENT.with_borrow(Option::clone) {
            let mut line = vec![number(level)];
            line.extend_from_slice(entry.to_string().as_bytes());
            driver.return_result(LOG_LINE, &line);
        }
    }
}
