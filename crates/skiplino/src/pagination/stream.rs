//! Streams over all pages and over all records of a list, for async programs.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::stream::Stream;

use crate::error::Error;
use crate::http::transport::ConnectionPool;
use crate::models::page::Page;
use crate::pagination::List;
use crate::pagination::pager::ListProgress;
use crate::pagination::reader::{InFlight, PageReader};

impl<T: Send + 'static> List<T> {
    /// A stream over all pages, in order, without records that were returned before. The first page
    /// is returned even when the list is empty. Ends after the first error.
    pub fn pages(self) -> Pages<T> {
        Pages::new(self)
    }

    /// A stream over all records, in order. Ends after the first error.
    pub fn items(self) -> Items<T> {
        Items::new(self)
    }
}

/// A stream over the pages of a list, made by [`List::pages`].
///
/// Each page holds only records that were not returned before; [`List`] describes the guarantee and
/// the number of requests. Poll it on a Tokio runtime. The stream ends after the first error, which
/// is an error of the call for one page ([`List::page`]). Dropping the stream stops the calls in
/// flight.
pub struct Pages<T> {
    reader: PageReader<T>,
    in_flight: InFlight,
    /// The connections to use in place of the client's own.
    pool: Option<ConnectionPool>,
}

/// A stream over the records of a list, made by [`List::items`].
///
/// The same as [`Pages`], record by record.
pub struct Items<T> {
    pages: Pages<T>,
    /// The rest of the current page.
    page: std::vec::IntoIter<T>,
}

impl<T: Send + 'static> Pages<T> {
    fn new(list: List<T>) -> Self {
        Self {
            reader: PageReader::new(list),
            in_flight: InFlight::default(),
            pool: None,
        }
    }

    /// Uses these connections in place of those that the client keeps for `.await`.
    pub(crate) fn with_pool(mut self, pool: &ConnectionPool) -> Self {
        self.pool = Some(pool.clone());
        self
    }
}

impl<T: Send + 'static> Items<T> {
    fn new(list: List<T>) -> Self {
        Self {
            pages: Pages::new(list),
            page: Vec::new().into_iter(),
        }
    }
}

// No field is pinned in place.
impl<T> Unpin for Pages<T> {}
impl<T> Unpin for Items<T> {}

impl<T: Send + 'static> Stream for Pages<T> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        while !this.reader.is_done() {
            let in_flight = &mut this.in_flight;
            this.reader.request_pages(in_flight, this.pool.as_ref());
            let page = ready!(this.reader.poll_page(in_flight, context));
            if page.is_some() {
                return Poll::Ready(page);
            }
        }
        Poll::Ready(None)
    }
}

impl<T: Send + 'static> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(item) = this.page.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(Pin::new(&mut this.pages).poll_next(context)) {
                Some(Ok(page)) => this.page = page.into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

/// Implements `progress()` and `Debug`. The second expression is the number of records that were
/// read and that the caller has not received yet.
macro_rules! impl_progress {
    ($($name:ident: $this:ident => $pages:expr, $pending:expr;)+) => {$(
        impl<T> $name<T> {
            /// How far the read has got. May be called at any time, also after the end.
            pub fn progress(&self) -> ListProgress {
                let $this = self;
                let mut progress = $pages.progress();
                progress.records -= $pending as u64;
                progress
            }
        }

        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.progress()).finish()
            }
        }
    )+};
}

pub(super) use impl_progress;

impl_progress! {
    Pages: this => this.reader, 0;
    Items: this => this.pages, this.page.len();
}
