//! The directory as a whole: read into a table or handed out, and rows brought into it.

use std::path::PathBuf;

use arrow_schema::ArrowError;
use futures_util::StreamExt as _;
use futures_util::stream::unfold;
use pyo3::prelude::*;
use skiplino::{Customer, CustomerSync, Error, Export, Page, Pages, Progress};

use crate::arrow::{ArrowTable, Building};
use crate::asking::{Options, Raise, blocking};
use crate::bridge::finish;
use crate::client::NativeClient;
use crate::errors;
use crate::models::ToPython;
use crate::sync::Source;
use crate::walks::{AsyncWalk, Step, Walk};

/// Rows of an async sync that are told of at once.
const TOLD: usize = 64;

/// What ends an export before its end.
enum Stop {
    Client(Error),
    Python(PyErr),
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
            Self::Bug => errors::bug(py),
        }
    }
}

/// Somebody who wants to see how far it is: called with records so far and in all.
struct Meter {
    callback: Option<Py<PyAny>>,
    records: u64,
}

impl Meter {
    fn count(&mut self, page: &Page<Customer>) -> PyResult<()> {
        self.records += page.items().len() as u64;
        match &self.callback {
            Some(callback) => {
                let seen = (self.records, page.pagination().total());
                Python::attach(|py| callback.call1(py, seen).map(drop))
            }
            None => Ok(()),
        }
    }
}

fn export<S>(py: Python<'_>, client: &NativeClient, how: &Options, sink: S) -> PyResult<Progress>
where
    S: FnMut(Page<Customer>) -> Result<(), Stop> + Send,
{
    let export: Export<S> = client.client(py)?.customers().export(sink);
    let export = export.options(how.call.clone());
    blocking(py, || export.wait())
}

/// Reads the directory into a table.
#[pyfunction]
pub(crate) fn customers_to_arrow(
    py: Python<'_>,
    client: &NativeClient,
    how: &Options,
    progress: Option<Py<PyAny>>,
) -> PyResult<ArrowTable> {
    let mut building = Building::new();
    let mut meter = Meter {
        callback: progress,
        records: 0,
    };
    let read = export(py, client, how, |page| {
        meter.count(&page)?;
        Ok(building.add(page)?)
    })?;
    building
        .finish(read.moved)
        .map_err(|error| Stop::from(error).raise(py))
}

/// Hands the directory out page by page: how many records there were, and whether they moved.
#[pyfunction]
pub(crate) fn export_customers(
    py: Python<'_>,
    client: &NativeClient,
    how: &Options,
    sink: &Bound<'_, PyAny>,
    progress: Option<Py<PyAny>>,
) -> PyResult<(u64, bool)> {
    let mut meter = Meter {
        callback: progress,
        records: 0,
    };
    let sink = sink.clone().unbind();
    let read = export(py, client, how, |page| {
        meter.count(&page)?;
        Python::attach(|py| sink.call1(py, (page.to_python(py)?,)))?;
        Ok(())
    })?;
    Ok((read.records, read.moved))
}

/// Reads the directory into a table, for an event loop. With `each_page` the steps before the last one give records so far and in all.
#[pyfunction]
pub(crate) fn async_customers_to_arrow(
    py: Python<'_>,
    client: &NativeClient,
    how: &Options,
    each_page: bool,
) -> PyResult<AsyncWalk> {
    let list = client.client(py)?.customers().list();
    let reading = Reading {
        pages: list.options(how.call.clone()).pages(),
        building: Building::new(),
        records: 0,
    };
    let steps = unfold(Some(reading), move |reading| async move {
        let mut reading = reading?;
        loop {
            let page = match reading.pages.next().await {
                Some(Ok(page)) => page,
                Some(Err(error)) => return Some((Err(error), None)),
                None => {
                    let table = reading.building.finish(reading.pages.progress().moved);
                    return Some((Ok(finish(move |py| shown(py, table))), None));
                }
            };
            reading.records += page.items().len() as u64;
            let seen = (reading.records, page.pagination().total());
            if let Err(error) = reading.building.add(page) {
                return Some((Ok(finish(move |py| shown(py, Err(error)))), None));
            }
            if each_page {
                let seen = finish(move |py| Ok(seen.into_pyobject(py)?.into_any().unbind()));
                return Some((Ok(seen), Some(reading)));
            }
        }
    });
    Ok(AsyncWalk::of(Box::pin(steps)))
}

struct Reading {
    pages: Pages<Customer>,
    building: Building,
    records: u64,
}

fn shown(py: Python<'_>, table: Result<ArrowTable, ArrowError>) -> PyResult<Py<PyAny>> {
    let table = table.map_err(|error| Stop::from(error).raise(py))?;
    Py::new(py, table).map(Py::into_any)
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
) -> PyResult<Walk> {
    let source = Source::new(rows)?;
    let broken = source.broken.clone();
    let sync = client.client(py)?.customers().sync(source);
    let sync = sync.options(how.call.clone()).concurrency(concurrency);
    let mut told = set(sync.dry_run(dry_run), rate, checkpoint).wait();
    Ok(Walk::of(move || -> Step {
        let step = told.next();
        if !matches!(step, Some(Ok(_)))
            && let Some(raised) = broken.take()
        {
            return Some(Ok(finish(|_| Err(raised))));
        }
        step.map(|row| row.map(|row| finish(|py| row.to_python(py))))
    }))
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
) -> PyResult<AsyncWalk> {
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
    Ok(AsyncWalk::of(Box::pin(steps)))
}
