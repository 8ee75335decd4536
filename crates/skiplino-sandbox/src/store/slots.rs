//! Appointment slots.

use std::collections::HashMap;

use jiff::civil::Date;

use super::{Db, catalogue::Service};
use crate::clock::{self, Millis};

/// Minutes from one slot to the next.
const STEP: usize = 30;

#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) time: Millis,
    pub(crate) remaining: i64,
}

/// All slots of the service on that day.
fn times(service: &Service, day: Date) -> Vec<Millis> {
    let branch = &service.branch;
    if branch.is_closed_by_staff() || !branch.hours.includes_day(clock::weekday(day)) {
        return Vec::new();
    }
    (branch.hours.slots_from..branch.hours.slots_to)
        .step_by(STEP)
        .filter_map(|minute| clock::company_moment(day, minute))
        .collect()
}

pub(crate) fn exists(service: &Service, time: Millis) -> bool {
    times(service, clock::company_day(time)).contains(&time)
}

/// The future slots of that day with free places.
pub(crate) fn open(
    db: &Db,
    service: &Service,
    day: Date,
    now: Millis,
) -> rusqlite::Result<Vec<Slot>> {
    let mut slots = upcoming(db, service, day, now)?;
    slots.retain(|slot| slot.remaining > 0);
    Ok(slots)
}

/// The future slots of that day, full slots included.
pub(crate) fn upcoming(
    db: &Db,
    service: &Service,
    day: Date,
    now: Millis,
) -> rusqlite::Result<Vec<Slot>> {
    let times = times(service, day);
    let (Some(first), Some(last)) = (times.first(), times.last()) else {
        return Ok(Vec::new());
    };
    let taken: HashMap<Millis, i64> = db
        .conn
        .prepare_cached(
            "SELECT time, taken FROM slots WHERE service_id = ?1 AND time BETWEEN ?2 AND ?3",
        )?
        .query_map((&service.id, first, last), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect::<Result<_, _>>()?;
    Ok(times
        .into_iter()
        .map(|time| Slot {
            time,
            remaining: service.capacity - taken.get(&time).unwrap_or(&0),
        })
        .filter(|slot| slot.time > now)
        .collect())
}

/// Takes a place; false if the slot is full.
pub(crate) fn take(db: &Db, service: &Service, time: Millis) -> rusqlite::Result<bool> {
    if service.capacity < 1 {
        return Ok(false);
    }
    let changed = db
        .conn
        .prepare_cached(
            "INSERT INTO slots (service_id, time, taken) VALUES (?1, ?2, 1)
             ON CONFLICT DO UPDATE SET taken = taken + 1 WHERE taken < ?3",
        )?
        .execute((&service.id, time, service.capacity))?;
    Ok(changed == 1)
}

/// Takes all free places.
pub(crate) fn fill(db: &Db, service: &Service, time: Millis) -> rusqlite::Result<()> {
    db.conn
        .prepare_cached(
            "INSERT INTO slots (service_id, time, taken) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET taken = max(taken, excluded.taken)",
        )?
        .execute((&service.id, time, service.capacity))?;
    Ok(())
}

/// Frees a place.
pub(crate) fn free(db: &Db, service_id: &str, time: Millis) -> rusqlite::Result<()> {
    db.conn
        .prepare_cached(
            "UPDATE slots SET taken = taken - 1 WHERE service_id = ?1 AND time = ?2 AND taken > 0",
        )?
        .execute((service_id, time))?;
    Ok(())
}
