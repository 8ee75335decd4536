use std::{collections::HashMap, io, path::Path, time::Duration};

use rusqlite::{Connection, ErrorCode, OpenFlags};
use thiserror::Error;

use super::{Db, RankedSet, SEED};

const SCHEMA: &str = include_str!("schema.sql");
/// Added to older files as well.
const INDEXES: &str = include_str!("indexes.sql");
/// Marks a database as one of ours ("skip"), and with which schema.
const APPLICATION_ID: i64 = 0x736b_6970;
const VERSION: i64 = 1;
/// All statements of the crate fit, so none is ever prepared twice.
const STATEMENTS: usize = 64;
/// For a process on the same file that is about to end.
const PATIENCE: Duration = Duration::from_millis(200);

/// Why the state of a sandbox cannot be kept: the file and the reason.
#[derive(Debug, Error)]
#[error("cannot keep the state in {place}: {cause}")]
pub struct StoreError {
    place: String,
    cause: Cause,
}

#[derive(Debug, Error)]
enum Cause {
    #[error("it holds something other than a company of this sandbox")]
    Foreign,
    #[error("it cannot be written")]
    ReadOnly,
    #[error("another process is using it")]
    Busy,
    #[error(transparent)]
    Path(#[from] io::Error),
    #[error(transparent)]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Cause {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy) => Self::Busy,
            _ => Self::Sqlite(error),
        }
    }
}

pub(super) fn open(path: Option<&Path>, seed: u64) -> Result<Db, StoreError> {
    try_open(path, seed).map_err(|cause| StoreError {
        place: path.map_or_else(|| "memory".to_owned(), |path| path.display().to_string()),
        cause,
    })
}

fn try_open(path: Option<&Path>, seed: u64) -> Result<Db, Cause> {
    let conn = match path {
        None => Connection::open_in_memory()?,
        Some(path) => {
            // Whole, and not as a URI: SQLite would keep ":memory:", and what starts with "file:", elsewhere or nowhere.
            let path = std::path::absolute(path)?;
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_CREATE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            Connection::open_with_flags(path, flags)?
        }
    };
    if conn.is_readonly(rusqlite::MAIN_DB)? {
        return Err(Cause::ReadOnly);
    }
    conn.busy_timeout(PATIENCE)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    // The queues are counted in memory, so a second process must not write. With WAL, what was committed is with the
    // operating system: a killed process loses nothing.
    conn.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = NORMAL;
         PRAGMA foreign_keys = ON;",
    )?;
    let mut db = Db {
        conn,
        seed,
        roster: RankedSet::default(),
        queues: HashMap::new(),
        counted: false,
    };
    db.transaction(|db| {
        let conn = &db.conn;
        let number = |sql| conn.query_row(sql, (), |row| row.get::<_, i64>(0));
        let is_ours = number("PRAGMA application_id")? == APPLICATION_ID
            && number("PRAGMA user_version")? == VERSION;
        if !is_ours {
            if number("SELECT count(*) FROM sqlite_schema")? > 0 {
                return Err(Cause::Foreign);
            }
            conn.execute_batch(SCHEMA)?;
            conn.execute_batch(SEED)?;
            conn.pragma_update(None, "application_id", APPLICATION_ID)?;
            conn.pragma_update(None, "user_version", VERSION)?;
        }
        conn.execute_batch(INDEXES)?;
        db.count().map_err(Cause::from)
    })?;
    Ok(db)
}
