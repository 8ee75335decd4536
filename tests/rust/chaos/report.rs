//! Prints the counts of a run, and the evidence of violations.

use std::collections::BTreeMap;

use serde_json::Value;
use skiplino::Outcome;

use crate::checker::{State, Violation, ViolationKind};
use crate::plan;
use crate::runner::{CallResult, Record, Write};

/// The number of violations that are printed in full.
const MAX_SHOWN: usize = 10;

/// The results of the writes of one type.
#[derive(Debug, Default, Clone, Copy)]
struct Row {
    done: u64,
    recovered: u64,
    not_applied: u64,
    unknown_applied: u64,
    unknown_not_applied: u64,
}

impl Row {
    fn add(&mut self, record: &Record, applied: bool) {
        match record.result {
            CallResult::Success { recovered, .. } => {
                self.done += 1;
                self.recovered += u64::from(recovered);
            }
            CallResult::Failure { outcome, .. } => match (outcome, applied) {
                (Outcome::NotApplied, _) => self.not_applied += 1,
                (Outcome::Unknown, true) => self.unknown_applied += 1,
                (Outcome::Unknown, false) => self.unknown_not_applied += 1,
            },
        }
    }

    fn print(&self, name: &str) {
        println!(
            "{name:<28} {:>8} {:>10} {:>12} {:>16} {:>11}",
            self.done,
            self.recovered,
            self.not_applied,
            self.unknown_applied,
            self.unknown_not_applied
        );
    }
}

const WRITE_TYPES: [&str; 9] = [
    "book, anonymous walk-in",
    "book, walk-in",
    "book, appointment",
    "cancel",
    "reschedule",
    "create with externalId",
    "create without externalId",
    "update",
    "delete",
];

fn write_type(write: &Write) -> usize {
    match write {
        Write::Book { customer: None, .. } => 0,
        Write::Book { time: None, .. } => 1,
        Write::Book { .. } => 2,
        Write::Cancel { .. } => 3,
        Write::Move { .. } => 4,
        Write::Create { keyed: true } => 5,
        Write::Create { keyed: false } => 6,
        Write::Update { .. } => 7,
        Write::Delete { .. } => 8,
    }
}

/// Prints the tables. Returns the reasons why the run does not prove enough.
pub fn counts(records: &[Record], state: &State, faults: &Value, requests: &Value) -> Vec<String> {
    let mut rows = [Row::default(); WRITE_TYPES.len()];
    let mut kinds = BTreeMap::<String, u64>::new();
    for record in records {
        rows[write_type(&record.write)].add(record, state.holds(record));
        if let CallResult::Failure { outcome, kind, .. } = &record.result {
            *kinds.entry(format!("{kind}, {outcome:?}")).or_default() += 1;
        }
    }
    println!(
        "{:<28} {:>8} {:>10} {:>12} {:>16} {:>11}",
        "write", "success", "recovered", "not applied", "unknown: applied", "not applied"
    );
    for (row, name) in rows.iter().zip(WRITE_TYPES) {
        row.print(name);
    }
    let mut all = Row::default();
    for record in records {
        all.add(record, state.holds(record));
    }
    all.print("all");
    println!("errors: {}", joined(&kinds));

    let received = |count: &Value| count["received"].as_u64().unwrap();
    let sent: u64 = requests.as_object().unwrap().values().map(received).sum();
    let mut fired = BTreeMap::<String, u64>::new();
    for fault in faults.as_array().unwrap() {
        let mut name = fault["kind"].as_str().unwrap().to_owned();
        if fault["commit"] == true {
            name += " after commit";
        }
        if let Some(then) = fault["then"].as_str() {
            name += &format!(" {} ms, then {then}", fault["ms"]);
        }
        *fired.entry(name).or_default() += fault["fired"].as_u64().unwrap();
    }
    let hit: u64 = fired.values().sum();
    #[allow(clippy::cast_precision_loss)]
    let share = hit as f64 / sent as f64;
    println!(
        "{sent} requests, {hit} with a fault ({:.1} %): {}",
        share * 100.0,
        joined(&fired)
    );

    // A run without faults and recoveries would prove nothing.
    let mut gaps = Vec::new();
    if (share - plan::FAULT_SHARE).abs() > 0.03 {
        gaps.push(format!("{share:.3} of the requests had a fault"));
    }
    for (name, count) in &fired {
        if *count == 0 {
            gaps.push(format!("no request had the fault {name}"));
        }
    }
    for (row, name) in rows.iter().zip(WRITE_TYPES) {
        if row.done == 0 {
            gaps.push(format!("no success: {name}"));
        }
    }
    for at in [1, 2, 3, 4] {
        if rows[at].recovered == 0 {
            gaps.push(format!("nothing recovered: {}", WRITE_TYPES[at]));
        }
    }
    gaps
}

fn joined(counts: &BTreeMap<String, u64>) -> String {
    let parts: Vec<_> = counts
        .iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    parts.join("; ")
}

/// Prints the number of violations of each kind.
pub fn violation_counts(violations: &[Violation]) {
    let parts: Vec<_> = ViolationKind::ALL
        .iter()
        .map(|(kind, name)| {
            let count = violations.iter().filter(|found| found.kind == *kind);
            format!("{name} {}", count.count())
        })
        .collect();
    println!("{}", parts.join(", "));
}

/// Prints the first violations, with their requests in the log of the sandbox.
pub fn evidence(violations: &[Violation], records: &[Record], log: &Value) {
    let log = log.as_array().unwrap();
    for violation in violations.iter().take(MAX_SHOWN) {
        println!("\n{:?}: {}", violation.kind, violation.evidence);
        let Some(record) = violation.record.map(|number| &records[number]) else {
            continue;
        };
        println!(
            "  {} {:?}: {}",
            record.marker,
            record.write,
            result_text(record)
        );
        for entry in log.iter().filter(|entry| concerns(entry, record)) {
            println!("  {}", line(entry));
        }
    }
    if violations.len() > MAX_SHOWN {
        println!("\nand {} more", violations.len() - MAX_SHOWN);
    }
}

fn result_text(record: &Record) -> String {
    let attempts = record.attempts;
    match &record.result {
        CallResult::Success { id, recovered, .. } => {
            let how = if *recovered {
                "recovered"
            } else {
                "response received"
            };
            format!("success, {how} after {attempts} attempts: {id}")
        }
        CallResult::Failure {
            outcome,
            kind,
            text,
        } => {
            format!("{kind}, {outcome:?} after {attempts} attempts: {text}")
        }
    }
}

/// Whether a request belongs to the write, or created the returned record.
fn concerns(entry: &Value, record: &Record) -> bool {
    let (path, body) = (entry["path"].as_str().unwrap(), &entry["body"]);
    let own = |mark: &str| body[mark]["marker"] == record.marker.as_str();
    match &record.write {
        Write::Book { .. } => {
            let returned = match &record.result {
                CallResult::Success { id, .. } if !id.is_empty() => id.as_str(),
                _ => "-",
            };
            own("options") || entry["answer"]["data"]["id"] == returned
        }
        Write::Create { .. } => own("metadata"),
        Write::Update { customer } => body["id"] == customer.as_str(),
        Write::Cancel { ticket } | Write::Move { ticket, .. } => path.contains(ticket.as_str()),
        Write::Delete { customer } => path.contains(customer.as_str()),
    }
}

fn line(entry: &Value) -> String {
    let mut parts = vec![
        format!("#{} {}", entry["seq"], entry["at"].as_str().unwrap()),
        format!(
            "{} {}",
            entry["method"].as_str().unwrap(),
            entry["path"].as_str().unwrap()
        ),
        format!("fault {}", entry["fault"]),
        format!("status {}", entry["status"]),
        format!("committed {}", entry["committed"]),
    ];
    for (name, value) in [
        ("sent", &entry["body"]),
        ("returned", &entry["answer"]["data"]["id"]),
    ] {
        if !value.is_null() {
            parts.push(format!("{name} {value}"));
        }
    }
    parts.join(", ")
}
