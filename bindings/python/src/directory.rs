//! Whole directories: export to a table, a file or a callback, and sync of rows.

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow_schema::ArrowError;
use futures_util::StreamExt as _;
use futures_util::stream::unfold;
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use skiplino::{Customer, CustomerSync, Error, Export, ListProgress, Page};
use skiplino_directory::{DirectoryError, DirectoryWriter, Format};

use crate::arrow::{ArrowTable, TableBuilder};
use crate::blocking::{Raise, blocking};
use crate::client::NativeClient;
use crate::errors;
use crate::event_loop::{Finish, finish};
use crate::iterators::{NativeAsyncIterator, NativeIterator, NextItem, Requests, convert};
use crate::models::ToPython;
use crate::options::Options;
use crate::row::erased_fields;
use crate::sync::{ExternalIds, Source};

/// The maximum number of rows in an item of an async sync.
const MAX_ROWS_PER_ITEM: usize = 64;

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error(transparent)]
    Client(#[from] Error),
    /// The exception of a callback.
    #[error(transparent)]
    Python(#[from] PyErr),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] DirectoryError),
    /// The columns are our own, so they always fit. Anything else is a bug.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

impl Raise for ExportError {
    fn raise(self, py: Python<'_>) -> PyErr {
        match self {
            Self::Client(error) => errors::raise(py, &error),
            Self::Python(error) => error,
            Self::File(DirectoryError::Io { file, source }) => {
                os_error(py, &source, file).unwrap_or_else(|failure| failure)
            }
            Self::File(error) => PyOSError::new_err(error.to_string()),
            Self::Arrow(_) => errors::bug(py),
        }
    }
}

/// An error of the operating system as Python raises it.
pub(crate) fn os_error(py: Python<'_>, error: &io::Error, path: PathBuf) -> PyResult<PyErr> {
    let Some(code) = code(error) else {
        let text = format!("{}: {error}", path.display());
        return Ok(PyOSError::new_err(text));
    };
    // On Windows the code is not one of Python's `errno`: Python derives that from the fourth
    // argument.
    #[cfg(windows)]
    let arguments = {
        let reason = io::Error::from_raw_os_error(code).to_string();
        let reason = reason.replace(&format!(" (os error {code})"), "");
        (0, reason, path.into_os_string(), code)
    };
    #[cfg(not(windows))]
    let arguments = {
        let reason = py.import("os")?.call_method1("strerror", (code,))?;
        (code, reason.unbind(), path.into_os_string())
    };
    let error = py.get_type::<PyOSError>().call1(arguments)?;
    Ok(PyErr::from_value(error))
}

/// The operating system's code, which the writer of a format may have wrapped several times.
fn code(error: &(dyn StdError + 'static)) -> Option<i32> {
    match error.downcast_ref::<io::Error>() {
        Some(error) => error
            .raw_os_error()
            .or_else(|| code(error.get_ref().map(|inner| inner as _)?)),
        None => code(error.source()?),
    }
}

/// Receives the directory page by page.
trait Sink: Send + 'static {
    fn add(&mut self, page: Page<Customer>) -> Result<(), ExportError>;
    /// The result of the export.
    fn finish(self, read: ListProgress) -> Result<Finish, ExportError>;
}

impl Sink for TableBuilder {
    fn add(&mut self, page: Page<Customer>) -> Result<(), ExportError> {
        Ok(TableBuilder::add(self, &page)?)
    }

    fn finish(self, read: ListProgress) -> Result<Finish, ExportError> {
        let table: ArrowTable = TableBuilder::finish(self, read.changed_during_read)?;
        Ok(finish(|py| Py::new(py, table).map(Py::into_any)))
    }
}

/// The number of records, and whether the list changed during the export.
fn exported(read: ListProgress) -> Finish {
    let result = (read.records, read.changed_during_read);
    finish(move |py| Ok(result.into_pyobject(py)?.into_any().unbind()))
}

/// A Python callable, which is called with each page.
impl Sink for Py<PyAny> {
    fn add(&mut self, page: Page<Customer>) -> Result<(), ExportError> {
        Python::attach(|py| self.call1(py, (page.to_python(py)?,)))?;
        Ok(())
    }

    fn finish(self, read: ListProgress) -> Result<Finish, ExportError> {
        Ok(exported(read))
    }
}

/// Creates a file in the given format, or else in the format of the file name's suffix.
fn create_file(
    py: Python<'_>,
    path: PathBuf,
    format: Option<&str>,
    escape_formulas: bool,
) -> PyResult<DirectoryWriter> {
    let format = match format {
        Some(format) => Format::from_extension(format),
        None => Format::from_path(&path),
    };
    let Some(format) = format else {
        let reason = "must be csv, jsonl or parquet, or the file name must have such a suffix";
        return Err(errors::invalid(py, "format", reason));
    };
    if escape_formulas && format != Format::Csv {
        let reason = "is for CSV files: other formats have no formulas";
        return Err(errors::invalid(py, "escape_formulas", reason));
    }
    // A pipe opens once somebody reads from it, which may be another thread of this program.
    let created = py.detach(|| DirectoryWriter::create(path, format));
    let writer = created.map_err(|error| ExportError::File(error).raise(py))?;
    Ok(match escape_formulas {
        true => writer.escape_formulas(),
        false => writer,
    })
}

impl Sink for DirectoryWriter {
    fn add(&mut self, page: Page<Customer>) -> Result<(), ExportError> {
        Ok(self.write(page.items())?)
    }

    fn finish(self, read: ListProgress) -> Result<Finish, ExportError> {
        DirectoryWriter::finish(self)?;
        Ok(exported(read))
    }
}

/// Exports the directory, blocking. `progress` is called with the records so far and in total.
fn export(
    py: Python<'_>,
    client: &NativeClient,
    options: &Options,
    mut sink: impl Sink,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Py<PyAny>> {
    let client = client.client(py)?;
    let cancellation_token = options.cancellation_token(py)?;
    let progress = progress.map(|callback| callback.clone().unbind());
    let mut records = 0;
    let finish = blocking(py, || {
        let each = |page: Page<Customer>| -> Result<(), ExportError> {
            records += page.items().len() as u64;
            let total = page.pagination().total();
            sink.add(page)?;
            if let Some(callback) = &progress {
                Python::attach(|py| callback.call1(py, (records, total)))?;
            }
            Ok(())
        };
        let export: Export<_> = client.customers().export(each);
        let mut export = export.options(options.call.clone());
        if let Some(cancellation_token) = &cancellation_token {
            export = export.cancelled_by(cancellation_token);
        }
        let read = export.wait()?;
        sink.finish(read)
    })?;
    finish(py)
}

/// Exports the directory for an event loop. With `each_page`, there is an item for each page: the
/// number of records so far, and in total. The last item is None and the result.
fn export_items(
    py: Python<'_>,
    client: &NativeClient,
    options: &Options,
    sink: impl Sink,
    each_page: bool,
) -> PyResult<NativeAsyncIterator> {
    let list = client.client(py)?.customers().list();
    let pages = options.list(py, list)?.pages();
    let items = unfold(Some((pages, sink, 0)), move |reading| async move {
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
                        Err(error) => break Err(error),
                    }
                }
                Some(Err(error)) => break Err(error.into()),
                None => break sink.finish(pages.progress()),
            }
        };
        let last = finish(move |py| {
            let result = ended.map_err(|error: ExportError| error.raise(py))?(py)?;
            Ok((py.None(), result).into_pyobject(py)?.into_any().unbind())
        });
        Some((Ok(last), None))
    });
    NativeAsyncIterator::from_stream(items.boxed())
}

/// Reads the directory into a table.
#[pyfunction]
pub(crate) fn customers_to_arrow(
    py: Python<'_>,
    client: &NativeClient,
    options: &Options,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Py<PyAny>> {
    export(py, client, options, TableBuilder::new(), progress)
}

/// Reads the directory into a table, for an event loop.
#[pyfunction]
pub(crate) fn async_customers_to_arrow(
    py: Python<'_>,
    client: &NativeClient,
    options: &Options,
    each_page: bool,
) -> PyResult<NativeAsyncIterator> {
    export_items(py, client, options, TableBuilder::new(), each_page)
}

/// Calls `sink` with each page. Returns the number of records, and whether the list changed.
#[pyfunction]
pub(crate) fn export_customers(
    py: Python<'_>,
    client: &NativeClient,
    options: &Options,
    sink: &Bound<'_, PyAny>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Py<PyAny>> {
    export(py, client, options, sink.clone().unbind(), progress)
}

/// Writes the directory to a file. Returns the number of records, and whether the list changed.
#[pyfunction]
pub(crate) fn write_customers(
    py: Python<'_>,
    client: &NativeClient,
    options: &Options,
    path: PathBuf,
    format: Option<&str>,
    escape_formulas: bool,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Py<PyAny>> {
    let file = create_file(py, path, format, escape_formulas)?;
    export(py, client, options, file, progress)
}

/// Writes the directory to a file, for an event loop.
#[pyfunction]
pub(crate) fn async_write_customers(
    py: Python<'_>,
    client: &NativeClient,
    options: &Options,
    path: PathBuf,
    format: Option<&str>,
    escape_formulas: bool,
    each_page: bool,
) -> PyResult<NativeAsyncIterator> {
    let file = create_file(py, path, format, escape_formulas)?;
    export_items(py, client, options, file, each_page)
}

/// Writes rows to the directory. An item is a row.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "the settings of a sync")]
pub(crate) fn sync_customers(
    py: Python<'_>,
    client: &NativeClient,
    options: &Options,
    rows: &Bound<'_, PyAny>,
    concurrency: usize,
    rate: Option<f64>,
    dry_run: bool,
    checkpoint: Option<PathBuf>,
    erase: &Bound<'_, PyAny>,
    expected_rows: Option<u64>,
) -> PyResult<NativeIterator> {
    reject_cancellation_token(py, options)?;
    let source = Source::new(rows, erased_fields(erase)?)?;
    let source_error = source.error.clone();
    let is_resumed = checkpoint.as_deref().is_some_and(Path::exists);
    let external_ids = match is_resumed {
        true => source.external_ids(rows)?,
        false => None,
    };
    let sync = client.client(py)?.customers().sync(source);
    let sync = sync.options(options.call.clone()).concurrency(concurrency);
    let sync = set(sync.dry_run(dry_run), rate, checkpoint, expected_rows);
    check_source(py, &sync, external_ids)?;
    let mut results = sync.wait();
    let requests = Requests::default();
    let counter = Arc::clone(&requests);
    let next = move || -> NextItem {
        let row = results.next();
        counter.store(results.requests(), Ordering::Relaxed);
        if !matches!(row, Some(Ok(_)))
            && let Some(raised) = source_error.take()
        {
            return Some(Ok(finish(|_| Err(raised))));
        }
        row.map(|row| row.map(convert))
    };
    Ok(NativeIterator::from_sync(next, requests))
}

/// A cancelled sync would have to report the rows in progress, so it takes no token.
fn reject_cancellation_token(py: Python<'_>, options: &Options) -> PyResult<()> {
    match &options.cancellation_token {
        None => Ok(()),
        Some(_) => Err(errors::invalid(
            py,
            "cancellation_token",
            "a sync takes no token: raise an exception in on_row or in the rows to stop it",
        )),
    }
}

/// Checks before anything is sent that the checkpoint belongs to the source.
fn check_source(
    py: Python<'_>,
    sync: &CustomerSync<Source>,
    external_ids: Option<ExternalIds>,
) -> PyResult<()> {
    let Some((external_ids, source_error)) = external_ids else {
        return Ok(());
    };
    let checked = sync.check_source(external_ids);
    match source_error.take() {
        Some(raised) => Err(raised),
        None => checked.map_err(|error| errors::raise(py, &error)),
    }
}

fn set<I: Iterator>(
    mut sync: CustomerSync<I>,
    rate: Option<f64>,
    checkpoint: Option<PathBuf>,
    expected_rows: Option<u64>,
) -> CustomerSync<I> {
    if let Some(rows) = expected_rows {
        sync = sync.expected_rows(rows);
    }
    if let Some(rate) = rate {
        sync = sync.rate(rate);
    }
    if let Some(path) = checkpoint {
        sync = sync.checkpoint(path);
    }
    sync
}

/// Writes rows to the directory, for an event loop. An item is a list of rows, and the exception
/// that ended the sync after them.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "the settings of a sync")]
pub(crate) fn async_sync_customers(
    py: Python<'_>,
    client: &NativeClient,
    options: &Options,
    rows: &Bound<'_, PyAny>,
    concurrency: usize,
    rate: Option<f64>,
    dry_run: bool,
    checkpoint: Option<PathBuf>,
    erase: &Bound<'_, PyAny>,
    expected_rows: Option<u64>,
) -> PyResult<NativeAsyncIterator> {
    reject_cancellation_token(py, options)?;
    let source = Source::collected(rows, erased_fields(erase)?)?;
    let source_error = source.error.clone();
    let is_resumed = checkpoint.as_deref().is_some_and(Path::exists);
    let external_ids = match is_resumed {
        true => source.external_ids(rows)?,
        false => None,
    };
    let sync = client.client(py)?.customers().sync(source);
    let sync = sync.options(options.call.clone()).concurrency(concurrency);
    let sync = set(sync.dry_run(dry_run), rate, checkpoint, expected_rows);
    check_source(py, &sync, external_ids)?;
    let requests = Requests::default();
    let counter = Arc::clone(&requests);
    let results = Box::pin(sync.ready_chunks(MAX_ROWS_PER_ITEM));
    let state = Some((results, source_error, counter));
    let items = unfold(state, |state| async move {
        let (mut results, source_error, counter) = state?;
        let chunk = results.next().await;
        counter.store(results.get_ref().requests(), Ordering::Relaxed);
        let mut is_over = chunk.is_none();
        let mut rows = Vec::new();
        let mut error = None;
        for row in chunk.into_iter().flatten() {
            match row {
                Ok(row) => rows.push(row),
                Err(stopped) => error = Some(stopped),
            }
        }
        is_over |= error.is_some();
        let raised = if is_over { source_error.take() } else { None };
        if is_over && error.is_none() && raised.is_none() {
            return None;
        }
        let item = finish(move |py| {
            let raised = raised.or_else(|| error.map(|error| errors::raise(py, &error)));
            let raised = raised.map(|error| error.into_value(py));
            let item = (rows.to_python(py)?, raised).into_pyobject(py)?;
            Ok(item.into_any().unbind())
        });
        // A sync that is over releases its checkpoint, even if the iterator is still referenced.
        let state = (!is_over).then_some((results, source_error, counter));
        Some((Ok(item), state))
    });
    NativeAsyncIterator::from_sync(items.boxed(), requests)
}
