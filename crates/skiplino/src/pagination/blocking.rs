//! Iterators over all pages and over all records of a list, for programs without async.

use std::fmt;

use crate::error::Error;
use crate::models::page::Page;
use crate::pagination::pager::{ListProgress, Pager};
use crate::pagination::stream::impl_progress;
use crate::pagination::{List, on_result};

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
/// the number of requests. `next()` blocks until the next page has arrived. The iterator ends after
/// the first error, which is an error of reading one page ([`List::page`]). Inside an async runtime
/// that error is `InvalidRequest`, because the iterator would block the runtime.
pub struct BlockingPages<T> {
    list: List<T>,
    pager: Pager<T>,
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
            pager: list.pager(1),
            list,
        }
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
            let request = self.pager.next_request()?;
            let call = self.list.page_of(request.number, request.limit);
            let result = call.with_response().wait();
            let (delivered, _) = on_result(&mut self.pager, self.list.operation, request, result);
            if delivered.is_some() {
                return delivered;
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
    BlockingPages: this => this.pager, 0;
    BlockingItems: this => this.pages.pager, this.page.len();
}
