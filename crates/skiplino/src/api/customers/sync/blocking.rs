//! A sync for programs without async: an iterator that blocks the calling thread.

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use crate::api::customers::sync::engine::{SyncEngine, SyncSettings};
use crate::api::customers::sync::row::SyncedRow;
use crate::call::shared::Shared;
use crate::error::Error;
use crate::models::customers::CustomerWriteRequest;

/// An iterator over the rows of a sync and their outcomes, made by
/// [`CustomerSync::wait`](crate::CustomerSync::wait).
///
/// [`CustomerSync`](crate::CustomerSync) describes the guarantees, the number of requests and the
/// errors. It would block an async runtime, so there its error is `InvalidRequest`. No request
/// is in flight between two calls of `next()`, so the iterator can be dropped at any time.
pub struct BlockingSync<I: Iterator> {
    client: Arc<Shared>,
    settings: SyncSettings,
    /// Absent once the sync has started.
    rows: Option<I>,
    engine: Option<SyncEngine<I>>,
    finished: VecDeque<Result<SyncedRow<I::Item>, Error>>,
}

impl<I> BlockingSync<I>
where
    I: Iterator,
    I::Item: Borrow<CustomerWriteRequest>,
{
    /// A burst starts no further rows once it has finished this many,
    const MAX_BURST_ROWS: usize = 128;
    /// or after this time.
    const MAX_BURST_TIME: Duration = Duration::from_secs(1);

    pub(crate) fn new(client: Arc<Shared>, settings: SyncSettings, rows: Option<I>) -> Self {
        Self {
            client,
            settings,
            rows,
            engine: None,
            finished: VecDeque::new(),
        }
    }

    /// Works on a burst of rows until all of them have finished: while the caller handles a row,
    /// nothing drives requests in flight, and they would time out.
    fn run_burst(&mut self) -> Result<(), Error> {
        if let Some(rows) = self.rows.take() {
            self.engine = Some(SyncEngine::new(self.client.clone(), &self.settings, rows)?);
        }
        let Some(engine) = &mut self.engine else {
            return Ok(());
        };
        let Shared {
            runtimes, config, ..
        } = &*self.client;
        let clock = &*config.clock;
        let finished = &mut self.finished;
        let is_over = runtimes.block_on(config, async |pool| {
            let until = clock.now() + Self::MAX_BURST_TIME;
            loop {
                let start_more = finished.len() < Self::MAX_BURST_ROWS && clock.now() < until;
                if !start_more && engine.is_idle() {
                    return Ok(false);
                }
                match poll_fn(|context| engine.poll(pool, start_more, context)).await {
                    Some(row) => finished.push_back(row),
                    None => return Ok(true),
                }
            }
        })?;
        if is_over {
            self.engine = None;
        }
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
            self.engine = None;
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
