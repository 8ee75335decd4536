//! The pager alone, against a list that changes between any two reads. The client's source file is
//! included here, so that thousands of cases need no network and the pager need not be public;
//! `changing_lists.rs` tests the same over HTTP.
#![allow(dead_code, reason = "the client uses more of the file than this test")]

use std::collections::{HashMap, HashSet, VecDeque};

use proptest::collection::vec;
use proptest::prelude::*;

use pager_source::{GaveUp, PageInfo, PageRequest, Pager};

#[path = "../../crates/skiplino/src/pagination/pager.rs"]
mod pager_source;

/// A change of the list before a read.
#[derive(Debug, Clone)]
pub enum Change {
    Insert(usize),
    DeleteNewest(usize),
    DeleteOldest(usize),
    /// From this place on, in thousandths of the list.
    DeleteAt(usize, usize),
    /// Directly in front of or behind the record that was returned last.
    DeleteNear(bool, usize),
    /// Deletes records at a place and inserts as many, so that the total stays the same.
    Swap(usize, usize),
    /// The same in whole pages: deletes `.2` pages that start `.1` pages behind the record returned
    /// last, and `.0` pages at the front. The deleted records were prefetched, so no record behind
    /// them is in another place and no record in front of them is read again.
    SwapAhead(usize, usize, usize),
}

/// A list, newest first.
#[derive(Debug, Default)]
pub struct Model {
    pub rows: VecDeque<u64>,
    pub next: u64,
    pub deleted: HashSet<u64>,
    /// The limit that the pager is given.
    limit: usize,
    /// The most records that the server puts on a page, whatever limit is requested.
    cap: Option<u64>,
    /// Whether responses contain the limit.
    reports_limit: bool,
}

impl Model {
    pub fn of(count: usize) -> Self {
        let mut model = Self::default();
        model.change(&Change::Insert(count), None);
        model
    }

    pub fn change(&mut self, change: &Change, last: Option<u64>) {
        let length = self.rows.len();
        match *change {
            Change::Insert(count) => {
                for _ in 0..count {
                    self.rows.push_front(self.next);
                    self.next += 1;
                }
            }
            Change::DeleteNewest(count) => self.delete(0, count),
            Change::DeleteOldest(count) => self.delete(length.saturating_sub(count), count),
            Change::DeleteAt(place, count) => self.delete(length * place / 1000, count),
            Change::DeleteNear(after, count) => {
                let at = self.place_of(last);
                self.delete(if after { at } else { at.saturating_sub(count) }, count);
            }
            Change::Swap(place, count) => {
                self.change(&Change::DeleteAt(place, count), last);
                self.change(&Change::Insert(length - self.rows.len()), last);
            }
            Change::SwapAhead(front, after, pages) => {
                self.delete(self.place_of(last) + after * self.limit, pages * self.limit);
                self.delete(0, front * self.limit);
                self.change(&Change::Insert(length - self.rows.len()), last);
            }
        }
    }

    fn place_of(&self, last: Option<u64>) -> usize {
        // Ids fall from the front to the back.
        last.map_or(0, |last| self.rows.partition_point(|row| *row >= last))
    }

    fn delete(&mut self, at: usize, count: usize) {
        let at = at.min(self.rows.len());
        let end = (at + count).min(self.rows.len());
        self.deleted.extend(self.rows.drain(at..end));
    }

    pub fn page(&self, number: u64, limit: u64) -> Read {
        let total = self.rows.len() as u64;
        let limit = self.cap.map_or(limit, |cap| limit.min(cap));
        let start = (number - 1) * limit;
        let rows = self.rows.iter().skip(start as usize).take(limit as usize);
        let info = PageInfo {
            total,
            has_next: number * limit < total,
            limit: self.reports_limit.then_some(limit),
        };
        (rows.copied().collect(), info)
    }
}

fn change(most: usize) -> impl Strategy<Value = Change> {
    let count = 1..=most;
    prop_oneof![
        2 => count.clone().prop_map(Change::Insert),
        2 => count.clone().prop_map(Change::DeleteNewest),
        1 => count.clone().prop_map(Change::DeleteOldest),
        2 => (0..1000_usize, count.clone()).prop_map(|(at, count)| Change::DeleteAt(at, count)),
        2 => (any::<bool>(), count.clone()).prop_map(|(after, count)| Change::DeleteNear(after, count)),
        3 => (0..1000_usize, count).prop_map(|(at, count)| Change::Swap(at, count)),
    ]
}

/// The changes before each read, most often none.
pub fn changes(reads: usize, quiet: u32, most: usize) -> impl Strategy<Value = Vec<Vec<Change>>> {
    let some = prop_oneof![
        quiet => Just(Vec::new()),
        1 => vec(change(most), 1..4),
    ];
    vec(some, 0..reads)
}

/// A list that rarely changes, a list that often changes, a list whose front is deleted again and
/// again, and a list that changes while its total stays the same.
fn histories() -> impl Strategy<Value = Vec<Vec<Change>>> {
    let storm = vec(
        prop_oneof![
            (1..30_usize).prop_map(|count| vec![Change::DeleteNewest(count)]),
            (1..30_usize).prop_map(|count| vec![Change::Insert(count)]),
        ],
        0..60,
    );
    let swaps = vec(
        prop_oneof![
            3 => Just(Vec::new()),
            1 => (0..1000_usize, 1..20_usize).prop_map(|(at, count)| vec![Change::Swap(at, count)]),
        ],
        0..100,
    );
    let ahead = vec(
        prop_oneof![
            4 => Just(Vec::new()),
            1 => (0..3_usize, 0..3_usize, 1..5_usize).prop_map(|(front, after, pages)| vec![Change::SwapAhead(front, after, pages)]),
        ],
        0..14,
    );
    prop_oneof![
        2 => ahead,
        1 => changes(120, 20, 3),
        1 => changes(60, 1, 12),
        1 => changes(40, 0, 60),
        1 => storm,
        1 => swaps,
    ]
}

type Read = (Vec<u64>, PageInfo);

#[derive(Debug)]
struct Outcome {
    returned: Vec<u64>,
    requests: usize,
    changed_during_read: bool,
}

/// Reads the list; `order` says which of the requests in flight the server handles next. The window
/// has each of the sizes in turn; at size 0, the oldest request fails, ten times at most.
fn read_all(
    model: &mut Model,
    limit: u64,
    windows: &[u64],
    history: &[Vec<Change>],
    order: &[usize],
) -> Outcome {
    let names: fn(&String) -> &str = |name| name.as_str();
    model.limit = limit as usize;
    let mut pager = Pager::new(names, limit);
    let mut in_flight: VecDeque<(PageRequest, Option<Read>)> = VecDeque::new();
    let (mut returned, mut requests, mut reads) = (Vec::new(), 0, 0);
    let (mut history, mut order) = (history.iter(), order.iter().cycle());
    let mut windows = windows.iter().copied().cycle();
    let mut failures = 0;
    loop {
        let window = windows.next().unwrap();
        if window == 0 && failures < 10 && pager.is_prefetching() {
            failures += 1;
            requests -= in_flight.len();
            in_flight.clear();
            pager.restart_prefetch();
        }
        let window = window.max(1);
        while let Some(request) = pager.next_request(window) {
            requests += 1;
            assert!(requests < 5_000, "the read does not end");
            in_flight.push_back((request, None));
            assert!(in_flight.len() as u64 <= window);
        }
        let unread: Vec<_> = (0..in_flight.len())
            .filter(|index| in_flight[*index].1.is_none())
            .collect();
        let Some(&(request, ref read)) = in_flight.front() else {
            break;
        };
        let pick = order.next().copied().unwrap_or(0);
        if read.is_none() || (!unread.is_empty() && pick % 3 == 0) {
            for change in history.next().into_iter().flatten() {
                model.change(change, returned.last().copied());
            }
            let (request, read) = &mut in_flight[unread[pick % unread.len()]];
            *read = Some(model.page(request.number, request.limit));
            reads += 1;
            continue;
        }
        let (rows, info) = in_flight.pop_front().unwrap().1.unwrap();
        // Ids as customers have them, ids of the same value in upper case, and other ids.
        let name = |id: u64| match id % 3 {
            0 => format!("{:032x}", 0xa000 + id),
            1 => format!("{:032X}", 0xa000 + id - 1),
            _ => format!("{id}"),
        };
        let ids: HashMap<String, u64> = rows.iter().map(|id| (name(*id), *id)).collect();
        let mut rows = rows.iter().map(|id| name(*id)).collect();
        let verdict = pager.on_page(request, info, &mut rows);
        assert_eq!(verdict.gave_up, None);
        returned.extend(rows.iter().map(|row| ids[row]));
        if verdict.discard_in_flight {
            in_flight.clear();
        }
    }
    let progress = pager.progress();
    assert_eq!(progress.records, returned.len() as u64);
    assert!(progress.pages_read as usize <= reads);
    Outcome {
        returned,
        requests,
        changed_during_read: progress.changed_during_read,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn records_that_exist_for_the_whole_read_are_returned_exactly_once(
        count in 0..160_usize,
        limit in 1..13_u64,
        windows in prop_oneof![
            Just(vec![4]),
            vec(1..17_u64, 1..10),
            // A request fails now and then.
            vec(1..9_u64, 5..10).prop_map(|mut windows| { windows.push(0); windows }),
        ],
        history in histories(),
        order in vec(0..60_usize, 1..40),
        cap in prop::option::weighted(0.2, 1..10_u64),
        reports_limit in any::<bool>(),
    ) {
        let mut model = Model::of(count);
        (model.cap, model.reports_limit) = (cap, reports_limit);
        let first = model.next;
        let outcome = read_all(&mut model, limit, &windows, &history, &order);
        let returned: HashSet<u64> = outcome.returned.iter().copied().collect();
        prop_assert_eq!(returned.len(), outcome.returned.len(), "a record was returned twice");
        let missing: Vec<_> = (0..first)
            .filter(|id| !model.deleted.contains(id) && !returned.contains(id))
            .collect();
        prop_assert!(missing.is_empty(), "{:?} were not returned", missing);
        prop_assert!(returned.iter().all(|id| *id < model.next));
        if model.next == first && model.deleted.is_empty() {
            prop_assert!(!outcome.changed_during_read);
            // In the order of the list, at one request a page, and a front check for each 64 pages.
            prop_assert!(outcome.returned.iter().rev().copied().eq(0..first));
            let size = cap.map_or(limit, |cap| limit.min(cap));
            let pages = (count as u64).div_ceil(size).max(1) as usize;
            let front_checks = if pages > 4 { (pages - 1).div_ceil(64) } else { 0 };
            prop_assert!(outcome.requests <= pages + front_checks, "{} for {}", outcome.requests, pages);
        }
    }
}

#[test]
fn the_front_check_finds_changes_that_leave_the_total_the_same() {
    // Pages 3, 4 and 5 are read before page 2. Between the reads, two pages of records are inserted
    // at the front: page 2 holds only new records, and its old records are where page 4 was. As
    // many records of pages 3 and 4 are deleted, so that the rest of the list is in its place.
    let (change, before) = (Change::SwapAhead(0, 1, 2), 4);
    assert_change_is_found(90, change, before, &[1]);
    // The same with page 4, which is read after all others: a front check before it would prove
    // nothing.
    let (change, before) = (Change::SwapAhead(2, 1, 2), 6);
    assert_change_is_found(60, change, before, &[1, 1, 4, 1, 4, 1, 1, 1, 1, 1]);
}

fn assert_change_is_found(count: usize, change: Change, before: usize, order: &[usize]) {
    let mut model = Model::of(count);
    let mut history = vec![Vec::new(); before];
    history.push(vec![change]);
    let outcome = read_all(&mut model, 10, &[4], &history, order);
    let returned: HashSet<u64> = outcome.returned.iter().copied().collect();
    assert!(!model.deleted.is_empty());
    assert!((0..count as u64).all(|id| model.deleted.contains(&id) || returned.contains(&id)));
    assert_eq!(returned.len(), outcome.returned.len());
    assert!(outcome.changed_during_read);
}

#[test]
fn steady_deletions_do_not_stop_the_progress() {
    // One record is deleted before every read. A page that starts exactly where the page before
    // ended would be useless each time.
    for change in [
        Change::DeleteNewest(1),
        Change::DeleteOldest(1),
        Change::DeleteAt(500, 1),
        Change::DeleteNear(false, 3),
    ] {
        let mut model = Model::of(20_000);
        let history = vec![vec![change.clone()]; 4_000];
        let outcome = read_all(&mut model, 100, &[1], &history, &[0]);
        assert!(
            outcome.requests < 250,
            "{change:?}: {} requests",
            outcome.requests
        );
    }
}

#[test]
fn impossible_totals_do_not_panic() {
    let names: fn(&String) -> &str = |name| name.as_str();
    let extremes = [u64::MAX, 0, 1, u64::MAX - 1];
    for window in [1, 4] {
        for start in 0..extremes.len() {
            let mut pager = Pager::new(names, 10);
            for step in 0..40 {
                let Some(request) = pager.next_request(window) else {
                    break;
                };
                let total = extremes[(start + step / 2) % extremes.len()];
                let limit = (step % 3 == 2).then_some(total);
                let info = PageInfo {
                    total,
                    has_next: step % 2 == 0,
                    limit,
                };
                let mut page = (0..10).map(|row| format!("{step}-{row}")).collect();
                pager.on_page(request, info, &mut page);
            }
        }
    }
}

/// Reads from a server that answers request number `.0` for a page with `answer`. Returns the
/// number of requests, and why the read gave up.
fn read_from(
    window: u64,
    mut answer: impl FnMut(u64, PageRequest) -> (Vec<u64>, PageInfo),
) -> (u64, u64, Option<GaveUp>) {
    let names: fn(&String) -> &str = |name| name.as_str();
    let mut pager = Pager::new(names, 10);
    let (mut requests, mut in_flight) = (0, VecDeque::new());
    loop {
        while let Some(request) = pager.next_request(window) {
            in_flight.push_back(request);
        }
        let Some(request) = in_flight.pop_front() else {
            return (requests, pager.progress().records, None);
        };
        requests += 1;
        assert!(requests < 1_000, "the read does not end");
        let (rows, info) = answer(requests, request);
        let mut page = rows.iter().map(u64::to_string).collect();
        let verdict = pager.on_page(request, info, &mut page);
        if verdict.discard_in_flight {
            in_flight.clear();
        }
        if verdict.gave_up.is_some() {
            assert_eq!(pager.next_request(window), None);
            return (requests, pager.progress().records, verdict.gave_up);
        }
    }
}

/// The rows of an honest page of a list of `total` records.
fn honest(request: PageRequest, total: u64) -> (Vec<u64>, PageInfo) {
    let start = (request.number - 1) * request.limit;
    let end = (start + request.limit).min(total);
    let info = PageInfo {
        total,
        has_next: end < total,
        limit: None,
    };
    ((start..end).collect(), info)
}

#[test]
fn a_read_gives_up_if_the_server_sends_the_same_page_again_and_again() {
    for window in [1, 4] {
        for (total, has_next, limit, rows) in [
            (1_000, true, None, 0),
            (1_000, true, None, 3),
            (1_000, false, None, 10),
            (1_000, true, Some(7), 10),
            (1_000, true, Some(1_000), 10),
            (30, true, None, 10),
            (20, true, None, 10),
            (20, false, None, 10),
            (11, true, None, 10),
            (1, true, None, 0),
            (0, true, None, 10),
            (0, true, None, 0),
            (u64::MAX, true, None, 10),
        ] {
            let case = format!("{total} {has_next} {limit:?} {rows}");
            let info = PageInfo {
                total,
                has_next,
                limit,
            };
            let (requests, records, gave_up) =
                read_from(window, |_, _| ((0..rows).collect(), info));
            let gave_up = gave_up.expect(&case);
            assert_eq!((records, gave_up.returned), (rows, rows), "{case}");
            assert!(gave_up.claimed >= total && gave_up.claimed > rows, "{case}");
            assert!((10..=30).contains(&requests), "{case}: {requests} requests");
        }
    }
}

#[test]
fn a_read_gives_up_if_the_list_stops_in_the_middle() {
    for window in [1, 4] {
        // From page 51 on: the last page again, no rows, or the record of each page ten times.
        for kind in 0..3 {
            let (requests, records, gave_up) = read_from(window, |_, mut request| {
                let (mut rows, info) = honest(request, 1_000);
                if request.number * request.limit > 500 {
                    request.number = 500 / request.limit;
                    rows = match kind {
                        0 => honest(request, 1_000).0,
                        1 => Vec::new(),
                        _ => rows.iter().map(|_| 499).collect(),
                    };
                }
                (rows, info)
            });
            let gave_up = gave_up.expect("it gave up");
            assert_eq!((gave_up.claimed, gave_up.returned), (1_000, records));
            assert!((490..=500).contains(&records), "{records}");
            // As many pages again as were returned, twice.
            assert!(requests <= 50 + 10 + 2 * 50 + 10, "{requests} requests");
        }
    }
}

#[test]
fn a_read_gives_up_if_the_total_shrinks_for_ever() {
    for window in [1, 4] {
        for step in [1, 3, 10, 25, 1_000] {
            for good in [0, 1, 5, 80] {
                // Honest pages, and then the first page again and again, with less and less total.
                let (mut total, mut pages) = (1 << 40, 0);
                let (_, records, gave_up) = read_from(window, |_, mut request| {
                    pages += 1;
                    if pages <= good {
                        return honest(request, total);
                    }
                    total -= step;
                    request.number = 1;
                    honest(request, total)
                });
                let gave_up = gave_up.expect("it gave up");
                assert_eq!(gave_up.returned, records);
                assert!(gave_up.claimed > 1 << 39 && gave_up.pages <= 256);
            }
        }
    }
}

#[test]
fn deletions_that_are_replaced_do_not_look_like_a_server_that_lies() {
    // The ten oldest records are deleted and ten new ones inserted while the second page is read,
    // so that it shows the first page's records, and the end of the list is reached.
    let mut model = Model::of(20);
    let history = [
        Vec::new(),
        vec![Change::DeleteOldest(10), Change::Insert(10)],
    ];
    let outcome = read_all(&mut model, 10, &[1], &history, &[0]);
    assert!(outcome.changed_during_read);
    let expected: HashSet<u64> = (10..30).collect();
    assert_eq!(
        outcome.returned.into_iter().collect::<HashSet<_>>(),
        expected
    );
    assert_eq!(outcome.requests, 3);
}
