//! Blocking calls: a call runs on the caller's own thread, on a runtime taken from a pool.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::{Interval, MissedTickBehavior};

use crate::call::sigpipe::SigpipeGuard;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::http::transport::{self, ConnectionPool};

/// A function that is called on the waiting thread at short intervals; `true` ends the call.
pub(crate) type Interrupt = Arc<dyn Fn() -> bool + Send + Sync>;

/// A runtime with its own connections, for one call at a time. It runs on the thread that makes the
/// call, which saves a switch to a worker thread and back.
struct PooledRuntime {
    /// Present until the drop.
    runtime: Option<Runtime>,
    pool: ConnectionPool,
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
            pool: ConnectionPool::new(config)?,
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
        call: impl AsyncFnOnce(&ConnectionPool) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut session = self.start(config)?;
        let pool = session.pool().clone();
        let result = session.run(call(&pool)).map_err(E::from).flatten();
        session.finish((), result.is_err());
        result
    }

    /// Takes a runtime for work on this thread.
    pub(crate) fn start<'a>(&'a self, config: &'a Config) -> Result<Session<'a>, Error> {
        if Handle::try_current().is_ok() {
            return Err(Error::new(ErrorKind::InvalidRequest).edit(|inner| {
                inner.reason = Some(
                    "waiting here would block an async runtime: await the call instead".to_owned(),
                );
            }));
        }
        let idle = self.idle().pop();
        let pooled = idle.map_or_else(|| PooledRuntime::new(config), Ok)?;
        Ok(Session {
            runtimes: self,
            clock: &*config.clock,
            is_interrupted: false,
            pooled,
        })
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

/// Work on this thread that alternates between steps on a runtime and the program's own code: a
/// source of rows, a sink of pages, a handler of a signal.
///
/// The program's code runs between the steps, outside of the runtime. So the code can make blocking
/// calls, which take a runtime of their own.
pub(crate) struct Session<'a> {
    runtimes: &'a RuntimePool,
    clock: &'a dyn Clock,
    pooled: PooledRuntime,
    is_interrupted: bool,
}

impl Session<'_> {
    /// The connections to use.
    pub(crate) fn pool(&self) -> &ConnectionPool {
        &self.pooled.pool
    }

    /// Runs a step to its end. Calls the interrupt between parts of the step, outside of the
    /// runtime.
    ///
    /// # Errors
    /// If the interrupt ended the step. Then no other step can be run.
    pub(crate) fn run<T>(&mut self, step: impl Future<Output = T>) -> Result<T, Error> {
        let PooledRuntime {
            runtime,
            pool,
            ticks,
            ..
        } = &mut self.pooled;
        let Some(runtime) = runtime else {
            return Err(Error::new(ErrorKind::Internal));
        };
        let start = async {
            // The server may have closed an idle connection since the last step, or sent bytes that
            // would be taken for the next response. A connection acts on the events that this turn
            // reads before it sends a request.
            tokio::task::yield_now().await;
            if pool.has_background_requests() {
                // The turn may have read the end of one, whose connection is then free.
                tokio::task::yield_now().await;
            }
        };
        let mut step = pin!(Some(start.then(|()| step)));
        loop {
            let part = poll_fn(|context| {
                let Some(running) = step.as_mut().as_pin_mut() else {
                    return Poll::Ready(None);
                };
                if let Poll::Ready(ended) = running.poll(context) {
                    // Dropped here, because parts of a call need the runtime for it.
                    step.set(None);
                    return Poll::Ready(Some(ended));
                }
                let is_due =
                    self.runtimes.interrupt.is_some() && ticks.poll_tick(context).is_ready();
                if is_due {
                    Poll::Ready(None)
                } else {
                    Poll::Pending
                }
            });
            // This thread writes to the connections. The guard ends before the program's code runs.
            let no_sigpipe = SigpipeGuard::unless_ignored();
            if let Some(ended) = runtime.block_on(part) {
                return Ok(ended);
            }
            drop(no_sigpipe);
            if self
                .runtimes
                .interrupt
                .as_ref()
                .is_none_or(|interrupt| interrupt())
            {
                runtime.block_on(async { step.set(None) });
                self.is_interrupted = true;
                let interrupted = Error::new(ErrorKind::Internal);
                return Err(interrupted.edit(|inner| inner.reason = Some("interrupted".to_owned())));
            }
        }
    }

    /// Drops `rest`, the remaining work, and keeps the runtime for later work. After an interrupt,
    /// drops the runtime instead: this closes its connections, which ends the requests.
    pub(crate) fn finish<R>(self, rest: R, has_failed: bool) {
        let Some(runtime) = &self.pooled.runtime else {
            return;
        };
        let entered = runtime.enter();
        drop(rest);
        drop(entered);
        if has_failed {
            let _no_sigpipe = SigpipeGuard::new();
            // Otherwise aborted requests would stay open, and keep the client alive.
            runtime.block_on(flush_connections());
        }
        if self.is_interrupted {
            return;
        }
        self.runtimes.put_back(self.pooled, self.clock.now());
    }
}

/// Lets the runtime process its connections: the first turn reads the events, the second lets the
/// connections act on them.
pub(crate) async fn flush_connections() {
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
}
