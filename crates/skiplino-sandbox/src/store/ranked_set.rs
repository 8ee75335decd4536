/// Rising numbers, of which one can ask at once how many come before one, or which is the nth.
#[derive(Debug, Default)]
pub(super) struct RankedSet(Vec<i64>);

impl RankedSet {
    pub(super) fn add(&mut self, number: i64) {
        let at = self.before(number);
        self.0.insert(at, number);
    }

    pub(super) fn remove(&mut self, number: i64) {
        if let Ok(at) = self.0.binary_search(&number) {
            self.0.remove(at);
        }
    }

    /// How many are smaller.
    pub(super) fn before(&self, number: i64) -> usize {
        self.0.partition_point(|other| *other < number)
    }

    pub(super) fn last(&self) -> Option<i64> {
        self.0.last().copied()
    }

    /// The one that so many greater ones precede.
    pub(super) fn before_last(&self, skipped: usize) -> Option<i64> {
        self.0.iter().rev().nth(skipped).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl FromIterator<i64> for RankedSet {
    /// The numbers must be rising.
    fn from_iter<I: IntoIterator<Item = i64>>(numbers: I) -> Self {
        Self(numbers.into_iter().collect())
    }
}
