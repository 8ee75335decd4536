//! Faults on command: the list of faults, and which of them applies to a request.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Map, Value, json};
use tokio::sync::watch;

mod kind;
mod mutation;

pub(crate) use kind::Kind;

use crate::{
    envelope::Failure,
    locale::Reason,
    routes::{OPERATIONS, Operation},
    validate::Fields,
};

/// All fields that a fault can have.
const FIELDS: [&str; 13] = [
    "operation",
    "kind",
    "when",
    "ms",
    "then",
    "status",
    "body",
    "commit",
    "location",
    "retryAfter",
    "text",
    "chunk",
    "bytes",
];

/// The active faults, and the requests that they hold.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    set: Mutex<FaultSet>,
    held: watch::Sender<HeldCount>,
}

#[derive(Debug, Default)]
struct FaultSet {
    last_id: u64,
    faults: Vec<Fault>,
}

#[derive(Debug)]
struct Fault {
    id: u64,
    /// `None` means every operation.
    operation: Option<&'static str>,
    kind: Arc<Kind>,
    trigger: Trigger,
    given: Map<String, Value>,
    seen: u64,
    fired: u64,
    /// Counts the releases. Removing the fault drops this and releases its requests, too.
    releases: watch::Sender<u64>,
}

#[derive(Debug, Clone, Copy)]
enum Trigger {
    Always,
    Nth(u64),
    First(u64),
    Every(u64),
    Probability(f64),
}

/// A fault that applies to a request.
#[derive(Debug)]
pub(crate) struct TriggeredFault {
    pub(crate) kind: Arc<Kind>,
    pub(crate) release: watch::Receiver<u64>,
}

impl TriggeredFault {
    /// The fault of a request above the rate limit.
    pub(crate) fn too_many(wait: Duration) -> Self {
        Self {
            kind: Arc::new(Kind::too_many(wait)),
            release: watch::Sender::default().subscribe(),
        }
    }
}

/// How many requests are held now, and how many were ever held.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct HeldCount {
    pub(crate) now: u64,
    pub(crate) total: u64,
    /// How often all faults were cleared. A request that was held before no longer counts.
    clears: u64,
}

/// Decrements the number of held requests when it is dropped.
struct HoldGuard<'a> {
    held: &'a watch::Sender<HeldCount>,
    clears: u64,
}

impl Drop for HoldGuard<'_> {
    fn drop(&mut self) {
        self.held.send_modify(|held| {
            if held.clears == self.clears {
                held.now -= 1;
            }
        });
    }
}

impl Faults {
    fn with<T>(&self, work: impl FnOnce(&mut FaultSet) -> T) -> T {
        work(&mut self.set.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds a fault, and returns its JSON.
    pub(crate) fn add(&self, given: Map<String, Value>) -> Result<Value, Failure> {
        let mut fields = Fields::lenient(given.clone());
        fields.require("operation");
        let operation = match fields.id("operation").as_deref() {
            None | Some("*") => None,
            Some(id) => {
                let known = OPERATIONS.iter().find(|operation| operation.id == id);
                if known.is_none() {
                    fields.errors.add("operation", Reason::DoesNotExist);
                }
                known.map(|operation| operation.id)
            }
        };
        let trigger = Trigger::parse(&mut fields);
        let kind = Kind::parse(&mut fields);
        // Without this check, a fault with a misspelt `when` would always fire.
        for name in given.keys().filter(|name| !FIELDS.contains(&name.as_str())) {
            fields.errors.add(name, Reason::NotValid);
        }
        fields.errors.finish()?;
        let (Some(trigger), Some(kind)) = (trigger, kind) else {
            return Err(Failure::field("kind", Reason::Required));
        };
        Ok(self.with(|set| {
            set.last_id += 1;
            let fault = Fault {
                id: set.last_id,
                operation,
                kind: Arc::new(kind),
                trigger,
                given,
                seen: 0,
                fired: 0,
                releases: watch::Sender::default(),
            };
            let json = fault.json();
            set.faults.push(fault);
            json
        }))
    }

    pub(crate) fn json(&self) -> Value {
        self.with(|set| set.faults.iter().map(Fault::json).collect())
    }

    pub(crate) fn count(&self) -> usize {
        self.with(|set| set.faults.len())
    }

    /// Removes all faults and releases their requests, which no longer count as held: their tasks
    /// may end only after the next request for the count.
    pub(crate) fn clear(&self) {
        self.with(|set| set.faults.clear());
        self.held.send_modify(|held| {
            held.now = 0;
            held.clears += 1;
        });
    }

    /// Removes a fault; false if there is none with this id.
    pub(crate) fn remove(&self, id: u64) -> bool {
        self.with(|set| {
            let before = set.faults.len();
            set.faults.retain(|fault| fault.id != id);
            set.faults.len() < before
        })
    }

    /// Releases the requests that the fault holds now; false if there is no fault with this id.
    pub(crate) fn release(&self, id: u64) -> bool {
        self.with(|set| {
            let fault = set.faults.iter().find(|fault| fault.id == id);
            fault.is_some_and(|fault| {
                fault.releases.send_modify(|count| *count += 1);
                true
            })
        })
    }

    /// The first fault that applies to this request. Every matching fault counts the request.
    pub(crate) fn fire(&self, operation: &Operation, seed: u64) -> Option<TriggeredFault> {
        self.with(|set| {
            let mut first = None;
            for fault in &mut set.faults {
                if fault.operation.is_some_and(|id| id != operation.id) {
                    continue;
                }
                fault.seen += 1;
                if first.is_none() && fault.trigger.applies(fault.seen, seed ^ fault.id) {
                    fault.fired += 1;
                    first = Some(TriggeredFault {
                        kind: Arc::clone(&fault.kind),
                        release: fault.releases.subscribe(),
                    });
                }
            }
            first
        })
    }

    /// Waits until the fault is released or removed, or the timeout elapses.
    pub(crate) async fn hold(&self, mut release: watch::Receiver<u64>, timeout: Option<Duration>) {
        let mut clears = 0;
        self.held.send_modify(|held| {
            held.now += 1;
            held.total += 1;
            clears = held.clears;
        });
        let _guard = HoldGuard {
            held: &self.held,
            clears,
        };
        match timeout {
            Some(timeout) => {
                let _ = tokio::time::timeout(timeout, release.changed()).await;
            }
            None => {
                let _ = release.changed().await;
            }
        }
    }

    /// Waits until at least `at_least` requests are held, or the timeout elapses.
    pub(crate) async fn held(&self, at_least: u64, timeout: Duration) -> HeldCount {
        let mut held = self.held.subscribe();
        let enough = held.wait_for(|held| held.now >= at_least);
        let _ = tokio::time::timeout(timeout, enough).await;
        *self.held.borrow()
    }
}

impl Fault {
    fn json(&self) -> Value {
        let mut json = Map::new();
        json.insert("id".to_owned(), json!(self.id));
        json.extend(self.given.clone());
        json.insert("seen".to_owned(), json!(self.seen));
        json.insert("fired".to_owned(), json!(self.fired));
        Value::Object(json)
    }
}

impl Trigger {
    fn parse(fields: &mut Fields) -> Option<Self> {
        let Some(when) = fields.object("when") else {
            return Some(Self::Always);
        };
        let parsed = when
            .as_object()
            .filter(|when| when.len() == 1)
            .and_then(|when| when.iter().next())
            .and_then(|(name, value)| {
                let count = value.as_u64().filter(|count| *count > 0);
                match name.as_str() {
                    "nth" => count.map(Self::Nth),
                    "first" => count.map(Self::First),
                    "every" => count.map(Self::Every),
                    "probability" => value
                        .as_f64()
                        .filter(|chance| (0.0..=1.0).contains(chance))
                        .map(Self::Probability),
                    _ => None,
                }
            });
        if parsed.is_none() {
            fields.errors.add("when", Reason::NotValid);
        }
        parsed
    }

    /// Whether the fault applies to the request number `seen`.
    fn applies(self, seen: u64, seed: u64) -> bool {
        match self {
            Self::Always => true,
            Self::Nth(nth) => seen == nth,
            Self::First(first) => seen <= first,
            Self::Every(every) => seen.is_multiple_of(every),
            Self::Probability(chance) => {
                StdRng::seed_from_u64(seed.rotate_left(32) ^ seen).random_bool(chance)
            }
        }
    }
}
