//! What the library tells of its work, to a callback of the program's. A client's calls are heard while they are made, on the threads
//! that make them: there is no subscriber for the whole process, which is the program's to set.

use std::ffi::{c_char, c_void};
use std::fmt::{self, Write as _};

use skiplino_log_level::{SKIPLINO_LOG_DEBUG, SKIPLINO_LOG_INFO, SKIPLINO_LOG_WARN};
use tracing::dispatcher::{self, Dispatch};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::error::{Failure, skiplino_error};
use crate::text;

/// How much a line of the log matters.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum skiplino_log_level {
    /// Something went wrong, and the library goes on by itself or says so to the caller: a retry, a rate limit, a write in doubt.
    SKIPLINO_LOG_WARN = 2,
    /// A call failed, or a lost answer was made good.
    SKIPLINO_LOG_INFO = 3,
    /// Each attempt.
    SKIPLINO_LOG_DEBUG = 4,
}

/// Is handed a line of the log, without a newline: what happened, and operation, attempt, kind of error, status, times. No keys, and
/// nothing of customers. `data` is the options' `log_data`; `text` lives during the call. It runs on the threads that make calls, while
/// they make them, on several at once where several do. It must return, and make no calls of this library.
pub type skiplino_log_callback =
    Option<extern "C" fn(data: *mut c_void, level: skiplino_log_level, text: *const c_char)>;

struct Logger {
    callback: extern "C" fn(*mut c_void, skiplino_log_level, *const c_char),
    data: *mut c_void,
    most: Level,
}

// SAFETY: the header says that the callback and its data are used from all threads that make calls.
unsafe impl Send for Logger {}
// SAFETY: as above.
unsafe impl Sync for Logger {}

/// Where a client's log goes, if anywhere.
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
        let most = match level {
            level if level == SKIPLINO_LOG_WARN as i32 => Level::WARN,
            level if level == SKIPLINO_LOG_INFO as i32 => Level::INFO,
            level if level == SKIPLINO_LOG_DEBUG as i32 => Level::DEBUG,
            _ => {
                return Err(skiplino_error::invalid(
                    "log_level",
                    "is none that this library knows",
                ));
            }
        };
        Ok(Self(Some(Dispatch::new(Logger {
            callback,
            data,
            most,
        }))))
    }

    /// Does something that the callback is to hear of.
    pub(crate) fn hear<R>(&self, body: impl FnOnce() -> R) -> R {
        match &self.0 {
            Some(dispatch) => dispatcher::with_default(dispatch, body),
            None => body(),
        }
    }
}

impl Subscriber for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // What the layers below tell of is not ours to answer for.
        metadata.is_event() && metadata.target() == "skiplino" && *metadata.level() <= self.most
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.most.into())
    }

    fn event(&self, event: &Event<'_>) {
        let level = match *event.metadata().level() {
            Level::ERROR | Level::WARN => SKIPLINO_LOG_WARN,
            Level::INFO => SKIPLINO_LOG_INFO,
            _ => SKIPLINO_LOG_DEBUG,
        };
        let mut line = Line::default();
        event.record(&mut line);
        let text = text::owned(&(line.message + &line.fields));
        (self.callback)(self.data, level, text.as_ptr());
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The message, and what comes after it.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Line {
    fn add(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        // Writing to memory cannot fail.
        let _ = match field.name() {
            "message" => self.message.write_fmt(value),
            name => write!(self.fields, " {name}={value}"),
        };
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, format_args!("{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, format_args!("{value:.1}"));
    }
}
