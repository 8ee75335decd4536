use std::sync::Arc;

use skiplino::{BookTicketRequest, ChangeTimeRequest, NamedRef, Operation, Ticket};

use crate::calls::{CancelHandle, NativeCallOptions, ResponseInfo, calls};
use crate::client::NativeClient;
use crate::customers::{NativeCustomerRef, json};
use crate::errors::SkiplinoError;
use crate::times::timestamp;

/// The id and the localised name of something that a ticket is about.
#[derive(Debug, Clone, uniffi::Record)]
pub struct NativeNamedRef {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The customer of a ticket.
#[derive(Clone, uniffi::Record)]
pub struct NativeTicketCustomer {
    /// The customer's id.
    pub id: String,
    /// The customer's name, if there is one.
    pub name: Option<String>,
}

/// A ticket, as of operations 4 to 7 and 13.
#[derive(Clone, uniffi::Record)]
pub struct NativeTicket {
    /// The ticket's id.
    pub id: String,
    /// The number that is called, as in `A042`.
    pub ticket_number: String,
    /// Where it stands, as the API writes it.
    pub status: String,
    /// Since when it stands there.
    pub status_at_ms: i64,
    /// Walk-in or appointment, as the API writes it.
    pub ticket_type: String,
    /// The appointment's time; none for a walk-in.
    pub time_ms: Option<i64>,
    /// Where it was booked.
    pub branch: NativeNamedRef,
    /// What it was booked for.
    pub service: NativeNamedRef,
    /// The group of that service.
    pub group_of_service: NativeNamedRef,
    /// For whom; none for an anonymous walk-in.
    pub customer: Option<NativeTicketCustomer>,
    /// When it was booked.
    pub booked_at_ms: i64,
    /// People ahead, while it is waiting.
    pub queue_size: Option<u32>,
    /// Minutes to wait, rounded, while it is waiting.
    pub waiting_time: Option<u32>,
}

/// A ticket, and what came with it.
#[derive(Clone, uniffi::Record)]
pub struct TicketResponse {
    /// The ticket.
    pub data: NativeTicket,
    /// What came with it.
    pub info: ResponseInfo,
}

/// Degrees north and east.
#[derive(Clone, uniffi::Record)]
pub struct NativeLocation {
    /// Degrees north, from -90 to 90.
    pub lat: f64,
    /// Degrees east, from -180 to 180.
    pub lng: f64,
}

/// What to book.
#[derive(Clone, uniffi::Record)]
pub struct NativeBooking {
    /// The service.
    pub service_id: String,
    /// Its group.
    pub group_of_service_id: String,
    /// An appointment's time; a walk-in has none.
    pub time_ms: Option<i64>,
    /// For whom. An appointment must say.
    pub customer: Option<NativeCustomerRef>,
    /// What the service asks for, a JSON object as text.
    pub options: Option<String>,
    /// Where the customer is.
    pub location: Option<NativeLocation>,
}

impl NativeBooking {
    fn read(self) -> Result<BookTicketRequest, SkiplinoError> {
        let (service, group) = (self.service_id, self.group_of_service_id);
        let time = self.time_ms.map(|ms| timestamp(ms, "time")).transpose()?;
        let mut request = match (time, self.customer) {
            (Some(time), Some(customer)) => {
                BookTicketRequest::appointment(service, group, time, customer)
            }
            (Some(_), None) => {
                let reason = "an appointment is for a customer";
                return Err(SkiplinoError::invalid("customerId", reason));
            }
            (None, Some(customer)) => BookTicketRequest::walk_in(service, group).customer(customer),
            (None, None) => BookTicketRequest::walk_in(service, group),
        };
        if let Some(options) = json(self.options, "options")? {
            request = request.options(options);
        }
        if let Some(location) = self.location {
            request = request.location(location.lat, location.lng);
        }
        Ok(request)
    }
}

fn named<I: ToString>(named: &NamedRef<I>) -> NativeNamedRef {
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
            branch: named(ticket.branch()),
            service: named(ticket.service()),
            group_of_service: named(ticket.group_of_service()),
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

impl TicketResponse {
    fn new(ticket: Ticket, info: ResponseInfo) -> Self {
        Self {
            data: (&ticket).into(),
            info,
        }
    }
}

calls! {
    impl NativeClient {
        /// Books a ticket (operation 4, `POST /tickets/book`): a walk-in joins the queue at once, an appointment takes a place in a slot.
        pub fn book_ticket(
            &self,
            booking: NativeBooking,
            options: NativeCallOptions,
            cancel: Option<Arc<CancelHandle>>,
        ) -> TicketResponse {
            self.send(
                Operation::BookTicket,
                |client| Ok(client.tickets().book(booking.read()?)),
                options,
                cancel,
                TicketResponse::new,
            )
        }

        /// A ticket as it is now (operation 5, `GET /tickets/{id}`).
        pub fn get_ticket(
            &self,
            ticket_id: String,
            options: NativeCallOptions,
            cancel: Option<Arc<CancelHandle>>,
        ) -> TicketResponse {
            self.send(
                Operation::GetTicket,
                |client| Ok(client.tickets().get(ticket_id)),
                options,
                cancel,
                TicketResponse::new,
            )
        }

        /// Cancels a ticket that is waiting or upcoming (operation 6, `POST /tickets/{id}/cancel`), and gives its new state.
        pub fn cancel_ticket(
            &self,
            ticket_id: String,
            options: NativeCallOptions,
            cancel: Option<Arc<CancelHandle>>,
        ) -> TicketResponse {
            self.send(
                Operation::CancelTicket,
                |client| Ok(client.tickets().cancel(ticket_id)),
                options,
                cancel,
                TicketResponse::new,
            )
        }

        /// Moves a waiting appointment to another slot (operation 7, `POST /tickets/{id}/change-time`).
        pub fn reschedule_ticket(
            &self,
            ticket_id: String,
            time_ms: i64,
            customer: NativeCustomerRef,
            options: NativeCallOptions,
            cancel: Option<Arc<CancelHandle>>,
        ) -> TicketResponse {
            self.send(
                Operation::RescheduleTicket,
                |client| {
                    let request = ChangeTimeRequest::new(timestamp(time_ms, "time")?, customer);
                    Ok(client.tickets().reschedule(ticket_id, request))
                },
                options,
                cancel,
                TicketResponse::new,
            )
        }
    }
}
