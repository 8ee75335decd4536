//! Streams over all pages and over all records of a list, for async programs.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::stream::Stream;
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use crate::call::UntypedCall;
use crate::error::{Error, ErrorKind};
use crate::http::decode::Data;
use crate::http::response::Response;
use crate::models::page::Page;
use crate::pagination::pager::{ListProgress, PageRequest, Pager};
use crate::pagination::{List, on_result};

type UntypedResult = Result<Response<Data>, Error>;

/// A request for one page in flight. Dropping it stops the call.
enum PageFetch {
    /// Makes progress only while the caller polls the stream.
    Inline(Pin<Box<dyn Future<Output = UntypedResult> + Send>>),
    /// Driven by the runtime: a prefetched page must not time out while the caller works on the
    /// page before.
    Spawned(JoinHandle<UntypedResult>),
}

impl PageFetch {
    fn start(call: UntypedCall, prefetching: bool, pool: Option<reqwest::Client>) -> Self {
        let future = Box::pin(async move { call.send_on(pool.as_ref()).await });
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if prefetching => Self::Spawned(runtime.spawn(future.in_current_span())),
            _ => Self::Inline(future),
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<UntypedResult> {
        match self {
            Self::Inline(future) => future.as_mut().poll(context),
            Self::Spawned(task) => Pin::new(task).poll(context).map(|joined| {
                joined.unwrap_or_else(|error| Err(Error::because(ErrorKind::Internal, error)))
            }),
        }
    }
}

impl Drop for PageFetch {
    fn drop(&mut self) {
        if let Self::Spawned(task) = self {
            task.abort();
        }
    }
}

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
    list: List<T>,
    /// The connections to use in place of the client's own.
    pool: Option<reqwest::Client>,
    pager: Pager<T>,
    in_flight: VecDeque<(PageRequest, PageFetch)>,
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
    /// Requests in flight at most.
    const WINDOW: u64 = 4;

    fn new(list: List<T>) -> Self {
        Self {
            pager: list.pager(Self::WINDOW),
            list,
            pool: None,
            in_flight: VecDeque::new(),
        }
    }

    /// Uses these connections in place of those that the client keeps for `.await`.
    pub(crate) fn with_pool(mut self, pool: &reqwest::Client) -> Self {
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
        loop {
            while let Some(request) = this.pager.next_request() {
                let call = this.list.page_of(request.number, request.limit);
                let prefetching = this.pager.is_prefetching();
                let fetch = PageFetch::start(call.untyped(), prefetching, this.pool.clone());
                this.in_flight.push_back((request, fetch));
            }
            let Some((request, fetch)) = this.in_flight.front_mut() else {
                return Poll::Ready(None);
            };
            let (request, result) = (*request, ready!(fetch.poll(context)));
            this.in_flight.pop_front();
            let result = result.and_then(Response::typed);
            let operation = this.list.operation;
            let (delivered, discard_in_flight) =
                on_result(&mut this.pager, operation, request, result);
            if discard_in_flight {
                this.in_flight.clear();
            }
            if delivered.is_some() {
                return Poll::Ready(delivered);
            }
        }
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

/// Implements `progress()` and `Debug`. The second expression is the number of records of the
/// current page that the caller has not received yet.
macro_rules! impl_progress {
    ($($name:ident: $this:ident => $pager:expr, $pending:expr;)+) => {$(
        impl<T> $name<T> {
            /// How far the read has got. May be called at any time, also after the end.
            pub fn progress(&self) -> ListProgress {
                let $this = self;
                let mut progress = $pager.progress();
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
    Pages: this => this.pager, 0;
    Items: this => this.pages.pager, this.page.len();
}
