//! The checkpoint of a sync: a file that records which rows are done, so that a later run skips
//! them.
//!
//! After a header of 32 bytes, the file is a log of records of 24 bytes. A record has hashes of the
//! row's `externalId` and of the row, and the row's index in the source of that run. So:
//!
//! - A later run finds a row by its `externalId`, wherever it is in the source. Between the runs,
//!   rows may be removed, added, changed and moved.
//! - A row without a record, or with a record cut off when the process was killed, counts as not
//!   done.
//! - Before a row of a customer is sent whose earlier row is done, in this run or another, the sync
//!   records that the earlier records of this customer are out of date.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use ring::digest::{SHA256, digest};

use crate::call::shared::Shared;
use crate::error::Error;
use crate::models::customers::CustomerWriteRequest;
use crate::models::ids::ExternalId;

const MAGIC: &[u8; 16] = b"skiplino sync 2\n";
/// Version 1 identified a row by its position in the source.
const OLD_MAGIC: &[u8; 16] = b"skiplino sync 1\n";
const HEADER: usize = 32;
const RECORD: usize = 24;

/// The identity of a row in the checkpoint: the first bytes of two SHA-256 hashes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowHash {
    /// The hash of the `externalId`.
    id: u64,
    /// The hash of the whole row; the lowest byte is 0.
    content: u64,
}

impl RowHash {
    pub(crate) fn new(id: &ExternalId, row: &CustomerWriteRequest) -> Result<Self, Error> {
        let row =
            serde_json::to_vec(row).map_err(|error| Error::invalid("body", error.to_string()))?;
        Ok(Self {
            id: hash(id.as_str().as_bytes()),
            content: hash(&row) & !0xff,
        })
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let hash = digest(&SHA256, bytes);
    let first = hash.as_ref().first_chunk().copied();
    u64::from_be_bytes(first.unwrap_or_default())
}

/// The kind of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum RecordKind {
    /// The row is done.
    Done = 1,
    /// The state of the stored customer is unknown. Earlier records of this `externalId` are out of
    /// date.
    Void = 2,
}

/// A customer whose rows earlier runs have finished. 16 bytes, because a customer may have one for
/// each row of a large source.
#[derive(Debug, Clone, Copy)]
struct DoneRow {
    id: u64,
    /// The hash of the row, and the [`RecordKind`] that counts in the lowest byte.
    content: u64,
}

impl DoneRow {
    fn new(hash: RowHash, kind: RecordKind) -> Self {
        Self {
            id: hash.id,
            content: hash.content | kind as u64,
        }
    }

    fn is(self, kind: RecordKind) -> bool {
        self.content & 0xff == kind as u64
    }

    fn content(self) -> u64 {
        self.content & !0xff
    }

    fn set(&mut self, kind: RecordKind) {
        self.content = self.content() | kind as u64;
    }
}

/// The customers that may have a record that a row is done. The size is fixed, so a customer may be
/// taken for another one; then the sync writes a record that it could have left out.
#[derive(Debug)]
struct RecordedIds(Vec<u64>);

impl RecordedIds {
    /// 1 MiB: in a million rows, about 6 of 100 get a needless record.
    const WORDS: usize = 1 << 17;

    fn new() -> Self {
        Self(vec![0; Self::WORDS])
    }

    /// The word and the bit of a customer.
    fn place(id: u64) -> (usize, u64) {
        ((id >> 6) as usize % Self::WORDS, 1 << (id % 64))
    }

    fn insert(&mut self, id: u64) {
        let (word, bit) = Self::place(id);
        self.0[word] |= bit;
    }

    fn may_contain(&self, id: u64) -> bool {
        let (word, bit) = Self::place(id);
        self.0[word] & bit != 0
    }
}

/// A record of the file.
struct Record {
    hash: RowHash,
    kind: u8,
    row: u64,
}

impl Record {
    fn read(bytes: &[u8; RECORD]) -> Self {
        let number = |at: usize| {
            let bytes = bytes[at..].first_chunk().copied();
            u64::from_be_bytes(bytes.unwrap_or_default())
        };
        Self {
            hash: RowHash {
                id: number(0),
                content: number(8) & !0xff,
            },
            kind: bytes[15],
            row: number(16),
        }
    }

    fn to_bytes(&self) -> [u8; RECORD] {
        let mut bytes = [0; RECORD];
        bytes[..8].copy_from_slice(&self.hash.id.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.hash.content.to_be_bytes());
        bytes[15] = self.kind;
        bytes[16..].copy_from_slice(&self.row.to_be_bytes());
        bytes
    }
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
        "was made by version 0.1 of this library: finish the sync with that version, or start again \
         with a new checkpoint file"
    )]
    OldVersion,
    #[error(
        "does not match the source: row {number} of an earlier run is done, but no row of the source \
         has its externalId ({missing} such rows): put it back, or start again with a new \
         checkpoint file, which writes only what differs"
    )]
    MissingRow { number: u64, missing: u64 },
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
            | Self::OldVersion
            | Self::MissingRow { .. } => error,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Checkpoint {
    file: File,
    /// A dry run reads the checkpoint and does not write it.
    read_only: bool,
    /// Where the next record is written.
    end: u64,
    /// The customers that earlier runs have written, sorted by their hash.
    done: Vec<DoneRow>,
    /// The customers of `done`, and those that this run has written.
    recorded: RecordedIds,
    /// The rows of `done` that this run has not come to yet.
    rows_to_skip: u64,
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
        // The file has hashes of personal data, so only its owner may read it.
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
            end: HEADER as u64,
            done: Vec::new(),
            recorded: RecordedIds::new(),
            rows_to_skip: 0,
        };
        this.check_header(&header(client))?;
        this.load().map_err(CheckpointError::Read)?;
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
            if self.read_only {
                return Ok(());
            }
            return self.write_at(0, expected);
        }
        Err(if found.starts_with(MAGIC) {
            CheckpointError::WrongTarget
        } else if found.starts_with(OLD_MAGIC) {
            CheckpointError::OldVersion
        } else {
            CheckpointError::WrongKind
        })
    }

    fn load(&mut self) -> io::Result<()> {
        let mut rows = Vec::new();
        self.end = self.read_records(|record| {
            let kinds = [RecordKind::Done, RecordKind::Void];
            let kind = kinds.into_iter().find(|kind| *kind as u8 == record.kind);
            rows.extend(kind.map(|kind| DoneRow::new(record.hash, kind)));
        })?;
        // Stable: the records of a customer stay in their order, and the last one counts.
        rows.sort_by_key(|row| row.id);
        rows.dedup_by(|later, row| {
            let is_same = later.id == row.id;
            if is_same {
                *row = *later;
            }
            is_same
        });
        rows.retain(|row| !row.is(RecordKind::Void));
        rows.shrink_to_fit();
        for row in &rows {
            self.recorded.insert(row.id);
        }
        self.rows_to_skip = rows.len() as u64;
        self.done = rows;
        Ok(())
    }

    /// Reads all records, and returns where the next one is written.
    fn read_records(&self, mut each: impl FnMut(Record)) -> io::Result<u64> {
        let mut reader = BufReader::new(&self.file);
        let mut end = reader.seek(SeekFrom::Start(HEADER as u64))?;
        let mut bytes = [0; RECORD];
        loop {
            match reader.read_exact(&mut bytes) {
                Ok(()) => each(Record::read(&bytes)),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(end),
                Err(error) => return Err(error),
            }
            end += RECORD as u64;
        }
    }

    fn find(&self, id: u64) -> Option<usize> {
        self.done.binary_search_by_key(&id, |row| row.id).ok()
    }

    /// Whether an earlier run finished the row, so that it can be skipped. If not, the row is about
    /// to be sent, and earlier records of the customer are out of date.
    pub(crate) fn can_skip(&mut self, index: u64, hash: RowHash) -> Result<bool, CheckpointError> {
        if let Some(at) = self.find(hash.id) {
            let row = &mut self.done[at];
            let is_done = row.is(RecordKind::Done);
            if is_done && row.content() == hash.content {
                self.rows_to_skip = self.rows_to_skip.saturating_sub(1);
                return Ok(true);
            }
            row.set(RecordKind::Void);
            self.rows_to_skip = self.rows_to_skip.saturating_sub(u64::from(is_done));
        }
        if self.recorded.may_contain(hash.id) {
            self.record_void(index, hash)?;
        }
        Ok(false)
    }

    /// About how many rows of the source remain that can be skipped.
    pub(crate) fn rows_to_skip(&self) -> u64 {
        self.rows_to_skip
    }

    /// Records that a row is done.
    pub(crate) fn record_done(&mut self, index: u64, hash: RowHash) -> Result<(), CheckpointError> {
        self.recorded.insert(hash.id);
        self.record(index, hash, RecordKind::Done)
    }

    /// Records that the stored customer with this `externalId` is unknown from now on.
    pub(crate) fn record_void(&mut self, index: u64, hash: RowHash) -> Result<(), CheckpointError> {
        self.record(index, hash, RecordKind::Void)
    }

    fn record(&mut self, row: u64, hash: RowHash, kind: RecordKind) -> Result<(), CheckpointError> {
        if self.read_only {
            return Ok(());
        }
        let kind = kind as u8;
        self.write_at(self.end, &Record { hash, kind, row }.to_bytes())?;
        self.end += RECORD as u64;
        Ok(())
    }

    /// Checks that a source has all customers that earlier runs have written.
    ///
    /// # Errors
    /// If a customer is missing.
    pub(crate) fn check_source<I: AsRef<str>>(
        &self,
        external_ids: impl Iterator<Item = I>,
    ) -> Result<(), CheckpointError> {
        if self.done.is_empty() {
            return Ok(());
        }
        let mut is_missing = vec![true; self.done.len()];
        for id in external_ids {
            if let Some(at) = self.find(hash(id.as_ref().as_bytes())) {
                is_missing[at] = false;
            }
        }
        let missing = is_missing.iter().filter(|is_missing| **is_missing).count() as u64;
        if missing == 0 {
            return Ok(());
        }
        let mut first = u64::MAX;
        let reading = self.read_records(|record| {
            if self.find(record.hash.id).is_some_and(|at| is_missing[at]) {
                first = first.min(record.row);
            }
        });
        reading.map_err(CheckpointError::Read)?;
        Err(CheckpointError::MissingRow {
            number: first.saturating_add(1),
            missing,
        })
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), CheckpointError> {
        let seeking = self.file.seek(SeekFrom::Start(offset));
        let written = seeking.and_then(|_| self.file.write_all(bytes));
        written.map_err(CheckpointError::Write)
    }
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
    header[..MAGIC.len()].copy_from_slice(MAGIC);
    header[MAGIC.len()..].copy_from_slice(&digest(&SHA256, &target).as_ref()[..MAGIC.len()]);
    header
}
