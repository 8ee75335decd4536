//! Iterators over all pages and over all records of a list, for programs without async.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

use crate::error::Error;
use crate::models::page::Page;
use crate::pagination::List;
use crate::pagination::pager::ListProgress;
use crate::pagination::reader::{InFlight, PageReader};
use crate::pagination::stream::impl_progress;

impl<T: Send + 'static> List<T> {
    /// [`pages`](Self::pages) for programs without async: an iterator that blocks the calling
    /// thread.
    pub fn pages_blocking(self) -> BlockingPages<T> {
        BlockingPages::new(self)
    }

    /// [`items`](Self::items) for programs without async: an iterator that blocks the calling
    /// thread.
    pub fn items_blocking(self) -> BlockingItems<T> {
        BlockingItems::new(self)
    }
}

/// An iterator over the pages of a list, made by [`List::pages_blocking`].
///
/// Each page holds only records that were not returned before; [`List`] describes the guarantee and
/// the number of requests. `next()` blocks until the next page has arrived, together with the pages
/// that were requested at the same time. No request is in flight between two calls of `next()`, so
/// the caller may take any time for a page, and the iterator can be dropped at any time. The
/// iterator ends after the first error, which is an error of reading one page ([`List::page`]).
/// Inside an async runtime that error is `InvalidRequest`, because the iterator would block the
/// runtime.
pub struct BlockingPages<T> {
    reader: PageReader<T>,
    /// The pages that arrived, at most one window.
    arrived: VecDeque<Result<Page<T>, Error>>,
}

/// An iterator over the records of a list, made by [`List::items_blocking`].
///
/// The same as [`BlockingPages`], record by record.
pub struct BlockingItems<T> {
    pages: BlockingPages<T>,
    /// The rest of the current page.
    page: std::vec::IntoIter<T>,
}

impl<T: Send + 'static> BlockingPages<T> {
    fn new(list: List<T>) -> Self {
        Self {
            reader: PageReader::new(list),
            arrived: VecDeque::new(),
        }
    }

    /// Requests a window of pages, and waits for all of them. While the caller handles a page,
    /// nothing would drive a request, and it would time out.
    fn read_window(&mut self) -> Result<(), Error> {
        let Self { reader, arrived } = self;
        let client = Arc::clone(reader.client());
        let mut session = client
            .runtimes
            .start(&client.config)
            .map_err(|error| reader.abort(error))?;
        let pool = session.pool().clone();
        let mut in_flight = InFlight::default();
        let result = session.run(async {
            reader.request_pages(&mut in_flight, Some(&pool));
            while let Some(page) =
                poll_fn(|context| reader.poll_page(&mut in_flight, context)).await
            {
                arrived.push_back(page);
            }
        });
        // Also ends the requests whose responses were discarded.
        session.finish(in_flight, true);
        result.map_err(|error| {
            arrived.clear();
            reader.abort(error)
        })
    }
}

impl<T: Send + 'static> BlockingItems<T> {
    fn new(list: List<T>) -> Self {
        Self {
            pages: BlockingPages::new(list),
            page: Vec::new().into_iter(),
        }
    }
}

impl<T: Send + 'static> Iterator for BlockingPages<T> {
    type Item = Result<Page<T>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(page) = self.arrived.pop_front() {
                return Some(page);
            }
            if self.reader.is_done() {
                return None;
            }
            if let Err(error) = self.read_window() {
                return Some(Err(error));
            }
        }
    }
}

impl<T: Send + 'static> Iterator for BlockingItems<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.page.next() {
                return Some(Ok(item));
            }
            match self.pages.next()? {
                Ok(page) => self.page = page.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl_progress! {
    BlockingPages: this => this.reader, this.arrived.iter().flatten().map(|page| page.items().len()).sum::<usize>();
    BlockingItems: this => this.pages, this.page.len();
}
