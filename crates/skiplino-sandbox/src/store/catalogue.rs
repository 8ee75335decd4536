//! Branches, groups and services, and whether they are open.

use rusqlite::{OptionalExtension, Row};

use super::Db;
use crate::{
    clock::{self, Millis},
    locale::Name,
};

#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) id: String,
    pub(crate) name: Name,
    pub(crate) active: bool,
    pub(crate) hours: Hours,
    pub(crate) open_override: Option<bool>,
}

/// Opening hours and appointment hours of a branch, in minutes since the company's midnight.
#[derive(Debug)]
pub(crate) struct Hours {
    days: String,
    opens: i64,
    closes: i64,
    pub(crate) slots_from: i64,
    pub(crate) slots_to: i64,
}

impl Hours {
    pub(crate) fn includes_day(&self, weekday: i8) -> bool {
        self.days
            .bytes()
            .any(|day| i16::from(day) - i16::from(b'0') == i16::from(weekday))
    }
}

impl Branch {
    const COLUMNS: &str =
        "b.id, b.name_en, b.name_ar, b.active, b.days, b.opens, b.closes, b.slots_from, b.slots_to,
        b.open_override";

    fn read(row: &Row<'_>, at: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(at)?,
            name: name(row, at + 1)?,
            active: row.get(at + 3)?,
            hours: Hours {
                days: row.get(at + 4)?,
                opens: row.get(at + 5)?,
                closes: row.get(at + 6)?,
                slots_from: row.get(at + 7)?,
                slots_to: row.get(at + 8)?,
            },
            open_override: row.get(at + 9)?,
        })
    }

    pub(crate) fn is_open(&self, now: Millis) -> bool {
        self.open_override.unwrap_or_else(|| {
            let minute = clock::company_minute(now);
            self.hours
                .includes_day(clock::weekday(clock::company_day(now)))
                && (self.hours.opens..self.hours.closes).contains(&minute)
        })
    }

    /// Closed by the staff, and not only outside opening hours.
    pub(crate) fn is_closed_by_staff(&self) -> bool {
        self.open_override == Some(false)
    }
}

#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: Name,
}

#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) id: String,
    pub(crate) name: Name,
    pub(crate) active: bool,
    pub(crate) appointments: bool,
    pub(crate) minutes: i64,
    pub(crate) capacity: i64,
    /// Whether the staff have the service open. In a closed branch no service is open.
    pub(crate) open: bool,
    pub(crate) group: Group,
    pub(crate) branch: Branch,
}

impl Service {
    pub(crate) fn takes_appointments(&self) -> bool {
        self.active && self.branch.active && self.appointments
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            name: name(row, 1)?,
            active: row.get(3)?,
            appointments: row.get(4)?,
            minutes: row.get(5)?,
            capacity: row.get(6)?,
            open: row.get::<_, Option<bool>>(7)?.unwrap_or(true),
            group: Group {
                id: row.get(8)?,
                name: name(row, 9)?,
            },
            branch: Branch::read(row, 11)?,
        })
    }

    fn select(filter: &str) -> String {
        format!(
            "SELECT s.id, s.name_en, s.name_ar, s.active, s.appointments, s.minutes, s.capacity, s.open_override,
                g.id, g.name_en, g.name_ar, {}
             FROM services s JOIN groups g ON g.id = s.group_id JOIN branches b ON b.id = g.branch_id
             WHERE {filter}",
            Branch::COLUMNS
        )
    }
}

fn name(row: &Row<'_>, at: usize) -> rusqlite::Result<Name> {
    Ok(Name {
        en: row.get(at)?,
        ar: row.get(at + 1)?,
    })
}

/// Every branch, active or not.
pub(crate) fn branches(db: &Db) -> rusqlite::Result<Vec<Branch>> {
    let sql = format!(
        "SELECT {} FROM branches b ORDER BY b.rowid",
        Branch::COLUMNS
    );
    let mut statement = db.conn.prepare_cached(&sql)?;
    let branches = statement.query_map((), |row| Branch::read(row, 0))?;
    branches.collect()
}

pub(crate) fn branch(db: &Db, id: &str) -> rusqlite::Result<Option<Branch>> {
    let sql = format!("SELECT {} FROM branches b WHERE b.id = ?1", Branch::COLUMNS);
    let mut statement = db.conn.prepare_cached(&sql)?;
    statement
        .query_row([id], |row| Branch::read(row, 0))
        .optional()
}

/// Every service of the branch, active or not, group by group.
pub(crate) fn services_of(db: &Db, branch_id: &str) -> rusqlite::Result<Vec<Service>> {
    let sql = Service::select("b.id = ?1 ORDER BY g.rowid, s.rowid");
    let mut statement = db.conn.prepare_cached(&sql)?;
    let services = statement.query_map([branch_id], Service::read)?;
    services.collect()
}

pub(crate) fn service(db: &Db, id: &str) -> rusqlite::Result<Option<Service>> {
    let mut statement = db.conn.prepare_cached(&Service::select("s.id = ?1"))?;
    statement.query_row([id], Service::read).optional()
}

pub(crate) fn group_exists(db: &Db, id: &str) -> rusqlite::Result<bool> {
    db.conn
        .prepare_cached("SELECT 1 FROM groups WHERE id = ?1")?
        .exists([id])
}
