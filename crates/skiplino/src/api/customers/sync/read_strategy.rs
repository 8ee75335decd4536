//! Decides whether a sync looks up its rows one by one, or reads the directory by pages first.

/// Counts the lookups that a snapshot of the directory would have saved.
///
/// A sync begins with lookups, because the rows may all be new, and then need none. Once some of the
/// customers have turned out to exist, the sync reads the directory if it has fewer pages than rows
/// are left. If the number of rows is unknown, the sync expects as many more lookups as it has made
/// so far: it makes at most about twice the requests that it would make if it knew the number.
#[derive(Debug)]
pub(crate) struct ReadStrategy {
    /// The number of rows, if it is known.
    expected_rows: Option<u64>,
    /// The lookups that found their customer since the directory was last read.
    lookups: u64,
    /// The lookups to make before the directory is read.
    required_lookups: u64,
    /// The pages of the directory, if they are known.
    pages: Option<u64>,
}

impl ReadStrategy {
    const REQUIRED_LOOKUPS: u64 = 8;
    /// A sync of fewer rows does not even ask how many pages there are.
    const MIN_ROWS: u64 = 32;

    pub(crate) fn new(expected_rows: Option<u64>) -> Self {
        Self {
            expected_rows,
            lookups: 0,
            required_lookups: Self::REQUIRED_LOOKUPS,
            pages: None,
        }
    }

    /// Counts a lookup that found its customer.
    pub(crate) fn on_lookup(&mut self) {
        self.lookups += 1;
    }

    /// If the directory should be read now: the number of pages from which on it should not.
    /// `started` rows have been started, and `done` of the others need no lookup.
    pub(crate) fn max_pages(&self, started: u64, done: u64) -> Option<u64> {
        let rows_left = match self.expected_rows {
            Some(rows) if rows > started => (rows - started).saturating_sub(done),
            _ => self.lookups,
        };
        let is_worth_it = self.lookups >= self.required_lookups
            && rows_left >= Self::MIN_ROWS
            && self.pages.is_none_or(|pages| pages < rows_left);
        is_worth_it.then_some(rows_left)
    }

    /// The directory was read, or only its first page.
    pub(crate) fn on_read(&mut self, pages: Option<u64>, is_complete: bool) {
        self.pages = pages;
        if is_complete {
            self.lookups = 0;
            self.required_lookups = Self::REQUIRED_LOOKUPS;
        }
    }

    /// The directory could not be read. The next try has to wait until the lookups have cost as
    /// many requests as this one.
    pub(crate) fn on_failure(&mut self, requests: u64) {
        self.lookups = 0;
        self.required_lookups = requests.max(Self::MIN_ROWS);
    }
}
