//! Following a ticket: its changes, at the pace of its queue.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::stream::{self, BoxStream, Stream, StreamExt as _};
use jiff::Timestamp;
use tokio::sync::Mutex as AsyncMutex;

use crate::call;
use crate::call::cancellation::{self, CancellationToken};
use crate::call::retry::RetryPolicy;
use crate::call::shared;
use crate::call::spec::CallOptions;
use crate::clock::{Clock, FOREVER};
use crate::error::{Error, ErrorKind};
use crate::http::transport;
use crate::models::ids::TicketId;
use crate::models::tickets::{Ticket, TicketStatus};
use crate::operation::Operation;

/// What is known of a ticket that is being followed, shared by all its watchers in a client.
///
/// There is no task behind it: the watcher that finds a look due takes the lock and looks, the others wait for the lock and find
/// what was seen. So a ticket is never asked for twice, and nothing is asked for when nobody watches.
#[derive(Default)]
pub(crate) struct Shared(AsyncMutex<Seen>);

#[derive(Default)]
struct Seen {
    /// The newest state, numbered by change.
    ticket: Option<(u64, Ticket)>,
    last: Option<Look>,
}

/// The last time that somebody looked.
struct Look {
    at: Instant,
    /// The server's time then, as far as it told.
    on_server: Timestamp,
    /// How much of its pause is left out, so that the watchers of a lobby do not all look at the same moment.
    early: f64,
    failing: Option<Failing>,
}

/// Looks that fail, one after another.
#[derive(Clone, Copy)]
struct Failing {
    since: Instant,
    times: u32,
    retry_after: Duration,
}

/// A ticket in a language: whoever wants its names in another one has to ask for himself.
type Followed = (TicketId, Option<String>);

/// The tickets that a client follows.
#[derive(Default)]
pub(crate) struct Watched(Mutex<HashMap<Followed, Weak<Shared>>>);

impl Watched {
    fn share(&self, followed: Followed) -> Arc<Shared> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, shared| shared.strong_count() > 0);
        if let Some(shared) = all.get(&followed).and_then(Weak::upgrade) {
            return shared;
        }
        let shared = Arc::new(Shared::default());
        all.insert(followed, Arc::downgrade(&shared));
        shared
    }
}

/// How a ticket is followed.
#[derive(Clone)]
struct Pace {
    min: Duration,
    max: Duration,
    give_up_after: Duration,
}

impl Pace {
    /// A twentieth of the time that is left: early enough to notice that it moved, and never more than `max` apart.
    const PART: u32 = 20;
    /// Where nothing tells how long it will take.
    const UNTOLD: Duration = Duration::from_secs(10);

    fn pause(&self, ticket: Option<&Ticket>, look: &Look) -> Duration {
        let pause = match (&look.failing, ticket) {
            (Some(failing), _) => {
                let doubled = self.min.saturating_mul(1 << failing.times.min(16));
                return doubled.min(self.max).max(failing.retry_after);
            }
            (None, Some(ticket)) => expected(ticket, look.on_server)
                .map_or(Self::UNTOLD, |left| left / Self::PART)
                .min(self.max),
            (None, None) => Duration::ZERO,
        };
        pause.mul_f64(1.0 - look.early).max(self.min)
    }
}

/// How long it will take until a ticket's state is worth another look.
fn expected(ticket: &Ticket, now: Timestamp) -> Option<Duration> {
    const MINUTE: Duration = Duration::from_secs(60);
    match ticket.status() {
        TicketStatus::Waiting => {
            let minutes = ticket.waiting_time().or(ticket.queue_size())?;
            // The first in the queue can be called at any moment, whatever the estimate says.
            let next = ticket.queue_size() == Some(0);
            Some(if next {
                Duration::ZERO
            } else {
                MINUTE * minutes
            })
        }
        TicketStatus::Upcoming => {
            let left = ticket.time()?.duration_since(now);
            Some(left.try_into().unwrap_or(Duration::ZERO))
        }
        _ => None,
    }
}

fn is_over(ticket: &Ticket) -> bool {
    matches!(
        ticket.status(),
        TicketStatus::Served | TicketStatus::Cancelled
    )
}

/// Whether a failed look says nothing of the ticket. A hotel's login page in place of the answer counts, too.
fn will_pass(error: &Error) -> bool {
    error.is_retryable()
        || matches!(
            error.kind(),
            ErrorKind::Decode | ErrorKind::UnexpectedStatus
        )
}

/// The changes of a ticket, from its present state on: a stream, or with [`wait`](Self::wait) an iterator. See
/// [`Tickets::watch`](crate::Tickets::watch).
#[must_use = "a watch does nothing until it is asked for changes"]
pub struct Watch {
    client: Arc<shared::Shared>,
    watches: Arc<Watched>,
    ticket: TicketId,
    options: CallOptions,
    pace: Pace,
    cancellation_token: Option<CancellationToken>,
    started: Option<BoxStream<'static, Result<Ticket, Error>>>,
}

impl Watch {
    pub(crate) fn new(
        client: Arc<shared::Shared>,
        watches: Arc<Watched>,
        ticket: TicketId,
    ) -> Self {
        Self {
            client,
            watches,
            ticket,
            options: CallOptions::default(),
            pace: Pace {
                min: Duration::from_secs(2),
                max: Duration::from_secs(30),
                give_up_after: Duration::from_secs(10 * 60),
            },
            cancellation_token: None,
            started: None,
        }
    }

    /// Language and deadline of each look. What is tried again, and when, is the watch's own.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// The shortest pause between two looks, near the front of the queue: 2 s unless set.
    pub fn min(mut self, pause: Duration) -> Self {
        self.pace.min = pause;
        self
    }

    /// The longest pause between two looks: 30 s unless set.
    pub fn max(mut self, pause: Duration) -> Self {
        self.pace.max = pause;
        self
    }

    /// How long failures of the network or the server are ridden out before the watch ends with the last of them: 10 minutes
    /// unless set.
    pub fn give_up_after(mut self, limit: Duration) -> Self {
        self.pace.give_up_after = limit;
        self
    }

    /// Lets another thread end the watch.
    pub fn cancelled_by(mut self, cancellation_token: &CancellationToken) -> Self {
        self.cancellation_token = Some(cancellation_token.clone());
        self
    }

    /// The changes one by one, waited for on the calling thread: for programs without async.
    pub fn wait(self) -> BlockingWatch {
        BlockingWatch {
            watcher: self.watcher(),
            cancellation_token: self.cancellation_token,
        }
    }

    fn watcher(&self) -> Watcher {
        let followed = (self.ticket.clone(), self.options.locale.clone());
        Watcher {
            shared: self.watches.share(followed),
            client: self.client.clone(),
            ticket: self.ticket.clone(),
            options: CallOptions {
                retry: Some(RetryPolicy::never()),
                ..self.options.clone()
            },
            pace: self.pace.clone(),
            told: 0,
            over: false,
        }
    }
}

impl Stream for Watch {
    type Item = Result<Ticket, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let started = match self.started.take() {
            Some(started) => started,
            None => {
                let cancellation_token = self.cancellation_token.clone();
                stream::unfold(
                    (self.watcher(), cancellation_token),
                    |(mut watcher, cancellation_token)| async move {
                        let pool = watcher.client.pool.clone();
                        let next = match call::in_runtime() {
                            Ok(()) => {
                                cancellation::or_cancelled(
                                    cancellation_token.as_ref(),
                                    watcher.next(&pool),
                                )
                                .await
                            }
                            Err(error) => Some(watcher.end(error)),
                        };
                        let next = next.unwrap_or_else(|| watcher.end(cancelled()));
                        next.map(|item| (item, (watcher, cancellation_token)))
                    },
                )
                .boxed()
            }
        };
        self.started.insert(started).as_mut().poll_next(context)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("ticket", &self.ticket)
            .finish_non_exhaustive()
    }
}

/// The changes of a ticket, waited for.
pub struct BlockingWatch {
    watcher: Watcher,
    cancellation_token: Option<CancellationToken>,
}

impl BlockingWatch {
    /// The next change, or nothing where none came within `limit`, or none will come any more ([`is_over`](Self::is_over)).
    /// A look that is not answered within `limit` is broken off and counts as failed, so give it longer than an answer takes.
    ///
    /// # Errors
    /// As the watch ends, and `Cancelled`. After an error it is over.
    pub fn next_within(&mut self, limit: Duration) -> Result<Option<Ticket>, Error> {
        self.step(Some(limit)).transpose()
    }

    /// Whether nothing will come any more.
    pub fn is_over(&self) -> bool {
        self.watcher.over
    }

    fn step(&mut self, limit: Option<Duration>) -> Option<Result<Ticket, Error>> {
        if self.watcher.over {
            return None;
        }
        let (watcher, cancellation_token) = (&mut self.watcher, self.cancellation_token.as_ref());
        let client = watcher.client.clone();
        let next = client
            .runtimes
            .block_on(&client.config, true, async |pool| {
                let limited =
                    tokio::time::timeout(limit.unwrap_or(FOREVER).min(FOREVER), watcher.next(pool));
                match cancellation::or_cancelled(cancellation_token, limited).await {
                    Some(next) => Ok(next.unwrap_or_default()),
                    None => Err(cancelled()),
                }
            });
        next.unwrap_or_else(|error| self.watcher.end(error))
    }
}

impl Iterator for BlockingWatch {
    type Item = Result<Ticket, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.step(None) {
                None if !self.is_over() => {}
                next => return next,
            }
        }
    }
}

impl fmt::Debug for BlockingWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingWatch")
            .field("ticket", &self.watcher.ticket)
            .finish_non_exhaustive()
    }
}

fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled).edit(|inner| inner.operation = Some(Operation::GetTicket))
}

/// One who watches.
struct Watcher {
    client: Arc<shared::Shared>,
    ticket: TicketId,
    options: CallOptions,
    shared: Arc<Shared>,
    pace: Pace,
    /// The number of the last change that was told.
    told: u64,
    over: bool,
}

impl Watcher {
    fn end(&mut self, error: Error) -> Option<Result<Ticket, Error>> {
        let first = !std::mem::replace(&mut self.over, true);
        first.then_some(Err(error))
    }

    /// The next change; none after the last one.
    async fn next(&mut self, pool: &reqwest::Client) -> Option<Result<Ticket, Error>> {
        let clock = Arc::clone(&self.client.config.clock);
        let shared = Arc::clone(&self.shared);
        while !self.over {
            let mut seen = shared.0.lock().await;
            if let Some((number, ticket)) = &seen.ticket
                && *number > self.told
            {
                self.told = *number;
                self.over = is_over(ticket);
                return Some(Ok(ticket.clone()));
            }
            let ticket = seen.ticket.as_ref().map(|(_, ticket)| ticket);
            let left = seen.last.as_ref().map_or(Duration::ZERO, |look| {
                let pause = self.pace.pause(ticket, look);
                pause.saturating_sub(clock.now().saturating_duration_since(look.at))
            });
            if left > Duration::ZERO {
                drop(seen);
                clock.sleep(left).await;
                continue;
            }
            if let Err(error) = self.look(pool, &mut seen, &*clock).await {
                return self.end(error);
            }
        }
        None
    }

    /// Looks once, and notes what was seen. Fails when there is no point in looking again.
    async fn look(
        &self,
        pool: &reqwest::Client,
        seen: &mut Seen,
        clock: &dyn Clock,
    ) -> Result<(), Error> {
        let call = super::get(&self.client, &self.ticket).options(self.options.clone());
        let before = seen.last.as_ref().and_then(|look| look.failing);
        let failing = |at, retry_after| Failing {
            since: before.map_or(at, |failing| failing.since),
            times: before.map_or(0, |failing| failing.times + 1),
            retry_after,
        };
        // Until it is answered it counts as failed: one that is broken off must not be made again at once.
        let begun = clock.now();
        seen.last = Some(Look {
            at: begun,
            on_server: Timestamp::now(),
            early: 0.0,
            failing: Some(failing(begun, Duration::ZERO)),
        });
        let result = call.send_on(Some(pool)).await;
        let at = clock.now();
        let mut look = Look {
            at,
            on_server: Timestamp::now(),
            early: fastrand::f64() / 5.0,
            failing: None,
        };
        match result {
            Ok(response) => {
                look.on_server =
                    transport::server_time(&response.headers).unwrap_or(look.on_server);
                let number = seen.ticket.as_ref().map_or(0, |(number, _)| *number);
                if seen
                    .ticket
                    .as_ref()
                    .is_none_or(|(_, ticket)| *ticket != response.data)
                {
                    seen.ticket = Some((number + 1, response.data));
                }
            }
            Err(error) => {
                let failing = failing(at, error.retry_after().unwrap_or_default());
                look.failing = Some(failing);
                if !will_pass(&error) || at - failing.since >= self.pace.give_up_after {
                    seen.last = Some(look);
                    return Err(error);
                }
            }
        }
        seen.last = Some(look);
        Ok(())
    }
}
