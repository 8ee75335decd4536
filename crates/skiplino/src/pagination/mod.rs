//! Paged lists: read one page, all pages or all records.

pub(crate) mod blocking;
pub(crate) mod pager;
mod reader;
pub(crate) mod stream;
mod window;

use std::fmt;
use std::sync::Arc;

use crate::call::Call;
use crate::call::cancellation::CancellationToken;
use crate::call::shared::Shared;
use crate::call::spec::CallOptions;
use crate::error::Error;
use crate::models::page::Page;
use crate::operation::Operation;

/// Makes the call for page `number` of `limit` records.
type Fetch<T> = Box<dyn Fn(&Arc<Shared>, u64, u64) -> Call<Page<T>> + Send + Sync>;

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
/// An unchanged list of N pages needs N requests. In lists of more than 4 pages, several requests
/// are in flight at a time: 4 at first, and up to 16 while each page arrives within a second and
/// without a retry. A retry halves their number; then it grows by one at a time. Pages that were
/// read in parallel are confirmed by reading the first record of the list again: one more request
/// for every 64 pages, and one at the end.
///
/// Streams request further pages while the program handles a page. Iterators, which block, request
/// them when a page is needed that has not arrived, and wait for all of them.
///
/// Once the list changes, one request at a time is sent. Some records are then read again, and some
/// requests have a limit below [`limit`](Self::limit).
///
/// # Errors
///
/// Each page is a call of its own with its own deadline and retries. The first call that fails ends
/// the read with its error. If it failed while others were in flight, and the error is
/// [retryable](Error::is_retryable), then the page is first requested once more alone.
/// `InvalidRequest` (fields `page`, `limit`) before anything is sent.
/// `Decode` (path `pagination.total`) if the server counts more records than it returns: the read
/// ends after at least 10 and at most 256 pages in a row without a new record, the more the more
/// pages were returned before.
pub struct List<T> {
    client: Arc<Shared>,
    operation: Operation,
    fetch: Fetch<T>,
    id: fn(&T) -> &str,
    options: CallOptions,
    cancellation_token: Option<CancellationToken>,
    /// The largest limit that the API allows.
    max_limit: u64,
    limit: u64,
}

impl<T: Send + 'static> List<T> {
    pub(crate) fn new(
        client: &Arc<Shared>,
        operation: Operation,
        max_limit: u64,
        id: fn(&T) -> &str,
        fetch: impl Fn(&Arc<Shared>, u64, u64) -> Call<Page<T>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            client: Arc::clone(client),
            operation,
            fetch: Box::new(fetch),
            id,
            options: CallOptions::default(),
            cancellation_token: None,
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

    /// The call for one page, numbered from 1. A page past the end is empty.
    ///
    /// # Errors
    /// `InvalidRequest` (fields `page`, `limit`), and the errors of the list's operation.
    pub fn page(&self, number: u64) -> Call<Page<T>> {
        self.page_of(number, self.limit)
    }

    fn page_of(&self, number: u64, limit: u64) -> Call<Page<T>> {
        let call = if number == 0 {
            Call::failed(self.operation, Error::invalid("page", "must be 1 or more"))
        } else if limit == 0 || limit > self.max_limit {
            let reason = format!("must be from 1 to {}", self.max_limit);
            Call::failed(self.operation, Error::invalid("limit", reason))
        } else {
            (self.fetch)(&self.client, number, limit)
        };
        let call = call.options(self.options.clone());
        match &self.cancellation_token {
            Some(cancellation_token) => call.cancelled_by(cancellation_token),
            None => call,
        }
    }
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
