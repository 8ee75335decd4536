//! Requests the pages of a list, several at a time, and returns them in order.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::task::JoinHandle;
use tracing::Instrument as _;

use crate::call::UntypedCall;
use crate::call::shared::Shared;
use crate::error::{Error, ErrorKind};
use crate::http::decode::Data;
use crate::http::response::Response;
use crate::http::transport::ConnectionPool;
use crate::models::page::Page;
use crate::pagination::List;
use crate::pagination::pager::{GaveUp, ListProgress, PageInfo, PageRequest, Pager};
use crate::pagination::window::Window;

/// The result of the call for a page, and the time that it took.
type Fetched = (Result<Response<Data>, Error>, Duration);

/// A request for one page in flight. Dropping it stops the call.
enum PageFetch {
    /// Makes progress only while the caller polls the reader.
    Inline(Pin<Box<dyn Future<Output = Fetched> + Send>>),
    /// Driven by the runtime: a prefetched page must not time out while the caller works on the
    /// page before.
    Spawned(JoinHandle<Fetched>),
}

impl PageFetch {
    fn start(
        call: UntypedCall,
        client: Arc<Shared>,
        prefetching: bool,
        pool: Option<ConnectionPool>,
    ) -> Self {
        let future = Box::pin(async move {
            let clock = &client.config.clock;
            let started = clock.now();
            let result = call.send_on(pool.as_ref()).await;
            (result, clock.now().saturating_duration_since(started))
        });
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if prefetching => Self::Spawned(runtime.spawn(future.in_current_span())),
            _ => Self::Inline(future),
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Fetched> {
        match self {
            Self::Inline(future) => future.as_mut().poll(context),
            Self::Spawned(task) => Pin::new(task).poll(context).map(|joined| {
                joined.unwrap_or_else(|error| {
                    let error = Error::because(ErrorKind::Internal, error);
                    (Err(error), Duration::ZERO)
                })
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

/// The requests in flight, oldest first. Dropping them stops their calls.
#[derive(Default)]
pub(super) struct InFlight(VecDeque<(PageRequest, PageFetch)>);

/// The read of one list.
pub(super) struct PageReader<T> {
    list: List<T>,
    pager: Pager<T>,
    window: Window,
}

impl<T: Send + 'static> PageReader<T> {
    pub(super) fn new(list: List<T>) -> Self {
        Self {
            pager: Pager::new(list.id, list.limit),
            window: Window::new(),
            list,
        }
    }

    pub(super) fn client(&self) -> &Arc<Shared> {
        &self.list.client
    }

    /// Whether the read has ended.
    pub(super) fn is_done(&self) -> bool {
        self.pager.is_done()
    }

    /// Ends the read with an error that is not that of a page.
    pub(super) fn abort(&mut self, error: Error) -> Error {
        self.pager.abort();
        error.edit(|inner| inner.operation = Some(self.list.operation))
    }

    /// Sends the requests that can be sent now, on these connections or on the client's own.
    pub(super) fn request_pages(
        &mut self,
        InFlight(in_flight): &mut InFlight,
        pool: Option<&ConnectionPool>,
    ) {
        let window = self.window.size().min(self.list.max_in_flight);
        while let Some(request) = self.pager.next_request(window) {
            let call = self.list.page_of(request.number, request.limit).untyped();
            let prefetching = self.pager.is_prefetching();
            let client = Arc::clone(&self.list.client);
            let fetch = PageFetch::start(call, client, prefetching, pool.cloned());
            in_flight.push_back((request, fetch));
        }
    }

    /// Waits for the next page among the responses in flight; `None` if there is none.
    pub(super) fn poll_page(
        &mut self,
        InFlight(in_flight): &mut InFlight,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Page<T>, Error>>> {
        while let Some((request, fetch)) = in_flight.front_mut() {
            let (request, (result, time)) = (*request, ready!(fetch.poll(context)));
            in_flight.pop_front();
            let page = match result.and_then(Response::typed) {
                Ok(response) => self.on_response(in_flight, request, response, time),
                Err(error) => self.on_failure(in_flight, error),
            };
            if page.is_some() {
                return Poll::Ready(page);
            }
        }
        Poll::Ready(None)
    }

    fn on_response(
        &mut self,
        in_flight: &mut VecDeque<(PageRequest, PageFetch)>,
        request: PageRequest,
        response: Response<Page<T>>,
        time: Duration,
    ) -> Option<Result<Page<T>, Error>> {
        let (status, attempts) = (response.status(), response.attempts());
        if self.pager.is_prefetching() {
            self.window.on_page(attempts, time, in_flight.len() as u64);
        }
        let page = response.into_data();
        let pagination = page.pagination().clone();
        let info = PageInfo {
            total: pagination.total(),
            has_next: pagination.has_next_page(),
            limit: pagination.limit(),
        };
        let mut rows = page.into_items();
        let verdict = self.pager.on_page(request, info, &mut rows);
        if verdict.discard_in_flight || verdict.gave_up.is_some() {
            in_flight.clear();
        }
        if let Some(gave_up) = verdict.gave_up {
            return Some(Err(incomplete(gave_up).edit(|inner| {
                inner.operation = Some(self.list.operation);
                inner.status = Some(status);
                inner.attempts = attempts;
            })));
        }
        verdict.deliver.then(|| Ok(Page::new(rows, pagination)))
    }

    /// Ends the read, unless a request failed that perhaps succeeds alone: others may have used up
    /// a rate limit or the time of the server, and the caller may have been away for longer than
    /// the request's deadline.
    fn on_failure(
        &mut self,
        in_flight: &mut VecDeque<(PageRequest, PageFetch)>,
        error: Error,
    ) -> Option<Result<Page<T>, Error>> {
        in_flight.clear();
        if error.is_retryable() && self.pager.is_prefetching() && self.window.size() > 1 {
            self.window.close();
            self.pager.restart_prefetch();
            return None;
        }
        self.pager.abort();
        Some(Err(error))
    }
}

impl<T> PageReader<T> {
    pub(super) fn progress(&self) -> ListProgress {
        self.pager.progress()
    }
}

/// The error of a read that ended early.
fn incomplete(gave_up: GaveUp) -> Error {
    let GaveUp {
        claimed,
        returned,
        pages,
    } = gave_up;
    Error::new(ErrorKind::Decode).edit(|inner| {
        inner.path = Some("pagination.total".to_owned());
        inner.reason = Some(format!(
            "the list is incomplete: the server counts {claimed} records, but returned {returned}, \
             and its last {pages} pages had no new record"
        ));
    })
}
