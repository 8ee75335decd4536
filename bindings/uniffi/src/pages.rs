//! Numbered pages, and walks over all of them.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use futures_util::stream::{self, Stream};
use skiplino::{
    CancellationToken, Customer, Error, List, ListProgress, Operation, Page, Pagination, Ticket,
};
use tokio::runtime::Runtime;
use tokio::sync::Mutex as AsyncMutex;

use crate::calls::{
    CancelHandle, Closing, NativeCallOptions, ResponseInfo, Sending, calls, unless_closed,
};
use crate::client::NativeClient;
use crate::customers::{NativeCustomer, NativeCustomerRef};
use crate::errors::SkiplinoError;
use crate::runtime::{self, Data, Work};
use crate::tickets::NativeTicket;

/// Where a page stands in its list.
#[derive(Debug, Clone, uniffi::Record)]
pub struct NativePagination {
    /// Records in the whole list.
    pub total: u64,
    /// Pages in the whole list, at this page's limit.
    pub total_pages: u64,
    /// Whether a page follows.
    pub has_next_page: bool,
    /// Whether a page comes before.
    pub has_prev_page: bool,
    /// The page's number, from 1; not published, so perhaps absent.
    pub page: Option<u64>,
    /// Records a page; not published, so perhaps absent.
    pub limit: Option<u64>,
}

/// How far a walk has come.
#[derive(Debug, Clone, uniffi::Record)]
pub struct NativeListProgress {
    /// Pages read, those read again and the looks at the front included.
    pub pages_read: u64,
    /// Records handed out.
    pub records: u64,
    /// Records in the list, as of the page read last; absent before the first.
    pub total: Option<u64>,
    /// Whether the list was seen to change. What was there throughout still comes exactly once.
    pub changed_during_read: bool,
}

impl From<&Pagination> for NativePagination {
    fn from(pagination: &Pagination) -> Self {
        Self {
            total: pagination.total(),
            total_pages: pagination.total_pages(),
            has_next_page: pagination.has_next_page(),
            has_prev_page: pagination.has_prev_page(),
            page: pagination.page(),
            limit: pagination.limit(),
        }
    }
}

/// What comes bit by bit, in a shape of this interface.
pub(crate) type Streamed = Pin<Box<dyn Stream<Item = Result<Data, Error>> + Send>>;

/// A stream that is asked for a step at a time. A step that is cancelled takes it along, and so the requests under way.
pub(crate) struct Steps {
    operation: Operation,
    begin: Option<Box<dyn FnMut() -> Option<Streamed> + Send>>,
    stream: Option<Streamed>,
}

impl Steps {
    /// `begin` makes the stream, again after a step that was cancelled if it can.
    pub(crate) fn new(
        operation: Operation,
        begin: impl FnMut() -> Option<Streamed> + Send + 'static,
    ) -> Self {
        Self {
            operation,
            begin: Some(Box::new(begin)),
            stream: None,
        }
    }

    async fn next(
        &mut self,
        cancellation_token: &CancellationToken,
    ) -> Result<Option<Data>, SkiplinoError> {
        let taken = self.stream.take();
        let begun = taken.or_else(|| self.begin.as_mut().and_then(|begin| begin()));
        let Some(mut stream) = begun else {
            return Err(SkiplinoError::cancelled(self.operation));
        };
        let next = match select(pin!(cancellation_token.cancelled()), stream.next()).await {
            Either::Left(_) => return Err(SkiplinoError::cancelled(self.operation)),
            Either::Right((next, _)) => next,
        };
        self.stream = Some(stream);
        Ok(next.transpose()?)
    }
}

/// Steps that a host asks for, each on the runtime's threads.
pub(crate) struct Walk {
    steps: Arc<AsyncMutex<Steps>>,
    closing: Closing,
    #[cfg(feature = "testing")]
    _counted: crate::testing::Counted,
}

impl Walk {
    pub(crate) fn new(steps: Steps, closing: Closing) -> Self {
        Self {
            steps: Arc::new(AsyncMutex::new(steps)),
            closing,
            #[cfg(feature = "testing")]
            _counted: crate::testing::Counted::walk(),
        }
    }

    /// What comes next, which is of this shape.
    pub(crate) fn next<R: Send + 'static>(
        &self,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Sending<Option<R>> {
        Sending::new(self.step(cancel, |next| {
            let next = next.map(|data| data.downcast::<R>().map(|data| *data));
            Some(Box::new(next.transpose().ok()?))
        }))
    }

    fn step(
        &self,
        cancel: Option<Arc<CancelHandle>>,
        shape: fn(Option<Data>) -> Option<Data>,
    ) -> Work {
        let cancellation_token = cancel.map_or_else(CancellationToken::new, |handle| {
            handle.cancellation_token.clone()
        });
        let (steps, until) = (Arc::clone(&self.steps), cancellation_token.clone());
        let step: Work = Box::pin(async move {
            let next = steps.lock().await.next(&until).await?;
            shape(next).ok_or_else(SkiplinoError::bug)
        });
        unless_closed(self.closing.clone(), cancellation_token, step)
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        // The connection of a request under way goes back to a pool that looks for its runtime.
        let runtime = runtime::runtime().ok();
        let _entered = runtime.map(Runtime::enter);
        // Nobody else holds it: steps under way hold the walk.
        if let Ok(mut steps) = self.steps.try_lock() {
            steps.stream = None;
            steps.begin = None;
        }
    }
}

fn note(seen: &Mutex<ListProgress>, progress: ListProgress) {
    *seen.lock().unwrap_or_else(PoisonError::into_inner) = progress;
}

fn walk<T: Send + 'static, R: From<Page<T>> + Send + 'static>(
    list: List<T>,
    operation: Operation,
    closing: Closing,
) -> (Walk, Arc<Mutex<ListProgress>>) {
    let seen = Arc::<Mutex<ListProgress>>::default();
    let noted = Arc::clone(&seen);
    let mut list = Some(list);
    let steps = Steps::new(operation, move || {
        // Begun anew it would hand out again what came before.
        let mut pages = list.take()?.pages();
        let noted = Arc::clone(&noted);
        let steps: Streamed = Box::pin(stream::poll_fn(move |context| {
            let step = pages.poll_next_unpin(context);
            if step.is_ready() {
                note(&noted, pages.progress());
            }
            step.map_ok(|page| Box::new(R::from(page)) as Data)
        }));
        Some(steps)
    });
    (Walk::new(steps, closing), seen)
}

fn progress(seen: &Mutex<ListProgress>) -> NativeListProgress {
    let seen = *seen.lock().unwrap_or_else(PoisonError::into_inner);
    NativeListProgress {
        pages_read: seen.pages_read,
        records: seen.records,
        total: seen.total,
        changed_during_read: seen.changed_during_read,
    }
}

fn with_limit<T: Send + 'static>(list: List<T>, limit: Option<i64>) -> List<T> {
    match limit {
        // What is negative is refused as nothing is.
        Some(limit) => list.limit(limit.try_into().unwrap_or(0)),
        None => list,
    }
}

/// All pages of the customer directory.
#[derive(uniffi::Object)]
pub struct CustomerPages {
    walk: Walk,
    seen: Arc<Mutex<ListProgress>>,
}

/// All pages of a customer's tickets.
#[derive(uniffi::Object)]
pub struct TicketPages {
    walk: Walk,
    seen: Arc<Mutex<ListProgress>>,
}

/// A page of the customer directory.
#[derive(Clone, uniffi::Record)]
pub struct NativeCustomerPage {
    /// The customers.
    pub items: Vec<NativeCustomer>,
    /// Where the page stands in its list.
    pub pagination: NativePagination,
}

/// A page of a customer's tickets.
#[derive(Clone, uniffi::Record)]
pub struct NativeTicketPage {
    /// The tickets.
    pub items: Vec<NativeTicket>,
    /// Where the page stands in its list.
    pub pagination: NativePagination,
}

/// A page of the customer directory, and what came with it.
#[derive(Clone, uniffi::Record)]
pub struct CustomerPageResponse {
    /// The page.
    pub data: NativeCustomerPage,
    /// What came with it.
    pub info: ResponseInfo,
}

/// A page of a customer's tickets, and what came with it.
#[derive(Clone, uniffi::Record)]
pub struct TicketPageResponse {
    /// The page.
    pub data: NativeTicketPage,
    /// What came with it.
    pub info: ResponseInfo,
}

impl From<Page<Customer>> for NativeCustomerPage {
    fn from(page: Page<Customer>) -> Self {
        Self {
            items: page.items().iter().map(Into::into).collect(),
            pagination: page.pagination().into(),
        }
    }
}

impl From<Page<Ticket>> for NativeTicketPage {
    fn from(page: Page<Ticket>) -> Self {
        Self {
            items: page.items().iter().map(Into::into).collect(),
            pagination: page.pagination().into(),
        }
    }
}

calls! {
    impl CustomerPages {
        /// The next page, or none after the last. The first one comes even when the list is empty. After an error, or a step that was
        /// cancelled, it is over.
        pub fn next(
            &self,
            cancel: Option<Arc<CancelHandle>>,
        ) -> Option<NativeCustomerPage> {
            self.walk.next(cancel)
        }
    }
}

#[uniffi::export]
impl CustomerPages {
    /// How far it has come.
    pub fn progress(&self) -> NativeListProgress {
        progress(&self.seen)
    }
}

calls! {
    impl TicketPages {
        /// The next page, or none after the last. The first one comes even when the list is empty. After an error, or a step that was
        /// cancelled, it is over.
        pub fn next(
            &self,
            cancel: Option<Arc<CancelHandle>>,
        ) -> Option<NativeTicketPage> {
            self.walk.next(cancel)
        }
    }
}

#[uniffi::export]
impl TicketPages {
    /// How far it has come.
    pub fn progress(&self) -> NativeListProgress {
        progress(&self.seen)
    }
}

calls! {
    impl NativeClient {
        /// One page of the customer directory, numbered from 1, newest customer first (operation 9, `GET /customers/getAll`). `limit`
        /// is from 1 to 100, and 100 unless given.
        pub fn list_customers(
            &self,
            page: i64,
            limit: Option<i64>,
            options: NativeCallOptions,
            cancel: Option<Arc<CancelHandle>>,
        ) -> CustomerPageResponse {
            self.send(
                Operation::ListCustomers,
                |client| {
                    let list = with_limit(client.customers().list(), limit);
                    Ok(list.page(page.try_into().unwrap_or(0)))
                },
                options,
                cancel,
                |page, info| CustomerPageResponse {
                    data: page.into(),
                    info,
                },
            )
        }

        /// One page of a customer's tickets, numbered from 1, newest first (operation 13, `GET /customers/tickets`). `limit` is from 1 to
        /// 10, and 10 unless given.
        pub fn list_customer_tickets(
            &self,
            customer: NativeCustomerRef,
            page: i64,
            limit: Option<i64>,
            options: NativeCallOptions,
            cancel: Option<Arc<CancelHandle>>,
        ) -> TicketPageResponse {
            self.send(
                Operation::ListCustomerTickets,
                |client| {
                    let list = with_limit(client.customers().tickets(customer), limit);
                    Ok(list.page(page.try_into().unwrap_or(0)))
                },
                options,
                cancel,
                |page, info| TicketPageResponse {
                    data: page.into(),
                    info,
                },
            )
        }
    }
}

#[uniffi::export]
impl NativeClient {
    /// A walk over the customer directory: each customer that is there throughout comes exactly once, however it changes meanwhile.
    pub fn walk_customers(
        &self,
        limit: Option<i64>,
        options: NativeCallOptions,
    ) -> Result<Arc<CustomerPages>, SkiplinoError> {
        let operation = Operation::ListCustomers;
        let list = self.client()?.customers().list();
        let list = with_limit(list, limit).options(self.options(options, operation)?);
        let (walk, seen) = walk::<_, NativeCustomerPage>(list, operation, self.closing());
        Ok(Arc::new(CustomerPages { walk, seen }))
    }

    /// A walk over a customer's tickets: each that is there throughout comes exactly once, however the list changes meanwhile.
    pub fn walk_customer_tickets(
        &self,
        customer: NativeCustomerRef,
        limit: Option<i64>,
        options: NativeCallOptions,
    ) -> Result<Arc<TicketPages>, SkiplinoError> {
        let operation = Operation::ListCustomerTickets;
        let list = self.client()?.customers().tickets(customer);
        let list = with_limit(list, limit).options(self.options(options, operation)?);
        let (walk, seen) = walk::<_, NativeTicketPage>(list, operation, self.closing());
        Ok(Arc::new(TicketPages { walk, seen }))
    }
}
