//! A sync for programs without async: an iterator that blocks the calling thread.

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use crate::api::customers::sync::engine::{SyncEngine, SyncSettings, SyncStep};
use crate::api::customers::sync::row::SyncedRow;
use crate::call::blocking::flush_connections;
use crate::call::shared::Shared;
use crate::error::Error;
use crate::models::customers::CustomerWriteRequest;

/// An iterator over the rows of a sync and their outcomes, made by
/// [`CustomerSync::wait`](crate::CustomerSync::wait).
///
/// [`CustomerSync`](crate::CustomerSync) describes the guarantees, the number of requests and the
/// errors. Inside an async runtime, which the iterator would block, it fails with `InvalidRequest`.
/// No request is in flight between two calls of `next()`, so the iterator can be dropped at any
/// time.
pub struct BlockingSync<I: Iterator> {
    client: Arc<Shared>,
    settings: SyncSettings,
    rows: I,
    has_started: bool,
    /// Present while the sync is running.
    engine: Option<SyncEngine<I::Item>>,
    finished: VecDeque<Result<SyncedRow<I::Item>, Error>>,
}

impl<I> BlockingSync<I>
where
    I: Iterator,
    I::Item: Borrow<CustomerWriteRequest>,
{
    /// A burst starts no further rows after it has finished this many.
    const MAX_BURST_ROWS: usize = 128;
    /// A burst starts no further rows after this time.
    const MAX_BURST_TIME: Duration = Duration::from_secs(1);

    /// See [`CustomerSync::requests`](crate::CustomerSync::requests).
    pub fn requests(&self) -> u64 {
        self.settings.requests.get()
    }

    pub(crate) fn new(client: Arc<Shared>, settings: SyncSettings, rows: I) -> Self {
        Self {
            client,
            settings,
            rows,
            has_started: false,
            engine: None,
            finished: VecDeque::new(),
        }
    }

    /// Handles a burst of rows until all of them have finished. While the caller handles a row, no
    /// request may be in flight: nothing would drive the request, and it would time out.
    fn run_burst(&mut self) -> Result<(), Error> {
        if !self.has_started {
            self.has_started = true;
            self.settings.count_rows(&self.rows);
            self.engine = Some(SyncEngine::new(self.client.clone(), &self.settings)?);
        }
        let Some(mut engine) = self.engine.take() else {
            return Ok(());
        };
        let Shared {
            runtimes, config, ..
        } = &*self.client;
        let clock = &*config.clock;
        let mut session = runtimes.start(config)?;
        let pool = session.pool().clone();
        let until = clock.now() + Self::MAX_BURST_TIME;
        loop {
            // Reading the source may have taken all the time.
            let start_more = self.finished.is_empty()
                || (self.finished.len() < Self::MAX_BURST_ROWS && clock.now() < until);
            if !start_more && engine.is_idle() {
                self.engine = Some(engine);
                break;
            }
            let step = session.run(async {
                let step = poll_fn(|context| engine.poll(&pool, start_more, context)).await;
                if matches!(step, SyncStep::NeedsRow) && !engine.is_idle() {
                    // The source may take long. The requests in flight are sent before it is read.
                    flush_connections().await;
                }
                step
            });
            match step {
                // The source is read outside of the runtime, so that it can make calls.
                // The caller gets the finished rows first, because the read may take long.
                Ok(SyncStep::WillRead) if self.finished.is_empty() => {}
                Ok(SyncStep::WillRead) => {
                    self.engine = Some(engine);
                    break;
                }
                Ok(SyncStep::NeedsRow) => engine.supply(self.rows.next()),
                Ok(SyncStep::Finished(row)) => self.finished.push_back(Ok(row)),
                Ok(SyncStep::Ended(result)) => {
                    self.finished.extend(result.err().map(Err));
                    break;
                }
                Err(error) => {
                    session.finish(engine, true);
                    return Err(error);
                }
            }
        }
        session.finish((), false);
        Ok(())
    }
}

impl<I> Iterator for BlockingSync<I>
where
    I: Iterator,
    I::Item: Borrow<CustomerWriteRequest>,
{
    type Item = Result<SyncedRow<I::Item>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished.is_empty()
            && let Err(error) = self.run_burst()
        {
            return Some(Err(error));
        }
        self.finished.pop_front()
    }
}

impl<I: Iterator> fmt::Debug for BlockingSync<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingSync")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
