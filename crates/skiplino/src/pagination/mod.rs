//! Numbered pages: one at a time, or a walk over all of them.

pub(crate) mod pager;
pub(crate) mod stream;

use std::fmt;

use crate::call::Call;
use crate::call::cancellation::CancellationToken;
use crate::call::spec::CallOptions;
use crate::error::Error;
use crate::models::page::Page;
use crate::operation::Operation;
use crate::pagination::pager::{Ask, Facts, Taken, Walk};
use crate::pagination::stream::{BlockingItems, BlockingPages, Items, Pages};

impl<T> Page<T> {
    pub(crate) fn taken_by(&mut self, walk: &mut Walk<T>, ask: Ask) -> Taken {
        let facts = Facts {
            total: self.pagination().total(),
            has_next: self.pagination().has_next_page(),
            limit: self.pagination().limit(),
        };
        walk.take(ask, facts, &mut self.items)
    }
}

/// Makes the call for page `number` of `limit` records.
type Fetch<T> = Box<dyn Fn(u64, u64) -> Call<Page<T>> + Send + Sync>;

/// A paged list: read one [`page`](Self::page), all [`pages`](Self::pages) or all [`items`](Self::items).
///
/// Pages are numbered, newest record first, so in a list that changes while it is read records repeat at the seams, or slip through
/// them. The walks over all pages see to that: **each record that is there throughout comes exactly once, and none comes twice**;
/// one that is inserted or deleted meanwhile may come or not. `progress()` tells how far the walk is, and whether the list moved.
/// It relies on new records joining at the front, as is published, and on `total` being counted at the moment that the page is
/// read, which is not.
///
/// The streams ask for up to 4 pages at a time until the list is seen to move; what they read ahead is confirmed by a look at the
/// front of the list, 1 request in 64 and one at the end. Lists of up to 4 pages, and the iterators, are read one page at a time:
/// a list of N pages that does not move takes N requests. Once it moves, pages of other sizes than [`limit`](Self::limit), never
/// larger, may be asked for, and some records are read again.
pub struct List<T> {
    operation: Operation,
    fetch: Fetch<T>,
    id: fn(&T) -> &str,
    options: CallOptions,
    cancellation_token: Option<CancellationToken>,
    most: u64,
    limit: u64,
}

impl<T: Send + 'static> List<T> {
    pub(crate) fn new(
        operation: Operation,
        most: u64,
        id: fn(&T) -> &str,
        fetch: impl Fn(u64, u64) -> Call<Page<T>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            operation,
            fetch: Box::new(fetch),
            id,
            options: CallOptions::default(),
            cancellation_token: None,
            most,
            limit: most,
        }
    }

    /// Records a page. As many as the API allows unless set: 100 customers, 10 tickets.
    #[must_use]
    pub fn limit(mut self, limit: u64) -> Self {
        self.limit = limit;
        self
    }

    /// Locale, deadline and retries of each page's call.
    #[must_use]
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// Lets another thread end the calls of this list.
    #[must_use]
    pub fn cancelled_by(mut self, cancellation_token: &CancellationToken) -> Self {
        self.cancellation_token = Some(cancellation_token.clone());
        self
    }

    /// The call for one page, numbered from 1. A page past the end is empty.
    pub fn page(&self, number: u64) -> Call<Page<T>> {
        self.page_of(number, self.limit)
    }

    pub(crate) fn page_of(&self, number: u64, limit: u64) -> Call<Page<T>> {
        let call = if number == 0 {
            Call::refused(self.operation, Error::invalid("page", "must be 1 or more"))
        } else if limit == 0 || limit > self.most {
            let reason = format!("must be from 1 to {}", self.most);
            Call::refused(self.operation, Error::invalid("limit", reason))
        } else {
            (self.fetch)(number, limit)
        };
        let call = call.options(self.options.clone());
        match &self.cancellation_token {
            Some(cancellation_token) => call.cancelled_by(cancellation_token),
            None => call,
        }
    }

    /// All pages in order, without the records that came before. The first one comes even when the list is empty. Ends after the
    /// first error.
    pub fn pages(self) -> Pages<T> {
        Pages::new(self)
    }

    /// All records in order. Ends after the first error.
    pub fn items(self) -> Items<T> {
        Items::new(self)
    }

    /// As [`pages`](Self::pages), each fetched on the calling thread: for programs without async.
    pub fn pages_blocking(self) -> BlockingPages<T> {
        BlockingPages::new(self)
    }

    /// As [`items`](Self::items), fetched on the calling thread: for programs without async.
    pub fn items_blocking(self) -> BlockingItems<T> {
        BlockingItems::new(self)
    }

    /// The walk over all of it, with up to `window` pages asked for at a time.
    pub(crate) fn walk(&self, window: u64) -> Walk<T> {
        Walk::new(self.id, self.limit, window)
    }
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
