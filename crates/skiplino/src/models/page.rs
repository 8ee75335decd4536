//! One page of a list, and its place in the list.

use serde::{Deserialize, Serialize};

/// Where a page stands in its list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    total: u64,
    total_pages: u64,
    has_next_page: bool,
    has_prev_page: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    page: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
}

impl Pagination {
    /// Records in the whole list.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Pages in the whole list, at this page's limit.
    pub fn total_pages(&self) -> u64 {
        self.total_pages
    }

    /// Whether there is a next page.
    pub fn has_next_page(&self) -> bool {
        self.has_next_page
    }

    /// Whether there is a previous page.
    pub fn has_prev_page(&self) -> bool {
        self.has_prev_page
    }

    /// The page's number, from 1; not published, so perhaps absent.
    pub fn page(&self) -> Option<u64> {
        self.page
    }

    /// Records a page; not published, so perhaps absent.
    pub fn limit(&self) -> Option<u64> {
        self.limit
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    pub(crate) items: Vec<T>,
    pagination: Pagination,
}

impl<T> Page<T> {
    pub(crate) fn new(items: Vec<T>, pagination: Pagination) -> Self {
        Self { items, pagination }
    }

    /// The records, in the order of the list.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// The records alone.
    pub fn into_items(self) -> Vec<T> {
        self.items
    }

    /// Where the page stands in its list.
    pub fn pagination(&self) -> &Pagination {
        &self.pagination
    }
}

impl<T> IntoIterator for Page<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;
    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}
