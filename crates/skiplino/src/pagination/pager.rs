//! Decides which pages of a list to request, and which of their records are new, while the list
//! changes. No I/O: `reader.rs` sends the requests.
//!
//! # Guarantee
//!
//! Records that exist for the whole read are returned exactly once. No record is returned twice. A
//! record that is inserted or deleted during the read may be returned or not.
//!
//! # Assumptions
//!
//! 1. New records are inserted at the front, and records never change their order.
//! 2. The server counts the `total` of a page at the moment at which it reads the page's rows.
//! 3. Without prefetching: the server reads a page after it has read the page requested before.
//!
//! # One page at a time
//!
//! Rows are numbered from 0 at the front of the list. A record is *missing* if it existed when the
//! read began, still exists, and has not been returned yet. The pager keeps one number, the *tail*,
//! and one rule: **all missing records are among the last `tail` records of the list.**
//!
//! - The rule survives every change of the list. By assumption 1 nothing is ever inserted behind a
//!   record, and deletions only lower the number of records behind it.
//! - When a page reports `total`, no missing record is in front of row `total - tail`. This row is
//!   the *first candidate row*.
//! - A page that starts at or in front of the first candidate row is used. All missing records up
//!   to its end are on it. Once they are returned, `tail` becomes the number of records behind the
//!   page.
//! - A page that starts behind the first candidate row is discarded: records were deleted, and
//!   missing records may now be in front of it.
//! - Then the pager requests the page that holds the first candidate row. In an unchanged list this
//!   is the next page. After deletions it is an earlier page; after insertions it is a later page.
//! - The read is complete when `tail` is 0.
//!
//! The pager remembers the ids that it has returned, and drops records that appear again.
//!
//! # Servers that count more records than they return
//!
//! A server may count records that it never sends, or send the same page again and again. Then
//! `tail` reaches 0, or stands still, although the list has more records than were returned. In a
//! list that changes, this happens only if the records that were not returned are new, and so at
//! the front. So:
//!
//! - If `tail` is 0, fewer records were returned than the list has, and some records of the last
//!   page were returned before, then the pager reads the front again. The first new record there
//!   explains the difference.
//! - After too many pages in a row without a new record, the pager gives up. A page with another
//!   `total` than the page before may be useless because the list has changed, so more such pages
//!   are allowed.
//!
//! # Prefetching
//!
//! When several pages are requested at once, assumption 3 does not hold. One record inserted and
//! one deleted between the reads of two pages leave `total` unchanged, but a record can slip from
//! one page to another and be skipped. So prefetched pages have to be *confirmed*. After they have
//! arrived, the pager requests the first record of the list again: the *front check*. If that
//! record and `total` are those of the first page, then the prefetched pages show the list of the
//! first page:
//!
//! - No record inserted since then is left, because it would be in front of the first record.
//! - So no record of the first page's list was deleted, because `total` would be lower.
//! - A record that was inserted and deleted again existed at none of the reads, because the `total`
//!   of that page would be higher.
//!
//! If the front check or a prefetched page shows a change, the pager goes back to the last
//! confirmed page and reads one page at a time from there.

use std::collections::HashSet;

/// Prefetched pages between two front checks. After a change at most this many pages and a window
/// are read twice, and the front checks cost one request in this many.
const PAGES_PER_FRONT_CHECK: u64 = 64;

/// The longest list that is read one page at a time. There a front check and new connections would
/// take as long as prefetching saves.
const SHORT_LIST: u64 = 4;

/// Pages in a row without a new record that a read allows while `total` stays the same, in addition
/// to those that it may have to read again.
const MAX_STALLED: u64 = 10;
/// Pages in a row without a new record that a read allows in any case. More than the pages between
/// two front checks, which are read again after a change.
const MAX_FRUITLESS: u64 = 256;

/// A page to request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageRequest {
    pub(crate) number: u64,
    pub(crate) limit: u64,
    is_front_check: bool,
}

/// The pagination fields of a response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageInfo {
    pub(crate) total: u64,
    pub(crate) has_next: bool,
    pub(crate) limit: Option<u64>,
}

/// The decision about a page, and about the requests that are still in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageVerdict {
    /// Whether the caller gets the page, with the rows that are left in it.
    pub(crate) deliver: bool,
    /// Whether the responses of all other requests in flight must be discarded.
    pub(crate) discard_in_flight: bool,
    /// Why the read has ended early.
    pub(crate) gave_up: Option<GaveUp>,
}

/// A read that ended although the list has more records, by the server's count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GaveUp {
    pub(crate) claimed: u64,
    pub(crate) returned: u64,
    /// Pages in a row without a new record.
    pub(crate) pages: u64,
}

/// How far the read of a list has got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListProgress {
    /// Pages read, including repeated pages and checks of the front of the list.
    pub pages_read: u64,
    /// Records returned.
    pub records: u64,
    /// Records in the list, as of the last page read; absent before the first page.
    pub total: Option<u64>,
    /// Whether the list changed during the read. Records that exist for the whole read are returned
    /// exactly once in any case.
    pub changed_during_read: bool,
}

#[derive(Debug)]
enum Stage {
    FirstPage,
    Prefetching(Prefetch),
    /// One page at a time.
    Sequential,
    Done,
}

/// The state of prefetching, while the list seems unchanged.
#[derive(Debug)]
struct Prefetch {
    /// The id of the first record of the first page.
    first_id: Box<str>,
    /// Pages in the list.
    pages: u64,
    /// The last page that was requested.
    requested: u64,
    /// The last page that was received.
    received: u64,
    /// The last page that was confirmed.
    confirmed: u64,
    /// The last page that the front check in flight confirms.
    confirming: Option<u64>,
}

/// The read of one list.
#[derive(Debug)]
pub(crate) struct Pager<T> {
    id: fn(&T) -> &str,
    /// The largest limit to request.
    max_limit: u64,
    /// Records on a full page: `max_limit`, unless the server uses another page size.
    page_size: u64,
    /// Whether the server uses a page size of its own. Then a smaller limit has no effect.
    page_size_is_fixed: bool,
    in_flight: u64,
    stage: Stage,
    total: u64,
    /// All missing records are among the last `tail` records.
    tail: u64,
    /// Rows by which a page should start in front of the first candidate row, so that a few
    /// deletions do not make it useless.
    overlap: u64,
    /// Pages in a row without a new record.
    fruitless: u64,
    /// Those of them that had the `total` of the page before.
    stalled: u64,
    /// Whether the pager reads the front again, because fewer records were returned than the list
    /// has.
    is_rereading: bool,
    returned: IdSet,
    progress: ListProgress,
}

impl<T> Pager<T> {
    /// A read in pages of `limit` records.
    pub(crate) fn new(id: fn(&T) -> &str, limit: u64) -> Self {
        Self {
            id,
            max_limit: limit,
            page_size: limit,
            page_size_is_fixed: false,
            in_flight: 0,
            stage: Stage::FirstPage,
            total: 0,
            tail: u64::MAX,
            overlap: 0,
            fruitless: 0,
            stalled: 0,
            is_rereading: false,
            returned: IdSet::default(),
            progress: ListProgress::default(),
        }
    }

    pub(crate) fn progress(&self) -> ListProgress {
        self.progress
    }

    /// Whether pages are requested before the pages in front of them have arrived.
    pub(crate) fn is_prefetching(&self) -> bool {
        matches!(self.stage, Stage::Prefetching(_))
    }

    /// Whether the read has ended.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }

    /// Ends the read early, after an error.
    pub(crate) fn abort(&mut self) {
        self.stage = Stage::Done;
    }

    /// Requests the prefetched pages that have not arrived again. Their requests must be discarded.
    pub(crate) fn restart_prefetch(&mut self) {
        self.in_flight = 0;
        if let Stage::Prefetching(prefetch) = &mut self.stage {
            prefetch.requested = prefetch.received;
            prefetch.confirming = None;
        }
    }

    /// The page to request now, with up to `window` requests in flight. `None` while responses are
    /// awaited; with no request in flight, `None` means that the read is complete.
    pub(crate) fn next_request(&mut self, window: u64) -> Option<PageRequest> {
        let request = match &mut self.stage {
            Stage::Done => None,
            Stage::FirstPage => (self.in_flight == 0).then_some(PageRequest {
                number: 1,
                limit: self.page_size,
                is_front_check: false,
            }),
            Stage::Sequential => (self.in_flight == 0).then(|| self.next_overlapping()),
            Stage::Prefetching(_) if self.in_flight >= window => None,
            Stage::Prefetching(prefetch) => prefetch.next_request(self.page_size),
        };
        self.in_flight += u64::from(request.is_some());
        request
    }

    /// The page that holds the first candidate row and starts up to `overlap` rows in front of it.
    /// Of all page sizes, the one whose page ends furthest back is chosen.
    fn next_overlapping(&self) -> PageRequest {
        let candidate = self.total.saturating_sub(self.tail);
        let smallest = if self.page_size_is_fixed {
            self.page_size
        } else {
            1
        };
        let sizes = smallest..=self.page_size;
        let mut overlap = self.overlap;
        loop {
            let from = candidate.saturating_sub(overlap);
            let ends = sizes
                .clone()
                .map(|limit| ((from / limit + 1).saturating_mul(limit), limit));
            let (end, limit) = ends.max().unwrap_or((1, 1));
            // Without an overlap the page always holds the candidate row.
            if end > candidate || overlap == 0 {
                return PageRequest {
                    number: end / limit,
                    limit: limit.min(self.max_limit),
                    is_front_check: false,
                };
            }
            overlap /= 2;
        }
    }

    /// Takes the page of a response; responses must be passed in the order of their requests.
    /// Removes the rows that the caller has already.
    pub(crate) fn on_page(
        &mut self,
        request: PageRequest,
        info: PageInfo,
        rows: &mut Vec<T>,
    ) -> PageVerdict {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.progress.pages_read += 1;
        let total_before = self.progress.total.replace(info.total);
        let is_first = matches!(self.stage, Stage::FirstPage);
        let prefetching = self.is_prefetching();
        let unchanged = prefetching && self.check_prefetched(request, info, rows);
        let discard_in_flight = prefetching && !unchanged;
        if discard_in_flight {
            self.in_flight = 0;
            self.stage = Stage::Sequential;
            self.progress.changed_during_read = true;
        }
        if request.is_front_check {
            self.total = info.total;
            rows.clear();
        } else {
            match unchanged {
                true => self.progress.records += rows.len() as u64,
                false => self.on_sequential_page(request, info, rows),
            }
            if rows.is_empty() {
                self.fruitless += 1;
                self.stalled += u64::from(total_before.is_none_or(|before| before == info.total));
            } else {
                (self.fruitless, self.stalled) = (0, 0);
            }
        }
        PageVerdict {
            deliver: is_first || !rows.is_empty(),
            discard_in_flight,
            gave_up: self.check_gave_up(),
        }
    }

    /// Ends the read if the server keeps counting more records than it returns.
    fn check_gave_up(&mut self) -> Option<GaveUp> {
        // After a change, the pager goes back and reads pages again.
        let returned_pages = self.progress.records.div_ceil(self.page_size.max(1));
        let is_stalled = self.stalled >= MAX_STALLED.saturating_add(returned_pages * 2);
        let is_over = is_stalled || self.fruitless >= MAX_FRUITLESS;
        if !is_over || matches!(self.stage, Stage::Done) {
            return None;
        }
        self.stage = Stage::Done;
        Some(GaveUp {
            claimed: self.total,
            returned: self.progress.records,
            pages: self.fruitless,
        })
    }

    /// Whether the response is the one that an unchanged list would give. Then the ids of its rows
    /// are remembered.
    fn check_prefetched(&mut self, request: PageRequest, info: PageInfo, rows: &[T]) -> bool {
        let Stage::Prefetching(prefetch) = &mut self.stage else {
            return false;
        };
        if info.total != self.total {
            return false;
        }
        if request.is_front_check {
            prefetch.confirmed = prefetch.confirming.take().unwrap_or(prefetch.confirmed);
            let unchanged = rows
                .first()
                .is_some_and(|row| (self.id)(row) == &*prefetch.first_id);
            if unchanged {
                let confirmed_rows = prefetch.confirmed.saturating_mul(self.page_size);
                self.tail = self.total.saturating_sub(confirmed_rows);
                if prefetch.confirmed == prefetch.pages {
                    self.stage = Stage::Done;
                }
            }
            return unchanged;
        }
        prefetch.received = request.number;
        let start = (request.number - 1) * self.page_size;
        rows.len() as u64 == self.page_size.min(self.total.saturating_sub(start))
            && info.limit.is_none_or(|limit| limit == self.page_size)
            && info.has_next == (request.number < prefetch.pages)
            && self.returned.insert_all(rows.iter().map(self.id))
    }

    fn on_sequential_page(&mut self, request: PageRequest, info: PageInfo, rows: &mut Vec<T>) {
        let is_first = matches!(self.stage, Stage::FirstPage);
        let count = rows.len() as u64;
        let page_size = self.detect_page_size(is_first, request, info, count);
        let start = (request.number - 1).saturating_mul(page_size);
        let end = start.saturating_add(count);
        // A total that does not count the rows of this page, or the next page, would end the read
        // too early.
        let total = match count == 0 && !info.has_next {
            true => info.total,
            false => info.total.max(end.saturating_add(u64::from(info.has_next))),
        };
        let shrunk_by = match is_first {
            true => 0,
            false => self.total.saturating_sub(total),
        };
        let total_before = self.total;
        self.total = total;
        let candidate = total.saturating_sub(self.tail);
        if start <= candidate {
            self.keep_new(rows);
            self.tail = self.tail.min(total.saturating_sub(end));
        } else {
            rows.clear();
        }
        let is_short = count < page_size.min(total.saturating_sub(start));
        let dropped_rows = (rows.len() as u64) < count;
        let total_changed = !is_first && total != total_before;
        self.progress.changed_during_read |= is_short || dropped_rows || total_changed;
        self.overlap = shrunk_by
            .saturating_mul(2)
            .max(self.overlap - self.overlap.div_ceil(4))
            .min(self.page_size / 2);
        let has_all = self.progress.records >= total;
        let is_complete = match self.is_rereading {
            true => has_all || !rows.is_empty(),
            false => self.tail == 0 && (has_all || !dropped_rows),
        };
        if is_complete {
            self.stage = Stage::Done;
            return;
        }
        if self.tail == 0 {
            self.is_rereading = true;
            self.tail = total;
        }
        self.stage = self
            .start_prefetch(is_first, rows)
            .map_or(Stage::Sequential, Stage::Prefetching);
    }

    /// The number of rows that the server puts on a full page.
    fn detect_page_size(
        &mut self,
        is_first: bool,
        request: PageRequest,
        info: PageInfo,
        count: u64,
    ) -> u64 {
        let expected = if self.page_size_is_fixed {
            self.page_size
        } else {
            request.limit
        };
        let reported = info.limit.filter(|limit| *limit > 0);
        // Only for the first page it is certain how many rows it should have.
        let unexpected =
            is_first && count > 0 && (count > expected || count < expected.min(info.total));
        let page_size = reported.unwrap_or(if unexpected { count } else { expected });
        if page_size != expected {
            self.page_size_is_fixed = true;
            self.page_size = page_size;
        }
        page_size
    }

    /// Starts prefetching after the first page, if the list is long enough to be worth a front
    /// check.
    fn start_prefetch(&self, is_first: bool, rows: &[T]) -> Option<Prefetch> {
        let pages = self.total.div_ceil(self.page_size);
        let as_expected =
            is_first && !self.page_size_is_fixed && !self.progress.changed_during_read;
        (as_expected && pages > SHORT_LIST).then_some(())?;
        Some(Prefetch {
            first_id: (self.id)(rows.first()?).into(),
            pages,
            requested: 1,
            received: 1,
            confirmed: 1,
            confirming: None,
        })
    }

    /// Removes the rows that were returned before, and remembers the others.
    fn keep_new(&mut self, rows: &mut Vec<T>) {
        rows.retain(|row| self.returned.insert((self.id)(row)));
        self.progress.records += rows.len() as u64;
    }
}

impl Prefetch {
    fn next_request(&mut self, limit: u64) -> Option<PageRequest> {
        let unconfirmed = self.received - self.confirmed;
        let check_is_due = unconfirmed >= PAGES_PER_FRONT_CHECK
            || (unconfirmed > 0 && self.received == self.pages);
        if check_is_due && self.confirming.is_none() {
            // The pages to confirm have arrived, so the server reads the front after them.
            self.confirming = Some(self.received);
            return Some(PageRequest {
                number: 1,
                limit: 1,
                is_front_check: true,
            });
        }
        (self.requested < self.pages).then(|| {
            self.requested += 1;
            PageRequest {
                number: self.requested,
                limit,
                is_front_check: false,
            }
        })
    }
}

/// The ids of the records that were returned. All of them are kept, because after deletions the
/// pager may have to go back any number of pages. The set is exact: an id wrongly found in it would
/// lose a record. A customer's id takes 16 bytes and some overhead; a million of them take about 40
/// MB.
#[derive(Debug)]
struct IdSet {
    /// Ids of 32 hexadecimal digits, as numbers. Split into many sets, so that only a small set has
    /// to be copied when it grows.
    hex: Vec<HashSet<u128>>,
    other: HashSet<Box<str>>,
}

impl Default for IdSet {
    fn default() -> Self {
        Self {
            hex: (0..Self::SHARDS).map(|_| HashSet::new()).collect(),
            other: HashSet::new(),
        }
    }
}

impl IdSet {
    const SHARDS: usize = 32;

    /// Returns whether the id is new.
    fn insert(&mut self, id: &str) -> bool {
        match Self::parse_hex(id) {
            Some(value) => self.hex[Self::shard(value)].insert(value),
            None => self.other.insert(id.into()),
        }
    }

    /// Inserts the ids if all of them are new and different. Returns whether they are.
    fn insert_all<'a>(&mut self, ids: impl Iterator<Item = &'a str> + Clone) -> bool {
        let Some(known) = ids.clone().position(|id| !self.insert(id)) else {
            return true;
        };
        for id in ids.take(known) {
            self.remove(id);
        }
        false
    }

    fn remove(&mut self, id: &str) {
        match Self::parse_hex(id) {
            Some(value) => self.hex[Self::shard(value)].remove(&value),
            None => self.other.remove(id),
        };
    }

    /// Only lower-case digits are accepted: otherwise two different ids could have the same value.
    fn parse_hex(id: &str) -> Option<u128> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
        (id.len() == 32 && id.bytes().all(is_digit))
            .then(|| u128::from_str_radix(id, 16).ok())
            .flatten()
    }

    fn shard(value: u128) -> usize {
        value as usize % Self::SHARDS
    }
}
