//! The client: a configuration, its connections, and the way to the four resources.

pub(crate) mod api_key;

use std::fmt;
use std::sync::Arc;

use crate::api::tickets::watch::WatchRegistry;
use crate::api::{Branches, Customers, Services, Tickets};
use crate::call::Call;
use crate::call::blocking::Drivers;
use crate::call::rate_limiter::Pace;
use crate::call::recovery::booking::Bookings;
use crate::call::retry::RetryBudget;
use crate::client::api_key::{ApiKey, KeyClass};
use crate::config::{ClientBuilder, Config};
use crate::error::{Error, ErrorKind};
use crate::http::decode::Decode;
use crate::http::request::Request;
use crate::http::transport;
use crate::operation::{KeyRequirement, Operation};

/// A client of the Skiplino External API. Cheap to clone; clones share connections and limits.
///
/// Every operation is a [`Call`]: `.await` it in an async program on Tokio, or `.wait()` for it in any other.
#[derive(Clone)]
pub struct Client(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) budget: RetryBudget,
    pub(crate) pace: Pace,
    pub(crate) bookings: Bookings,
    /// The connections of `.await`, which live in the caller's runtime.
    pub(crate) pool: reqwest::Client,
    /// The connections of `.wait()`.
    pub(crate) drivers: Drivers,
    pub(crate) watched: WatchRegistry,
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
            budget: RetryBudget::new(),
            pace: Pace::new(config.requests_per_second),
            bookings: Bookings::default(),
            config,
            drivers: Drivers::default(),
            watched: WatchRegistry::default(),
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
        let request = self.request(operation, id).and_then(fill);
        Call::new(self, operation, request, decode)
    }

    fn request(&self, operation: Operation, id: Result<&str, Error>) -> Result<Request, Error> {
        if operation.key() == KeyRequirement::Secret && self.key_class() == KeyClass::Public {
            return Err(Error::new(ErrorKind::SecretKeyRequired));
        }
        Request::new(&self.0.config.base_url, operation, id?)
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
