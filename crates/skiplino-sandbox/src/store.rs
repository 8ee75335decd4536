//! The state of the company, in SQLite.

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use rusqlite::{Connection, OptionalExtension};

pub(crate) mod catalogue;
pub(crate) mod customers;
mod ids;
mod open;
mod ranked_set;
pub(crate) mod slots;
pub(crate) mod tables;
pub(crate) mod tickets;
pub(crate) mod views;

pub use open::StoreError;
use ranked_set::RankedSet;

const SEED: &str = include_str!("store/seed.sql");

/// The database behind a lock.
#[derive(Debug)]
pub(crate) struct Store {
    db: Mutex<Db>,
    version: AtomicU64,
}

/// The database, with caches for ranks that SQL would count row by row.
#[derive(Debug)]
pub(crate) struct Db {
    conn: Connection,
    seed: u64,
    /// The `seq` of every customer.
    customer_seqs: RankedSet,
    /// The places of waiting tickets, by service.
    queues: HashMap<String, RankedSet>,
    /// Whether the open transaction changed `customer_seqs` or `queues`.
    caches_changed: bool,
}

impl Store {
    /// Opens the database, and creates the demo company in an empty one.
    pub(crate) fn open(path: Option<&Path>, seed: u64) -> Result<Self, StoreError> {
        Ok(Self {
            db: Mutex::new(open::open(path, seed)?),
            version: AtomicU64::new(0),
        })
    }

    /// Runs a read.
    pub(crate) fn with<T>(&self, read: impl FnOnce(&Db) -> T) -> T {
        read(&self.db.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Increases with every write.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }

    /// Runs a transaction, and rolls it back on an error.
    pub(crate) fn write<T, E: From<rusqlite::Error>>(
        &self,
        write: impl FnOnce(&mut Db) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        let result = db.transaction(write);
        self.version.fetch_add(1, Ordering::SeqCst);
        result
    }

    /// Restores the demo company.
    pub(crate) fn reset(&self, seed: u64) -> rusqlite::Result<()> {
        self.write(|db| {
            db.seed = seed;
            for table in [
                "numbers",
                "slots",
                "tickets",
                "customers",
                "services",
                "groups",
                "branches",
                "sqlite_sequence",
            ] {
                db.conn.execute(&format!("DELETE FROM {table}"), ())?;
            }
            db.conn.execute_batch(SEED)?;
            db.fill_caches()
        })
    }
}

impl Db {
    fn transaction<T, E: From<rusqlite::Error>>(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.conn.prepare_cached("BEGIN IMMEDIATE")?.execute(())?;
        self.caches_changed = false;
        let result = write(self).and_then(|value| {
            self.conn.prepare_cached("COMMIT")?.execute(())?;
            Ok(value)
        });
        if result.is_err() {
            // A full disk may have ended the transaction.
            if !self.conn.is_autocommit() {
                self.conn.execute_batch("ROLLBACK")?;
            }
            if self.caches_changed {
                self.fill_caches()?;
            }
        }
        result
    }

    /// Fills `customer_seqs` and `queues` from the tables.
    fn fill_caches(&mut self) -> rusqlite::Result<()> {
        self.caches_changed = true;
        self.customer_seqs = self
            .conn
            .prepare("SELECT seq FROM customers ORDER BY seq")?
            .query_map((), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        self.queues.clear();
        let mut waiting = self.conn.prepare(
            "SELECT service_id, place FROM tickets WHERE place IS NOT NULL ORDER BY service_id, place",
        )?;
        let mut rows = waiting.query(())?;
        while let Some(row) = rows.next()? {
            self.queues.entry(row.get(0)?).or_default().add(row.get(1)?);
        }
        Ok(())
    }

    /// The `seq` of the table's next row.
    fn next_seq(&self, table: &str) -> rusqlite::Result<i64> {
        let last: Option<i64> = self
            .conn
            .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = ?1")?
            .query_row([table], |row| row.get(0))
            .optional()?;
        Ok(last.unwrap_or(0) + 1)
    }
}
