//! How a call is waited for: on the caller's own thread.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::{Interval, MissedTickBehavior};

use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::http::transport;

/// Asked now and then by whoever waits, on its own thread, whether to give up.
pub(crate) type Interrupt = Arc<dyn Fn() -> bool + Send + Sync>;

/// A runtime with connections of its own, for one call at a time. It runs on whichever thread makes the call, which spares the
/// way to a worker thread and back.
struct Driver {
    /// Present until the driver is dropped.
    runtime: Option<Runtime>,
    pool: reqwest::Client,
    /// When to ask whether to give up. One timer for all calls: setting one up for each would be felt.
    ticks: Interval,
    used: Instant,
}

impl Driver {
    /// Short enough for a person who waits, and too long for most calls to meet.
    const TICK: Duration = Duration::from_millis(100);

    fn new(config: &Config) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            // The system has no more file descriptors to give, most likely.
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
            used: Instant::now(),
        })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The last clone of a client may go inside an async program, where waiting for a runtime to end would panic.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A client's stock of drivers: one is taken for a call and put back after it.
#[derive(Default)]
pub(crate) struct Drivers(Mutex<Vec<Driver>>);

impl Drivers {
    /// Kept for later calls; more than this were needed only if more threads called at the same time.
    const IDLE: usize = 64;

    /// Nobody drives a driver between calls, so it may not have seen yet that the server closed its idle connection.
    const STALE: Duration = Duration::from_millis(5);

    /// Drives a call to its end on this thread. `may_repeat` says that it may be sent again if its connection turns out to
    /// have been closed meanwhile.
    pub(crate) fn drive<T, E: From<Error>>(
        &self,
        config: &Config,
        may_repeat: bool,
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
        let idle = self.stock().pop();
        let mut driver = idle.map_or_else(|| Driver::new(config), Ok)?;
        let look_first = !may_repeat || driver.used.elapsed() > Self::STALE;
        let Driver {
            runtime,
            pool,
            ticks,
            ..
        } = &mut driver;
        let Some(runtime) = runtime else {
            return Err(Error::new(ErrorKind::Internal).into());
        };
        let ended = runtime.block_on(async {
            if look_first {
                // For a connection that was closed meanwhile.
                look().await;
            }
            let ended = match &config.interrupt {
                None => Some(call(pool).await),
                Some(interrupt) => unless(interrupt, ticks, call(pool)).await,
            };
            if let Some(Err(_)) = &ended {
                // For requests that were broken off: left alone they would stay open, and keep what made them, the client above all.
                look().await;
            }
            ended
        });
        let Some(result) = ended else {
            // Not put back: with its runtime end its connections, and so the request.
            let interrupted = Error::new(ErrorKind::Internal);
            return Err(interrupted
                .edit(|inner| inner.reason = Some("interrupted".to_owned()))
                .into());
        };
        driver.used = Instant::now();
        let mut stock = self.stock();
        if stock.len() < Self::IDLE {
            stock.push(driver);
        }
        result
    }

    fn stock(&self) -> MutexGuard<'_, Vec<Driver>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the runtime see to its connections: once for it to hear of what happened, once for them to act on it.
async fn look() {
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
}

/// The end of the call, or nothing where it was interrupted before.
async fn unless<T>(
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
