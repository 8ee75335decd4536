//! Services and their appointment slots.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::models::ids::ServiceId;
use crate::models::timestamp;

/// A service that can be queued for, as of operation 2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    id: ServiceId,
    name: Box<str>,
    is_open: bool,
    is_appointment: bool,
}

impl Service {
    /// The service's id.
    pub fn id(&self) -> &ServiceId {
        &self.id
    }

    /// Its name, localised.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is open now.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Whether it can be booked for a time.
    pub fn is_appointment(&self) -> bool {
        self.is_appointment
    }
}

impl From<&Service> for ServiceId {
    fn from(service: &Service) -> Self {
        service.id.clone()
    }
}

/// A time that an appointment can be booked for, as of operation 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    #[serde(
        serialize_with = "timestamp::write",
        deserialize_with = "timestamp::parse"
    )]
    time: Timestamp,
    remaining: u32,
}

impl Slot {
    /// The start time. Pass it unchanged to a booking.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// Places left.
    pub fn remaining(&self) -> u32 {
        self.remaining
    }
}
