//! The walks over all pages of a list, as streams and as iterators.

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
use crate::pagination::List;
use crate::pagination::pager::{Ask, ListProgress, Walk};

type Answered<T> = Result<Page<T>, Error>;

type Untyped = Result<Response<Data>, Error>;

/// A call under way. Dropping it stops it.
enum UnderWay {
    /// Driven by whoever polls the stream.
    Here(Pin<Box<dyn Future<Output = Untyped> + Send>>),
    /// Driven by the runtime: a page read ahead must not run out of time because the caller takes long over the one before.
    Spawned(JoinHandle<Untyped>),
}

impl UnderWay {
    fn start(call: UntypedCall, ahead: bool, pool: Option<reqwest::Client>) -> Self {
        let future = Box::pin(async move { call.send_on(pool.as_ref()).await });
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if ahead => Self::Spawned(runtime.spawn(future.in_current_span())),
            _ => Self::Here(future),
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Untyped> {
        match self {
            Self::Here(future) => future.as_mut().poll(context),
            Self::Spawned(task) => Pin::new(task).poll(context).map(|joined| {
                joined.unwrap_or_else(|error| Err(Error::because(ErrorKind::Internal, error)))
            }),
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Self::Spawned(task) = self {
            task.abort();
        }
    }
}

/// Hands an answer to the walk. What comes back is for the caller; `true` with it says that other answers are not wanted any more.
fn take<T>(walk: &mut Walk<T>, ask: Ask, answered: Answered<T>) -> (Option<Answered<T>>, bool) {
    match answered {
        Ok(mut page) => {
            let taken = page.taken_by(walk, ask);
            (taken.shown.then_some(Ok(page)), taken.drop_others)
        }
        Err(error) => {
            walk.stop();
            (Some(Err(error)), true)
        }
    }
}

/// A stream of pages. Dropping it stops the calls under way.
pub struct Pages<T> {
    list: List<T>,
    /// The connections to use, where they are not the client's own.
    pool: Option<reqwest::Client>,
    walk: Walk<T>,
    under_way: VecDeque<(Ask, UnderWay)>,
}

/// A stream of records. Dropping it stops the calls under way.
pub struct Items<T> {
    pages: Pages<T>,
    page: std::vec::IntoIter<T>,
}

/// An iterator over pages, which waits for each.
pub struct BlockingPages<T> {
    list: List<T>,
    walk: Walk<T>,
}

/// An iterator over records, which waits for each page.
pub struct BlockingItems<T> {
    pages: BlockingPages<T>,
    page: std::vec::IntoIter<T>,
}

impl<T: Send + 'static> Pages<T> {
    /// Pages asked for at a time.
    const WINDOW: u64 = 4;

    pub(crate) fn new(list: List<T>) -> Self {
        Self {
            walk: list.walk(Self::WINDOW),
            list,
            pool: None,
            under_way: VecDeque::new(),
        }
    }

    /// The same on other connections than those that the client keeps for `.await`.
    pub(crate) fn on(mut self, pool: &reqwest::Client) -> Self {
        self.pool = Some(pool.clone());
        self
    }
}

impl<T: Send + 'static> Items<T> {
    pub(crate) fn new(list: List<T>) -> Self {
        Self {
            pages: Pages::new(list),
            page: Vec::new().into_iter(),
        }
    }
}

impl<T: Send + 'static> BlockingPages<T> {
    pub(crate) fn new(list: List<T>) -> Self {
        Self {
            walk: list.walk(1),
            list,
        }
    }
}

impl<T: Send + 'static> BlockingItems<T> {
    pub(crate) fn new(list: List<T>) -> Self {
        Self {
            pages: BlockingPages::new(list),
            page: Vec::new().into_iter(),
        }
    }
}

// Nothing in them is pinned in place.
impl<T> Unpin for Pages<T> {}
impl<T> Unpin for Items<T> {}

impl<T: Send + 'static> Stream for Pages<T> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            while let Some(ask) = this.walk.next_ask() {
                let call = this.list.page_of(ask.number, ask.limit);
                let ahead = this.walk.is_ahead();
                let started = UnderWay::start(call.untyped(), ahead, this.pool.clone());
                this.under_way.push_back((ask, started));
            }
            let Some((ask, call)) = this.under_way.front_mut() else {
                return Poll::Ready(None);
            };
            let (ask, answered) = (*ask, ready!(call.poll(context)));
            this.under_way.pop_front();
            let answered = answered.and_then(Response::typed).map(Response::into_data);
            let (shown, drop_others) = take(&mut this.walk, ask, answered);
            if drop_others {
                this.under_way.clear();
            }
            if shown.is_some() {
                return Poll::Ready(shown);
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

impl<T: Send + 'static> Iterator for BlockingPages<T> {
    type Item = Result<Page<T>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let ask = self.walk.next_ask()?;
            let answered = self.list.page_of(ask.number, ask.limit).wait();
            let (shown, _) = take(&mut self.walk, ask, answered);
            if shown.is_some() {
                return shown;
            }
        }
    }
}

impl<T: Send + 'static> Iterator for BlockingItems<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.page.next() {
                return Some(Ok(item));
            }
            match self.pages.next()? {
                Ok(page) => self.page = page.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

macro_rules! walks {
    ($($name:ident: $this:ident => $walk:expr, $held:expr;)+) => {$(
        impl<T> $name<T> {
            /// How far it has come, now and after the end.
            pub fn progress(&self) -> ListProgress {
                let $this = self;
                let mut progress = $walk.progress();
                // Those of the present page that the caller has not got yet.
                progress.records -= $held as u64;
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

walks! {
    Pages: this => this.walk, 0;
    Items: this => this.pages.walk, this.page.len();
    BlockingPages: this => this.walk, 0;
    BlockingItems: this => this.pages.walk, this.page.len();
}
