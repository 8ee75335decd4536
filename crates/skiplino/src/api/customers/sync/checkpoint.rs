//! What a sync has done of its source, kept in a file so that a later run does not do it again.
//!
//! After a header of 32 bytes the file has 16 bytes for each row of the source, in its order: 15 of the row's fingerprint and one
//! for what became of it. So a row is written in place, whichever finishes first; nothing is ever rewritten or held in memory; a
//! row that is not there, or whose record was cut off by a kill, reads as one that was not finished; and a row that is not what it
//! was when it was done is known by its own fingerprint.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use ring::digest::{SHA256, digest};

use crate::call::shared::Shared;
use crate::error::Error;
use crate::models::customers::CustomerWriteRequest;
use crate::models::ids::ExternalId;

const MAGIC: &[u8; 16] = b"skiplino sync 1\n";
const RECORD: usize = 16;
const HEADER: usize = 2 * RECORD;
/// Records read at a time.
const BLOCK: usize = 4096;

/// The first bytes of a SHA-256.
pub(crate) type Fingerprint = [u8; RECORD - 1];

/// What became of a row. What is not done is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mark {
    Done = 1,
    Failed = 2,
    Unknown = 3,
}

#[derive(Debug)]
pub(crate) struct Checkpoint {
    file: File,
    /// A dry run looks and does not write.
    read_only: bool,
    /// The records of earlier runs, and how many of them there are up to the last row that was done.
    earlier: Vec<u8>,
    block: Option<u64>,
    done_until: u64,
    again: Again,
}

impl Checkpoint {
    /// The checkpoint in this file, which is made unless it is there. None for a dry run where there is none.
    pub(crate) fn open(
        path: &Path,
        client: &Shared,
        read_only: bool,
    ) -> Result<Option<Self>, Error> {
        let mut options = OpenOptions::new();
        options.read(true);
        if !read_only {
            options.write(true).create(true).truncate(false);
        }
        let file = match options.open(path) {
            Err(error) if read_only && error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|error| failed("opened", error))?,
        };
        let locked = match read_only {
            true => file.try_lock_shared(),
            false => file.try_lock(),
        };
        match locked {
            // Some file systems know no locks: then nothing guards against two syncs at once, as with most programs.
            Ok(()) | Err(TryLockError::Error(_)) => {}
            Err(TryLockError::WouldBlock) => return Err(refused("is in use by another sync")),
        }
        let mut this = Self {
            file,
            read_only,
            earlier: Vec::new(),
            block: None,
            done_until: 0,
            again: Again::default(),
        };
        this.check_header(&header(client))?;
        this.find_last_done()
            .map_err(|error| failed("read", error))?;
        Ok(Some(this))
    }

    fn check_header(&mut self, ours: &[u8; HEADER]) -> Result<(), Error> {
        let mut theirs = Vec::with_capacity(HEADER);
        let reading = (&self.file).take(HEADER as u64).read_to_end(&mut theirs);
        reading.map_err(|error| failed("read", error))?;
        if theirs == ours {
            return Ok(());
        }
        // Killed before it was whole.
        if theirs.len() < HEADER && ours.starts_with(&theirs) {
            return self.write_at(0, ours);
        }
        Err(refused(if theirs.starts_with(MAGIC) {
            "was made with another server or another key: what it says was done was done there"
        } else {
            "is a file of another kind"
        }))
    }

    fn find_last_done(&mut self) -> io::Result<()> {
        let mut block = 0;
        while self.load(block)? {
            let mut records = self.earlier.chunks_exact(RECORD);
            if let Some(last) = records.rposition(|record| record[RECORD - 1] == Mark::Done as u8) {
                self.done_until = block * BLOCK as u64 + last as u64 + 1;
            }
            block += 1;
        }
        Ok(())
    }

    /// Reads a block of records. False when there is nothing in it.
    fn load(&mut self, block: u64) -> io::Result<bool> {
        self.file
            .seek(SeekFrom::Start(offset(block * BLOCK as u64)))?;
        self.earlier.clear();
        let most = (BLOCK * RECORD) as u64;
        (&self.file).take(most).read_to_end(&mut self.earlier)?;
        self.block = Some(block);
        Ok(self.earlier.len() >= RECORD)
    }

    /// The fingerprint of a row that an earlier run did.
    fn done(&mut self, row: u64) -> Result<Option<Fingerprint>, Error> {
        if row >= self.done_until {
            return Ok(None);
        }
        // What this run writes is behind the row that it reads, so a block in memory is not out of date where it is looked at.
        let block = row / BLOCK as u64;
        if self.block != Some(block) {
            self.load(block).map_err(|error| failed("read", error))?;
        }
        let at = (row % BLOCK as u64) as usize * RECORD;
        let record = self
            .earlier
            .get(at..at + RECORD)
            .and_then(|record| record.split_last());
        Ok(record
            .filter(|(mark, _)| **mark == Mark::Done as u8)
            .and_then(|(_, fingerprint)| fingerprint.try_into().ok()))
    }

    /// Whether a row was done before and need not be done again.
    ///
    /// # Errors
    /// When it was done, but is another row now.
    pub(crate) fn settled(
        &mut self,
        row: u64,
        fingerprint: Fingerprint,
        id: &ExternalId,
    ) -> Result<bool, Error> {
        match self.done(row)? {
            Some(before) if before != fingerprint => Err(changed(row)),
            // A row before it failed and is only carried out now: it would stand over what came after it in the source.
            Some(_) if !self.again.has(id) => Ok(true),
            _ => {
                if row < self.done_until {
                    self.again.add(id);
                }
                Ok(false)
            }
        }
    }

    /// That a row cannot be one that was done before: it is refused.
    pub(crate) fn not_done(&mut self, row: u64) -> Result<(), Error> {
        self.done(row)?.map_or(Ok(()), |_| Err(changed(row)))
    }

    /// Notes what became of a row.
    pub(crate) fn note(
        &mut self,
        row: u64,
        fingerprint: Fingerprint,
        mark: Mark,
    ) -> Result<(), Error> {
        if self.read_only {
            return Ok(());
        }
        let mut record = [mark as u8; RECORD];
        record[..RECORD - 1].copy_from_slice(&fingerprint);
        self.write_at(offset(row), &record)
    }

    /// What holds when the source has come to its end after so many rows.
    pub(crate) fn check_end(&self, rows: u64) -> Result<(), Error> {
        if rows >= self.done_until {
            return Ok(());
        }
        let until = self.done_until;
        Err(refused(&format!(
            "does not belong to this source, which has {rows} rows: row {until} was done before"
        )))
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Error> {
        let seeking = self.file.seek(SeekFrom::Start(offset));
        let written = seeking.and_then(|_| self.file.write_all(bytes));
        written.map_err(|error| failed("written", error))
    }
}

fn offset(row: u64) -> u64 {
    HEADER as u64 + row * RECORD as u64
}

fn refused(reason: &str) -> Error {
    Error::invalid("checkpoint", reason)
}

fn changed(row: u64) -> Error {
    let row = row + 1;
    refused(&format!(
        "does not belong to this source: row {row} is not what it was when it was done"
    ))
}

fn failed(what: &str, error: io::Error) -> Error {
    refused(&format!("cannot be {what}")).edit(|inner| inner.source = Some(Box::new(error)))
}

/// Rows that are done in one company are not done in another.
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

/// What a row comes down to.
pub(crate) fn fingerprint(row: &CustomerWriteRequest) -> Result<Fingerprint, Error> {
    let text =
        serde_json::to_vec(row).map_err(|error| Error::invalid("body", error.to_string()))?;
    let mut fingerprint = Fingerprint::default();
    fingerprint.copy_from_slice(&digest(&SHA256, &text).as_ref()[..RECORD - 1]);
    Ok(fingerprint)
}

/// The external ids of rows that are carried out though later ones were done before. An id that is taken for one of them costs a
/// read too many and nothing else, so a few bits of each are enough, and they take 128 KiB however many there are.
#[derive(Debug, Default)]
struct Again(Vec<u64>);

impl Again {
    const WORDS: usize = 1 << 14;

    fn bits(id: &ExternalId) -> [(usize, u64); 2] {
        let hash = digest(&SHA256, id.as_str().as_bytes());
        let hash = hash.as_ref();
        [[hash[0], hash[1], hash[2]], [hash[3], hash[4], hash[5]]].map(|[a, b, bit]| {
            let word = usize::from(u16::from_le_bytes([a, b])) % Self::WORDS;
            (word, 1 << (bit % 64))
        })
    }

    fn add(&mut self, id: &ExternalId) {
        self.0.resize(Self::WORDS, 0);
        for (word, bit) in Self::bits(id) {
            self.0[word] |= bit;
        }
    }

    fn has(&self, id: &ExternalId) -> bool {
        !self.0.is_empty()
            && Self::bits(id)
                .iter()
                .all(|(word, bit)| self.0[*word] & bit != 0)
    }
}
