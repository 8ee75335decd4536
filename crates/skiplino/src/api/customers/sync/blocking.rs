//! A sync that is waited for.

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use crate::api::customers::sync::engine::Syncing;
use crate::api::customers::sync::{Settings, SyncedRow};
use crate::call::shared::Shared;
use crate::error::Error;
use crate::models::customers::CustomerWriteRequest;

/// What becomes of the rows of a sync, waited for. Dropping it leaves nothing under way.
pub struct BlockingSync<I: Iterator> {
    client: Arc<Shared>,
    settings: Settings,
    rows: Option<I>,
    syncing: Option<Syncing<I>>,
    came: VecDeque<Result<SyncedRow<I::Item>, Error>>,
}

impl<I> BlockingSync<I>
where
    I: Iterator,
    I::Item: Borrow<CustomerWriteRequest>,
{
    /// Rows of a burst, and how long it may take to begin them.
    const BURST: usize = 128;
    const LIMIT: Duration = Duration::from_secs(1);

    pub(crate) fn new(client: Arc<Shared>, settings: Settings, rows: Option<I>) -> Self {
        Self {
            client,
            settings,
            rows,
            syncing: None,
            came: VecDeque::new(),
        }
    }

    /// Nobody drives what is under way while the caller has a row in hand, so each burst is seen through to its end.
    fn burst(&mut self) -> Result<(), Error> {
        if let Some(rows) = self.rows.take() {
            self.syncing = Some(Syncing::new(self.client.clone(), &self.settings, rows)?);
        }
        let Some(syncing) = &mut self.syncing else {
            return Ok(());
        };
        let Shared {
            runtimes, config, ..
        } = &*self.client;
        let clock = &*config.clock;
        let came = &mut self.came;
        let over = runtimes.block_on(config, false, async |pool| {
            let until = clock.now() + Self::LIMIT;
            loop {
                let more = came.len() < Self::BURST && clock.now() < until;
                if !more && syncing.is_idle() {
                    return Ok(false);
                }
                match poll_fn(|context| syncing.poll(pool, more, context)).await {
                    Some(row) => came.push_back(row),
                    None => return Ok(true),
                }
            }
        })?;
        if over {
            self.syncing = None;
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
        if self.came.is_empty()
            && let Err(error) = self.burst()
        {
            self.syncing = None;
            return Some(Err(error));
        }
        self.came.pop_front()
    }
}

impl<I: Iterator> fmt::Debug for BlockingSync<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingSync")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
