//! The live data of the page. The size of each view is limited.

use rusqlite::Row;
use serde_json::{Value, json};

use super::{
    Db,
    catalogue::{self, Branch, Service},
    customers,
    ranked_set::RankedSet,
    slots,
};
use crate::{
    clock::{self, Millis},
    locale::Name,
    pagination::Page,
};

const MAX_CUSTOMERS: i64 = 50;
/// How many days ahead the view searches for slots.
const DAYS_AHEAD: i32 = 7;

/// The tickets in view.
#[derive(Debug)]
pub(crate) enum Window<'a> {
    Service(&'a str),
    /// The tickets being served and the next ones, in all services.
    Branch(&'a str),
}

/// The largest number of a service's tickets by state; tickets being served are always in view.
struct ViewLimits {
    waiting: i64,
    upcoming: i64,
    ended: i64,
}

/// Branches and services, with the length of their queues.
pub(crate) fn company(db: &Db, now: Millis) -> rusqlite::Result<Value> {
    let branches = catalogue::branches(db)?;
    branches
        .iter()
        .map(|branch| branch_json(db, branch, now))
        .collect()
}

fn name(name: &Name) -> Value {
    json!({"en": name.en, "ar": name.ar})
}

fn branch_json(db: &Db, branch: &Branch, now: Millis) -> rusqlite::Result<Value> {
    let services = catalogue::services_of(db, &branch.id)?;
    let services = services
        .iter()
        .map(|service| service_json(db, service))
        .collect::<rusqlite::Result<Value>>()?;
    Ok(json!({
        "id": branch.id,
        "name": name(&branch.name),
        "active": branch.active,
        "isOpen": branch.is_open(now),
        "open": branch.open_override,
        "services": services,
    }))
}

fn service_json(db: &Db, service: &Service) -> rusqlite::Result<Value> {
    let serving: i64 = db
        .conn
        .prepare_cached(
            "SELECT count(*) FROM tickets WHERE service_id = ?1 AND status = 'serving'",
        )?
        .query_row([&service.id], |row| row.get(0))?;
    Ok(json!({
        "id": service.id,
        "name": name(&service.name),
        "group": {"id": service.group.id, "name": name(&service.group.name)},
        "active": service.active,
        "open": service.open,
        "appointments": service.appointments,
        "minutes": service.minutes,
        "waiting": db.queues.get(&service.id).map_or(0, RankedSet::len),
        "serving": serving,
    }))
}

/// The tickets in view, as JSON texts.
pub(crate) fn tickets(db: &Db, window: &Window<'_>) -> rusqlite::Result<Vec<(i64, String)>> {
    let mut tickets = Vec::new();
    match window {
        Window::Service(service) => {
            let limits = ViewLimits {
                waiting: 5_000,
                upcoming: 200,
                ended: 20,
            };
            add_tickets(db, service, &limits, &mut tickets)?;
        }
        Window::Branch(branch) => {
            let limits = ViewLimits {
                waiting: 8,
                upcoming: 0,
                ended: 0,
            };
            for service in catalogue::services_of(db, branch)? {
                add_tickets(db, &service.id, &limits, &mut tickets)?;
            }
        }
    }
    Ok(tickets)
}

fn add_tickets(
    db: &Db,
    service_id: &str,
    limits: &ViewLimits,
    tickets: &mut Vec<(i64, String)>,
) -> rusqlite::Result<()> {
    for (filter, limit) in [
        ("place IS NOT NULL ORDER BY place", limits.waiting),
        ("status = 'serving' ORDER BY seq", 100),
        ("status = 'upcoming' ORDER BY time", limits.upcoming),
        (
            "status IN ('served', 'cancelled', 'noShow') ORDER BY status_at DESC",
            limits.ended,
        ),
    ] {
        // SQLite builds this text four times as fast as Rust would from columns.
        let sql = format!(
            "SELECT seq, json_object('seq', seq, 'id', id, 'number', number, 'status', status, 'statusAt', status_at, 'time', time,
                'serviceId', service_id, 'customerId', customer_id, 'customerName', customer_name, 'bookedAt', booked_at,
                'place', place)
             FROM tickets WHERE service_id = ?1 AND {filter} LIMIT ?2"
        );
        let mut statement = db.conn.prepare_cached(&sql)?;
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        for ticket in statement.query_map((service_id, limit), read)? {
            tickets.push(ticket?);
        }
    }
    Ok(())
}

/// The future slots of the next day with slots, full slots included.
pub(crate) fn slots(db: &Db, service_id: &str, now: Millis) -> rusqlite::Result<Value> {
    let Some(service) = catalogue::service(db, service_id)?.filter(Service::takes_appointments)
    else {
        return Ok(Value::Null);
    };
    let today = clock::company_day(now);
    for ahead in 0..=DAYS_AHEAD {
        let Ok(day) = today.checked_add(jiff::Span::new().days(ahead)) else {
            break;
        };
        let slots = slots::upcoming(db, &service, day, now)?;
        if !slots.is_empty() {
            let slots: Value = slots
                .iter()
                .map(|slot| json!({"time": slot.time, "remaining": slot.remaining}))
                .collect();
            return Ok(json!({"today": ahead == 0, "capacity": service.capacity, "slots": slots}));
        }
    }
    Ok(json!({"today": true, "capacity": service.capacity, "slots": []}))
}

/// The number of customers, and the newest of them.
pub(crate) fn customers(db: &Db) -> rusqlite::Result<Value> {
    let newest = Page {
        number: 1,
        limit: MAX_CUSTOMERS,
        oldest_first: false,
    };
    let (customers, total) = customers::page(db, newest)?;
    let rows: Value = customers.iter().map(customers::Customer::json).collect();
    Ok(json!({"total": total, "rows": rows}))
}
