//! The log of received requests, and the counts for each operation.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use axum::http::{HeaderMap, Method, header, request::Parts};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::{
    auth::Key,
    clock::{self, Millis},
    routes::{OPERATIONS, Operation},
};

/// The most bytes for each request in the log on average, with its response, so that large requests
/// do not fill the memory.
const BYTES_EACH: usize = (64 << 20) / 10_000;

/// The memory of a header in addition to its text, in bytes.
const HEADER_OVERHEAD: usize = 100;

/// The requests that the API received.
#[derive(Debug)]
pub(crate) struct RequestLog(Mutex<Requests>);

#[derive(Debug, Default)]
struct Requests {
    kept: VecDeque<Entry>,
    /// The sizes of `kept`.
    bytes: usize,
    /// The largest number of kept requests. Older requests are dropped; their counts stay.
    capacity: usize,
    last_seq: u64,
    /// Increases when a request arrives or ends, or the log is cleared.
    changes: u64,
    /// Requests up to this number were cleared. Their ends no longer count.
    cleared: u64,
    counts: [Count; OPERATIONS.len()],
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    received: u64,
    committed: u64,
}

#[derive(Debug)]
struct Entry {
    seq: u64,
    /// The value of `changes` at the last change of this entry.
    change: u64,
    at: Millis,
    operation: Option<&'static str>,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
    fault: Option<&'static str>,
    committed: bool,
    ended: bool,
    status: Option<u16>,
    answer: Option<Bytes>,
}

/// The result of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestResult {
    /// Whether it changed the state.
    pub(crate) committed: bool,
    pub(crate) status: Option<u16>,
    /// `None` if no response was sent, or if it is too large for the log.
    pub(crate) answer: Option<Bytes>,
}

/// The index of the operation's count.
fn index(operation: &Operation) -> Option<usize> {
    OPERATIONS.iter().position(|other| other.id == operation.id)
}

impl RequestLog {
    /// An empty log that keeps at most `capacity` requests.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self(Mutex::new(Requests {
            capacity,
            ..Requests::default()
        }))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Requests) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Records that a request arrived, and returns its number.
    pub(crate) fn received(
        &self,
        at: Millis,
        operation: Option<&Operation>,
        parts: &Parts,
        body: Bytes,
        fault: Option<&'static str>,
    ) -> u64 {
        self.with(|requests| {
            if let Some(count) = operation
                .and_then(index)
                .and_then(|at| requests.counts.get_mut(at))
            {
                count.received += 1;
            }
            requests.last_seq += 1;
            requests.changes += 1;
            let entry = Entry {
                seq: requests.last_seq,
                change: requests.changes,
                at,
                operation: operation.map(|operation| operation.id),
                method: parts.method.clone(),
                path: parts
                    .uri
                    .path_and_query()
                    .map_or_else(String::new, ToString::to_string),
                headers: parts.headers.clone(),
                body,
                fault,
                committed: false,
                ended: false,
                status: None,
                answer: None,
            };
            requests.bytes += entry.size();
            requests.kept.push_back(entry);
            requests.forget();
            requests.last_seq
        })
    }

    /// Records the result of a request, unless the log has dropped the request.
    pub(crate) fn ended(&self, seq: u64, operation: Option<&Operation>, result: RequestResult) {
        self.with(|requests| {
            if seq <= requests.cleared {
                return;
            }
            if result.committed
                && let Some(count) = operation
                    .and_then(index)
                    .and_then(|at| requests.counts.get_mut(at))
            {
                count.committed += 1;
            }
            let found = requests.kept.binary_search_by_key(&seq, |entry| entry.seq);
            if let Some(entry) = found.ok().and_then(|at| requests.kept.get_mut(at)) {
                requests.changes += 1;
                entry.change = requests.changes;
                entry.committed = result.committed;
                entry.ended = true;
                entry.status = result.status;
                entry.answer = result.answer;
                requests.bytes += entry.answer.as_ref().map_or(0, Bytes::len);
            }
        });
    }

    /// Short rows of the newest requests that arrived or ended after this change, and the last
    /// change.
    pub(crate) fn changes_since(&self, after: u64, limit: usize) -> (Value, u64) {
        self.with(|requests| {
            let mut rows: Vec<_> = requests
                .kept
                .iter()
                .rev()
                .filter(|entry| entry.change > after)
                .take(limit)
                .map(Entry::summary)
                .collect();
            rows.reverse();
            let changes = json!({"rows": rows, "cleared": requests.cleared});
            (changes, requests.changes)
        })
    }

    /// The kept requests that match, and the counts.
    pub(crate) fn json(&self, operation: Option<&str>, after: u64, limit: usize) -> Value {
        let requests: Vec<_> = self.with(|requests| {
            requests
                .kept
                .iter()
                .filter(|entry| entry.seq > after)
                .filter(|entry| operation.is_none() || entry.operation == operation)
                .take(limit)
                .map(Entry::json)
                .collect()
        });
        json!({"requests": requests, "total": self.counts()})
    }

    /// How many requests of each operation arrived, and how many of them changed the state.
    pub(crate) fn counts(&self) -> Value {
        let counts = self.with(|requests| requests.counts);
        OPERATIONS
            .iter()
            .zip(counts)
            .map(|(operation, count)| {
                let count = json!({"received": count.received, "committed": count.committed});
                (operation.id.to_owned(), count)
            })
            .collect()
    }

    pub(crate) fn clear(&self) {
        self.with(|requests| {
            requests.kept.clear();
            requests.bytes = 0;
            requests.cleared = requests.last_seq;
            requests.changes += 1;
            requests.counts = Default::default();
        });
    }
}

impl Requests {
    /// Drops the oldest requests while there are too many, or they are too large.
    fn forget(&mut self) {
        while self.kept.len() > self.capacity
            || self.bytes > self.capacity.saturating_mul(BYTES_EACH)
        {
            let Some(entry) = self.kept.pop_front() else {
                return;
            };
            self.bytes -= entry.size();
        }
    }
}

impl Entry {
    fn size(&self) -> usize {
        let headers = self.headers.iter();
        let headers: usize = headers
            .map(|(name, value)| HEADER_OVERHEAD + name.as_str().len() + value.len())
            .sum();
        let answer = self.answer.as_ref().map_or(0, Bytes::len);
        self.path.len() + headers + self.body.len() + answer
    }

    /// A row of the page's log. Times are milliseconds, as in all events.
    fn summary(&self) -> Value {
        json!({
            "seq": self.seq,
            "at": self.at,
            "operation": self.operation,
            "method": self.method.as_str(),
            "path": self.path,
            "key": Key::of(&self.headers).name(),
            "fault": self.fault,
            "committed": self.committed,
            "status": self.status,
            "ended": self.ended,
        })
    }

    fn json(&self) -> Value {
        json!({
            "seq": self.seq,
            "at": clock::format(self.at),
            "operation": self.operation,
            "method": self.method.as_str(),
            "path": self.path,
            "headers": headers(&self.headers),
            "body": Some(&self.body).filter(|body| !body.is_empty()).map(|body| json_or_text(body)),
            "fault": self.fault,
            "committed": self.committed,
            "status": self.status,
            "answer": self.answer.as_deref().map(json_or_text),
        })
    }
}

/// The headers of a request; the key is replaced by its kind.
pub(crate) fn headers(all: &HeaderMap) -> Map<String, Value> {
    all.iter()
        .map(|(name, value)| {
            let value = if *name == header::AUTHORIZATION {
                Key::of(all).name().into()
            } else {
                String::from_utf8_lossy(value.as_bytes())
            };
            (name.to_string(), json!(value))
        })
        .collect()
}

/// A body as JSON, or as text if it is not JSON.
pub(crate) fn json_or_text(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| json!(String::from_utf8_lossy(body)))
}
