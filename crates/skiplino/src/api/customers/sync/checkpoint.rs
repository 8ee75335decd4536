//! The checkpoint of a sync: a file that records which rows are done, so that a later run skips
//! them.
//!
//! After a header of 32 bytes, the file has a record of 16 bytes for each row of the source, in the
//! order of the source: 15 bytes of the row's fingerprint and 1 byte of its status. So:
//!
//! - A row's record is written in place, whichever row finishes first. Records are never moved or
//!   held in memory.
//! - A row without a record, or with a record cut off when the process was killed, counts as not
//!   done.
//! - A row that changed after it was done is found by its own fingerprint.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use ring::digest::{SHA256, digest};

use crate::call::shared::Shared;
use crate::error::Error;
use crate::models::customers::CustomerWriteRequest;
use crate::models::ids::ExternalId;

const MAGIC: &[u8; 16] = b"skiplino sync 1\n";
const RECORD: usize = 16;
const HEADER: usize = 2 * RECORD;
/// Records that are read at once.
const RECORDS_PER_BLOCK: usize = 4096;

/// The first bytes of the SHA-256 of a row.
pub(crate) type Fingerprint = [u8; RECORD - 1];

/// The status of a row in the file. The next run repeats every row that is not `Done`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum RowStatus {
    Done = 1,
    Failed = 2,
    Unknown = 3,
}

/// Why a checkpoint cannot be used. The texts follow the field name `checkpoint`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckpointError {
    #[error("cannot be opened")]
    Open(#[source] io::Error),
    #[error("cannot be read")]
    Read(#[source] io::Error),
    #[error("cannot be written")]
    Write(#[source] io::Error),
    #[error("is in use by another sync")]
    Locked,
    #[error("was made with another server or another key; use a new checkpoint file")]
    WrongTarget,
    #[error("is not a checkpoint file")]
    WrongKind,
    #[error(
        "does not match the source: row {number} was done by an earlier run and has changed since; \
         undo the change or use a new checkpoint file"
    )]
    ChangedRow { number: u64 },
    #[error(
        "does not match the source, which has {rows} rows: row {last_done} was done by an earlier \
         run"
    )]
    TooFewRows { rows: u64, last_done: u64 },
}

impl CheckpointError {
    /// The public error. No `From`, because a second `From` for `Error` would make `?` in callers'
    /// closures ambiguous.
    pub(crate) fn into_error(self) -> Error {
        let error = Error::invalid("checkpoint", self.to_string());
        match self {
            Self::Open(source) | Self::Read(source) | Self::Write(source) => {
                error.edit(|inner| inner.source = Some(Box::new(source)))
            }
            Self::Locked
            | Self::WrongTarget
            | Self::WrongKind
            | Self::ChangedRow { .. }
            | Self::TooFewRows { .. } => error,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Checkpoint {
    file: File,
    /// A dry run reads the checkpoint and does not write it.
    read_only: bool,
    /// The block of records that was read last, from earlier runs.
    block: Vec<u8>,
    block_index: Option<u64>,
    /// The number of rows up to and including the last row that an earlier run finished.
    done_until: u64,
    retried: RetriedIds,
}

impl Checkpoint {
    /// Opens the checkpoint, or creates it. `None` for a dry run when the file does not exist.
    pub(crate) fn open(
        path: &Path,
        client: &Shared,
        read_only: bool,
    ) -> Result<Option<Self>, CheckpointError> {
        // Opening a pipe would wait for its other end.
        if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            return Err(CheckpointError::WrongKind);
        }
        let mut options = OpenOptions::new();
        options.read(true);
        // Fingerprints of personal data are for its owner.
        #[cfg(unix)]
        options.mode(0o600);
        if !read_only {
            options.write(true).create(true).truncate(false);
        }
        let file = match options.open(path) {
            Err(error) if read_only && error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(CheckpointError::Open)?,
        };
        let locked = match read_only {
            true => file.try_lock_shared(),
            false => file.try_lock(),
        };
        match locked {
            // Some file systems have no locks. There, as in most programs, nothing prevents two
            // syncs from using one file.
            Ok(()) | Err(TryLockError::Error(_)) => {}
            Err(TryLockError::WouldBlock) => return Err(CheckpointError::Locked),
        }
        let mut this = Self {
            file,
            read_only,
            block: Vec::new(),
            block_index: None,
            done_until: 0,
            retried: RetriedIds::default(),
        };
        this.check_header(&header(client))?;
        this.find_last_done().map_err(CheckpointError::Read)?;
        Ok(Some(this))
    }

    fn check_header(&mut self, expected: &[u8; HEADER]) -> Result<(), CheckpointError> {
        let mut found = Vec::with_capacity(HEADER);
        let reading = (&self.file).take(HEADER as u64).read_to_end(&mut found);
        reading.map_err(CheckpointError::Read)?;
        if found == expected {
            return Ok(());
        }
        // A new file, or one whose process was killed before the header was complete.
        if found.len() < HEADER && expected.starts_with(&found) {
            return self.write_at(0, expected);
        }
        Err(if found.starts_with(MAGIC) {
            CheckpointError::WrongTarget
        } else {
            CheckpointError::WrongKind
        })
    }

    fn find_last_done(&mut self) -> io::Result<()> {
        let mut index = 0;
        while self.load_block(index)? {
            let mut records = self.block.chunks_exact(RECORD);
            let last = records.rposition(|record| record[RECORD - 1] == RowStatus::Done as u8);
            if let Some(last) = last {
                self.done_until = index * RECORDS_PER_BLOCK as u64 + last as u64 + 1;
            }
            index += 1;
        }
        Ok(())
    }

    /// Reads a block of records. Returns whether it has any.
    fn load_block(&mut self, index: u64) -> io::Result<bool> {
        let start = offset(index * RECORDS_PER_BLOCK as u64);
        self.file.seek(SeekFrom::Start(start))?;
        self.block.clear();
        let length = (RECORDS_PER_BLOCK * RECORD) as u64;
        (&self.file).take(length).read_to_end(&mut self.block)?;
        self.block_index = Some(index);
        Ok(self.block.len() >= RECORD)
    }

    /// The fingerprint of a row, if an earlier run finished it.
    fn done_fingerprint(&mut self, row: u64) -> Result<Option<Fingerprint>, CheckpointError> {
        if row >= self.done_until {
            return Ok(None);
        }
        // This run writes only records of rows that it has read before. So the block in memory is
        // up to date for all rows that are still to be read.
        let index = row / RECORDS_PER_BLOCK as u64;
        if self.block_index != Some(index) {
            self.load_block(index).map_err(CheckpointError::Read)?;
        }
        let at = (row % RECORDS_PER_BLOCK as u64) as usize * RECORD;
        let record = self
            .block
            .get(at..at + RECORD)
            .and_then(|record| record.split_last());
        Ok(record
            .filter(|(status, _)| **status == RowStatus::Done as u8)
            .and_then(|(_, fingerprint)| fingerprint.try_into().ok()))
    }

    /// Whether an earlier run finished the row, so that it can be skipped.
    ///
    /// # Errors
    /// When the row was done and has changed since.
    pub(crate) fn can_skip(
        &mut self,
        row: u64,
        fingerprint: Fingerprint,
        id: &ExternalId,
    ) -> Result<bool, CheckpointError> {
        match self.done_fingerprint(row)? {
            Some(before) if before != fingerprint => Err(changed(row)),
            // If this run retries an earlier row of the same customer, the retried row would
            // overwrite this one, so this row must be repeated, too.
            Some(_) if !self.retried.may_contain(id) => Ok(true),
            _ => {
                if row < self.done_until {
                    self.retried.insert(id);
                }
                Ok(false)
            }
        }
    }

    /// Checks a row that is rejected now: it cannot be the row that an earlier run finished.
    ///
    /// # Errors
    /// When an earlier run finished a row at this place.
    pub(crate) fn check_not_done(&mut self, row: u64) -> Result<(), CheckpointError> {
        self.done_fingerprint(row)?
            .map_or(Ok(()), |_| Err(changed(row)))
    }

    /// Records the status of a row.
    pub(crate) fn record(
        &mut self,
        row: u64,
        fingerprint: Fingerprint,
        status: RowStatus,
    ) -> Result<(), CheckpointError> {
        if self.read_only {
            return Ok(());
        }
        let mut record = [status as u8; RECORD];
        record[..RECORD - 1].copy_from_slice(&fingerprint);
        self.write_at(offset(row), &record)
    }

    /// Checks the number of rows at the end of the source.
    ///
    /// # Errors
    /// When an earlier run finished a row behind the end.
    pub(crate) fn check_row_count(&self, rows: u64) -> Result<(), CheckpointError> {
        if rows >= self.done_until {
            return Ok(());
        }
        Err(CheckpointError::TooFewRows {
            rows,
            last_done: self.done_until,
        })
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), CheckpointError> {
        let seeking = self.file.seek(SeekFrom::Start(offset));
        let written = seeking.and_then(|_| self.file.write_all(bytes));
        written.map_err(CheckpointError::Write)
    }
}

fn offset(row: u64) -> u64 {
    HEADER as u64 + row * RECORD as u64
}

fn changed(row: u64) -> CheckpointError {
    CheckpointError::ChangedRow { number: row + 1 }
}

/// The header holds a digest of the server and the key: rows that are done in one company are not
/// done in another.
fn header(client: &Shared) -> [u8; HEADER] {
    let config = &client.config;
    let target = [
        config.base_url.as_str().as_bytes(),
        config.authorization.as_bytes(),
    ]
    .join(&0);
    let mut header = [0; HEADER];
    header[..RECORD].copy_from_slice(MAGIC);
    header[RECORD..].copy_from_slice(&digest(&SHA256, &target).as_ref()[..RECORD]);
    header
}

pub(crate) fn fingerprint(row: &CustomerWriteRequest) -> Result<Fingerprint, Error> {
    let text =
        serde_json::to_vec(row).map_err(|error| Error::invalid("body", error.to_string()))?;
    let mut fingerprint = Fingerprint::default();
    fingerprint.copy_from_slice(&digest(&SHA256, &text).as_ref()[..RECORD - 1]);
    Ok(fingerprint)
}

/// External ids of retried rows. If an earlier run finished a later row with the same id, that row
/// must be repeated, too.
///
/// A Bloom filter of 128 KiB, whatever the number of ids. An id wrongly found in it costs one
/// unnecessary read and nothing else.
#[derive(Debug, Default)]
struct RetriedIds(Vec<u64>);

impl RetriedIds {
    const WORDS: usize = 1 << 14;

    fn bits(id: &ExternalId) -> [(usize, u64); 2] {
        let hash = digest(&SHA256, id.as_str().as_bytes());
        let hash = hash.as_ref();
        [[hash[0], hash[1], hash[2]], [hash[3], hash[4], hash[5]]].map(|[a, b, bit]| {
            let word = usize::from(u16::from_le_bytes([a, b])) % Self::WORDS;
            (word, 1 << (bit % 64))
        })
    }

    fn insert(&mut self, id: &ExternalId) {
        self.0.resize(Self::WORDS, 0);
        for (word, bit) in Self::bits(id) {
            self.0[word] |= bit;
        }
    }

    fn may_contain(&self, id: &ExternalId) -> bool {
        !self.0.is_empty()
            && Self::bits(id)
                .iter()
                .all(|(word, bit)| self.0[*word] & bit != 0)
    }
}
