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
    /// If fewer rows are left, the sync does not even request the number of pages.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The strategy after this number of lookups.
    fn after(lookups: u64, expected_rows: Option<u64>) -> ReadStrategy {
        let mut strategy = ReadStrategy::new(expected_rows);
        (0..lookups).for_each(|_| strategy.on_lookup());
        strategy
    }

    #[test]
    fn the_directory_is_read_if_more_rows_than_pages_are_left() {
        let known = |lookups, left| after(lookups, Some(left)).max_pages(0, 0);
        assert_eq!(known(7, 1000), None);
        assert_eq!(known(8, 1000), Some(1000));
        assert_eq!(known(8, 31), None);
        let strategy = after(8, Some(1000));
        // Rows that have been started, and rows that a checkpoint skips, are not left.
        assert_eq!(strategy.max_pages(100, 500), Some(400));
        assert_eq!(strategy.max_pages(100, 900), None);
        // More rows than expected.
        assert_eq!(strategy.max_pages(1000, 0), None);
        assert_eq!(after(31, None).max_pages(0, 0), None);
        assert_eq!(after(32, None).max_pages(0, 0), Some(32));
    }

    #[test]
    fn a_directory_with_many_pages_is_read_once_the_lookups_have_cost_as_much() {
        let mut strategy = after(32, None);
        strategy.on_read(Some(40), false);
        (0..8).for_each(|_| strategy.on_lookup());
        assert_eq!(strategy.max_pages(0, 0), None);
        strategy.on_lookup();
        assert_eq!(strategy.max_pages(0, 0), Some(41));
        strategy.on_read(Some(40), true);
        assert_eq!(strategy.max_pages(0, 0), None);
    }

    #[test]
    fn after_a_failure_the_next_try_waits() {
        let mut strategy = after(8, Some(1000));
        strategy.on_failure(100);
        (0..99).for_each(|_| strategy.on_lookup());
        assert_eq!(strategy.max_pages(0, 0), None);
        strategy.on_lookup();
        assert_eq!(strategy.max_pages(0, 0), Some(1000));
    }
}
