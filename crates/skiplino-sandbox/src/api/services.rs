//! Operations on services: free appointment slots.

use serde_json::json;

use super::{Call, Outcome};
use crate::{
    clock,
    envelope::{ApiResponse, Failure},
    locale::Reason,
    store::{catalogue, slots},
};

pub(crate) fn slots(call: &Call<'_>) -> Outcome {
    let today = clock::company_day(call.now);
    let mut query = call.query();
    let day = query.date("date").unwrap_or(today);
    if day < today {
        query.errors.add("date", Reason::PastDate);
    }
    let open = call.store.with(|db| {
        match catalogue::service(db, &call.id)? {
            None => query.errors.add("id", Reason::DoesNotExist),
            Some(service) if !service.takes_appointments() => {
                query.errors.add("id", Reason::NoAppointments);
            }
            Some(service) => {
                query.finish(Some(()))?;
                return slots::open(db, &service, day, call.now).map_err(Failure::from);
            }
        }
        query.finish(None)
    })?;
    let data = open
        .iter()
        .map(|slot| json!({"time": clock::format(slot.time), "remaining": slot.remaining}))
        .collect();
    Ok(ApiResponse::ok("Slots fetched successfully.", data))
}
