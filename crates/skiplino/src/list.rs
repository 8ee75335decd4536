//! Numbered pages: one at a time, or a stream over all of them.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};

use crate::call::{Call, CallOptions};
use crate::{Error, Operation};

/// Where a page stands in its list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    total: u64,
    total_pages: u64,
    has_next_page: bool,
    has_prev_page: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    page: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
}

impl Pagination {
    /// Records in the whole list.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Pages in the whole list, at this page's limit.
    pub fn total_pages(&self) -> u64 {
        self.total_pages
    }

    /// Whether a page follows.
    pub fn has_next_page(&self) -> bool {
        self.has_next_page
    }

    /// Whether a page comes before.
    pub fn has_prev_page(&self) -> bool {
        self.has_prev_page
    }

    /// The page's number, from 1; not published, so perhaps absent.
    pub fn page(&self) -> Option<u64> {
        self.page
    }

    /// Records a page; not published, so perhaps absent.
    pub fn limit(&self) -> Option<u64> {
        self.limit
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    items: Vec<T>,
    pagination: Pagination,
}

impl<T> Page<T> {
    pub(crate) fn new(items: Vec<T>, pagination: Pagination) -> Self {
        Self { items, pagination }
    }

    /// The records, in the order of the list.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// The records alone.
    pub fn into_items(self) -> Vec<T> {
        self.items
    }

    /// Where the page stands in its list.
    pub fn pagination(&self) -> &Pagination {
        &self.pagination
    }
}

impl<T> IntoIterator for Page<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;
    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

/// Makes the call for page `number` of `limit` records.
type Fetch<T> = Box<dyn Fn(u64, u64) -> Call<Page<T>> + Send + Sync>;

/// A paged list: read one [`page`](Self::page), all [`pages`](Self::pages) or all [`items`](Self::items).
///
/// Pages are numbered, newest record first, so a list that changes while it is read can repeat or skip records at the seams.
pub struct List<T> {
    operation: Operation,
    fetch: Fetch<T>,
    options: CallOptions,
    most: u64,
    limit: u64,
}

impl<T: Send + 'static> List<T> {
    pub(crate) fn new(
        operation: Operation,
        most: u64,
        fetch: impl Fn(u64, u64) -> Call<Page<T>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            operation,
            fetch: Box::new(fetch),
            options: CallOptions::default(),
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

    /// The call for one page, numbered from 1. A page past the end is empty.
    pub fn page(&self, number: u64) -> Call<Page<T>> {
        let call = if number == 0 {
            Call::refused(self.operation, Error::invalid("page", "must be 1 or more"))
        } else if self.limit == 0 || self.limit > self.most {
            let reason = format!("must be from 1 to {}", self.most);
            Call::refused(self.operation, Error::invalid("limit", reason))
        } else {
            (self.fetch)(number, self.limit)
        };
        call.options(self.options.clone())
    }

    /// All pages in order. Ends after the first error.
    pub fn pages(self) -> Pages<T> {
        let pages = stream::unfold((self, Some(1)), |(list, next)| async move {
            let number = next?;
            let page = list.page(number).await;
            let next = following(number, &page);
            Some((page, (list, next)))
        });
        Pages(pages.boxed())
    }

    /// All records in order. Ends after the first error.
    pub fn items(self) -> Items<T> {
        let pages = self.pages().0;
        let items = pages.map_ok(|page| stream::iter(page.into_iter().map(Ok)));
        Items(items.try_flatten().boxed())
    }

    /// All pages in order, each fetched on the calling thread: for programs without async. Ends after the first error.
    pub fn pages_wait(self) -> impl Iterator<Item = Result<Page<T>, Error>> {
        let mut next = Some(1);
        std::iter::from_fn(move || {
            let number = next?;
            let page = self.page(number).wait();
            next = following(number, &page);
            Some(page)
        })
    }

    /// All records in order, fetched on the calling thread: for programs without async. Ends after the first error.
    pub fn items_wait(self) -> impl Iterator<Item = Result<T, Error>> {
        self.pages_wait().flat_map(|page| {
            let (items, error) = match page {
                Ok(page) => (page.into_items(), None),
                Err(error) => (Vec::new(), Some(Err(error))),
            };
            items.into_iter().map(Ok).chain(error)
        })
    }
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

fn following<T>(number: u64, page: &Result<Page<T>, Error>) -> Option<u64> {
    let page = page.as_ref().ok()?;
    // An empty page ends the walk whatever the server claims, or a wrong `hasNextPage` would keep it going for ever.
    (page.pagination.has_next_page && !page.items.is_empty()).then(|| number + 1)
}

/// A stream of pages.
pub struct Pages<T>(Pin<Box<dyn Stream<Item = Result<Page<T>, Error>> + Send>>);

/// A stream of records.
pub struct Items<T>(Pin<Box<dyn Stream<Item = Result<T, Error>> + Send>>);

impl<T> Stream for Pages<T> {
    type Item = Result<Page<T>, Error>;
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl<T> Stream for Items<T> {
    type Item = Result<T, Error>;
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pages")
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Items")
    }
}
