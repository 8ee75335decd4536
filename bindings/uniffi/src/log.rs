//! Sends the client's log events to the log of the host.

use std::mem;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use bindings_common::log::{Entry, EventSubscriber, Level, Sink};

/// The importance of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, uniffi::Enum)]
pub enum LogLevel {
    /// The library recovers by itself or reports the failure to the caller: a retry, a rate limit,
    /// an unknown outcome.
    Warn,
    /// A call failed, or a lost response was recovered.
    Info,
    /// Each attempt.
    Debug,
}

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Warn => Self::Warn,
            Level::Info => Self::Info,
            Level::Debug => Self::Debug,
        }
    }
}

/// Receives log lines, on any thread. Must not throw.
#[uniffi::export(with_foreign)]
pub trait LogSink: Send + Sync {
    /// Takes one line: the event with operation, attempt, kind of error, status and duration. Lines
    /// have no keys and no customer data.
    fn log(&self, level: LogLevel, line: String);
}

struct HostLog {
    sink: Arc<dyn LogSink>,
    max_level: LogLevel,
}

static HOST_LOG: RwLock<Option<HostLog>> = RwLock::new(None);

/// Sends the log lines of all clients up to a level to a sink. `None` turns logging off.
#[uniffi::export]
pub fn set_log_sink(sink: Option<Arc<dyn LogSink>>, max_level: LogLevel) {
    static SUBSCRIBED: OnceLock<()> = OnceLock::new();
    let log = sink.map(|sink| HostLog { sink, max_level });
    if log.is_some() {
        // This library has its own copy of tracing's global state: no subscriber of the app is
        // replaced.
        SUBSCRIBED.get_or_init(|| {
            let _ = tracing::subscriber::set_global_default(EventSubscriber(ToHostLog));
        });
    }
    let mut current = HOST_LOG.write().unwrap_or_else(PoisonError::into_inner);
    let previous = mem::replace(&mut *current, log);
    // Dropped after the lock is released: the drop may run code of the host.
    drop(current);
    drop(previous);
}

/// Forwards events to the sink that is set now.
struct ToHostLog;

impl ToHostLog {
    fn sink(level: LogLevel) -> Option<Arc<dyn LogSink>> {
        let log = HOST_LOG.read().unwrap_or_else(PoisonError::into_inner);
        let log = log.as_ref().filter(|log| level <= log.max_level)?;
        Some(Arc::clone(&log.sink))
    }
}

impl Sink for ToHostLog {
    fn is_enabled(&self, level: Level) -> bool {
        Self::sink(level.into()).is_some()
    }

    fn log(&self, level: Level, entry: &Entry) {
        if let Some(sink) = Self::sink(level.into()) {
            sink.log(level.into(), entry.to_string());
        }
    }
}
