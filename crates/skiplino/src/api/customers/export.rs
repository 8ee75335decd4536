//! The whole directory, handed out page by page.

use std::fmt;
use std::pin::Pin;

use futures_util::StreamExt as _;

use crate::client::Inner;
use crate::models::Customer;
use crate::{CallOptions, CancellationToken, Client, Error, List, ListProgress, Page, Pages};

/// An export ready to begin: `.await` it (on Tokio), or [`wait`](Self::wait) for it. See
/// [`Customers::export`](crate::Customers::export).
#[must_use = "an export does nothing until it is awaited or waited for"]
pub struct Export<S> {
    client: Client,
    list: List<Customer>,
    sink: S,
}

impl<S> Export<S> {
    pub(crate) fn new(client: Client, list: List<Customer>, sink: S) -> Self {
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
        let Inner {
            drivers, config, ..
        } = &*self.client.0;
        drivers.drive(config, true, async |pool| {
            drain(self.list.pages().with_pool(pool), self.sink).await
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
