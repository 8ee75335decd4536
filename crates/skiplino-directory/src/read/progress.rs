//! What a reader and its handles know in common.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::error::DirectoryError;

/// A handle on a [`RowReader`](crate::RowReader), which stays available after the reader was passed
/// to a sync.
#[derive(Debug, Clone, Default)]
pub struct ReadProgress {
    shared: Rc<Shared>,
    total: Option<u64>,
}

#[derive(Debug, Default)]
struct Shared {
    /// How much was read, up to the end of the last row: bytes, or in Parquet rows.
    position: Cell<u64>,
    skipped: Cell<u64>,
    /// The line of the row with the longest text, and the lines of the text.
    most_lines: Cell<(u64, usize)>,
    unescapes_formulas: Cell<bool>,
    is_stopped: Cell<bool>,
    error: RefCell<Option<DirectoryError>>,
}

impl ReadProgress {
    /// The size of the file, if it is known. The [`size`](crate::FileRow::size) of each row is a
    /// part of it.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// The number of rows that hold no value at all, as spreadsheets write them. They are skipped,
    /// like empty lines.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.shared.skipped.get()
    }

    /// The row with the text of the most lines: the line where the row begins, and the lines of the
    /// text. None if each text has one line. After a quote that is not closed, a text holds the
    /// rows that follow. Metadata as JSON does not count.
    #[must_use]
    pub fn most_lines(&self) -> Option<(u64, usize)> {
        Some(self.shared.most_lines.get()).filter(|(_, lines)| *lines > 1)
    }

    /// Ends the rows: the reader returns no more of them.
    pub fn stop(&self) {
        self.shared.is_stopped.set(true);
    }

    /// Takes the error that ended the rows early, if there was one.
    #[must_use]
    pub fn take_error(&self) -> Option<DirectoryError> {
        self.shared.error.take()
    }

    pub(super) fn set_total(&mut self, total: u64) {
        self.total = Some(total);
    }

    pub(super) fn position(&self) -> u64 {
        self.shared.position.get()
    }

    pub(super) fn add(&self, more: u64) {
        self.shared.position.set(self.position() + more);
    }

    pub(super) fn add_skipped(&self) {
        self.shared.skipped.set(self.skipped() + 1);
    }

    pub(super) fn add_text(&self, line: u64, text: &str) {
        let lines = text.lines().count();
        if lines > self.shared.most_lines.get().1 {
            self.shared.most_lines.set((line, lines));
        }
    }

    pub(super) fn unescapes_formulas(&self) -> bool {
        self.shared.unescapes_formulas.get()
    }

    /// Also for the rows of a reader that exists already.
    pub(super) fn set_unescapes_formulas(&self, unescapes: bool) {
        self.shared.unescapes_formulas.set(unescapes);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.shared.is_stopped.get()
    }

    /// Ends the rows with an error.
    pub(super) fn fail(&self, error: DirectoryError) {
        self.stop();
        self.shared.error.replace(Some(error));
    }
}
