//! A sorted set of numbers with fast ranks.

/// A sorted set of numbers. It finds the rank of a number, and the number of a rank.
#[derive(Debug, Default)]
pub(super) struct RankedSet(Vec<i64>);

impl RankedSet {
    pub(super) fn add(&mut self, number: i64) {
        let at = self.rank(number);
        self.0.insert(at, number);
    }

    pub(super) fn remove(&mut self, number: i64) {
        if let Ok(at) = self.0.binary_search(&number) {
            self.0.remove(at);
        }
    }

    /// How many numbers are smaller.
    pub(super) fn rank(&self, number: i64) -> usize {
        self.0.partition_point(|other| *other < number)
    }

    pub(super) fn last(&self) -> Option<i64> {
        self.0.last().copied()
    }

    /// The number that has exactly `skipped` greater numbers in the set.
    pub(super) fn nth_from_end(&self, skipped: usize) -> Option<i64> {
        self.0.iter().rev().nth(skipped).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl FromIterator<i64> for RankedSet {
    /// The numbers must be in ascending order.
    fn from_iter<I: IntoIterator<Item = i64>>(numbers: I) -> Self {
        Self(numbers.into_iter().collect())
    }
}
