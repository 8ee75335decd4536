//! Compares what callers were told with what the sandbox holds.

use std::collections::HashMap;

use serde_json::Value;
use skiplino::jiff::Timestamp;
use skiplino::{ErrorKind, Outcome};

use crate::crew::{Record, Told, Write};

/// What must not happen, in the order in which it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    Duplicate,
    ToldButAbsent,
    RefusedButPresent,
    /// A success with a record that is another's, or not as asked for.
    WrongRecord,
    /// `OutcomeUnknown` of a write whose outcome can always be found out, or of one that was not applied.
    Misnamed,
    /// A record that nobody asked for, or that is neither as it was nor as it should be.
    Stray,
}

impl Breach {
    pub const ALL: [(Self, &str); 6] = [
        (Self::Duplicate, "duplicates"),
        (Self::ToldButAbsent, "told success but absent"),
        (Self::RefusedButPresent, "told refused but present"),
        (Self::WrongRecord, "wrong ticket or customer"),
        (Self::Misnamed, "OutcomeUnknown where it must not be"),
        (Self::Stray, "nobody's"),
    ];
}

#[derive(Debug)]
pub struct Violation {
    pub breach: Breach,
    /// The record it is about, by its place; none for a stray.
    pub record: Option<usize>,
    pub evidence: String,
}

/// The mark of all tickets from before the faults.
pub const BEFORE: &str = "before";

/// What the sandbox holds.
#[derive(Debug)]
pub struct State {
    tickets: Table,
    customers: Table,
}

#[derive(Debug)]
struct Table {
    rows: HashMap<String, Value>,
    /// The ids of the rows that carry a mark.
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
    /// Of the control API's `GET /tickets` and `GET /customers`.
    pub fn new(tickets: &Value, customers: &Value) -> Self {
        Self {
            tickets: Table::new(tickets, "id", "options"),
            customers: Table::new(customers, "_id", "metadata"),
        }
    }

    fn cell(&self, ticket: &str, column: &str) -> Option<&str> {
        self.tickets.rows.get(ticket)?[column].as_str()
    }

    /// Whether the effect of a write is there.
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

    /// The records that the write made, where it makes some.
    fn made(&self, record: &Record) -> Option<&[String]> {
        match record.write {
            Write::Book { .. } => Some(self.tickets.marked(&record.marker)),
            Write::Create { .. } => Some(self.customers.marked(&record.marker)),
            _ => None,
        }
    }
}

/// Everything that is not as it must be.
pub fn compare(records: &[Record], state: &State) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (number, record) in records.iter().enumerate() {
        let found = judge(record, state).into_iter();
        violations.extend(found.map(|(breach, evidence)| Violation {
            breach,
            record: Some(number),
            evidence,
        }));
    }
    violations.extend(strays(records, state));
    violations
}

fn judge(record: &Record, state: &State) -> Vec<(Breach, String)> {
    let mut found = Vec::new();
    let made = state.made(record);
    if let Some(ids) = made.filter(|ids| ids.len() > 1) {
        found.push((Breach::Duplicate, format!("there are {ids:?}")));
    }
    let there = state.holds(record);
    match &record.told {
        Told::Done { id, amiss, .. } => {
            if !there {
                found.push((Breach::ToldButAbsent, format!("told {id:?}")));
            }
            if let Some(ids) = made.filter(|ids| !ids.contains(id)) {
                let whose = state.tickets.rows.get(id).map(|row| &row["options"]);
                let evidence = format!("told {id}, which is {whose:?}; its own are {ids:?}");
                found.push((Breach::WrongRecord, evidence));
            }
            if let Some(amiss) = amiss {
                found.push((Breach::WrongRecord, amiss.clone()));
            }
        }
        Told::Failed { outcome, kind, .. } => {
            // A move to the time that it has is there before anything is sent.
            let before = matches!(record.write, Write::Move { from, to, .. } if from == to);
            if *outcome == Outcome::NotApplied && there && !before {
                found.push((Breach::RefusedButPresent, "it is there".to_owned()));
            }
            let findable = !matches!(
                record.write,
                Write::Book { .. } | Write::Create { keyed: false }
            );
            let unknown = *kind == ErrorKind::OutcomeUnknown;
            if unknown && (findable || *outcome == Outcome::NotApplied) {
                found.push((Breach::Misnamed, format!("{kind}, {outcome:?}")));
            }
        }
    }
    if let Write::Move { ticket, from, to } = &record.write
        && let time = state.time(ticket)
        && ![Some(*from), Some(*to)].contains(&time)
    {
        found.push((Breach::Stray, format!("its time is {time:?}")));
    }
    found
}

/// Marks that nobody made, and tickets without one beside those of the demo company.
fn strays(records: &[Record], state: &State) -> Vec<Violation> {
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
        .map(|marker| format!("the mark {marker}"))
        .collect();
    let marked: usize = state.tickets.marked.values().map(Vec::len).sum();
    if state.tickets.rows.len() != marked + DEMO_TICKETS {
        let rows = state.tickets.rows.len();
        found.push(format!("{rows} tickets, {marked} with a mark"));
    }
    found
        .into_iter()
        .map(|evidence| Violation {
            breach: Breach::Stray,
            record: None,
            evidence,
        })
        .collect()
}
