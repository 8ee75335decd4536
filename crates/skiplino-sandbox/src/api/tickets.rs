//! Operations on tickets: book, get, cancel, reschedule.

use super::{Call, Outcome};
use crate::{
    clock::Millis,
    envelope::{ApiResponse, Failure},
    locale::Reason,
    store::{
        Db,
        catalogue::{self, Service},
        customers, slots,
        tickets::{self, Booking, Ticket, status},
    },
    validate::{CustomerRef, Errors, Fields},
};

/// The fields that refer to a customer in these operations.
const CUSTOMER_FIELDS: [&str; 2] = ["customerId", "customerExternalId"];

/// The customer of a booking or a change of time. At most one of the two fields may be given.
fn customer_of(fields: &mut Fields, required: bool) -> Option<CustomerRef> {
    let id = fields.id("customerId");
    let external_id = fields.id("customerExternalId");
    let named = CUSTOMER_FIELDS
        .iter()
        .filter(|name| fields.get(name).is_some())
        .count();
    match named {
        2 if required => fields.errors.add("customerId", Reason::OneCustomer),
        2 => fields.errors.add("customerId", Reason::BothCustomers),
        0 if required => fields.errors.add("customerId", Reason::OneCustomer),
        _ => {}
    }
    id.map(CustomerRef::Id)
        .or(external_id.map(CustomerRef::ExternalId))
}

pub(crate) fn book(call: &Call<'_>) -> Outcome {
    let mut fields = call.fields()?;
    let is_appointment = fields.get("time").is_some();
    fields.require("serviceId");
    fields.require("groupOfServiceId");
    let service_id = fields.id("serviceId").unwrap_or_default();
    let group_id = fields.id("groupOfServiceId").unwrap_or_default();
    let time = fields.time("time");
    let reference = customer_of(&mut fields, is_appointment);
    let options = fields.object("options");
    let location = fields.location();
    if time.is_some_and(|time| time <= call.now) {
        fields.errors.add("time", Reason::NotFuture);
    }
    fields.errors.finish()?;

    let data = call.store.write(|db| {
        let service = service_of_group(db, &service_id, &group_id)?;
        let customer = reference
            .map(|reference| customers::find_or_reject(db, &reference, CUSTOMER_FIELDS))
            .transpose()?;
        if time.is_some() && !service.appointments {
            return Err(Failure::field("serviceId", Reason::NoAppointments));
        }
        check_open(&service, time, call.now)?;
        if let Some(time) = time {
            take_slot(db, &service, time)?;
        }
        let ticket = tickets::insert(
            db,
            &service,
            Booking {
                time,
                customer: customer.map(|customer| (customer.id, customer.name)),
                options,
                location,
            },
            call.now,
        )?;
        Ok(ticket.json(db, call.locale))
    })?;
    let message = if is_appointment {
        "Appointment booked successfully."
    } else {
        "Ticket booked successfully."
    };
    Ok(ApiResponse::created(message, data))
}

fn service_of_group(db: &Db, service_id: &str, group_id: &str) -> Result<Service, Failure> {
    let mut errors = Errors::default();
    let service = catalogue::service(db, service_id)?;
    if service.is_none() {
        errors.add("serviceId", Reason::DoesNotExist);
    }
    if !catalogue::group_exists(db, group_id)? {
        errors.add("groupOfServiceId", Reason::DoesNotExist);
    } else if service
        .as_ref()
        .is_some_and(|service| service.group.id != group_id)
    {
        errors.add("groupOfServiceId", Reason::OtherGroup);
    }
    errors.finish()?;
    service.ok_or_else(|| Failure::field("serviceId", Reason::DoesNotExist))
}

/// Appointments can be booked outside opening hours, but not if the staff closed the branch or the
/// service.
fn check_open(service: &Service, time: Option<Millis>, now: Millis) -> Result<(), Failure> {
    let branch = &service.branch;
    let branch_open = match time {
        Some(_) => !branch.is_closed_by_staff(),
        None => branch.is_open(now),
    };
    let reason = if !branch.active {
        Reason::BranchInactive
    } else if !service.active {
        Reason::ServiceInactive
    } else if !branch_open {
        Reason::BranchClosed
    } else if !service.open {
        Reason::ServiceClosed
    } else {
        return Ok(());
    };
    Err(Failure::Rejected(reason))
}

fn take_slot(db: &Db, service: &Service, time: Millis) -> Result<(), Failure> {
    if !slots::exists(service, time) {
        return Err(Failure::field("time", Reason::NotASlot));
    }
    if !slots::take(db, service, time)? {
        return Err(Failure::Rejected(Reason::SlotFull));
    }
    Ok(())
}

pub(crate) fn get(call: &Call<'_>) -> Outcome {
    let data = call.store.with(|db| {
        let ticket =
            tickets::find(db, &call.id)?.ok_or(Failure::NotFound(Some(Reason::TicketNotFound)))?;
        Ok::<_, Failure>(ticket.json(db, call.locale))
    })?;
    Ok(ApiResponse::ok("Ticket fetched successfully.", data))
}

pub(crate) fn cancel(call: &Call<'_>) -> Outcome {
    let data = call.store.write(|db| {
        let ticket = tickets::find(db, &call.id)?
            .ok_or_else(|| Failure::field("id", Reason::DoesNotExist))?;
        if ![status::WAITING, status::UPCOMING].contains(&ticket.status.as_str()) {
            return Err(Failure::Conflict(Reason::CannotCancel));
        }
        let ticket = tickets::change_status(db, ticket, status::CANCELLED, call.now)?;
        Ok(ticket.json(db, call.locale))
    })?;
    Ok(ApiResponse::ok("Ticket cancelled successfully.", data))
}

pub(crate) fn reschedule(call: &Call<'_>) -> Outcome {
    let mut fields = call.fields()?;
    fields.require("time");
    let time = fields.time("time");
    let reference = customer_of(&mut fields, true);
    if time.is_some_and(|time| time <= call.now) {
        fields.errors.add("time", Reason::NotFuture);
    }
    fields.errors.finish()?;
    let (Some(time), Some(reference)) = (time, reference) else {
        return Err(Failure::field("time", Reason::Required));
    };

    let data = call.store.write(|db| {
        let ticket =
            tickets::find(db, &call.id)?.ok_or(Failure::NotFound(Some(Reason::TicketNotFound)))?;
        let customer = customers::find_or_reject(db, &reference, CUSTOMER_FIELDS)?;
        let (old_time, service) = appointment_to_move(db, &ticket)?;
        if ticket.customer.as_ref().map(|(id, _)| id) != Some(&customer.id) {
            let field = match reference {
                CustomerRef::Id(_) => "customerId",
                CustomerRef::ExternalId(_) => "customerExternalId",
            };
            return Err(Failure::field(field, Reason::NotTheCustomer));
        }
        // The appointment keeps its slot, so repeating a change succeeds.
        if time == old_time {
            return Ok(ticket.json(db, call.locale));
        }
        if !slots::exists(&service, time) || !slots::take(db, &service, time)? {
            return Err(Failure::field("time", Reason::NotASlot));
        }
        slots::free(db, &service.id, old_time)?;
        let ticket = tickets::change_time(db, ticket, time)?;
        Ok(ticket.json(db, call.locale))
    })?;
    Ok(ApiResponse::ok("Ticket updated successfully.", data))
}

fn appointment_to_move(db: &Db, ticket: &Ticket) -> Result<(Millis, Service), Failure> {
    let rejected = || Failure::field("id", Reason::CannotMove);
    if ticket.status != status::WAITING {
        return Err(rejected());
    }
    let time = ticket.time.ok_or_else(rejected)?;
    let service = catalogue::service(db, &ticket.service_id)?.ok_or_else(rejected)?;
    Ok((time, service))
}
