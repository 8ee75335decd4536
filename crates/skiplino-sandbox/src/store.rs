//! The state of the company, in SQLite.

use std::{
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

pub(crate) mod catalogue;
pub(crate) mod customers;
mod db;
mod ids;
mod open;
mod ranked_set;
pub(crate) mod slots;
pub(crate) mod tables;
pub(crate) mod tickets;
pub(crate) mod views;

pub(crate) use db::Db;
pub use open::StoreError;

/// The database behind a lock.
#[derive(Debug)]
pub(crate) struct Store {
    db: Mutex<Db>,
    version: AtomicU64,
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
            db.conn.execute_batch(db::SEED)?;
            db.fill_caches()
        })
    }
}
