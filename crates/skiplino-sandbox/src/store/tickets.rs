//! Tickets and queues.

use rusqlite::{OptionalExtension, Row};
use serde_json::{Map, Value, json};

use super::{
    Db,
    catalogue::Service,
    ids::{self, Kind},
    slots,
};
use crate::{
    clock::{self, Millis},
    locale::{Locale, Name},
    pagination::Page,
};

/// The ticket states of this sandbox.
pub(crate) mod status {
    pub(crate) const WAITING: &str = "waiting";
    pub(crate) const UPCOMING: &str = "upcoming";
    pub(crate) const SERVING: &str = "serving";
    pub(crate) const SERVED: &str = "served";
    pub(crate) const CANCELLED: &str = "cancelled";
    pub(crate) const NO_SHOW: &str = "noShow";
}

#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) seq: i64,
    pub(crate) id: String,
    number: String,
    pub(crate) status: String,
    status_at: Millis,
    /// None for a walk-in.
    pub(crate) time: Option<Millis>,
    /// The id, and the name at the time of booking.
    pub(crate) customer: Option<(String, Option<String>)>,
    booked_at: Millis,
    place: Option<i64>,
    pub(crate) service_id: String,
    service: Name,
    minutes: i64,
    group: (String, Name),
    branch: (String, Name),
}

impl Ticket {
    fn select(filter: &str) -> String {
        format!(
            "SELECT t.seq, t.id, t.number, t.status, t.status_at, t.time, t.customer_id, t.customer_name, t.booked_at,
                t.place, s.id, s.name_en, s.name_ar, s.minutes, g.id, g.name_en, g.name_ar, b.id, b.name_en, b.name_ar
             FROM tickets t JOIN services s ON s.id = t.service_id JOIN groups g ON g.id = s.group_id
                JOIN branches b ON b.id = g.branch_id
             WHERE {filter}"
        )
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let name = |at| {
            Ok::<_, rusqlite::Error>(Name {
                en: row.get(at)?,
                ar: row.get(at + 1)?,
            })
        };
        let customer_id: Option<String> = row.get(6)?;
        let customer_name = row.get(7)?;
        Ok(Self {
            seq: row.get(0)?,
            id: row.get(1)?,
            number: row.get(2)?,
            status: row.get(3)?,
            status_at: row.get(4)?,
            time: row.get(5)?,
            customer: customer_id.map(|id| (id, customer_name)),
            booked_at: row.get(8)?,
            place: row.get(9)?,
            service_id: row.get(10)?,
            service: name(11)?,
            minutes: row.get(13)?,
            group: (row.get(14)?, name(15)?),
            branch: (row.get(17)?, name(18)?),
        })
    }

    /// The fields are in the order of the published example.
    pub(crate) fn json(&self, db: &Db, locale: Locale) -> Value {
        let named = |id: &str, name: &Name| json!({"id": id, "name": name.text(locale)});
        let kind = match self.time {
            None => "sequential",
            Some(_) => "appointment",
        };
        let mut json = Map::new();
        let mut put = |key: &str, value: Value| json.insert(key.to_owned(), value);
        put("id", json!(self.id));
        put("ticketNumber", json!(self.number));
        put("status", json!(self.status));
        put("statusAt", json!(clock::format(self.status_at)));
        put("type", json!(kind));
        put("time", json!(self.time.map(clock::format)));
        put("branch", named(&self.branch.0, &self.branch.1));
        put("service", named(&self.service_id, &self.service));
        put("groupOfService", named(&self.group.0, &self.group.1));
        let customer = self.customer.as_ref();
        put(
            "customer",
            json!(customer.map(|(id, name)| json!({"id": id, "name": name}))),
        );
        put("bookedAt", json!(clock::format(self.booked_at)));
        if let Some(place) = self.place {
            let ahead = db.ahead(&self.service_id, place);
            put("queueSize", json!(ahead));
            put("waitingTime", json!(ahead.saturating_mul(self.minutes)));
        }
        Value::Object(json)
    }
}

impl Db {
    fn ahead(&self, service_id: &str, place: i64) -> i64 {
        let ahead = self
            .queues
            .get(service_id)
            .map_or(0, |queue| queue.rank(place));
        i64::try_from(ahead).unwrap_or(i64::MAX)
    }

    fn join_queue(&mut self, service_id: &str) -> i64 {
        self.caches_changed = true;
        let queue = self.queues.entry(service_id.to_owned()).or_default();
        let place = queue.last().unwrap_or(0) + 1;
        queue.add(place);
        place
    }

    fn leave_queue(&mut self, service_id: &str, place: i64) {
        self.caches_changed = true;
        if let Some(queue) = self.queues.get_mut(service_id) {
            queue.remove(place);
        }
    }

    /// The service's next number on the ticket's day.
    fn next_number(&self, service_id: &str, letter: char, at: Millis) -> rusqlite::Result<String> {
        let day = clock::company_day(at).to_string();
        let number: i64 = self
            .conn
            .prepare_cached(
                "INSERT INTO numbers (service_id, day, letter, last) VALUES (?1, ?2, ?3, 1)
                 ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last",
            )?
            .query_row((service_id, day, letter.to_string()), |row| row.get(0))?;
        Ok(format!("{letter}{number:03}"))
    }
}

pub(crate) fn find(db: &Db, id: &str) -> rusqlite::Result<Option<Ticket>> {
    let mut statement = db.conn.prepare_cached(&Ticket::select("t.id = ?1"))?;
    statement.query_row([id], Ticket::read).optional()
}

/// A page of the customer's tickets, newest first, and their total number.
pub(crate) fn page_of_customer(
    db: &Db,
    customer_id: &str,
    page: Page,
) -> rusqlite::Result<(Vec<Ticket>, i64)> {
    let total = db
        .conn
        .prepare_cached("SELECT count(*) FROM tickets WHERE customer_id = ?1")?
        .query_row([customer_id], |row| row.get(0))?;
    let order = if page.oldest_first { "ASC" } else { "DESC" };
    let sql = format!("t.customer_id = ?1 ORDER BY t.seq {order} LIMIT ?2 OFFSET ?3");
    let sql = Ticket::select(&sql);
    let mut statement = db.conn.prepare_cached(&sql)?;
    let tickets = statement
        .query_map((customer_id, page.limit, page.offset()), Ticket::read)?
        .collect::<Result<_, _>>()?;
    Ok((tickets, total))
}

/// The details of a booking.
#[derive(Debug, Default)]
pub(crate) struct Booking {
    /// None for a walk-in.
    pub(crate) time: Option<Millis>,
    pub(crate) customer: Option<(String, Option<String>)>,
    pub(crate) options: Option<Value>,
    pub(crate) location: Option<Value>,
}

/// Stores a new ticket. A walk-in joins the queue. The caller has taken the slot of an appointment.
pub(crate) fn insert(
    db: &mut Db,
    service: &Service,
    booking: Booking,
    now: Millis,
) -> rusqlite::Result<Ticket> {
    let seq = db.next_seq("tickets")?;
    let (status, letter, day_of, place) = match booking.time {
        Some(time) => (status::UPCOMING, 'A', time, None),
        None => (status::WAITING, 'Q', now, Some(db.join_queue(&service.id))),
    };
    let ticket = Ticket {
        seq,
        id: ids::new(&mut ids::rng(db.seed, Kind::Ticket, seq), Kind::Ticket),
        number: db.next_number(&service.id, letter, day_of)?,
        status: status.to_owned(),
        status_at: now,
        time: booking.time,
        customer: booking.customer,
        booked_at: now,
        place,
        service_id: service.id.clone(),
        service: service.name.clone(),
        minutes: service.minutes,
        group: (service.group.id.clone(), service.group.name.clone()),
        branch: (service.branch.id.clone(), service.branch.name.clone()),
    };
    let customer = ticket.customer.as_ref();
    db.conn
        .prepare_cached(
            "INSERT INTO tickets (seq, id, number, status, status_at, time, service_id, customer_id, customer_name,
                options, location, booked_at, place)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?5, ?12)",
        )?
        .execute((
            seq,
            &ticket.id,
            &ticket.number,
            status,
            now,
            ticket.time,
            &ticket.service_id,
            customer.map(|(id, _)| id),
            customer.and_then(|(_, name)| name.as_ref()),
            booking.options.map(|options| options.to_string()),
            booking.location.map(|location| location.to_string()),
            place,
        ))?;
    Ok(ticket)
}

/// Changes the state of a ticket. The ticket joins or leaves the queue, and a cancelled appointment
/// frees its slot.
pub(crate) fn change_status(
    db: &mut Db,
    mut ticket: Ticket,
    status: &str,
    now: Millis,
) -> rusqlite::Result<Ticket> {
    if let Some(place) = ticket.place.take() {
        db.leave_queue(&ticket.service_id, place);
    }
    if status == status::WAITING {
        ticket.place = Some(db.join_queue(&ticket.service_id));
    }
    if let Some(time) = ticket.time.filter(|_| status == status::CANCELLED) {
        slots::free(db, &ticket.service_id, time)?;
    }
    status.clone_into(&mut ticket.status);
    ticket.status_at = now;
    db.conn
        .prepare_cached(
            "UPDATE tickets SET status = ?2, status_at = ?3, place = ?4 WHERE seq = ?1",
        )?
        .execute((ticket.seq, status, now, ticket.place))?;
    Ok(ticket)
}

/// Changes the time of an appointment. The caller has taken the new slot. The number and the place
/// in the queue stay.
pub(crate) fn change_time(db: &Db, mut ticket: Ticket, time: Millis) -> rusqlite::Result<Ticket> {
    ticket.time = Some(time);
    db.conn
        .prepare_cached("UPDATE tickets SET time = ?2 WHERE seq = ?1")?
        .execute((ticket.seq, time))?;
    Ok(ticket)
}

/// The first waiting ticket of the queue.
pub(crate) fn first_waiting(db: &Db, service_id: &str) -> rusqlite::Result<Option<Ticket>> {
    let sql = Ticket::select("t.service_id = ?1 AND t.place IS NOT NULL ORDER BY t.place LIMIT 1");
    let mut statement = db.conn.prepare_cached(&sql)?;
    statement.query_row([service_id], Ticket::read).optional()
}

/// The tickets being served.
pub(crate) fn serving(db: &Db, service_id: &str) -> rusqlite::Result<Vec<Ticket>> {
    let sql = Ticket::select("t.service_id = ?1 AND t.status = 'serving' ORDER BY t.seq");
    let mut statement = db.conn.prepare_cached(&sql)?;
    let tickets = statement.query_map([service_id], Ticket::read)?;
    tickets.collect()
}
