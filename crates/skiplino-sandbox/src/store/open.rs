//! Opens the database, and creates the demo company in an empty one.

use std::{collections::HashMap, io, path::Path, time::Duration};

use rusqlite::{Connection, ErrorCode, OpenFlags};
use thiserror::Error;

use super::{
    db::{Db, SEED},
    ranked_set::RankedSet,
};

const SCHEMA: &str = include_str!("schema.sql");
/// The indexes, which are also added to files of earlier versions.
const INDEXES: &str = include_str!("indexes.sql");
/// Marks a sandbox database ("skip") and the version of its schema.
const APPLICATION_ID: i64 = 0x736b_6970;
const VERSION: i64 = 1;
/// Enough for all statements of the crate.
const CACHED_STATEMENTS: usize = 64;
/// Another process with the same file may be about to end.
const BUSY_TIMEOUT: Duration = Duration::from_millis(200);

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
    #[error("it is not a regular file")]
    NotRegular,
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

/// Creates the file if it does not exist. It holds personal data, so only its owner can read it;
/// the other files of SQLite have the same mode.
fn create(path: &Path) -> Result<(), Cause> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => return Ok(()),
        Ok(_) => return Err(Cause::NotRegular),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        Err(_) => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?;
    Ok(())
}

fn try_open(path: Option<&Path>, seed: u64) -> Result<Db, Cause> {
    let conn = match path {
        None => Connection::open_in_memory()?,
        Some(path) => {
            // Absolute: SQLite treats ":memory:" and "file:…" specially.
            let path = std::path::absolute(path)?;
            create(&path)?;
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_CREATE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            Connection::open_with_flags(path, flags)?
        }
    };
    if conn.is_readonly(rusqlite::MAIN_DB)? {
        return Err(Cause::ReadOnly);
    }
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    // The caches are in memory, so a second process must not write. With WAL, the operating system
    // has all committed data: a killed process loses nothing.
    conn.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = NORMAL;
         PRAGMA foreign_keys = ON;",
    )?;
    let mut db = Db {
        conn,
        seed,
        customer_seqs: RankedSet::default(),
        queues: HashMap::new(),
        caches_changed: false,
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
        db.fill_caches().map_err(Cause::from)
    })?;
    Ok(db)
}
