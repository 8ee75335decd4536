//! What the library tells of its work, for the host's own log.

use std::fmt::{self, Write as _};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};

/// How much a line of the log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, uniffi::Enum)]
pub enum LogLevel {
    /// Something went wrong, and the library goes on by itself or says so to the caller.
    Warn,
    /// A call failed, or a lost answer was made good.
    Info,
    /// Each attempt.
    Debug,
}

/// Takes lines of the log, on any thread, and must not throw.
#[uniffi::export(with_foreign)]
pub trait LogSink: Send + Sync {
    /// A line: what happened, and operation, attempt, kind of error, status, times. No keys, and nothing of customers.
    fn log(&self, level: LogLevel, line: String);
}

struct Wanted {
    sink: Arc<dyn LogSink>,
    most: LogLevel,
}

static WANTED: RwLock<Option<Wanted>> = RwLock::new(None);

/// Has everything that all clients tell go to a sink, up to a level; to none for no sink.
#[uniffi::export]
pub fn set_log_sink(sink: Option<Arc<dyn LogSink>>, most: LogLevel) {
    static SUBSCRIBED: OnceLock<()> = OnceLock::new();
    let wanted = sink.map(|sink| Wanted { sink, most });
    if wanted.is_some() {
        // This library has its own copy of what subscribers are kept in: nobody else's is replaced.
        SUBSCRIBED.get_or_init(|| {
            let _ = tracing::subscriber::set_global_default(ToSink);
        });
    }
    let mut kept = WANTED.write().unwrap_or_else(PoisonError::into_inner);
    let before = std::mem::replace(&mut *kept, wanted);
    drop(kept);
    drop(before);
}

fn level(level: Level) -> LogLevel {
    match level {
        Level::ERROR | Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        _ => LogLevel::Debug,
    }
}

fn wanted(level: LogLevel) -> Option<Arc<dyn LogSink>> {
    let wanted = WANTED.read().unwrap_or_else(PoisonError::into_inner);
    let wanted = wanted.as_ref().filter(|wanted| level <= wanted.most)?;
    Some(Arc::clone(&wanted.sink))
}

/// Takes the events of the client and nothing else.
struct ToSink;

impl Subscriber for ToSink {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match metadata.is_event() && metadata.target() == "skiplino" {
            true => Interest::sometimes(),
            false => Interest::never(),
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        wanted(level(*metadata.level())).is_some()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }

    fn event(&self, event: &Event<'_>) {
        let level = level(*event.metadata().level());
        let Some(sink) = wanted(level) else {
            return;
        };
        let mut told = Told::default();
        event.record(&mut told);
        sink.log(level, told.line());
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Told {
    operation: String,
    message: String,
    others: String,
}

impl Told {
    fn other(&mut self, field: &Field, shown: impl fmt::Display) {
        let comma = if self.others.is_empty() { "" } else { ", " };
        let _ = write!(self.others, "{comma}{}={shown}", field.name());
    }

    /// `bookTicket: an attempt (attempt=1, status=503, kind=Server, elapsed_ms=2.4)`
    fn line(self) -> String {
        let mut line = self.message;
        if !self.operation.is_empty() {
            line = format!("{}: {line}", self.operation);
        }
        if !self.others.is_empty() {
            let _ = write!(line, " ({})", self.others);
        }
        line
    }
}

impl Visit for Told {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "operation" {
            value.clone_into(&mut self.operation);
        } else {
            self.other(field, value);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.other(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.other(field, format_args!("{value:.1}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }
}
