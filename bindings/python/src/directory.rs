//! The directory as a whole: read into a table or handed out, and rows brought into it.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;

use arrow_schema::ArrowError;
use futures_util::StreamExt as _;
use futures_util::stream::unfold;
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use skiplino::{Customer, CustomerSync, Error, Export, ListProgress, Page};
use skiplino_cli::{Format, Target};

use crate::arrow::{ArrowTable, Building};
use crate::blocking::{Raise, blocking};
use crate::client::NativeClient;
use crate::errors;
use crate::event_loop::{Finish, finish};
use crate::iterators::{NativeAsyncIterator, NativeIterator, NextItem};
use crate::models::ToPython;
use crate::options::Options;
use crate::sync::Source;

/// Rows of an async sync that are told of at once.
const TOLD: usize = 64;

/// What ends an export before its end.
enum Stop {
    Client(Error),
    Python(PyErr),
    /// The file that is written.
    File(io::Error, PathBuf),
    /// The columns are of our own making, so they fit.
    Bug,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Client(error)
    }
}

impl From<PyErr> for Stop {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl From<ArrowError> for Stop {
    fn from(_: ArrowError) -> Self {
        Self::Bug
    }
}

impl Raise for Stop {
    fn raise(self, py: Python<'_>) -> PyErr {
        match self {
            Self::Client(error) => errors::raise(py, &error),
            Self::Python(error) => error,
            Self::File(error, path) => of_file(py, &error, path).unwrap_or_else(|failure| failure),
            Self::Bug => errors::bug(py),
        }
    }
}

/// An error of the system as Python raises it.
fn of_file(py: Python<'_>, error: &io::Error, path: PathBuf) -> PyResult<PyErr> {
    let Some(code) = code(error) else {
        let text = format!("{}: {error}", path.display());
        return Ok(PyOSError::new_err(text));
    };
    let reason = py.import("os")?.call_method1("strerror", (code,))?;
    Ok(PyOSError::new_err((
        code,
        reason.unbind(),
        path.into_os_string(),
    )))
}

/// What the system said, however deep the writer of a format has wrapped it.
fn code(error: &(dyn StdError + 'static)) -> Option<i32> {
    match error.downcast_ref::<io::Error>() {
        Some(error) => error
            .raw_os_error()
            .or_else(|| code(error.get_ref().map(|inner| inner as _)?)),
        None => code(error.source()?),
    }
}

/// What takes the directory, page by page.
trait Sink: Send + 'static {
    fn add(&mut self, page: Page<Customer>) -> Result<(), Stop>;
    /// What it comes to.
    fn finish(self, read: ListProgress) -> Result<Finish, Stop>;
}

impl Sink for Building {
    fn add(&mut self, page: Page<Customer>) -> Result<(), Stop> {
        Ok(Building::add(self, &page)?)
    }

    fn finish(self, read: ListProgress) -> Result<Finish, Stop> {
        let table: ArrowTable = Building::finish(self, read.changed_during_read)?;
        Ok(finish(|py| Py::new(py, table).map(Py::into_any)))
    }
}

/// How many records there were, and whether they moved.
fn exported(read: ListProgress) -> Finish {
    let told = (read.records, read.changed_during_read);
    finish(move |py| Ok(told.into_pyobject(py)?.into_any().unbind()))
}

/// Something to call with each page.
impl Sink for Py<PyAny> {
    fn add(&mut self, page: Page<Customer>) -> Result<(), Stop> {
        Python::attach(|py| self.call1(py, (page.to_python(py)?,)))?;
        Ok(())
    }

    fn finish(self, read: ListProgress) -> Result<Finish, Stop> {
        Ok(exported(read))
    }
}

struct ToFile {
    path: PathBuf,
    target: Target,
}

impl ToFile {
    /// A file of the format that is named, or else of the one that its name ends in.
    fn new(py: Python<'_>, path: PathBuf, format: Option<&str>) -> PyResult<Self> {
        // Formats are named as files end.
        let named = format.map(|format| PathBuf::from(format!("a.{format}")));
        let Some(format) = Format::named(named.as_deref().unwrap_or(&path)) else {
            let reason = "must be csv, jsonl or parquet, or the name of the file end so";
            return Err(errors::invalid(py, "format", reason));
        };
        match Target::file(&path, format) {
            Ok(target) => Ok(Self { path, target }),
            Err(error) => Err(Stop::File(error, path).raise(py)),
        }
    }
}

impl Sink for ToFile {
    fn add(&mut self, page: Page<Customer>) -> Result<(), Stop> {
        let written = self.target.write(page.items());
        written.map_err(|error| Stop::File(error, self.path.clone()))
    }

    fn finish(self, read: ListProgress) -> Result<Finish, Stop> {
        let Self { path, target } = self;
        target.finish().map_err(|error| Stop::File(error, path))?;
        Ok(exported(read))
    }
}

/// Reads the directory and waits for it. `progress` is called with records so far and in all.
fn export(
    py: Python<'_>,
    client: &NativeClient,
    how: &Options,
    mut sink: impl Sink,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Py<PyAny>> {
    let client = client.client(py)?;
    let cancellation_token = how.cancellation_token(py)?;
    let progress = progress.map(|callback| callback.clone().unbind());
    let mut records = 0;
    let finish = blocking(py, || {
        let each = |page: Page<Customer>| -> Result<(), Stop> {
            records += page.items().len() as u64;
            let total = page.pagination().total();
            sink.add(page)?;
            if let Some(callback) = &progress {
                Python::attach(|py| callback.call1(py, (records, total)))?;
            }
            Ok(())
        };
        let export: Export<_> = client.customers().export(each);
        let mut export = export.options(how.call.clone());
        if let Some(cancellation_token) = &cancellation_token {
            export = export.cancelled_by(cancellation_token);
        }
        let read = export.wait()?;
        sink.finish(read)
    })?;
    finish(py)
}

/// Reads the directory for an event loop. With `each_page` the steps give records so far and in all; the last one None and the result.
fn export_in_steps(
    py: Python<'_>,
    client: &NativeClient,
    how: &Options,
    sink: impl Sink,
    each_page: bool,
) -> PyResult<NativeAsyncIterator> {
    let list = client.client(py)?.customers().list();
    let pages = how.list(py, list)?.pages();
    let steps = unfold(Some((pages, sink, 0)), move |reading| async move {
        let (mut pages, mut sink, mut records) = reading?;
        let ended = loop {
            match pages.next().await {
                Some(Ok(page)) => {
                    records += page.items().len() as u64;
                    let seen = (records, page.pagination().total());
                    match sink.add(page) {
                        Ok(()) if each_page => {
                            let seen =
                                finish(move |py| Ok(seen.into_pyobject(py)?.into_any().unbind()));
                            return Some((Ok(seen), Some((pages, sink, records))));
                        }
                        Ok(()) => {}
                        Err(stop) => break Err(stop),
                    }
                }
                Some(Err(error)) => break Err(error.into()),
                None => break sink.finish(pages.progress()),
            }
        };
        let last = finish(move |py| {
            let result = ended.map_err(|stop| stop.raise(py))?(py)?;
            Ok((py.None(), result).into_pyobject(py)?.into_any().unbind())
        });
        Some((Ok(last), None))
    });
    NativeAsyncIterator::from_stream(Box::pin(steps))
}

/// Reads the directory into a table.
#[pyfunction]
pub(crate) fn customers_to_arrow(
    py: Python<'_>,
    client: &NativeClient,
    how: &Options,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Py<PyAny>> {
    export(py, client, how, Building::new(), progress)
}

/// Reads the directory into a table, for an event loop.
#[pyfunction]
pub(crate) fn async_customers_to_arrow(
    py: Python<'_>,
    client: &NativeClient,
    how: &Options,
    each_page: bool,
) -> PyResult<NativeAsyncIterator> {
    export_in_steps(py, client, how, Building::new(), each_page)
}

/// Hands the directory out page by page: how many records there were, and whether they moved.
#[pyfunction]
pub(crate) fn export_customers(
    py: Python<'_>,
    client: &NativeClient,
    how: &Options,
    sink: &Bound<'_, PyAny>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Py<PyAny>> {
    export(py, client, how, sink.clone().unbind(), progress)
}

/// Writes the directory to a file: how many records there were, and whether they moved.
#[pyfunction]
pub(crate) fn write_customers(
    py: Python<'_>,
    client: &NativeClient,
    how: &Options,
    path: PathBuf,
    format: Option<&str>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Py<PyAny>> {
    export(py, client, how, ToFile::new(py, path, format)?, progress)
}

/// Writes the directory to a file, for an event loop.
#[pyfunction]
pub(crate) fn async_write_customers(
    py: Python<'_>,
    client: &NativeClient,
    how: &Options,
    path: PathBuf,
    format: Option<&str>,
    each_page: bool,
) -> PyResult<NativeAsyncIterator> {
    let to_file = ToFile::new(py, path, format)?;
    export_in_steps(py, client, how, to_file, each_page)
}

/// Brings rows into the directory. A step is a row.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "the settings of a sync")]
pub(crate) fn sync_customers(
    py: Python<'_>,
    client: &NativeClient,
    how: &Options,
    rows: &Bound<'_, PyAny>,
    concurrency: usize,
    rate: Option<f64>,
    dry_run: bool,
    checkpoint: Option<PathBuf>,
) -> PyResult<NativeIterator> {
    refuse_cancellation_token(py, how)?;
    let source = Source::new(rows)?;
    let broken = source.broken.clone();
    let sync = client.client(py)?.customers().sync(source);
    let sync = sync.options(how.call.clone()).concurrency(concurrency);
    let mut told = set(sync.dry_run(dry_run), rate, checkpoint).wait();
    Ok(NativeIterator::from_fn(move || -> NextItem {
        let step = told.next();
        if !matches!(step, Some(Ok(_)))
            && let Some(raised) = broken.take()
        {
            return Some(Ok(finish(|_| Err(raised))));
        }
        step.map(|row| row.map(|row| finish(|py| row.to_python(py))))
    }))
}

/// A sync has rows under way of which each would have to say what became of it.
fn refuse_cancellation_token(py: Python<'_>, how: &Options) -> PyResult<()> {
    match &how.cancellation_token {
        None => Ok(()),
        Some(_) => Err(errors::invalid(
            py,
            "cancellation_token",
            "a sync takes none: what on_row or its rows raise ends it",
        )),
    }
}

fn set<I: Iterator>(
    mut sync: CustomerSync<I>,
    rate: Option<f64>,
    checkpoint: Option<PathBuf>,
) -> CustomerSync<I> {
    if let Some(rate) = rate {
        sync = sync.rate(rate);
    }
    if let Some(path) = checkpoint {
        sync = sync.checkpoint(path);
    }
    sync
}

/// Brings rows into the directory, for an event loop. A step is a list of rows, and what ended the sync after them.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "the settings of a sync")]
pub(crate) fn async_sync_customers(
    py: Python<'_>,
    client: &NativeClient,
    how: &Options,
    rows: &Bound<'_, PyAny>,
    concurrency: usize,
    rate: Option<f64>,
    dry_run: bool,
    checkpoint: Option<PathBuf>,
) -> PyResult<NativeAsyncIterator> {
    refuse_cancellation_token(py, how)?;
    let source = Source::taken(rows)?;
    let broken = source.broken.clone();
    let sync = client.client(py)?.customers().sync(source);
    let sync = sync.options(how.call.clone()).concurrency(concurrency);
    let sync = set(sync.dry_run(dry_run), rate, checkpoint);
    let told = Box::pin(sync.ready_chunks(TOLD));
    let steps = unfold(Some((told, broken)), |under_way| async move {
        let (mut told, broken) = under_way?;
        let ended = told.next().await;
        let mut is_over = ended.is_none();
        let mut rows = Vec::new();
        let mut error = None;
        for row in ended.into_iter().flatten() {
            match row {
                Ok(row) => rows.push(row),
                Err(stopped) => error = Some(stopped),
            }
        }
        is_over |= error.is_some();
        let raised = if is_over { broken.take() } else { None };
        if is_over && error.is_none() && raised.is_none() {
            return None;
        }
        let step = finish(move |py| {
            let raised = raised.or_else(|| error.map(|error| errors::raise(py, &error)));
            let raised = raised.map(|error| error.into_value(py));
            let step = (rows.to_python(py)?, raised).into_pyobject(py)?;
            Ok(step.into_any().unbind())
        });
        // One that is over lets go of its checkpoint, whoever still holds the steps.
        Some((Ok(step), (!is_over).then_some((told, broken))))
    });
    NativeAsyncIterator::from_stream(Box::pin(steps))
}
