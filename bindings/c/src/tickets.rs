//! Tickets: book, get, cancel, reschedule, and read one.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use skiplino::jiff::Timestamp;
use skiplino::{BookTicketRequest, ChangeTimeRequest, CustomerRef, Operation, Response, Ticket};

use crate::argument::{self, StringArg};
use crate::boundary;
use crate::c_string::StringTable;
use crate::call::{CallOptionsArg, PendingCall};
use crate::client::skiplino_client;
use crate::code::{skiplino_code, skiplino_ticket_status, skiplino_ticket_type};
use crate::error::{Failure, skiplino_error};
use crate::sized_struct::{self, SizedStruct};
use crate::timestamp::{RecordTime, SKIPLINO_NO_TIME};

/// A ticket. The caller frees a ticket that a call returned; a page frees its own tickets. A ticket
/// never changes: any thread may read it.
pub struct skiplino_ticket {
    texts: StringTable<12>,
    status: skiplino_ticket_status,
    ticket_type: skiplino_ticket_type,
    status_at: RecordTime,
    time: Option<RecordTime>,
    booked_at: RecordTime,
    queue_size: Option<u32>,
    waiting_time: Option<u32>,
}

const ID: usize = 0;
const NUMBER: usize = 1;
const STATUS: usize = 2;
const TYPE: usize = 3;
const BRANCH_ID: usize = 4;
const BRANCH_NAME: usize = 5;
const SERVICE_ID: usize = 6;
const SERVICE_NAME: usize = 7;
const GROUP_ID: usize = 8;
const GROUP_NAME: usize = 9;
const CUSTOMER_ID: usize = 10;
const CUSTOMER_NAME: usize = 11;

impl From<&Ticket> for skiplino_ticket {
    fn from(ticket: &Ticket) -> Self {
        let (branch, service) = (ticket.branch(), ticket.service());
        let (group, customer) = (ticket.group_of_service(), ticket.customer());
        Self {
            texts: StringTable::new([
                Some(ticket.id().as_str()),
                Some(ticket.ticket_number()),
                Some(ticket.status().as_str()),
                Some(ticket.ticket_type().as_str()),
                Some(branch.id().as_str()),
                Some(branch.name()),
                Some(service.id().as_str()),
                Some(service.name()),
                Some(group.id().as_str()),
                Some(group.name()),
                customer.map(|customer| customer.id().as_str()),
                customer.and_then(|customer| customer.name()),
            ]),
            status: ticket.status().into(),
            ticket_type: ticket.ticket_type().into(),
            status_at: RecordTime::new(ticket.status_at()),
            time: ticket.time().map(RecordTime::new),
            booked_at: RecordTime::new(ticket.booked_at()),
            queue_size: ticket.queue_size(),
            waiting_time: ticket.waiting_time(),
        }
    }
}

impl From<Response<Ticket>> for skiplino_ticket {
    fn from(response: Response<Ticket>) -> Self {
        response.data().into()
    }
}

/// A booking. Initialise with SKIPLINO_BOOKING_INIT. The strings belong to the caller and are read
/// only during the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct skiplino_booking {
    /// Set by SKIPLINO_BOOKING_INIT.
    pub size: usize,
    /// The service. Required.
    pub service_id: StringArg,
    /// The group of the service. Required.
    pub group_id: StringArg,
    /// The time of a slot, for an appointment. NULL for a walk-in ticket.
    pub time: StringArg,
    /// The customer, by the server's id, or NULL. Set at most one of `customer_id` and
    /// `customer_external_id`. An appointment needs one of them.
    pub customer_id: StringArg,
    /// The customer, by your own id, or NULL.
    pub customer_external_id: StringArg,
    /// The fields that the service asks for, as a JSON object, or NULL.
    pub options_json: StringArg,
    /// Whether `lat` and `lng` are set: 1 or 0.
    pub has_location: u8,
    /// The latitude of the customer in degrees north.
    pub lat: f64,
    /// The longitude of the customer in degrees east.
    pub lng: f64,
}

// SAFETY: `repr(C)`, the size first. Any bytes are valid pointers and numbers.
unsafe impl SizedStruct for skiplino_booking {
    const INIT: Self = Self {
        size: size_of::<Self>(),
        service_id: StringArg::NULL,
        group_id: StringArg::NULL,
        time: StringArg::NULL,
        customer_id: StringArg::NULL,
        customer_external_id: StringArg::NULL,
        options_json: StringArg::NULL,
        has_location: 0,
        lat: 0.0,
        lng: 0.0,
    };
    const MIN_SIZE: usize = size_of::<Self>();
}

/// A booking or NULL.
#[repr(transparent)]
pub struct BookingArg(*const skiplino_booking);

impl skiplino_booking {
    fn request(&self) -> Result<BookTicketRequest, Failure> {
        let service = self.service_id.required("service_id")?;
        let group = self.group_id.required("group_id")?;
        let (id, external_id) = (&self.customer_id, &self.customer_external_id);
        let customer =
            argument::optional_customer(id, external_id, "customer_id", "customer_external_id")?;
        let time = self.time.optional("time")?.map(parse_time).transpose()?;
        let mut request = BookTicketRequest::new(service, group, time, customer);
        if let Some(options) = argument::optional_json(&self.options_json, "options_json")? {
            request = request.options(options);
        }
        if self.has_location != 0 {
            request = request.location(self.lat, self.lng);
        }
        Ok(request)
    }
}

fn parse_time(time: &str) -> Result<Timestamp, Failure> {
    time.parse().map_err(|_| {
        skiplino_error::invalid(
            "time",
            "must be an ISO 8601 time, as in 2026-07-01T09:30:00.000Z",
        )
    })
}

/// Books a ticket (operation 4). The library never sends a booking again if the server may have
/// received it. If the response is lost, the library looks up the ticket of the customer (see
/// skiplino_response_recovered()). Without a customer, or if the lookup gives no certain result,
/// the call returns SKIPLINO_OUTCOME_UNKNOWN. `options` may be NULL. Free the ticket with
/// skiplino_ticket_free(). Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_tickets_book(
    client: Option<&skiplino_client>,
    booking: BookingArg,
    options: CallOptionsArg<'_>,
    ticket: Option<&mut MaybeUninit<Box<skiplino_ticket>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let (pending, out) =
            PendingCall::with_output(Operation::BookTicket, client, &options, ticket, "ticket")?;
        pending.send_to(out, |client| {
            if booking.0.is_null() {
                return Err(skiplino_error::null("booking"));
            }
            let booking = sized_struct::read(booking.0, "booking")?;
            Ok(client.tickets().book(booking.request()?))
        })
    })
}

/// Gets the current state of a ticket (operation 5). `options` may be NULL. Free the ticket with
/// skiplino_ticket_free(). Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_tickets_get(
    client: Option<&skiplino_client>,
    ticket_id: StringArg,
    options: CallOptionsArg<'_>,
    ticket: Option<&mut MaybeUninit<Box<skiplino_ticket>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let (pending, out) =
            PendingCall::with_output(Operation::GetTicket, client, &options, ticket, "ticket")?;
        pending.send_to(out, |client| {
            Ok(client.tickets().get(ticket_id.required("ticket_id")?))
        })
    })
}

/// Cancels a waiting or upcoming ticket (operation 6) and returns its new state. `options` may be
/// NULL. Free the ticket with skiplino_ticket_free(). Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_tickets_cancel(
    client: Option<&skiplino_client>,
    ticket_id: StringArg,
    options: CallOptionsArg<'_>,
    ticket: Option<&mut MaybeUninit<Box<skiplino_ticket>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let (pending, out) =
            PendingCall::with_output(Operation::CancelTicket, client, &options, ticket, "ticket")?;
        pending.send_to(out, |client| {
            Ok(client.tickets().cancel(ticket_id.required("ticket_id")?))
        })
    })
}

/// Moves a waiting appointment to the `time` of another slot (operation 7). Pass the customer of
/// the ticket as one of `customer_id` and `customer_external_id`, and NULL for the other. `options`
/// may be NULL. Free the ticket with skiplino_ticket_free(). Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_tickets_reschedule(
    client: Option<&skiplino_client>,
    ticket_id: StringArg,
    time: StringArg,
    customer_id: StringArg,
    customer_external_id: StringArg,
    options: CallOptionsArg<'_>,
    ticket: Option<&mut MaybeUninit<Box<skiplino_ticket>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let (pending, out) = PendingCall::with_output(
            Operation::RescheduleTicket,
            client,
            &options,
            ticket,
            "ticket",
        )?;
        pending.send_to(out, |client| {
            let id = ticket_id.required("ticket_id")?;
            let time = parse_time(time.required("time")?)?;
            let customer: CustomerRef = argument::required_customer(
                &customer_id,
                &customer_external_id,
                "customer_id",
                "customer_external_id",
            )?;
            Ok(client
                .tickets()
                .reschedule(id, ChangeTimeRequest::new(time, customer)))
        })
    })
}

/// The id. Borrowed: valid as long as the ticket.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_id(ticket: Option<&skiplino_ticket>) -> *const c_char {
    boundary::get(ticket, ptr::null(), |ticket| ticket.texts.get(ID))
}

/// The number that the staff calls, as in "A042". Borrowed: valid as long as the ticket.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_number(ticket: Option<&skiplino_ticket>) -> *const c_char {
    boundary::get(ticket, ptr::null(), |ticket| ticket.texts.get(NUMBER))
}

/// The status in the API's own words. Borrowed: valid as long as the ticket.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_status_text(ticket: Option<&skiplino_ticket>) -> *const c_char {
    boundary::get(ticket, ptr::null(), |ticket| ticket.texts.get(STATUS))
}

/// The time of the last change of the status, in ISO 8601 format, UTC, with milliseconds. Borrowed:
/// valid as long as the ticket.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_status_at(ticket: Option<&skiplino_ticket>) -> *const c_char {
    boundary::get(ticket, ptr::null(), |ticket| ticket.status_at.text())
}

/// The type in the API's own words. Borrowed: valid as long as the ticket.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_type_text(ticket: Option<&skiplino_ticket>) -> *const c_char {
    boundary::get(ticket, ptr::null(), |ticket| ticket.texts.get(TYPE))
}

/// The time of the appointment in ISO 8601 format, UTC, with milliseconds. NULL for a walk-in
/// ticket. Borrowed: valid as long as the ticket.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_time(ticket: Option<&skiplino_ticket>) -> *const c_char {
    boundary::get(ticket, ptr::null(), |ticket| {
        ticket.time.as_ref().map_or(ptr::null(), RecordTime::text)
    })
}

/// The id of the branch. Borrowed: valid as long as the ticket.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_branch_id(ticket: Option<&skiplino_ticket>) -> *const c_char {
    boundary::get(ticket, ptr::null(), |ticket| ticket.texts.get(BRANCH_ID))
}

/// The localised name of the branch. Borrowed: valid as long as the ticket.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_branch_name(ticket: Option<&skiplino_ticket>) -> *const c_char {
    boundary::get(ticket, ptr::null(), |ticket| ticket.texts.get(BRANCH_NAME))
}

/// The id of the service. Borrowed: valid as long as the ticket.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_service_id(ticket: Option<&skiplino_ticket>) -> *const c_char {
    boundary::get(ticket, ptr::null(), |ticket| ticket.texts.get(SERVICE_ID))
}

/// The localised name of the service. Borrowed: valid as long as the ticket.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_service_name(ticket: Option<&skiplino_ticket>) -> *const c_char {
    boundary::get(ticket, ptr::null(), |ticket| ticket.texts.get(SERVICE_NAME))
}

/// The id of the group of the service. Borrowed: valid as long as the ticket.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_group_id(ticket: Option<&skiplino_ticket>) -> *const c_char {
    boundary::get(ticket, ptr::null(), |ticket| ticket.texts.get(GROUP_ID))
}

/// The localised name of the group of the service. Borrowed: valid as long as the ticket.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_group_name(ticket: Option<&skiplino_ticket>) -> *const c_char {
    boundary::get(ticket, ptr::null(), |ticket| ticket.texts.get(GROUP_NAME))
}

/// The id of the customer. NULL for a ticket without a customer. Borrowed: valid as long as the
/// ticket.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_customer_id(ticket: Option<&skiplino_ticket>) -> *const c_char {
    boundary::get(ticket, ptr::null(), |ticket| ticket.texts.get(CUSTOMER_ID))
}

/// The name of the customer, or NULL. Borrowed: valid as long as the ticket.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_customer_name(ticket: Option<&skiplino_ticket>) -> *const c_char {
    boundary::get(ticket, ptr::null(), |ticket| {
        ticket.texts.get(CUSTOMER_NAME)
    })
}

/// The time of the booking in ISO 8601 format, UTC, with milliseconds. Borrowed: valid as long as
/// the ticket.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_booked_at(ticket: Option<&skiplino_ticket>) -> *const c_char {
    boundary::get(ticket, ptr::null(), |ticket| ticket.booked_at.text())
}

/// The status; SKIPLINO_STATUS_UNKNOWN for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_state(
    ticket: Option<&skiplino_ticket>,
) -> skiplino_ticket_status {
    boundary::get(
        ticket,
        skiplino_ticket_status::SKIPLINO_STATUS_UNKNOWN,
        |ticket| ticket.status,
    )
}

/// The type: walk-in or appointment; SKIPLINO_TYPE_UNKNOWN for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_kind(ticket: Option<&skiplino_ticket>) -> skiplino_ticket_type {
    boundary::get(
        ticket,
        skiplino_ticket_type::SKIPLINO_TYPE_UNKNOWN,
        |ticket| ticket.ticket_type,
    )
}

/// The time of the last change of the status in milliseconds since the Unix epoch; SKIPLINO_NO_TIME
/// for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_status_at_ms(ticket: Option<&skiplino_ticket>) -> i64 {
    boundary::get(ticket, SKIPLINO_NO_TIME, |ticket| ticket.status_at.ms())
}

/// The time of the appointment in milliseconds since the Unix epoch; SKIPLINO_NO_TIME for a walk-in
/// ticket and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_time_ms(ticket: Option<&skiplino_ticket>) -> i64 {
    boundary::get(ticket, SKIPLINO_NO_TIME, |ticket| {
        ticket
            .time
            .as_ref()
            .map_or(SKIPLINO_NO_TIME, RecordTime::ms)
    })
}

/// The time of the booking in milliseconds since the Unix epoch; SKIPLINO_NO_TIME for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_booked_at_ms(ticket: Option<&skiplino_ticket>) -> i64 {
    boundary::get(ticket, SKIPLINO_NO_TIME, |ticket| ticket.booked_at.ms())
}

/// The number of people ahead of a waiting ticket; -1 if the server did not send it.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_queue_size(ticket: Option<&skiplino_ticket>) -> i64 {
    boundary::get(ticket, -1, |ticket| ticket.queue_size.map_or(-1, i64::from))
}

/// The estimated waiting time of a waiting ticket in minutes; -1 if the server did not send it.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_waiting_time(ticket: Option<&skiplino_ticket>) -> i64 {
    boundary::get(ticket, -1, |ticket| {
        ticket.waiting_time.map_or(-1, i64::from)
    })
}

/// Frees a ticket that a call returned and everything borrowed from it. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_ticket_free(ticket: Option<Box<skiplino_ticket>>) {
    boundary::free(ticket);
}
