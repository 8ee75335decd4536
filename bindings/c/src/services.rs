//! Appointment slots of a service.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use skiplino::{Operation, Response, Slot};

use crate::argument::StringArg;
use crate::boundary;
use crate::call::{CallOptionsArg, PendingCall};
use crate::client::skiplino_client;
use crate::code::skiplino_code;
use crate::error::skiplino_error;
use crate::timestamp::{RecordTime, SKIPLINO_NO_TIME};

/// Appointment slots that are free (operation 3). Any thread may read it.
pub struct skiplino_slot_list(Vec<skiplino_slot>);

/// A time at which an appointment can start. Borrowed from the list.
pub struct skiplino_slot {
    time: RecordTime,
    remaining: u32,
}

impl From<&Slot> for skiplino_slot {
    fn from(slot: &Slot) -> Self {
        Self {
            time: RecordTime::new(slot.time()),
            remaining: slot.remaining(),
        }
    }
}

impl From<Response<Vec<Slot>>> for skiplino_slot_list {
    fn from(response: Response<Vec<Slot>>) -> Self {
        Self(response.data().iter().map(Into::into).collect())
    }
}

/// Lists the free appointment slots of a service (operation 3) on `date`, as in "2026-07-01". A
/// NULL date is today in the company's time zone. The list is empty if the day is full or closed.
/// `options` may be NULL. Free the list with skiplino_slot_list_free(). Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_services_slots(
    client: Option<&skiplino_client>,
    service_id: StringArg,
    date: StringArg,
    options: CallOptionsArg<'_>,
    slots: Option<&mut MaybeUninit<Box<skiplino_slot_list>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let (pending, out) =
            PendingCall::with_output(Operation::ListSlots, client, &options, slots, "slots")?;
        pending.send_to(out, |client| {
            let service = service_id.required("service_id")?;
            let date = date.optional("date")?.map(|date| {
                date.parse().map_err(|_| {
                    skiplino_error::invalid("date", "must be a date, as in 2026-07-01")
                })
            });
            Ok(client.services().slots(service, date.transpose()?))
        })
    })
}

/// The number of slots; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_slot_list_count(slots: Option<&skiplino_slot_list>) -> usize {
    boundary::get(slots, 0, |slots| slots.0.len())
}

/// A slot by index, from 0. NULL if the index is out of range. Borrowed: valid as long as the list.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_slot_list_at(
    slots: Option<&skiplino_slot_list>,
    index: usize,
) -> Option<&skiplino_slot> {
    boundary::guard(None, || slots?.0.get(index))
}

/// Frees a list of slots and everything borrowed from it. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_slot_list_free(slots: Option<Box<skiplino_slot_list>>) {
    boundary::free(slots);
}

/// The start time in ISO 8601 format, UTC, with milliseconds. Pass it to a booking. Borrowed: valid
/// as long as the list.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_slot_time(slot: Option<&skiplino_slot>) -> *const c_char {
    boundary::get(slot, ptr::null(), |slot| slot.time.text())
}

/// The start time in milliseconds since the Unix epoch; SKIPLINO_NO_TIME for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_slot_time_ms(slot: Option<&skiplino_slot>) -> i64 {
    boundary::get(slot, SKIPLINO_NO_TIME, |slot| slot.time.ms())
}

/// The number of places left; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_slot_remaining(slot: Option<&skiplino_slot>) -> u32 {
    boundary::get(slot, 0, |slot| slot.remaining)
}
