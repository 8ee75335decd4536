//! Export: passes all customers to a callback, page by page.

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

/// An export of all customers, made by [`Customers::export`](crate::Customers::export): `.await` it
/// (on Tokio), or [`wait`](Self::wait) for it. Nothing is sent before.
///
/// The sink is called with each page, newest customers first. As in any [`List`], customers that
/// exist for the whole export are passed to the sink exactly once, even if the list changes. An
/// export sends one request per page, plus a few that confirm the pages read in parallel. The
/// result is the [`ListProgress`] at the end.
///
/// # Errors
///
/// The export ends with the first error of a page's call or of the sink.
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

    /// Deadline and retries of the call for each page.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.list = self.list.options(options);
        self
    }

    /// Lets another thread cancel the export.
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
    /// Exports on the calling thread, which is blocked until the end. The sink can make blocking
    /// calls.
    ///
    /// # Errors
    /// The errors of [`Export`]; `InvalidRequest` inside an async runtime, which would be blocked.
    pub fn wait(self) -> Result<ListProgress, E> {
        let Shared {
            runtimes, config, ..
        } = &*self.client;
        let mut session = runtimes.start(config)?;
        let mut pages = self.list.pages().with_pool(session.pool());
        let mut sink = self.sink;
        let result = loop {
            // The sink runs outside of the runtime, so that it can make calls.
            match session.run(pages.next()).transpose() {
                Some(page) => {
                    if let Err(error) = page.flatten().map_err(E::from).and_then(&mut sink) {
                        break Err(error);
                    }
                }
                None => break Ok(pages.progress()),
            }
        };
        session.finish(pages, result.is_err());
        result
    }
}

async fn export_pages<S, E>(mut pages: Pages<Customer>, mut sink: S) -> Result<ListProgress, E>
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
        Box::pin(export_pages(self.list.pages(), self.sink))
    }
}

impl<S> fmt::Debug for Export<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export").finish_non_exhaustive()
    }
}
