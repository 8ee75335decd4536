//! Paged lists: read one page, all pages or all records.

pub(crate) mod blocking;
pub(crate) mod pager;
pub(crate) mod stream;

use std::fmt;
use std::sync::Arc;

use crate::call::Call;
use crate::call::cancellation::CancellationToken;
use crate::call::job::Job;
use crate::call::spec::CallOptions;
use crate::error::{Error, ErrorKind};
use crate::http::response::Response;
use crate::models::page::Page;
use crate::operation::Operation;
use crate::pagination::pager::{GaveUp, PageInfo, PageRequest, Pager};

/// Makes the call for page `number` of `limit` records.
type Fetch<T> = Box<dyn Fn(u64, u64) -> Call<Page<T>> + Send + Sync>;

/// A paged list, newest record first: read one [`page`](Self::page), all [`pages`](Self::pages) or
/// all [`items`](Self::items).
///
/// # Guarantee
///
/// The list may change while it is read. When all pages or all items are read, **records that exist
/// for the whole read are returned exactly once, and no record is returned twice**. A record that
/// is inserted or deleted during the read may be returned or not. `progress()` on the stream or
/// iterator reports how far the read has got, and whether the list changed.
///
/// The guarantee depends on two properties of the server. New records are inserted at the front of
/// the list; this is documented. The `total` of a page is counted at the moment at which the page
/// is read; this is not documented.
///
/// # Requests
///
/// An unchanged list of N pages needs N requests. The iterators send them one at a time. In lists
/// of more than 4 pages the streams keep up to 4 requests in flight, and confirm the pages that
/// they have read in parallel by reading the first record of the list again: one more request for
/// every 64 pages, and one at the end.
///
/// Once the list changes, the streams also send one request at a time. Some records are then read
/// again, and some requests have a limit below [`limit`](Self::limit).
///
/// # Errors
///
/// Each page is a call of its own with its own deadline and retries. The first call that fails ends
/// the read with its error. `InvalidRequest` (fields `page`, `limit`) before anything is sent.
/// `Decode` (path `pagination.total`) if the server counts more records than it returns: the read
/// ends after at least 10 and at most 256 pages in a row without a new record, the more the more
/// pages were returned before.
pub struct List<T> {
    operation: Operation,
    fetch: Fetch<T>,
    id: fn(&T) -> &str,
    options: CallOptions,
    cancellation_token: Option<CancellationToken>,
    /// The job that reads the list.
    job: Option<Arc<Job>>,
    /// Requests in flight at most, if the reader has a limit of its own.
    max_in_flight: u64,
    /// The largest limit that the API allows.
    max_limit: u64,
    limit: u64,
}

impl<T: Send + 'static> List<T> {
    pub(crate) fn new(
        operation: Operation,
        max_limit: u64,
        id: fn(&T) -> &str,
        fetch: impl Fn(u64, u64) -> Call<Page<T>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            operation,
            fetch: Box::new(fetch),
            id,
            options: CallOptions::default(),
            cancellation_token: None,
            job: None,
            max_in_flight: u64::MAX,
            max_limit,
            limit: max_limit,
        }
    }

    /// Records on a page, at most and by default as many as the API allows: 100 customers, 10
    /// tickets.
    #[must_use]
    pub fn limit(mut self, limit: u64) -> Self {
        self.limit = limit;
        self
    }

    /// Locale, deadline and retries of the call for each page.
    #[must_use]
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// Lets another thread cancel the calls of this list.
    #[must_use]
    pub fn cancelled_by(mut self, cancellation_token: &CancellationToken) -> Self {
        self.cancellation_token = Some(cancellation_token.clone());
        self
    }

    /// Makes the calls a part of this job, which has at most `max_in_flight` requests in flight.
    pub(crate) fn job(mut self, job: &Arc<Job>, max_in_flight: u64) -> Self {
        self.job = Some(Arc::clone(job));
        self.max_in_flight = max_in_flight;
        self
    }

    /// The call for one page, numbered from 1. A page past the end is empty.
    ///
    /// # Errors
    /// `InvalidRequest` (fields `page`, `limit`), and the errors of the list's operation.
    pub fn page(&self, number: u64) -> Call<Page<T>> {
        self.page_of(number, self.limit)
    }

    pub(crate) fn page_of(&self, number: u64, limit: u64) -> Call<Page<T>> {
        let call = if number == 0 {
            Call::failed(self.operation, Error::invalid("page", "must be 1 or more"))
        } else if limit == 0 || limit > self.max_limit {
            let reason = format!("must be from 1 to {}", self.max_limit);
            Call::failed(self.operation, Error::invalid("limit", reason))
        } else {
            (self.fetch)(number, limit)
        };
        let call = call.options(self.options.clone()).job(self.job.clone());
        match &self.cancellation_token {
            Some(cancellation_token) => call.cancelled_by(cancellation_token),
            None => call,
        }
    }

    /// The pager for this list, with up to `window` requests in flight.
    pub(crate) fn pager(&self, window: u64) -> Pager<T> {
        Pager::new(self.id, self.limit, window.min(self.max_in_flight))
    }
}

/// Passes the result of a request to the pager. Returns what the caller gets, and whether all other
/// requests in flight must be discarded.
fn on_result<T>(
    pager: &mut Pager<T>,
    operation: Operation,
    request: PageRequest,
    result: Result<Response<Page<T>>, Error>,
) -> (Option<Result<Page<T>, Error>>, bool) {
    match result {
        Ok(response) => {
            let (status, attempts) = (response.status(), response.attempts());
            let page = response.into_data();
            let pagination = page.pagination().clone();
            let info = PageInfo {
                total: pagination.total(),
                has_next: pagination.has_next_page(),
                limit: pagination.limit(),
            };
            let mut rows = page.into_items();
            let verdict = pager.on_page(request, info, &mut rows);
            if let Some(gave_up) = verdict.gave_up {
                let error = incomplete(gave_up).edit(|inner| {
                    inner.operation = Some(operation);
                    inner.status = Some(status);
                    inner.attempts = attempts;
                });
                return (Some(Err(error)), true);
            }
            let delivered = verdict.deliver.then(|| Ok(Page::new(rows, pagination)));
            (delivered, verdict.discard_in_flight)
        }
        Err(error) => {
            pager.abort();
            (Some(Err(error)), true)
        }
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

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
