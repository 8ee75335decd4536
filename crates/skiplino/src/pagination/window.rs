//! Decides how many pages of a list to request at a time. No I/O, no clock.

use std::time::Duration;

/// The number of prefetched pages in flight at most.
#[derive(Debug)]
pub(crate) struct Window {
    size: u64,
    /// Pages that arrived since the last change of the size.
    arrived: u64,
    /// Pages still to arrive that were requested before the size was reduced. They tell nothing
    /// about the new size.
    outdated: u64,
    has_shrunk: bool,
}

impl Window {
    pub(crate) const START: u64 = 4;
    /// Each request in flight takes a connection of its own.
    pub(crate) const MAX: u64 = 16;
    /// A server that takes longer has enough to do, and a rate limit or a thin line is the limit.
    const SLOW: Duration = Duration::from_secs(1);
    /// Added for each page, so that the first `START` pages lead to `MAX`. Smaller steps take
    /// longer, because new connections cost round trips at each step.
    const FAST_GROWTH: u64 = (Self::MAX - Self::START) / Self::START;

    pub(crate) fn new() -> Self {
        Self {
            size: Self::START,
            arrived: 0,
            outdated: 0,
            has_shrunk: false,
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Takes a page that arrived after `attempts` and `time`, with `in_flight` others on their way.
    /// Without retries the window grows quickly at first. Once a page was retried, it shrinks by
    /// half, and grows by one page at a time.
    pub(crate) fn on_page(&mut self, attempts: u32, time: Duration, in_flight: u64) {
        if self.outdated > 0 {
            self.outdated -= 1;
        } else if attempts > 1 {
            // A page that was requested alone only fails after a retry alone.
            self.resize(self.size.min((self.size / 2).max(2)));
            self.outdated = in_flight;
            self.has_shrunk = true;
        } else if time < Self::SLOW {
            self.arrived += 1;
            if !self.has_shrunk {
                self.resize(self.size + Self::FAST_GROWTH);
            } else if self.arrived >= self.size {
                self.resize(self.size + 1);
            }
        }
    }

    /// Requests the next page alone, because a prefetched page failed. All requests in flight were
    /// discarded.
    pub(crate) fn close(&mut self) {
        self.resize(1);
        self.outdated = 0;
        self.has_shrunk = true;
    }

    fn resize(&mut self, size: u64) {
        self.size = size.min(Self::MAX);
        self.arrived = 0;
    }
}
