//! Records and requests of tickets, for operations 4 to 7.

use skiplino::{BookTicketRequest, CustomerRef, NamedRef, Ticket};

use crate::customers::NativeCustomerRef;
use crate::errors::SkiplinoError;
use crate::values::{json, timestamp};

/// The id and localised name of a branch, service or service group.
#[derive(Debug, Clone, uniffi::Record)]
pub struct NativeNamedRef {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
}

/// The customer of a ticket.
#[derive(Clone, uniffi::Record)]
pub struct NativeTicketCustomer {
    /// The customer's id.
    pub id: String,
    /// The customer's name, if known.
    pub name: Option<String>,
}

/// A ticket, as returned by operations 4 to 7 and 13.
#[derive(Clone, uniffi::Record)]
pub struct NativeTicket {
    /// The ticket's id.
    pub id: String,
    /// The number on the ticket, such as `A042`.
    pub ticket_number: String,
    /// The status, as the API writes it.
    pub status: String,
    /// When the status last changed.
    pub status_at_ms: i64,
    /// Walk-in or appointment, as the API writes it.
    pub ticket_type: String,
    /// The time of the appointment; absent for a walk-in.
    pub time_ms: Option<i64>,
    /// The branch of the ticket.
    pub branch: NativeNamedRef,
    /// The service of the ticket.
    pub service: NativeNamedRef,
    /// The service group of that service.
    pub group_of_service: NativeNamedRef,
    /// The customer; absent for an anonymous walk-in.
    pub customer: Option<NativeTicketCustomer>,
    /// When the ticket was booked.
    pub booked_at_ms: i64,
    /// The number of people ahead while the ticket is waiting.
    pub queue_size: Option<u32>,
    /// The estimated wait in minutes, rounded, while the ticket is waiting.
    pub waiting_time: Option<u32>,
}

/// A position in degrees.
#[derive(Clone, uniffi::Record)]
pub struct NativeLocation {
    /// Degrees north, from -90 to 90.
    pub lat: f64,
    /// Degrees east, from -180 to 180.
    pub lng: f64,
}

/// A booking request.
#[derive(Clone, uniffi::Record)]
pub struct NativeBooking {
    /// The id of the service.
    pub service_id: String,
    /// The id of the service group.
    pub group_of_service_id: String,
    /// The time of an appointment; absent for a walk-in.
    pub time_ms: Option<i64>,
    /// The customer. Required for an appointment.
    pub customer: Option<NativeCustomerRef>,
    /// The service's custom fields, a JSON object as text.
    pub options: Option<String>,
    /// The position of the customer.
    pub location: Option<NativeLocation>,
}

impl NativeBooking {
    /// The core's request.
    pub(crate) fn request(self) -> Result<BookTicketRequest, SkiplinoError> {
        let (service, group) = (self.service_id, self.group_of_service_id);
        let time = self.time_ms.map(|ms| timestamp(ms, "time")).transpose()?;
        let customer = self.customer.map(CustomerRef::from);
        let mut request = BookTicketRequest::new(service, group, time, customer);
        if let Some(options) = json(self.options, "options")? {
            request = request.options(options);
        }
        if let Some(location) = self.location {
            request = request.location(location.lat, location.lng);
        }
        Ok(request)
    }
}

fn named_ref<I: ToString>(named: &NamedRef<I>) -> NativeNamedRef {
    NativeNamedRef {
        id: named.id().to_string(),
        name: named.name().to_owned(),
    }
}

impl From<&Ticket> for NativeTicket {
    fn from(ticket: &Ticket) -> Self {
        Self {
            id: ticket.id().to_string(),
            ticket_number: ticket.ticket_number().to_owned(),
            status: ticket.status().as_str().to_owned(),
            status_at_ms: ticket.status_at().as_millisecond(),
            ticket_type: ticket.ticket_type().as_str().to_owned(),
            time_ms: ticket.time().map(|time| time.as_millisecond()),
            branch: named_ref(ticket.branch()),
            service: named_ref(ticket.service()),
            group_of_service: named_ref(ticket.group_of_service()),
            customer: ticket.customer().map(|customer| NativeTicketCustomer {
                id: customer.id().to_string(),
                name: customer.name().map(str::to_owned),
            }),
            booked_at_ms: ticket.booked_at().as_millisecond(),
            queue_size: ticket.queue_size(),
            waiting_time: ticket.waiting_time(),
        }
    }
}
