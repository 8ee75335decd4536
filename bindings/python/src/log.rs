//! What the client tells of its work, through Python's `logging`.
//!
//! The logger is `skiplino`. As long as the program has not imported `logging`, nobody listens, and nothing is looked up.

use std::fmt::{self, Write as _};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};

use crate::asking;

/// Whether each attempt is told of. Asked for as a call begins: afterwards nobody holds the interpreter's lock.
static EACH_ATTEMPT: AtomicBool = AtomicBool::new(false);

/// Sees how much is wanted. Costs a look into a cache of `logging`.
pub(crate) fn look(py: Python<'_>) {
    static SUBSCRIBED: OnceLock<()> = OnceLock::new();
    if let Some(logger) = logger(py) {
        // This library has its own copy of what subscribers are kept in: nobody else's is replaced.
        SUBSCRIBED.get_or_init(|| {
            let _ = tracing::subscriber::set_global_default(ToLogging);
        });
        let wanted = wants(logger, Level::DEBUG).unwrap_or(false);
        EACH_ATTEMPT.store(wanted, Ordering::Relaxed);
    }
}

fn logger(py: Python<'_>) -> Option<&Bound<'_, PyAny>> {
    static LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if let Some(logger) = LOGGER.get(py) {
        return Some(logger.bind(py));
    }
    let make = || -> PyResult<Option<Py<PyAny>>> {
        let modules = py.import(intern!(py, "sys"))?.getattr("modules")?;
        let logging = modules.call_method1("get", ("logging",))?;
        // It may be half imported, by another thread.
        if logging.is_none() || !logging.hasattr("getLogger")? {
            return Ok(None);
        }
        let logger = logging.call_method1("getLogger", ("skiplino",))?;
        // Where nobody asked for logs, warnings are not printed either.
        let silent = logging.call_method0("NullHandler")?;
        logger.call_method1("addHandler", (silent,))?;
        Ok(Some(logger.unbind()))
    };
    let logger = make().ok()??;
    Some(LOGGER.get_or_init(py, || logger).bind(py))
}

/// A level as Python counts them.
fn number(level: Level) -> u8 {
    match level {
        Level::ERROR => 40,
        Level::WARN => 30,
        Level::INFO => 20,
        _ => 10,
    }
}

fn wants(logger: &Bound<'_, PyAny>, level: Level) -> PyResult<bool> {
    let py = logger.py();
    let wanted = logger.call_method1(intern!(py, "isEnabledFor"), (number(level),))?;
    wanted.is_truthy()
}

/// Takes the events of the client and nothing else.
struct ToLogging;

impl Subscriber for ToLogging {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match metadata.is_event() && metadata.target() == "skiplino" {
            true => Interest::sometimes(),
            false => Interest::never(),
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO || EACH_ATTEMPT.load(Ordering::Relaxed)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }

    fn event(&self, event: &Event<'_>) {
        // None: the interpreter is ending.
        Python::try_attach(|py| {
            if let Err(raised) = tell(py, event) {
                asking::raised(py, raised);
            }
        });
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// `bookTicket: an attempt (attempt=1, status=503, kind=Server, elapsed_ms=2.4)`, and the same as a dictionary for handlers that keep fields.
fn tell(py: Python<'_>, event: &Event<'_>) -> PyResult<()> {
    let Some(logger) = logger(py) else {
        return Ok(());
    };
    let level = *event.metadata().level();
    if !wants(logger, level)? {
        return Ok(());
    }
    let fields = PyDict::new(py);
    let mut told = Told {
        operation: None,
        message: String::new(),
        others: String::new(),
        fields: &fields,
        failed: Ok(()),
    };
    event.record(&mut told);
    let Told {
        operation,
        message,
        others,
        failed,
        ..
    } = told;
    failed?;
    let mut text = match operation {
        Some(operation) => format!("{operation}: {message}"),
        None => message,
    };
    if !others.is_empty() {
        let _ = write!(text, " ({others})");
    }
    let extra = PyDict::new(py);
    extra.set_item("skiplino", &fields)?;
    let options = PyDict::new(py);
    options.set_item("extra", extra)?;
    // Our text is no pattern: it goes as what fills one in.
    let told = (number(level), "%s", text);
    logger.call_method(intern!(py, "log"), told, Some(&options))?;
    Ok(())
}

struct Told<'a, 'py> {
    operation: Option<String>,
    message: String,
    others: String,
    fields: &'a Bound<'py, PyDict>,
    failed: PyResult<()>,
}

impl<'py> Told<'_, 'py> {
    fn other(&mut self, field: &Field, shown: impl fmt::Display, value: impl IntoPyObject<'py>) {
        let comma = if self.others.is_empty() { "" } else { ", " };
        let _ = write!(self.others, "{comma}{}={shown}", field.name());
        self.keep(field, value);
    }

    fn keep(&mut self, field: &Field, value: impl IntoPyObject<'py>) {
        if let Err(failure) = self.fields.set_item(field.name(), value) {
            self.failed = Err(failure);
        }
    }
}

impl Visit for Told<'_, '_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "operation" {
            self.operation = Some(value.to_owned());
            self.keep(field, value);
        } else {
            self.other(field, value, value);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.other(field, value, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.other(field, format_args!("{value:.1}"), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }
}
