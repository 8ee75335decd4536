//! The whole directory, handed out page by page.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::StreamExt as _;

use crate::call::cancellation::CancellationToken;
use crate::call::shared::Shared;
use crate::call::spec::CallOptions;
use crate::error::Error;
use crate::models::customers::Customer;
use crate::models::page::Page;
use crate::pagination::List;
use crate::pagination::pager::ListProgress;
use crate::pagination::stream::Pages;

/// An export ready to begin: `.await` it (on Tokio), or [`wait`](Self::wait) for it. See
/// [`Customers::export`](crate::Customers::export).
#[must_use = "an export does nothing until it is awaited or waited for"]
pub struct Export<S> {
    client: Arc<Shared>,
    list: List<Customer>,
    sink: S,
}

impl<S> Export<S> {
    pub(crate) fn new(client: Arc<Shared>, list: List<Customer>, sink: S) -> Self {
        Self { client, list, sink }
    }

    /// Deadline and retries of each page's call.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.list = self.list.options(options);
        self
    }

    /// Lets another thread end the export.
    pub fn cancelled_by(mut self, cancellation_token: &CancellationToken) -> Self {
        self.list = self.list.cancelled_by(cancellation_token);
        self
    }
}

impl<S, E> Export<S>
where
    S: FnMut(Page<Customer>) -> Result<(), E>,
    E: From<Error>,
{
    /// Exports on this thread, and tells how far it came.
    ///
    /// # Errors
    /// As the list of customers; `InvalidRequest` inside an async runtime, which it would block; and whatever the sink fails with.
    pub fn wait(self) -> Result<ListProgress, E> {
        let Self { client, list, sink } = self;
        client
            .runtimes
            .block_on(&client.config, true, async |pool| {
                drain(list.pages().on(pool), sink).await
            })
    }
}

async fn drain<S, E>(mut pages: Pages<Customer>, mut sink: S) -> Result<ListProgress, E>
where
    S: FnMut(Page<Customer>) -> Result<(), E>,
    E: From<Error>,
{
    while let Some(page) = pages.next().await {
        sink(page?)?;
    }
    Ok(pages.progress())
}

impl<S, E> IntoFuture for Export<S>
where
    S: FnMut(Page<Customer>) -> Result<(), E> + Send + 'static,
    E: From<Error> + 'static,
{
    type Output = Result<ListProgress, E>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(drain(self.list.pages(), self.sink))
    }
}

impl<S> fmt::Debug for Export<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export").finish_non_exhaustive()
    }
}
