//! The client's log events, for the log of a host language.
//!
//! All hosts print one format: `operation: message (field=value, field=value)`.

use std::fmt::{self, Debug, Display};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

/// How important a log event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The library recovers by itself or reports the failure to the caller: a retry, a rate limit,
    /// an unknown outcome.
    Warn,
    /// A call failed, or a lost response was recovered.
    Info,
    /// Each attempt.
    Debug,
}

impl From<tracing::Level> for Level {
    fn from(level: tracing::Level) -> Self {
        match level {
            tracing::Level::ERROR | tracing::Level::WARN => Self::Warn,
            tracing::Level::INFO => Self::Info,
            _ => Self::Debug,
        }
    }
}

/// Receives the client's log events, on the threads that make the calls.
pub trait Sink: Send + Sync + 'static {
    /// Whether the sink takes events of this level now.
    fn is_enabled(&self, level: Level) -> bool;

    /// Takes one event.
    fn log(&self, level: Level, entry: &Entry);
}

/// One log event.
#[derive(Debug, Default)]
pub struct Entry {
    /// The id of the operation, as in `bookTicket`.
    pub operation: Option<String>,
    /// The event in a few words.
    pub message: String,
    /// The other fields, in the order of the event.
    pub fields: Vec<(&'static str, Value)>,
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A count or a status.
    Integer(u64),
    /// A duration in milliseconds.
    Float(f64),
    /// A kind of error, or `true` and `false`.
    Text(String),
}

impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:.1}"),
            Self::Text(value) => f.write_str(value),
        }
    }
}

impl Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = &self.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&self.message)?;
        let mut separator = " (";
        for (name, value) in &self.fields {
            write!(f, "{separator}{name}={value}")?;
            separator = ", ";
        }
        if !self.fields.is_empty() {
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl Visit for Entry {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "operation" {
            self.operation = Some(value.to_owned());
        } else {
            self.fields
                .push((field.name(), Value::Text(value.to_owned())));
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.fields.push((field.name(), Value::Integer(value)));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.fields.push((field.name(), Value::Float(value)));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.fields
                .push((field.name(), Value::Text(format!("{value:?}"))));
        }
    }
}

/// A subscriber that hands the client's events to a sink and ignores everything else.
#[derive(Debug)]
pub struct EventSubscriber<S>(pub S);

impl<S: Sink> Subscriber for EventSubscriber<S> {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match metadata.is_event() && metadata.target() == "skiplino" {
            true => Interest::sometimes(),
            false => Interest::never(),
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event()
            && metadata.target() == "skiplino"
            && self.0.is_enabled((*metadata.level()).into())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }

    fn event(&self, event: &Event<'_>) {
        let level = (*event.metadata().level()).into();
        if !self.0.is_enabled(level) {
            return;
        }
        let mut entry = Entry::default();
        event.record(&mut entry);
        self.0.log(level, &entry);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_one_line_in_one_format() {
        let mut entry = Entry {
            operation: Some("bookTicket".to_owned()),
            message: "attempt finished".to_owned(),
            fields: Vec::new(),
        };
        assert_eq!(entry.to_string(), "bookTicket: attempt finished");
        entry.fields = vec![
            ("attempt", Value::Integer(1)),
            ("kind", Value::Text("Server".to_owned())),
            ("elapsed_ms", Value::Float(2.44)),
        ];
        assert_eq!(
            entry.to_string(),
            "bookTicket: attempt finished (attempt=1, kind=Server, elapsed_ms=2.4)"
        );
    }
}
