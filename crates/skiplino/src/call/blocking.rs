//! Blocking calls: a call runs on the caller's own thread, on a runtime taken from a pool.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::{Interval, MissedTickBehavior};

use crate::call::sigpipe::SigpipeGuard;
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::http::transport;

/// Called now and then on the waiting thread; `true` ends the call.
pub(crate) type Interrupt = Arc<dyn Fn() -> bool + Send + Sync>;

/// A runtime with its own connections, for one call at a time. It runs on the thread that makes the
/// call, which saves a switch to a worker thread and back.
struct PooledRuntime {
    /// Present until the drop.
    runtime: Option<Runtime>,
    pool: reqwest::Client,
    /// When to call the interrupt. All calls share one timer, because setting one up for each call
    /// costs time.
    ticks: Interval,
    last_used: Instant,
}

impl PooledRuntime {
    /// Short enough for a person who waits; most calls end earlier.
    const TICK: Duration = Duration::from_millis(100);

    fn new(config: &Config) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            // Most likely the process has no file descriptors left.
            .map_err(|error| Error::because(ErrorKind::Connect, error))?;
        let mut ticks = {
            let _entered = runtime.enter();
            tokio::time::interval(Self::TICK)
        };
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            runtime: Some(runtime),
            pool: transport::pool(config)?,
            ticks,
            last_used: config.clock.now(),
        })
    }
}

impl Drop for PooledRuntime {
    fn drop(&mut self) {
        // The last clone of a client may be dropped in an async program, where waiting for a
        // runtime's end would panic.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The idle runtimes of a client: a call takes one and puts it back at its end.
pub(crate) struct RuntimePool {
    idle: Mutex<Vec<PooledRuntime>>,
    interrupt: Option<Interrupt>,
}

impl RuntimePool {
    /// The most runtimes kept for later calls. More than this many are needed only when more
    /// threads make calls at the same time.
    const MAX_IDLE: usize = 64;

    pub(crate) fn new(interrupt: Option<Interrupt>) -> Self {
        Self {
            idle: Mutex::default(),
            interrupt,
        }
    }

    /// Runs a call to its end on this thread.
    pub(crate) fn block_on<T, E: From<Error>>(
        &self,
        config: &Config,
        call: impl AsyncFnOnce(&reqwest::Client) -> Result<T, E>,
    ) -> Result<T, E> {
        if Handle::try_current().is_ok() {
            return Err(E::from(Error::new(ErrorKind::InvalidRequest).edit(
                |inner| {
                    inner.reason = Some(
                        "waiting here would block an async runtime: await the call instead"
                            .to_owned(),
                    );
                },
            )));
        }
        // This thread writes to the connections.
        let _no_sigpipe = SigpipeGuard::new();
        let idle = self.idle().pop();
        let mut pooled = idle.map_or_else(|| PooledRuntime::new(config), Ok)?;
        let PooledRuntime {
            runtime,
            pool,
            ticks,
            ..
        } = &mut pooled;
        let Some(runtime) = runtime else {
            return Err(Error::new(ErrorKind::Internal).into());
        };
        let ended = runtime.block_on(async {
            // The server may have closed an idle connection, or sent bytes that would be taken for
            // the next response.
            flush_connections().await;
            let ended = match &self.interrupt {
                None => Some(call(pool).await),
                Some(interrupt) => or_interrupted(interrupt, ticks, call(pool)).await,
            };
            if let Some(Err(_)) = &ended {
                // Otherwise aborted requests would stay open, and keep the client alive.
                flush_connections().await;
            }
            ended
        });
        let Some(result) = ended else {
            // Dropping the runtime ends its connections, and so the request.
            let interrupted = Error::new(ErrorKind::Internal);
            return Err(interrupted
                .edit(|inner| inner.reason = Some("interrupted".to_owned()))
                .into());
        };
        self.put_back(pooled, config.clock.now());
        result
    }

    /// Keeps a runtime for later calls, and drops those that were last used long ago: nothing runs
    /// them, so they cannot close their idle connections themselves.
    fn put_back(&self, mut pooled: PooledRuntime, now: Instant) {
        pooled.last_used = now;
        let mut idle = self.idle();
        // The order is that of their last use, because the newest is taken first.
        let old = idle.partition_point(|pooled| {
            now.saturating_duration_since(pooled.last_used) >= transport::IDLE_TIMEOUT
        });
        let dropped: Vec<_> = idle.drain(..old).collect();
        if idle.len() < Self::MAX_IDLE {
            idle.push(pooled);
        }
        drop(idle);
        drop(dropped);
    }

    fn idle(&self) -> MutexGuard<'_, Vec<PooledRuntime>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the runtime process its connections: the first turn reads the events, the second lets the
/// connections act on them.
async fn flush_connections() {
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
}

/// Runs the call to its end; `None` if it was interrupted before.
async fn or_interrupted<T>(
    interrupt: &Interrupt,
    ticks: &mut Interval,
    call: impl Future<Output = T>,
) -> Option<T> {
    let mut call = pin!(call);
    poll_fn(|context| {
        if let Poll::Ready(ended) = call.as_mut().poll(context) {
            return Poll::Ready(Some(ended));
        }
        while ticks.poll_tick(context).is_ready() {
            if interrupt() {
                return Poll::Ready(None);
            }
        }
        Poll::Pending
    })
    .await
}
