//! Control API: the staff's actions on tickets, services, branches and customers.

use rusqlite::ToSql;
use serde_json::{Value, json};

use super::input::{Input, Outcome};
use crate::{
    envelope::Failure,
    locale::{Locale, Reason},
    store::{
        Db,
        catalogue::{self, Service},
        customers, slots, tables,
        tickets::{self, status},
    },
    validate::{CustomerRef, Fields},
};

const MOST_AT_ONCE: u64 = 5_000_000;

fn not_found() -> Failure {
    Failure::NotFound(Some(Reason::DoesNotExist))
}

fn service(db: &Db, id: &str) -> Result<Service, Failure> {
    catalogue::service(db, id)?.ok_or_else(not_found)
}

pub(super) fn call_next(input: &Input<'_>) -> Outcome {
    let now = input.app.clock.now();
    let mut fields = input.fields();
    let finish = fields.flag("finish").unwrap_or(false);
    fields.errors.finish()?;
    input.app.store.write(|db| {
        let service = service(db, &input.id)?;
        let next = tickets::first_waiting(db, &service.id)?
            .ok_or(Failure::Conflict(Reason::NobodyWaits))?;
        if finish {
            for ticket in tickets::serving(db, &service.id)? {
                tickets::change_status(db, ticket, status::SERVED, now)?;
            }
        }
        let ticket = tickets::change_status(db, next, status::SERVING, now)?;
        Ok(ticket.json(db, Locale::En))
    })
}

fn change_status(input: &Input<'_>, from: &[&str], to: &str) -> Outcome {
    let now = input.app.clock.now();
    input.app.store.write(|db| {
        let ticket = tickets::find(db, &input.id)?.ok_or_else(not_found)?;
        if !from.contains(&ticket.status.as_str()) {
            return Err(Failure::Conflict(Reason::WrongState));
        }
        let ticket = tickets::change_status(db, ticket, to, now)?;
        Ok(ticket.json(db, Locale::En))
    })
}

pub(super) fn call(input: &Input<'_>) -> Outcome {
    change_status(input, &[status::WAITING], status::SERVING)
}

pub(super) fn serve(input: &Input<'_>) -> Outcome {
    change_status(input, &[status::SERVING, status::WAITING], status::SERVED)
}

pub(super) fn no_show(input: &Input<'_>) -> Outcome {
    let from = [status::SERVING, status::WAITING, status::UPCOMING];
    change_status(input, &from, status::NO_SHOW)
}

pub(super) fn check_in(input: &Input<'_>) -> Outcome {
    change_status(input, &[status::UPCOMING], status::WAITING)
}

pub(super) fn cancel(input: &Input<'_>) -> Outcome {
    change_status(
        input,
        &[status::WAITING, status::UPCOMING],
        status::CANCELLED,
    )
}

/// The columns of the given fields. A null `open` means that the opening hours decide again.
fn flags(
    input: &Input<'_>,
    fields: &mut Fields,
    names: &[(&str, &'static str)],
) -> Vec<(&'static str, Box<dyn ToSql>)> {
    let mut columns: Vec<(&'static str, Box<dyn ToSql>)> = Vec::new();
    for (name, column) in names {
        if let Some(flag) = fields.flag(name) {
            columns.push((column, Box::new(flag)));
        }
    }
    if input.body.get("open").is_some_and(Value::is_null) {
        columns.push(("open_override", Box::new(None::<bool>)));
    }
    columns
}

fn put(input: &Input<'_>, table: &str, columns: &[(&str, Box<dyn ToSql>)]) -> Outcome {
    let found = input
        .app
        .store
        .write(|db| tables::set(db, table, &input.id, columns))?;
    found
        .then(|| Value::Object(input.body.clone()))
        .ok_or_else(not_found)
}

pub(super) fn put_branch(input: &Input<'_>) -> Outcome {
    let mut fields = input.fields();
    let columns = flags(
        input,
        &mut fields,
        &[("open", "open_override"), ("active", "active")],
    );
    fields.errors.finish()?;
    put(input, "branches", &columns)
}

pub(super) fn put_service(input: &Input<'_>) -> Outcome {
    let mut fields = input.fields();
    let mut columns = flags(
        input,
        &mut fields,
        &[
            ("open", "open_override"),
            ("active", "active"),
            ("appointments", "appointments"),
        ],
    );
    for (name, column) in [("capacity", "capacity"), ("minutes", "minutes")] {
        if let Some(number) = fields.whole(name, 0, 1_000_000) {
            columns.push((column, Box::new(i64::try_from(number).unwrap_or(i64::MAX))));
        }
    }
    fields.errors.finish()?;
    put(input, "services", &columns)
}

/// The `count` of a request.
fn count(input: &Input<'_>) -> Result<u64, Failure> {
    let mut fields = input.fields();
    fields.require("count");
    let count = fields.whole("count", 0, MOST_AT_ONCE);
    fields.errors.finish()?;
    Ok(count.unwrap_or(0))
}

pub(super) fn walk_ins(input: &Input<'_>) -> Outcome {
    let count = count(input)?;
    let now = input.app.clock.now();
    input.app.store.write(|db| {
        let service = service(db, &input.id)?;
        for _ in 0..count {
            tickets::insert(db, &service, tickets::Booking::default(), now)?;
        }
        Ok(json!({"count": count}))
    })
}

pub(super) fn fill_slot(input: &Input<'_>) -> Outcome {
    let mut fields = input.fields();
    fields.require("time");
    let time = fields.time("time").unwrap_or_default();
    fields.errors.finish()?;
    input.app.store.write(|db| {
        let service = service(db, &input.id)?;
        if !slots::exists(&service, time) {
            return Err(Failure::field("time", Reason::NotASlot));
        }
        slots::fill(db, &service, time)?;
        Ok(json!({"remaining": 0}))
    })
}

pub(super) fn generate(input: &Input<'_>) -> Outcome {
    let count = count(input)?;
    let now = input.app.clock.now();
    input
        .app
        .store
        .write(|db| customers::generate(db, count, now))?;
    Ok(json!({"count": count}))
}

/// Deletes a customer, as another user of the directory would.
pub(super) fn delete_customer(input: &Input<'_>) -> Outcome {
    let reference = CustomerRef::Id(input.id.clone());
    input.app.store.write(|db| {
        let found = customers::find_or_reject(db, &reference, ["id"; 2]);
        let customer = found.map_err(|_| not_found())?;
        customers::delete(db, &customer)?;
        Ok(customer.json())
    })
}
