//! The client: a configuration, its connections, and the way to the four resources.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::api::{Branches, Customers, Services, Tickets};
use crate::call::{Call, Decode};
use crate::config::{ClientBuilder, Config};
use crate::error::{Error, ErrorKind};
use crate::key::{ApiKey, KeyClass};
use crate::operation::{KeyRequirement, Operation};
use crate::request::Request;
use crate::retry::RetryBudget;
use crate::transport;

/// A client of the Skiplino External API. Cheap to clone; clones share connections and limits.
///
/// Every operation is a [`Call`]: `.await` it in an async program on Tokio, or `.wait()` for it in any other.
#[derive(Clone)]
pub struct Client(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) budget: RetryBudget,
    /// The connections of `.await`, which live in the caller's runtime.
    pub(crate) pool: reqwest::Client,
    drivers: Mutex<Vec<Driver>>,
}

impl Client {
    /// A client with the defaults: the development environment, 5 s to connect, 10 s an attempt, 30 s a call.
    ///
    /// # Errors
    /// As [`ClientBuilder::build`].
    pub fn new(key: ApiKey) -> Result<Self, Error> {
        Self::builder(key).build()
    }

    /// Sets up a client.
    pub fn builder(key: ApiKey) -> ClientBuilder {
        ClientBuilder::new(key)
    }

    pub(crate) fn from_config(config: Config) -> Result<Self, Error> {
        Ok(Self(Arc::new(Inner {
            pool: transport::pool(&config)?,
            config,
            budget: RetryBudget::new(),
            drivers: Mutex::default(),
        })))
    }

    /// The class of the client's key.
    pub fn key_class(&self) -> KeyClass {
        self.0.config.key_class
    }

    /// Branches and their services.
    pub fn branches(&self) -> Branches<'_> {
        Branches(self)
    }

    /// Services and their appointment slots.
    pub fn services(&self) -> Services<'_> {
        Services(self)
    }

    /// Tickets: walk-ins and appointments.
    pub fn tickets(&self) -> Tickets<'_> {
        Tickets(self)
    }

    /// The customer directory.
    pub fn customers(&self) -> Customers<'_> {
        Customers(self)
    }

    /// The call of an operation, refused at once where the key or the input cannot be right. `id` is the parameter in the
    /// operation's path, if it has one.
    pub(crate) fn call<T>(
        &self,
        operation: Operation,
        decode: Decode<T>,
        id: Result<&str, Error>,
        fill: impl FnOnce(Request) -> Result<Request, Error>,
    ) -> Call<T> {
        if operation.key() == KeyRequirement::Secret && self.key_class() == KeyClass::Public {
            return Call::refused(operation, Error::new(ErrorKind::SecretKeyRequired));
        }
        let base = &self.0.config.base_url;
        let request = id.and_then(|id| Request::new(base, operation, id));
        match request.and_then(fill) {
            Ok(request) => Call::new(self.clone(), request, decode),
            Err(error) => Call::refused(operation, error),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.0.config.base_url.as_str())
            .field("key_class", &self.key_class())
            .finish_non_exhaustive()
    }
}

/// A runtime with connections of its own, for one blocking call at a time. It runs on whichever thread makes the call, which
/// spares the way to a worker thread and back.
pub(crate) struct Driver {
    runtime: tokio::runtime::Runtime,
    pool: reqwest::Client,
    used: Instant,
}

impl Inner {
    /// Kept for later calls; more than this were needed only if more threads called at the same time.
    const IDLE_DRIVERS: usize = 64;

    /// Nobody drives a driver between calls, so it may not have seen yet that the server closed its idle connection.
    const STALE: Duration = Duration::from_millis(5);

    /// Drives a call to its end on this thread.
    pub(crate) fn drive<T>(
        &self,
        may_repeat: bool,
        call: impl AsyncFnOnce(&reqwest::Client) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if tokio::runtime::Handle::try_current().is_ok() {
            return Err(Error::new(ErrorKind::InvalidRequest).edit(|inner| {
                inner.reason = Some(
                    "waiting here would block an async runtime: await the call instead".to_owned(),
                );
            }));
        }
        let idle = self.drivers().pop();
        let mut driver = idle.map_or_else(|| self.new_driver(), Ok)?;
        let look_first = !may_repeat || driver.used.elapsed() > Self::STALE;
        let result = driver.runtime.block_on(async {
            if look_first {
                // Once for the runtime to hear of the closed connection, once for the connection to act on it.
                tokio::task::yield_now().await;
                tokio::task::yield_now().await;
            }
            call(&driver.pool).await
        });
        driver.used = Instant::now();
        let mut drivers = self.drivers();
        if drivers.len() < Self::IDLE_DRIVERS {
            drivers.push(driver);
        }
        result
    }

    fn new_driver(&self) -> Result<Driver, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::because(ErrorKind::Internal, error))?;
        Ok(Driver {
            runtime,
            pool: transport::pool(&self.config)?,
            used: Instant::now(),
        })
    }

    fn drivers(&self) -> std::sync::MutexGuard<'_, Vec<Driver>> {
        self.drivers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
