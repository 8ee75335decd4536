//! Pagers, which read a list page by page, and the type that they share with ticket watches.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use bindings_common::{Step, StreamSteps};
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use futures_util::stream::{self, BoxStream};
use skiplino::{Error, List, ListProgress, Operation, Page};
use tokio::runtime::Handle;
use tokio::sync::Mutex as AsyncMutex;

use crate::call_options::NativeCallOptions;
use crate::cancellation::{CancelHandle, ShutdownSignal};
use crate::client::NativeClient;
use crate::customers::NativeCustomerRef;
use crate::errors::SkiplinoError;
use crate::pages::{NativeCustomerPage, NativeListProgress, NativeTicketPage, with_limit};
use crate::pending_call::PendingCall;
use crate::runtime::{ErasedData, ErasedFuture};

/// A stream of host records, type-erased.
pub(crate) type ErasedStream = BoxStream<'static, Result<ErasedData, Error>>;

/// The steps of a stream.
struct StepsInRuntime {
    steps: StreamSteps<ErasedData, Error>,
    /// The runtime of the steps, after the first one.
    runtime: Option<Handle>,
}

/// Reads a stream step by step; each step runs on the runtime's thread and can be cancelled.
pub(crate) struct StreamReader {
    operation: Operation,
    steps: Arc<AsyncMutex<StepsInRuntime>>,
    shutdown: ShutdownSignal,
    #[cfg(feature = "testing")]
    _counted: crate::test_state::Counted,
}

impl StreamReader {
    /// `start` makes the stream, see [`StreamSteps::new`].
    pub(crate) fn new(
        operation: Operation,
        shutdown: ShutdownSignal,
        start: impl FnMut() -> Option<ErasedStream> + Send + 'static,
    ) -> Self {
        Self {
            operation,
            steps: Arc::new(AsyncMutex::new(StepsInRuntime {
                steps: StreamSteps::new(start),
                runtime: None,
            })),
            shutdown,
            #[cfg(feature = "testing")]
            _counted: crate::test_state::Counted::pager(),
        }
    }

    /// The next record, which must be an `R`, or `None` after the last.
    pub(crate) fn next<R: Send + 'static>(
        &self,
        cancel: Option<Arc<CancelHandle>>,
    ) -> PendingCall<Option<R>> {
        PendingCall::new(self.start_step(cancel, |next| {
            let next = next.map(|data| data.downcast::<R>().map(|data| *data));
            Some(Box::new(next.transpose().ok()?))
        }))
    }

    fn start_step(
        &self,
        cancel: Option<Arc<CancelHandle>>,
        convert: fn(Option<ErasedData>) -> Option<ErasedData>,
    ) -> ErasedFuture {
        let token = CancelHandle::token(cancel);
        let (operation, steps) = (self.operation, Arc::clone(&self.steps));
        let cancelled = token.clone();
        let step: ErasedFuture = Box::pin(async move {
            let mut reader = steps.lock().await;
            reader.runtime = Handle::try_current().ok();
            let next = reader.steps.next();
            let next = match select(pin!(cancelled.cancelled()), pin!(next)).await {
                Either::Left(_) | Either::Right((Step::Interrupted, _)) => {
                    return Err(SkiplinoError::cancelled(operation));
                }
                Either::Right((Step::Item(item), _)) => Some(item?),
                Either::Right((Step::Finished, _)) => None,
            };
            convert(next).ok_or_else(SkiplinoError::internal)
        });
        self.shutdown.clone().run(token, step)
    }
}

impl Drop for StreamReader {
    fn drop(&mut self) {
        // A step in flight holds the lock. It drops the stream itself, inside the runtime.
        if let Ok(mut reader) = self.steps.try_lock() {
            // Connections in flight return to a pool that needs the runtime.
            let runtime = reader.runtime.take();
            let _entered = runtime.as_ref().map(Handle::enter);
            reader.steps.close();
        }
    }
}

/// A reader of pages, and the progress that the host may ask for at any time.
struct ListReader {
    pages: StreamReader,
    progress: Arc<Mutex<ListProgress>>,
}

impl ListReader {
    /// `R` is the host's record of a page.
    fn new<T: Send + 'static, R: From<Page<T>> + Send + 'static>(
        list: List<T>,
        operation: Operation,
        shutdown: ShutdownSignal,
    ) -> Self {
        let progress = Arc::<Mutex<ListProgress>>::default();
        let latest = Arc::clone(&progress);
        let mut list = Some(list);
        let pages = StreamReader::new(operation, shutdown, move || {
            // A list that starts again would return the same records twice.
            let mut pages = list.take()?.pages();
            let latest = Arc::clone(&latest);
            let stream = stream::poll_fn(move |context| {
                let page = pages.poll_next_unpin(context);
                if page.is_ready() {
                    *latest.lock().unwrap_or_else(PoisonError::into_inner) = pages.progress();
                }
                page.map_ok(|page| Box::new(R::from(page)) as ErasedData)
            });
            Some(stream.boxed())
        });
        Self { pages, progress }
    }

    fn progress(&self) -> NativeListProgress {
        let progress = self.progress.lock();
        (*progress.unwrap_or_else(PoisonError::into_inner)).into()
    }
}

macro_rules! pagers {
    ($($(#[$doc:meta])* $pager:ident of $page:ty;)+) => {$(
        $(#[$doc])*
        #[derive(uniffi::Object)]
        pub struct $pager(ListReader);

        impl $pager {
            /// The next page, see `operations.rs`.
            pub(crate) fn start_next(
                &self,
                cancel: Option<Arc<CancelHandle>>,
            ) -> PendingCall<Option<$page>> {
                self.0.pages.next(cancel)
            }
        }

        #[uniffi::export]
        impl $pager {
            /// The progress so far.
            pub fn progress(&self) -> NativeListProgress {
                self.0.progress()
            }
        }
    )+};
}

pagers! {
    /// Reads the customer directory page by page.
    NativeCustomerPager of NativeCustomerPage;

    /// Reads a customer's tickets page by page.
    NativeTicketPager of NativeTicketPage;
}

#[uniffi::export]
impl NativeClient {
    /// A pager over the customer directory. Customers that exist for the whole read are returned
    /// exactly once, even if the directory changes during the read.
    pub fn customer_pager(
        &self,
        limit: Option<i64>,
        options: NativeCallOptions,
    ) -> Result<Arc<NativeCustomerPager>, SkiplinoError> {
        let operation = Operation::ListCustomers;
        let list = self.client()?.customers().list();
        let list = with_limit(list, limit).options(self.options(options, operation)?);
        let pages = ListReader::new::<_, NativeCustomerPage>(list, operation, self.shutdown());
        Ok(Arc::new(NativeCustomerPager(pages)))
    }

    /// A pager over a customer's tickets. Tickets that exist for the whole read are returned
    /// exactly once, even if the list changes during the read.
    pub fn customer_ticket_pager(
        &self,
        customer: NativeCustomerRef,
        limit: Option<i64>,
        options: NativeCallOptions,
    ) -> Result<Arc<NativeTicketPager>, SkiplinoError> {
        let operation = Operation::ListCustomerTickets;
        let list = self.client()?.customers().tickets(customer);
        let list = with_limit(list, limit).options(self.options(options, operation)?);
        let pages = ListReader::new::<_, NativeTicketPage>(list, operation, self.shutdown());
        Ok(Arc::new(NativeTicketPager(pages)))
    }
}
