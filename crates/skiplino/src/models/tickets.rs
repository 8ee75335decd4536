//! Tickets, and the requests that book or change one.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::error::Error;
use crate::models::cow_str::CowStr;
use crate::models::ids::{BranchId, CustomerId, CustomerRef, GroupId, ServiceId, TicketId};
use crate::models::{check_object, timestamp};

macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// A value that this version does not know, as received.
            Unknown(Box<str>),
        }

        impl $name {
            /// The value as the API writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    other => Self::Unknown(other.into()),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                CowStr::deserialize(deserializer).map(|text| Self::from(&*text))
            }
        }
    };
}

open_enum! {
    /// The state of a ticket. The set is open: the API may add to it.
    TicketStatus {
        /// In the queue.
        Waiting = "waiting",
        /// An appointment in the future.
        Upcoming = "upcoming",
        /// At the counter.
        Serving = "serving",
        /// Done.
        Served = "served",
        /// Cancelled by the customer or the staff.
        Cancelled = "cancelled",
    }
}

open_enum! {
    /// The kind of a ticket. The set is open: the API may add to it.
    TicketType {
        /// A walk-in, numbered in the order of the queue.
        Sequential = "sequential",
        /// Booked for a time.
        Appointment = "appointment",
    }
}

/// The id and localised name of a record that a ticket refers to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedRef<I> {
    id: I,
    name: Box<str>,
}

impl<I> NamedRef<I> {
    /// Its id.
    pub fn id(&self) -> &I {
        &self.id
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The customer of a ticket.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketCustomer {
    id: CustomerId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Box<str>>,
}

impl TicketCustomer {
    /// The customer's id.
    pub fn id(&self) -> &CustomerId {
        &self.id
    }

    /// The customer's name, if there is one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

impl fmt::Debug for TicketCustomer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TicketCustomer({})", self.id)
    }
}

/// A ticket, as of operations 4 to 7 and 13.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    id: TicketId,
    ticket_number: Box<str>,
    status: TicketStatus,
    #[serde(
        serialize_with = "timestamp::write",
        deserialize_with = "timestamp::parse"
    )]
    status_at: Timestamp,
    #[serde(rename = "type")]
    ticket_type: TicketType,
    #[serde(
        default,
        serialize_with = "timestamp::write_option",
        deserialize_with = "timestamp::parse_option"
    )]
    time: Option<Timestamp>,
    branch: NamedRef<BranchId>,
    service: NamedRef<ServiceId>,
    group_of_service: NamedRef<GroupId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer: Option<TicketCustomer>,
    #[serde(
        serialize_with = "timestamp::write",
        deserialize_with = "timestamp::parse"
    )]
    booked_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue_size: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waiting_time: Option<u32>,
}

impl Ticket {
    /// The ticket's id.
    pub fn id(&self) -> &TicketId {
        &self.id
    }

    /// The number called at the counter, as in `A042`.
    pub fn ticket_number(&self) -> &str {
        &self.ticket_number
    }

    /// Its state.
    pub fn status(&self) -> &TicketStatus {
        &self.status
    }

    /// When its state last changed.
    pub fn status_at(&self) -> Timestamp {
        self.status_at
    }

    /// Walk-in or appointment.
    pub fn ticket_type(&self) -> &TicketType {
        &self.ticket_type
    }

    /// The appointment's time; none for a walk-in.
    pub fn time(&self) -> Option<Timestamp> {
        self.time
    }

    /// The branch.
    pub fn branch(&self) -> &NamedRef<BranchId> {
        &self.branch
    }

    /// The service.
    pub fn service(&self) -> &NamedRef<ServiceId> {
        &self.service
    }

    /// The group of that service.
    pub fn group_of_service(&self) -> &NamedRef<GroupId> {
        &self.group_of_service
    }

    /// The customer; none for an anonymous walk-in.
    pub fn customer(&self) -> Option<&TicketCustomer> {
        self.customer.as_ref()
    }

    /// When it was booked.
    pub fn booked_at(&self) -> Timestamp {
        self.booked_at
    }

    /// People ahead, while it is waiting; optional even then.
    pub fn queue_size(&self) -> Option<u32> {
        self.queue_size
    }

    /// Minutes to wait, rounded, while it is waiting; optional even then.
    pub fn waiting_time(&self) -> Option<u32> {
        self.waiting_time
    }
}

impl From<&Ticket> for TicketId {
    fn from(ticket: &Ticket) -> Self {
        ticket.id.clone()
    }
}

/// Degrees north and east.
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Location {
    lat: f64,
    lng: f64,
}

/// A booking, the input of operation 4.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookTicketRequest {
    pub(crate) service_id: ServiceId,
    pub(crate) group_of_service_id: GroupId,
    #[serde(
        default,
        serialize_with = "timestamp::write_option",
        deserialize_with = "timestamp::parse_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) time: Option<Timestamp>,
    #[serde(flatten)]
    pub(crate) customer: Option<CustomerRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    options: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<Location>,
}

impl BookTicketRequest {
    /// Joins the queue of a service now.
    pub fn walk_in(service: impl Into<ServiceId>, group: impl Into<GroupId>) -> Self {
        Self {
            service_id: service.into(),
            group_of_service_id: group.into(),
            time: None,
            customer: None,
            options: None,
            location: None,
        }
    }

    /// Takes a place in a slot of a service, at a time from [`Slot::time`](crate::Slot::time), for
    /// a customer.
    pub fn appointment(
        service: impl Into<ServiceId>,
        group: impl Into<GroupId>,
        time: Timestamp,
        customer: impl Into<CustomerRef>,
    ) -> Self {
        Self {
            time: Some(time),
            ..Self::walk_in(service, group).customer(customer)
        }
    }

    /// A walk-in without a time, an appointment with one, for bindings. A call rejects an
    /// appointment without a customer.
    #[doc(hidden)]
    pub fn new(
        service: impl Into<ServiceId>,
        group: impl Into<GroupId>,
        time: Option<Timestamp>,
        customer: Option<CustomerRef>,
    ) -> Self {
        Self {
            time,
            customer,
            ..Self::walk_in(service, group)
        }
    }

    /// The customer. Optional for a walk-in.
    #[must_use]
    pub fn customer(mut self, customer: impl Into<CustomerRef>) -> Self {
        self.customer = Some(customer.into());
        self
    }

    /// The service's own fields, a JSON object, as in `{"accountType": "savings"}`.
    #[must_use]
    pub fn options(mut self, options: Value) -> Self {
        self.options = Some(options);
        self
    }

    /// The customer's position: degrees north from -90 to 90, degrees east from -180 to 180.
    #[must_use]
    pub fn location(mut self, lat: f64, lng: f64) -> Self {
        self.location = Some(Location { lat, lng });
        self
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        self.service_id.checked()?;
        self.group_of_service_id.checked()?;
        match &self.customer {
            Some(customer) => {
                customer.checked()?;
            }
            None if self.time.is_some() => {
                return Err(Error::invalid(
                    "customerId",
                    "an appointment needs a customer",
                ));
            }
            None => {}
        }
        check_object("options", self.options.as_ref())?;
        if let Some(location) = self.location {
            for (field, value, limit) in [
                ("location.lat", location.lat, 90.0),
                ("location.lng", location.lng, 180.0),
            ] {
                if !(-limit..=limit).contains(&value) {
                    let reason = format!("must be from -{limit} to {limit}");
                    return Err(Error::invalid(field, reason));
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for BookTicketRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BookTicketRequest")
            .field("service_id", &self.service_id)
            .field("group_of_service_id", &self.group_of_service_id)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}

/// Another time for an appointment, the input of operation 7.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeTimeRequest {
    #[serde(
        serialize_with = "timestamp::write",
        deserialize_with = "timestamp::parse"
    )]
    time: Timestamp,
    #[serde(flatten)]
    customer: CustomerRef,
}

impl ChangeTimeRequest {
    /// To `time`, from [`Slot::time`](crate::Slot::time); `customer` is the ticket's customer.
    pub fn new(time: Timestamp, customer: impl Into<CustomerRef>) -> Self {
        Self {
            time,
            customer: customer.into(),
        }
    }

    pub(crate) fn time(&self) -> Timestamp {
        self.time
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        self.customer.checked().map(drop)
    }
}

impl fmt::Debug for ChangeTimeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangeTimeRequest")
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}
