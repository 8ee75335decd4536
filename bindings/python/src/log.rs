//! The client's log events, as records of Python's logger `skiplino`.
//!
//! Nothing is logged, and nothing is imported, until the program has imported `logging`.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use bindings_common::log::{Entry, EventSubscriber, Level, Sink, Value};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use crate::interrupt;

/// Whether the logger takes debug records. Read at the start of a call, because the threads that
/// log hold no lock of the interpreter.
static IS_DEBUG_ENABLED: AtomicBool = AtomicBool::new(false);

/// Reads the logger's level, and subscribes to the client's events the first time. `logging` caches
/// the level.
pub(crate) fn refresh_level(py: Python<'_>) {
    static SUBSCRIBED: OnceLock<()> = OnceLock::new();
    if let Some(logger) = logger(py) {
        // This library has its own copy of the global subscriber, so no other library's subscriber
        // is replaced.
        SUBSCRIBED.get_or_init(|| {
            let _ = tracing::subscriber::set_global_default(EventSubscriber(PythonLogger));
        });
        let is_enabled = is_enabled_for(logger, Level::Debug).unwrap_or(false);
        IS_DEBUG_ENABLED.store(is_enabled, Ordering::Relaxed);
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
        // Another thread may be importing it right now.
        if logging.is_none() || !logging.hasattr("getLogger")? {
            return Ok(None);
        }
        let logger = logging.call_method1("getLogger", ("skiplino",))?;
        // Without a handler, `logging` would print warnings to standard error.
        let silent = logging.call_method0("NullHandler")?;
        logger.call_method1("addHandler", (silent,))?;
        Ok(Some(logger.unbind()))
    };
    let logger = make().ok()??;
    Some(LOGGER.get_or_init(py, || logger).bind(py))
}

/// The level as `logging` numbers it.
fn level_number(level: Level) -> u8 {
    match level {
        Level::Warn => 30,
        Level::Info => 20,
        Level::Debug => 10,
    }
}

fn is_enabled_for(logger: &Bound<'_, PyAny>, level: Level) -> PyResult<bool> {
    let py = logger.py();
    let is_enabled = logger.call_method1(intern!(py, "isEnabledFor"), (level_number(level),))?;
    is_enabled.is_truthy()
}

/// Passes events on to the logger.
struct PythonLogger;

impl Sink for PythonLogger {
    fn is_enabled(&self, level: Level) -> bool {
        level != Level::Debug || IS_DEBUG_ENABLED.load(Ordering::Relaxed)
    }

    fn log(&self, level: Level, entry: &Entry) {
        // None if the interpreter is shutting down.
        Python::try_attach(|py| {
            if let Err(raised) = write(py, level, entry) {
                interrupt::end_call_with(py, raised);
            }
        });
    }
}

/// Logs one line, with the fields as a dictionary in the record's attribute `skiplino`.
fn write(py: Python<'_>, level: Level, entry: &Entry) -> PyResult<()> {
    let Some(logger) = logger(py) else {
        return Ok(());
    };
    if !is_enabled_for(logger, level)? {
        return Ok(());
    }
    let fields = PyDict::new(py);
    if let Some(operation) = &entry.operation {
        fields.set_item("operation", operation)?;
    }
    for (name, value) in &entry.fields {
        match value {
            Value::Integer(value) => fields.set_item(name, value)?,
            Value::Float(value) => fields.set_item(name, value)?,
            Value::Text(value) => fields.set_item(name, value)?,
        }
    }
    let extra = PyDict::new(py);
    extra.set_item("skiplino", fields)?;
    let options = PyDict::new(py);
    options.set_item("extra", extra)?;
    // The line may contain `%`, so it is an argument and not the format.
    let arguments = (level_number(level), "%s", entry.to_string());
    logger.call_method(intern!(py, "log"), arguments, Some(&options))?;
    Ok(())
}
