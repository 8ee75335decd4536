//! The log of a client, which passes the events of its calls to a callback of the program.
//!
//! Each client has its own dispatcher, which is set for the length of each call. The process-wide
//! subscriber belongs to the program.

use std::ffi::{c_char, c_void};

use bindings_common::log::{Entry, EventSubscriber, Level, Sink};
use skiplino_log_level::{SKIPLINO_LOG_DEBUG, SKIPLINO_LOG_INFO, SKIPLINO_LOG_WARN};
use tracing::dispatcher::{self, Dispatch};

use crate::boundary::run_log_callback;
use crate::c_string;
use crate::error::{Failure, skiplino_error};

/// The importance of a log line.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum skiplino_log_level {
    /// A failure that the library handles itself or reports to the caller: a retry, a rate limit, a
    /// write with an unknown outcome.
    SKIPLINO_LOG_WARN = 2,
    /// A call failed, or the library recovered a lost response.
    SKIPLINO_LOG_INFO = 3,
    /// Each attempt.
    SKIPLINO_LOG_DEBUG = 4,
}

impl From<Level> for skiplino_log_level {
    fn from(level: Level) -> Self {
        match level {
            Level::Warn => SKIPLINO_LOG_WARN,
            Level::Info => SKIPLINO_LOG_INFO,
            Level::Debug => SKIPLINO_LOG_DEBUG,
        }
    }
}

/// Receives a log line without a newline, as in "bookTicket: message (attempt=1, kind=Server)". The
/// line contains no API key and no data of customers. `data` is `log_data` of the options. `text`
/// is valid only during the callback. The callback runs on the threads that make calls, possibly on
/// several threads at the same time. It must return: it must not throw a C++ exception or call
/// longjmp(). It must not make calls: they fail with SKIPLINO_IN_LOG_CALLBACK.
pub type skiplino_log_callback =
    Option<extern "C" fn(data: *mut c_void, level: skiplino_log_level, text: *const c_char)>;

/// A callback and the least important level that it receives.
struct CallbackSink {
    callback: extern "C" fn(*mut c_void, skiplino_log_level, *const c_char),
    data: *mut c_void,
    max_level: Level,
}

// SAFETY: the header says that any thread that makes a call may use the callback and its data.
unsafe impl Send for CallbackSink {}
// SAFETY: as above.
unsafe impl Sync for CallbackSink {}

impl Sink for CallbackSink {
    fn is_enabled(&self, level: Level) -> bool {
        level <= self.max_level
    }

    fn log(&self, level: Level, entry: &Entry) {
        let text = c_string::owned(&entry.to_string());
        run_log_callback(|| (self.callback)(self.data, level.into(), text.as_ptr()));
    }
}

/// The log of a client, or nothing if the program set no callback.
#[derive(Clone)]
pub(crate) struct Log(Option<Dispatch>);

impl Log {
    pub(crate) fn new(
        callback: skiplino_log_callback,
        data: *mut c_void,
        level: i32,
    ) -> Result<Self, Failure> {
        let Some(callback) = callback else {
            return Ok(Self(None));
        };
        let levels = [Level::Warn, Level::Info, Level::Debug];
        let max_level = levels
            .into_iter()
            .find(|known| skiplino_log_level::from(*known) as i32 == level)
            .ok_or_else(|| skiplino_error::invalid("log_level", "must be a skiplino_log_level"))?;
        Ok(Self(Some(Dispatch::new(EventSubscriber(CallbackSink {
            callback,
            data,
            max_level,
        })))))
    }

    /// Runs `body` and passes its events to the callback.
    pub(crate) fn capture<R>(&self, body: impl FnOnce() -> R) -> R {
        match &self.0 {
            Some(dispatch) => dispatcher::with_default(dispatch, body),
            None => body(),
        }
    }
}
