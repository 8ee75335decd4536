//! A snapshot of the directory, which a sync reads by pages when this takes fewer requests than one
//! lookup for each row.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;

use crate::api::customers::sync::fingerprint::{Fingerprint, Fingerprints};
use crate::clock::Clock;
use crate::error::Error;
use crate::models::customers::Customer;
use crate::pagination::stream::Pages;

/// The fingerprints of all customers with an `externalId`. 40 bytes for each.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// Sorted by the hash of the `externalId`, without duplicates.
    customers: Vec<SnapshotEntry>,
    /// When rows are no longer compared with this snapshot.
    expires: Instant,
}

#[derive(Debug, Clone, Copy)]
struct SnapshotEntry {
    id: u64,
    fingerprint: Fingerprint,
}

impl Snapshot {
    /// How long a snapshot is used, from the time at which its first page was requested.
    const MIN_AGE: Duration = Duration::from_secs(60);
    /// If the pages take long, for instance at a low rate: how many times as long as they took.
    const MAX_AGE_IN_READS: u32 = 3;
    /// Memory for more customers is reserved when they arrive: the server could name any number.
    const MAX_RESERVED: u64 = 1 << 20;

    fn with_capacity(total: u64) -> Vec<SnapshotEntry> {
        Vec::with_capacity(total.min(Self::MAX_RESERVED) as usize)
    }

    fn new(mut customers: Vec<SnapshotEntry>, started: Instant, finished: Instant) -> Self {
        customers.sort_unstable_by_key(|entry| entry.id);
        customers.dedup_by(|later, entry| {
            let is_same = later.id == entry.id;
            if is_same {
                // Two customers with one hash, or a server that has an id twice.
                entry.fingerprint = Fingerprint::UNKNOWN;
            }
            is_same
        });
        let reading = finished.saturating_duration_since(started);
        let max_age = reading.saturating_mul(Self::MAX_AGE_IN_READS);
        Self {
            customers,
            expires: started + max_age.max(Self::MIN_AGE),
        }
    }

    pub(crate) fn has_expired(&self, now: Instant) -> bool {
        now >= self.expires
    }

    /// The customer with this hash of its `externalId`, if there is one.
    pub(crate) fn find(&self, id: u64) -> Option<Fingerprint> {
        let at = self.place(id)?;
        Some(self.customers[at].fingerprint)
    }

    /// Replaces the fingerprint of a customer that is part of the snapshot.
    pub(crate) fn replace(&mut self, id: u64, fingerprint: Fingerprint) {
        if let Some(at) = self.place(id) {
            self.customers[at].fingerprint = fingerprint;
        }
    }

    fn place(&self, id: u64) -> Option<usize> {
        self.customers
            .binary_search_by_key(&id, |entry| entry.id)
            .ok()
    }
}

/// The result of reading the directory.
#[derive(Debug)]
pub(crate) enum DirectoryRead {
    Complete(Snapshot),
    /// The directory has too many pages. Only the first one was read.
    TooLarge,
    Failed(Error),
}

/// Reads the directory, unless it has at least `max_pages` pages. Returns their number, if it is
/// known, and the result.
pub(crate) async fn read_directory(
    mut pages: Pages<Customer>,
    max_pages: u64,
    fingerprints: Arc<Fingerprints>,
    clock: Arc<dyn Clock>,
) -> (Option<u64>, DirectoryRead) {
    let started = clock.now();
    let mut customers = Vec::new();
    let mut page_count = None;
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(error) => return (page_count, DirectoryRead::Failed(error)),
        };
        if page_count.is_none() {
            let total = page.pagination().total();
            let count = total.div_ceil((page.items().len() as u64).max(1));
            page_count = Some(count);
            if count >= max_pages {
                return (page_count, DirectoryRead::TooLarge);
            }
            customers = Snapshot::with_capacity(total);
        }
        customers.extend(page.items().iter().filter_map(|customer| {
            Some(SnapshotEntry {
                id: fingerprints.id(customer.external_id()?),
                fingerprint: fingerprints.customer(customer),
            })
        }));
    }
    let snapshot = Snapshot::new(customers, started, clock.now());
    (page_count, DirectoryRead::Complete(snapshot))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_customers_take_40_bytes_each() {
        const COUNT: u64 = 1_000_000;
        let fingerprints = Fingerprints::default();
        let mut customers = Snapshot::with_capacity(COUNT);
        customers.extend((0..COUNT).map(|n| SnapshotEntry {
            id: fingerprints.id(&format!("crm-{n}")),
            fingerprint: Fingerprint::default(),
        }));
        let now = Instant::now();
        let mut snapshot = Snapshot::new(customers, now, now);
        let bytes = snapshot.customers.capacity() * size_of::<SnapshotEntry>();
        assert!(bytes <= 40_000_000, "{bytes}");
        let id = fingerprints.id("crm-77");
        assert_eq!(snapshot.find(id), Some(Fingerprint::default()));
        snapshot.replace(id, Fingerprint::UNKNOWN);
        assert_eq!(snapshot.find(id), Some(Fingerprint::UNKNOWN));
        assert_eq!(snapshot.find(fingerprints.id("other")), None);
    }

    #[test]
    fn an_id_that_appears_twice_is_looked_up() {
        let entry = |id| SnapshotEntry {
            id,
            fingerprint: Fingerprint::default(),
        };
        let now = Instant::now();
        let snapshot = Snapshot::new([3, 1, 3, 2, 3].map(entry).to_vec(), now, now);
        let found = [1, 2, 3, 4].map(|id| snapshot.find(id));
        let (known, unknown) = (Fingerprint::default(), Fingerprint::UNKNOWN);
        assert_eq!(found, [Some(known), Some(known), Some(unknown), None]);
    }

    #[test]
    fn a_snapshot_that_took_long_is_used_longer() {
        let start = Instant::now();
        for (reading, limit) in [(0, 60), (20, 60), (100, 300)] {
            let finished = start + Duration::from_secs(reading);
            let snapshot = Snapshot::new(Vec::new(), start, finished);
            let expires = start + Duration::from_secs(limit);
            assert!(!snapshot.has_expired(expires - Duration::from_millis(1)));
            assert!(snapshot.has_expired(expires));
        }
    }
}
