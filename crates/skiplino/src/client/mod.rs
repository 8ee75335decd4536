//! The client: shared state, and the way to the four resources.

pub(crate) mod api_key;
pub(crate) mod builder;
pub(crate) mod connection;

use std::fmt;
use std::sync::Arc;

use crate::api::branches::Branches;
use crate::api::customers::Customers;
use crate::api::services::Services;
use crate::api::tickets::Tickets;
use crate::api::tickets::watch::WatchRegistry;
use crate::call::Call;
use crate::call::shared::Shared;
use crate::http::decode;
use crate::operation::{KeyClass, Operation};

/// A client of the Skiplino External API. Cheap to clone; clones share connections and limits.
///
/// Every operation is a [`Call`](crate::Call): `.await` it in an async program on Tokio, or
/// `.wait()` for it in any other.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    watches: Arc<WatchRegistry>,
}

impl Client {
    pub(crate) fn from_shared(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
            watches: Arc::default(),
        }
    }

    /// Whether the client's key is public or secret.
    pub fn key_class(&self) -> KeyClass {
        self.shared.config.key_class
    }

    /// Opens the connections of the next calls, so that the first call costs one round trip, and
    /// not also those of TCP and TLS. Finds a wrong key or address at the start of a program.
    ///
    /// It sends two requests at the same time, over two connections: a booking for a customer uses
    /// two. With HTTP/2, all calls share one. The API has no operation for this, so both list the
    /// branches (operation 1, `GET /branches`), which every key may do and whose response is small.
    /// They count as two requests of
    /// [`requests_per_second`](crate::ClientBuilder::requests_per_second).
    ///
    /// A connection without a request stays open for 50 seconds. `.await` and `.wait()` have
    /// connections of their own: warm up in the way that the next call is made. Threads that make
    /// blocking calls at the same time each need two connections; a warm-up opens those of the
    /// thread that makes the next call.
    ///
    /// Fails with the errors of operation 1, such as
    /// [`Unauthorized`](crate::ErrorKind::Unauthorized).
    pub fn warm_up(&self) -> Call<()> {
        let decode = decode::ignored_list();
        self.shared
            .call(Operation::ListBranches, decode, Ok(""), Ok)
            .sent_twice()
    }

    /// Branches and their services.
    pub fn branches(&self) -> Branches<'_> {
        Branches(&self.shared)
    }

    /// Services and their appointment slots.
    pub fn services(&self) -> Services<'_> {
        Services(&self.shared)
    }

    /// Tickets: walk-ins and appointments.
    pub fn tickets(&self) -> Tickets<'_> {
        Tickets {
            shared: &self.shared,
            watches: &self.watches,
        }
    }

    /// The customer directory.
    pub fn customers(&self) -> Customers<'_> {
        Customers(&self.shared)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.fmt(f)
    }
}
