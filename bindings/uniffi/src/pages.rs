//! Records of paged lists: one page, its position in the list, and the progress of a pager.

use skiplino::{Customer, List, ListProgress, Page, Pagination, Ticket};

use crate::customers::NativeCustomer;
use crate::tickets::NativeTicket;

/// The position of a page in its list.
#[derive(Debug, Clone, uniffi::Record)]
pub struct NativePagination {
    /// The number of records in the whole list.
    pub total: u64,
    /// The number of pages in the whole list, at this page's limit.
    pub total_pages: u64,
    /// Whether there is a next page.
    pub has_next_page: bool,
    /// Whether there is a previous page.
    pub has_prev_page: bool,
    /// The page number, from 1; absent if the server omits this undocumented field.
    pub page: Option<u64>,
    /// The number of records a page; absent if the server omits this undocumented field.
    pub limit: Option<u64>,
}

/// The progress of a pager.
#[derive(Debug, Clone, uniffi::Record)]
pub struct NativeListProgress {
    /// The number of pages read, including pages read again to detect changes.
    pub pages_read: u64,
    /// The number of records returned.
    pub records: u64,
    /// The number of records in the list, as of the page read last; absent before the first page.
    pub total: Option<u64>,
    /// Whether the list changed during the read. Records that exist for the whole read are still
    /// returned exactly once.
    pub changed_during_read: bool,
}

/// A page of the customer directory.
#[derive(Clone, uniffi::Record)]
pub struct NativeCustomerPage {
    /// The customers.
    pub items: Vec<NativeCustomer>,
    /// The position of the page in the list.
    pub pagination: NativePagination,
}

/// A page of a customer's tickets.
#[derive(Clone, uniffi::Record)]
pub struct NativeTicketPage {
    /// The tickets.
    pub items: Vec<NativeTicket>,
    /// The position of the page in the list.
    pub pagination: NativePagination,
}

impl From<&Pagination> for NativePagination {
    fn from(pagination: &Pagination) -> Self {
        Self {
            total: pagination.total(),
            total_pages: pagination.total_pages(),
            has_next_page: pagination.has_next_page(),
            has_prev_page: pagination.has_prev_page(),
            page: pagination.page(),
            limit: pagination.limit(),
        }
    }
}

impl From<ListProgress> for NativeListProgress {
    fn from(progress: ListProgress) -> Self {
        Self {
            pages_read: progress.pages_read,
            records: progress.records,
            total: progress.total,
            changed_during_read: progress.changed_during_read,
        }
    }
}

impl From<Page<Customer>> for NativeCustomerPage {
    fn from(page: Page<Customer>) -> Self {
        Self {
            items: page.items().iter().map(Into::into).collect(),
            pagination: page.pagination().into(),
        }
    }
}

impl From<Page<Ticket>> for NativeTicketPage {
    fn from(page: Page<Ticket>) -> Self {
        Self {
            items: page.items().iter().map(Into::into).collect(),
            pagination: page.pagination().into(),
        }
    }
}

/// Sets the number of records a page.
pub(crate) fn with_limit<T: Send + 'static>(list: List<T>, limit: Option<i64>) -> List<T> {
    match limit {
        // The core rejects a negative number as it rejects zero.
        Some(limit) => list.limit(limit.try_into().unwrap_or(0)),
        None => list,
    }
}

/// A page number, from 1.
pub(crate) fn page_number(page: i64) -> u64 {
    // The core rejects a negative number as it rejects zero.
    page.try_into().unwrap_or(0)
}
