//! The state that all requests share.

use std::{
    net::SocketAddr,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::{Semaphore, watch};

use crate::{
    clock::{Clock, Millis, Mode},
    config::Config,
    contract::Contract,
    error::StartError,
    exchanges::Exchanges,
    faults::Faults,
    origin_check::KnownHosts,
    rate_limit::RateLimit,
    request_log::RequestLog,
    store::Store,
    traffic::Traffic,
};

/// The largest number of open streams of events. Each reads the whole state after every change.
const MAX_EVENT_STREAMS: usize = 64;

/// Wakes the streams of events.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Whether the server is shutting down.
    pub(crate) shutting_down: bool,
}

/// The state that all requests share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) address: SocketAddr,
    pub(crate) clock: Clock,
    pub(crate) body_timeout: Duration,
    pub(crate) event_streams: Arc<Semaphore>,
    pub(crate) exchanges: Option<Exchanges>,
    pub(crate) faults: Faults,
    pub(crate) known_hosts: Arc<KnownHosts>,
    pub(crate) log: RequestLog,
    pub(crate) changes: watch::Sender<Changes>,
    pub(crate) rate_limit: RateLimit,
    pub(crate) store: Store,
    pub(crate) traffic: Traffic,
    contract: RwLock<Arc<Contract>>,
    seed: AtomicU64,
    resets: AtomicU64,
    start_now: Option<Millis>,
    start_freeze: bool,
    start_contract: Arc<Contract>,
}

impl App {
    pub(crate) fn new(config: &Config, address: SocketAddr) -> Result<Self, StartError> {
        let start_contract = Arc::new(config.contract.clone());
        let start_now = config.now.map(Timestamp::as_millisecond);
        Ok(Self {
            address,
            clock: Clock::new(Mode::starting(start_now, config.freeze)),
            body_timeout: config.body_timeout,
            event_streams: Arc::new(Semaphore::new(MAX_EVENT_STREAMS)),
            exchanges: config
                .exchanges
                .as_deref()
                .map(Exchanges::create)
                .transpose()?,
            faults: Faults::default(),
            known_hosts: Arc::new(KnownHosts {
                private_names: !address.ip().is_loopback(),
                names: config
                    .allow_hosts
                    .iter()
                    .map(|name| name.to_ascii_lowercase())
                    .collect(),
            }),
            log: RequestLog::with_capacity(config.log),
            changes: watch::Sender::default(),
            rate_limit: RateLimit::default(),
            store: Store::open(config.data.as_deref(), config.seed)?,
            traffic: Traffic::default(),
            contract: RwLock::new(Arc::clone(&start_contract)),
            seed: AtomicU64::new(config.seed),
            resets: AtomicU64::new(0),
            start_now,
            start_freeze: config.freeze,
            start_contract,
        })
    }

    /// Wakes the streams of events: the shown state may have changed.
    pub(crate) fn changed(&self) {
        self.changes.send_modify(|_| {});
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed.load(Ordering::Relaxed)
    }

    /// How responses differ from the published contract now.
    pub(crate) fn contract(&self) -> Arc<Contract> {
        Arc::clone(&self.contract.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sets the contract, or restores that of the start.
    pub(crate) fn set_contract(&self, contract: Option<Contract>) {
        let contract = contract.map_or_else(|| Arc::clone(&self.start_contract), Arc::new);
        *self
            .contract
            .write()
            .unwrap_or_else(PoisonError::into_inner) = contract;
    }

    /// The number of resets. A request from before a reset must not change the state after it.
    pub(crate) fn resets(&self) -> u64 {
        self.resets.load(Ordering::SeqCst)
    }

    /// Restores the demo company. Without arguments, the clock starts as it did at first.
    pub(crate) fn reset(
        &self,
        seed: Option<u64>,
        now: Option<Millis>,
        freeze: Option<bool>,
    ) -> rusqlite::Result<()> {
        let seed = seed.unwrap_or_else(|| self.seed());
        self.resets.fetch_add(1, Ordering::SeqCst);
        self.store.reset(seed)?;
        self.seed.store(seed, Ordering::Relaxed);
        self.clock.set(Mode::starting(
            now.or(self.start_now),
            freeze.unwrap_or(self.start_freeze),
        ));
        self.set_contract(None);
        self.faults.clear();
        self.rate_limit.clear();
        self.log.clear();
        Ok(())
    }
}
