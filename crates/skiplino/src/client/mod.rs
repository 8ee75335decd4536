//! The client: shared state, and the way to the four resources.

pub(crate) mod api_key;
pub(crate) mod builder;

use std::fmt;
use std::sync::Arc;

use crate::api::branches::Branches;
use crate::api::customers::Customers;
use crate::api::services::Services;
use crate::api::tickets::Tickets;
use crate::api::tickets::watch::WatchRegistry;
use crate::call::shared::Shared;
use crate::operation::KeyClass;

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
