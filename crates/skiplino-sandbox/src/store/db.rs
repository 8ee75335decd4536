//! The database of the company: transactions, and the caches beside the tables.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};

use super::ranked_set::RankedSet;

/// The rows of the demo company.
pub(super) const SEED: &str = include_str!("seed.sql");

/// The database, with caches for ranks that SQL would count row by row.
#[derive(Debug)]
pub(crate) struct Db {
    pub(super) conn: Connection,
    pub(super) seed: u64,
    /// The `seq` of every customer.
    pub(super) customer_seqs: RankedSet,
    /// The places of waiting tickets, by service.
    pub(super) queues: HashMap<String, RankedSet>,
    /// Whether the open transaction changed `customer_seqs` or `queues`.
    pub(super) caches_changed: bool,
}

impl Db {
    pub(super) fn transaction<T, E: From<rusqlite::Error>>(
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
    pub(super) fn fill_caches(&mut self) -> rusqlite::Result<()> {
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
    pub(super) fn next_seq(&self, table: &str) -> rusqlite::Result<i64> {
        let last: Option<i64> = self
            .conn
            .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = ?1")?
            .query_row([table], |row| row.get(0))
            .optional()?;
        Ok(last.unwrap_or(0) + 1)
    }
}
