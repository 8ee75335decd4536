//! Which pages of a list are read, and which of their records are new, while the list changes. No I/O: the streams and the
//! iterators of `list.rs` drive it.
//!
//! **Why every record that is there throughout comes exactly once.** New records join at the front and none overtakes another, so
//! the number of records behind a given one never grows. Call a record owed if it was there from the start and has not come, and
//! let all that are owed be among the last `left` of the list: whatever is inserted and deleted, that stays true. So on a page read
//! later, which says `total`, nothing owed stands before row `total - left`. A page that begins there or before it leaves nothing
//! owed ahead of its own end: `left` becomes `total - end`. One that begins after it may have been overtaken by deletions: it proves
//! nothing and is put aside. Either way the page to read next is the one that holds row `total - left`: the next in number while
//! nothing moves, one further back when more was deleted than inserted, one further on when more was inserted. What comes again is
//! known by its id. This takes that a page's `total` is of the same moment as its rows, and that each read follows the one before.
//!
//! **Pages read ahead** do not follow each other: a record inserted and one deleted between two of them leave `total` as it was and
//! a hole at the seam. So they only count once a look at the front, taken when they all had come, finds the first record and the
//! `total` of the first page. Then nothing inserted is left, or it would be in front, and nothing was deleted, or the total would
//! be less; and what was inserted and gone again was not there at any of the reads, or that page's total would have been more. If
//! the look finds anything else, the list is read again from the last page that counts, one page at a time.

use std::collections::HashSet;

/// Pages asked for ahead between two looks at the front: at worst so many are read twice, and the looks cost 1 request in so many.
const LOOK_EVERY: u64 = 64;

/// A page to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) number: u64,
    pub(crate) limit: u64,
    /// Only a look at what is in front.
    look: bool,
}

/// What an answer says about its list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) total: u64,
    pub(crate) has_next: bool,
    pub(crate) limit: Option<u64>,
}

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Whether the page is one for the caller, with the rows that are left in it.
    pub(crate) shown: bool,
    /// Whether what else was asked for is no longer wanted.
    pub(crate) drop_others: bool,
}

/// How far a walk over a list has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListProgress {
    /// Pages read, those read again and the looks at the front included.
    pub pages_read: u64,
    /// Records yielded.
    pub records: u64,
    /// Records in the list, as of the page read last; absent before the first.
    pub total: Option<u64>,
    /// Whether the list was seen to change. What was there throughout still comes exactly once.
    pub changed_during_read: bool,
}

#[derive(Debug)]
enum Stage {
    First,
    Ahead(Ahead),
    InTurn,
    Done,
}

/// Reading ahead: all that is known of a list that seems to stand still.
#[derive(Debug)]
struct Ahead {
    front: Box<str>,
    pages: u64,
    asked: u64,
    came: u64,
    /// The last page that counts.
    sure: u64,
    looking: Option<u64>,
}

/// A walk over a list.
#[derive(Debug)]
pub(crate) struct Walk<T> {
    id: fn(&T) -> &str,
    /// The most records that a page may be asked to have.
    most: u64,
    /// The most that it has: `most`, unless the server's pages are of another size.
    limit: u64,
    /// Whether they are: then no other size is worth asking for.
    fixed: bool,
    window: u64,
    in_flight: u64,
    stage: Stage,
    total: u64,
    left: u64,
    /// Rows by which a page begins before the first that can be owed, so that a few deletions do not spoil it.
    slack: u64,
    /// Answers in a row that brought the walk no further though nothing moved.
    idle: u64,
    seen: Seen,
    progress: ListProgress,
}

impl<T> Walk<T> {
    /// A walk in pages of `limit`, with up to `window` of them asked for at a time.
    pub(crate) fn new(id: fn(&T) -> &str, limit: u64, window: u64) -> Self {
        Self {
            id,
            most: limit,
            limit,
            fixed: false,
            window,
            in_flight: 0,
            stage: Stage::First,
            total: 0,
            left: u64::MAX,
            slack: 0,
            idle: 0,
            seen: Seen::default(),
            progress: ListProgress::default(),
        }
    }

    pub(crate) fn progress(&self) -> ListProgress {
        self.progress
    }

    /// Whether pages are asked for before those ahead of them came.
    pub(crate) fn is_ahead(&self) -> bool {
        matches!(self.stage, Stage::Ahead(_))
    }

    /// Nothing more is wanted: it failed, or the caller left.
    pub(crate) fn stop(&mut self) {
        self.stage = Stage::Done;
    }

    /// A page to ask for now. None while answers must come first, or, with none under way, at the end of the walk.
    pub(crate) fn next_ask(&mut self) -> Option<Ask> {
        let ask = match &mut self.stage {
            Stage::Done => None,
            Stage::First => (self.in_flight == 0).then_some(Ask {
                number: 1,
                limit: self.limit,
                look: false,
            }),
            Stage::InTurn => (self.in_flight == 0).then(|| self.reaching()),
            Stage::Ahead(_) if self.in_flight >= self.window => None,
            Stage::Ahead(ahead) => ahead.next_ask(self.limit),
        };
        self.in_flight += u64::from(ask.is_some());
        ask
    }

    /// The page that reaches furthest, of those that begin at the first row that can be owed, or `slack` before it.
    fn reaching(&self) -> Ask {
        let owed = self.total.saturating_sub(self.left);
        let sizes = if self.fixed { self.limit } else { 1 }..=self.limit;
        let mut slack = self.slack;
        loop {
            let from = owed.saturating_sub(slack);
            let ends = sizes
                .clone()
                .map(|limit| ((from / limit + 1).saturating_mul(limit), limit));
            let (end, limit) = ends.max().unwrap_or((1, 1));
            // Without slack it always reaches beyond.
            if end > owed || slack == 0 {
                return Ask {
                    number: end / limit,
                    limit: limit.min(self.most),
                    look: false,
                };
            }
            slack /= 2;
        }
    }

    /// Takes an answer; answers come in the order of their asks. What the caller has already is taken out of `rows`.
    pub(crate) fn take(&mut self, ask: Ask, facts: Facts, rows: &mut Vec<T>) -> Taken {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.progress.pages_read += 1;
        self.progress.total = Some(facts.total);
        let first = matches!(self.stage, Stage::First);
        let ahead = matches!(self.stage, Stage::Ahead(_));
        let as_expected = ahead && self.take_ahead(ask, facts, rows);
        if ahead && !as_expected {
            self.in_flight = 0;
            self.stage = Stage::InTurn;
            self.progress.changed_during_read = true;
        }
        if ask.look {
            self.total = facts.total;
            rows.clear();
        } else if as_expected {
            self.yield_new(rows);
        } else {
            self.take_in_turn(ask, facts, rows);
        }
        Taken {
            shown: first || !rows.is_empty(),
            drop_others: ahead && !as_expected,
        }
    }

    /// Whether the answer is what a list that stands still would give.
    fn take_ahead(&mut self, ask: Ask, facts: Facts, rows: &[T]) -> bool {
        let Stage::Ahead(ahead) = &mut self.stage else {
            return false;
        };
        if facts.total != self.total {
            return false;
        }
        if ask.look {
            ahead.sure = ahead.looking.take().unwrap_or(ahead.sure);
            let same = rows
                .first()
                .is_some_and(|row| (self.id)(row) == &*ahead.front);
            if same {
                self.left = self
                    .total
                    .saturating_sub(ahead.sure.saturating_mul(self.limit));
                if ahead.sure == ahead.pages {
                    self.stage = Stage::Done;
                }
            }
            return same;
        }
        ahead.came = ask.number;
        let before = (ask.number - 1) * self.limit;
        rows.len() as u64 == self.limit.min(self.total.saturating_sub(before))
            && facts.limit.is_none_or(|limit| limit == self.limit)
            && facts.has_next == (ask.number < ahead.pages)
            && !rows.iter().any(|row| self.seen.has((self.id)(row)))
    }

    fn take_in_turn(&mut self, ask: Ask, facts: Facts, rows: &mut Vec<T>) {
        let first = matches!(self.stage, Stage::First);
        let count = rows.len() as u64;
        let size = self.page_size(first, ask, facts, count);
        let start = (ask.number - 1).saturating_mul(size);
        let end = start.saturating_add(count);
        // A total that leaves out what can be seen to be there would end the walk too early.
        let fresh = rows.iter().any(|row| !self.seen.has((self.id)(row)));
        let shown = end.saturating_add(u64::from(facts.has_next));
        let total = if fresh {
            facts.total.max(shown)
        } else {
            facts.total
        };
        let fallen = match first {
            true => 0,
            false => self.total.saturating_sub(total),
        };
        let (total_before, left_before) = (self.total, self.left);
        self.total = total;
        let joins = start <= total.saturating_sub(self.left);
        if joins {
            self.yield_new(rows);
            self.left = self.left.min(total.saturating_sub(end));
        } else {
            rows.clear();
        }
        let short = count < size.min(total.saturating_sub(start));
        let repeats = (rows.len() as u64) < count;
        self.progress.changed_during_read |= short || repeats || !(first || total == total_before);
        self.slack = fallen
            .saturating_mul(2)
            .max(self.slack - self.slack.div_ceil(4))
            .min(self.limit / 2);
        // A server that claims more than it gives would keep the walk going for ever.
        let stuck = self.left >= left_before && total == total_before;
        self.idle = if stuck { self.idle + 1 } else { 0 };
        self.stage = if self.left == 0 || (first && count == 0) || self.idle > 1 {
            Stage::Done
        } else {
            self.ahead(first, rows).map_or(Stage::InTurn, Stage::Ahead)
        };
    }

    /// Records that a page has, in the server's count.
    fn page_size(&mut self, first: bool, ask: Ask, facts: Facts, count: u64) -> u64 {
        let asked = if self.fixed { self.limit } else { ask.limit };
        let told = facts.limit.filter(|limit| *limit > 0);
        // Of the first page alone it is known how many it should hold.
        let odd = first && count > 0 && (count > asked || count < asked.min(facts.total));
        let size = told.unwrap_or(if odd { count } else { asked });
        if size != asked {
            self.fixed = true;
            self.limit = size;
        }
        size
    }

    /// Reads ahead, if the list is long enough for that to be worth a look at its front in the end.
    fn ahead(&self, first: bool, rows: &[T]) -> Option<Ahead> {
        let pages = self.total.div_ceil(self.limit);
        let still = first && !self.fixed && !self.progress.changed_during_read;
        (still && self.window > 1 && pages > self.window).then_some(())?;
        Some(Ahead {
            front: (self.id)(rows.first()?).into(),
            pages,
            asked: 1,
            came: 1,
            sure: 1,
            looking: None,
        })
    }

    fn yield_new(&mut self, rows: &mut Vec<T>) {
        rows.retain(|row| self.seen.add((self.id)(row)));
        self.progress.records += rows.len() as u64;
    }
}

impl Ahead {
    fn next_ask(&mut self, limit: u64) -> Option<Ask> {
        let unsure = self.came - self.sure;
        let due = unsure >= LOOK_EVERY || (unsure > 0 && self.came == self.pages);
        if due && self.looking.is_none() {
            // Sent after those pages came, so it is read after them.
            self.looking = Some(self.came);
            return Some(Ask {
                number: 1,
                limit: 1,
                look: true,
            });
        }
        (self.asked < self.pages).then(|| {
            self.asked += 1;
            Ask {
                number: self.asked,
                limit,
                look: false,
            }
        })
    }
}

/// The ids that came. Any of them can come again, however long ago it did: records deleted at the far end send the walk back as
/// far. So all are kept, and kept exact, for a mistaken one would be a record lost. A customer's id takes 16 bytes and a bit of
/// room; a million of them take some 40 MB.
#[derive(Debug)]
struct Seen {
    /// Ids of 32 hexadecimal digits by their value, in many sets, so that only a small one is copied when it has to grow.
    hex: Vec<HashSet<u128>>,
    other: HashSet<Box<str>>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            hex: (0..Self::SETS).map(|_| HashSet::new()).collect(),
            other: HashSet::new(),
        }
    }
}

impl Seen {
    const SETS: usize = 32;

    fn has(&self, id: &str) -> bool {
        match Self::value(id) {
            Some(value) => self.hex[Self::set(value)].contains(&value),
            None => self.other.contains(id),
        }
    }

    /// Whether it was not there yet.
    fn add(&mut self, id: &str) -> bool {
        match Self::value(id) {
            Some(value) => self.hex[Self::set(value)].insert(value),
            None => self.other.insert(id.into()),
        }
    }

    fn value(id: &str) -> Option<u128> {
        let digits = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
        // Only what is printed back the same, or two ids could be one value.
        (id.len() == 32 && id.bytes().all(digits))
            .then(|| u128::from_str_radix(id, 16).ok())
            .flatten()
    }

    fn set(value: u128) -> usize {
        value as usize % Self::SETS
    }
}
