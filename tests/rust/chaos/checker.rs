//! Compares the results of the calls with the state of the sandbox.

use std::collections::HashMap;

use serde_json::Value;
use skiplino::jiff::Timestamp;
use skiplino::{ErrorKind, Outcome};

use crate::runner::{CallResult, Record, Write};

/// The kinds of wrong results, in the order in which they are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViolationKind {
    Duplicate,
    SuccessButAbsent,
    NotAppliedButPresent,
    /// A success with the record of another call, or with one that differs from the request.
    WrongRecord,
    /// `OutcomeUnknown` for a write whose outcome can always be looked up, or for one that was not
    /// applied.
    WrongOutcomeUnknown,
    /// A record that no call requested, or one in a state that no call requested.
    UnexpectedRecord,
}

impl ViolationKind {
    pub const ALL: [(Self, &str); 6] = [
        (Self::Duplicate, "duplicates"),
        (Self::SuccessButAbsent, "success but absent"),
        (Self::NotAppliedButPresent, "not applied but present"),
        (Self::WrongRecord, "wrong ticket or customer"),
        (
            Self::WrongOutcomeUnknown,
            "OutcomeUnknown where the outcome is known",
        ),
        (Self::UnexpectedRecord, "unexpected records"),
    ];
}

#[derive(Debug)]
pub struct Violation {
    pub kind: ViolationKind,
    /// The index of the record of the call; none for an unexpected record.
    pub record: Option<usize>,
    pub evidence: String,
}

/// The marker of all tickets that were booked before the faults.
pub const BEFORE: &str = "before";

/// The state of the sandbox.
#[derive(Debug)]
pub struct State {
    tickets: Table,
    customers: Table,
}

#[derive(Debug)]
struct Table {
    rows: HashMap<String, Value>,
    /// The ids of the rows with each marker.
    marked: HashMap<String, Vec<String>>,
}

impl Table {
    fn new(rows: &Value, id: &str, mark: &str) -> Self {
        let mut table = Self {
            rows: HashMap::new(),
            marked: HashMap::new(),
        };
        for row in rows.as_array().unwrap() {
            let id = row[id].as_str().unwrap().to_owned();
            if let Some(marker) = row[mark]["marker"].as_str() {
                let marked = table.marked.entry(marker.to_owned()).or_default();
                marked.push(id.clone());
            }
            table.rows.insert(id, row.clone());
        }
        table
    }

    fn marked(&self, marker: &str) -> &[String] {
        self.marked.get(marker).map_or(&[], Vec::as_slice)
    }
}

impl State {
    /// From the control API's `GET /tickets` and `GET /customers`.
    pub fn new(tickets: &Value, customers: &Value) -> Self {
        Self {
            tickets: Table::new(tickets, "id", "options"),
            customers: Table::new(customers, "_id", "metadata"),
        }
    }

    fn cell(&self, ticket: &str, column: &str) -> Option<&str> {
        self.tickets.rows.get(ticket)?[column].as_str()
    }

    /// Whether a write was applied.
    pub fn holds(&self, record: &Record) -> bool {
        match &record.write {
            Write::Book { .. } => !self.tickets.marked(&record.marker).is_empty(),
            Write::Cancel { ticket } => self.cell(ticket, "status") == Some("cancelled"),
            Write::Move { ticket, to, .. } => self.time(ticket) == Some(*to),
            Write::Create { .. } | Write::Update { .. } => {
                !self.customers.marked(&record.marker).is_empty()
            }
            Write::Delete { customer } => !self.customers.rows.contains_key(customer),
        }
    }

    fn time(&self, ticket: &str) -> Option<Timestamp> {
        self.cell(ticket, "time")?.parse().ok()
    }

    /// The ids of the records that the write created; none if this write creates no records.
    fn created_ids(&self, record: &Record) -> Option<&[String]> {
        match record.write {
            Write::Book { .. } => Some(self.tickets.marked(&record.marker)),
            Write::Create { .. } => Some(self.customers.marked(&record.marker)),
            _ => None,
        }
    }
}

/// All violations.
pub fn compare(records: &[Record], state: &State) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (number, record) in records.iter().enumerate() {
        let found = check(record, state).into_iter();
        violations.extend(found.map(|(kind, evidence)| Violation {
            kind,
            record: Some(number),
            evidence,
        }));
    }
    violations.extend(unexpected_records(records, state));
    violations
}

fn check(record: &Record, state: &State) -> Vec<(ViolationKind, String)> {
    let mut found = Vec::new();
    let created = state.created_ids(record);
    if let Some(ids) = created.filter(|ids| ids.len() > 1) {
        found.push((ViolationKind::Duplicate, format!("there are {ids:?}")));
    }
    let applied = state.holds(record);
    match &record.result {
        CallResult::Success { id, mismatch, .. } => {
            if !applied {
                found.push((ViolationKind::SuccessButAbsent, format!("returned {id:?}")));
            }
            if let Some(ids) = created.filter(|ids| !ids.contains(id)) {
                let whose = state.tickets.rows.get(id).map(|row| &row["options"]);
                let evidence =
                    format!("returned {id}, which is {whose:?}; the created ids are {ids:?}");
                found.push((ViolationKind::WrongRecord, evidence));
            }
            if let Some(mismatch) = mismatch {
                found.push((ViolationKind::WrongRecord, mismatch.clone()));
            }
        }
        CallResult::Failure { outcome, kind, .. } => {
            // A reschedule to the current time looks applied before anything is sent.
            let before = matches!(record.write, Write::Move { from, to, .. } if from == to);
            if *outcome == Outcome::NotApplied && applied && !before {
                found.push((
                    ViolationKind::NotAppliedButPresent,
                    "it was applied".to_owned(),
                ));
            }
            let recoverable = !matches!(
                record.write,
                Write::Book { .. } | Write::Create { keyed: false }
            );
            let unknown = *kind == ErrorKind::OutcomeUnknown;
            if unknown && (recoverable || *outcome == Outcome::NotApplied) {
                found.push((
                    ViolationKind::WrongOutcomeUnknown,
                    format!("{kind}, {outcome:?}"),
                ));
            }
        }
    }
    if let Write::Move { ticket, from, to } = &record.write
        && let time = state.time(ticket)
        && ![Some(*from), Some(*to)].contains(&time)
    {
        found.push((
            ViolationKind::UnexpectedRecord,
            format!("its time is {time:?}"),
        ));
    }
    found
}

/// Records with a marker that no call used, and tickets without a marker other than those of the
/// demo company.
fn unexpected_records(records: &[Record], state: &State) -> Vec<Violation> {
    const DEMO_TICKETS: usize = 7;
    let known: std::collections::HashSet<_> = records
        .iter()
        .map(|record| record.marker.as_str())
        .chain([BEFORE])
        .collect();
    let marks = state
        .tickets
        .marked
        .keys()
        .chain(state.customers.marked.keys());
    let mut found: Vec<_> = marks
        .filter(|marker| !known.contains(marker.as_str()))
        .map(|marker| format!("the marker {marker}"))
        .collect();
    let marked: usize = state.tickets.marked.values().map(Vec::len).sum();
    if state.tickets.rows.len() != marked + DEMO_TICKETS {
        let rows = state.tickets.rows.len();
        found.push(format!("{rows} tickets, {marked} with a marker"));
    }
    found
        .into_iter()
        .map(|evidence| Violation {
            kind: ViolationKind::UnexpectedRecord,
            record: None,
            evidence,
        })
        .collect()
}
