//! The page of a list that a request selects.

/// A page number, from 1, and the number of records per page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    pub(crate) number: i64,
    pub(crate) limit: i64,
}

impl Page {
    pub(crate) fn offset(self) -> i64 {
        (self.number - 1).saturating_mul(self.limit)
    }
}
