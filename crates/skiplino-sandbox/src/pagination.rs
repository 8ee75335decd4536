//! The page of a list that a request selects.

/// A page number, from 1, and the number of records per page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    pub(crate) number: i64,
    pub(crate) limit: i64,
    pub(crate) oldest_first: bool,
}

/// What a contract says about the pages of an operation.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PageRules {
    /// The largest limit, if it is not the published one.
    pub(crate) max_limit: Option<i64>,
    /// Whether a larger limit is reduced. Otherwise it is an error.
    pub(crate) caps_limit: bool,
    pub(crate) oldest_first: bool,
}

impl Page {
    pub(crate) fn offset(self) -> i64 {
        (self.number - 1).saturating_mul(self.limit)
    }
}
