//! The counts, and the evidence of what went wrong.

use std::collections::BTreeMap;

use serde_json::Value;
use skiplino::Outcome;

use crate::crew::{Record, Told, Write};
use crate::judge::{Breach, State, Violation};
use crate::plan;

/// How many violations are shown in full.
const SHOWN: usize = 10;

/// What came of the writes of one sort.
#[derive(Debug, Default, Clone, Copy)]
struct Row {
    done: u64,
    recovered: u64,
    not_applied: u64,
    unknown_there: u64,
    unknown_not_there: u64,
}

impl Row {
    fn add(&mut self, record: &Record, there: bool) {
        match record.told {
            Told::Done { recovered, .. } => {
                self.done += 1;
                self.recovered += u64::from(recovered);
            }
            Told::Failed { outcome, .. } => match (outcome, there) {
                (Outcome::NotApplied, _) => self.not_applied += 1,
                (Outcome::Unknown, true) => self.unknown_there += 1,
                (Outcome::Unknown, false) => self.unknown_not_there += 1,
            },
        }
    }

    fn print(&self, name: &str) {
        println!(
            "{name:<28} {:>8} {:>10} {:>12} {:>15} {:>11}",
            self.done, self.recovered, self.not_applied, self.unknown_there, self.unknown_not_there
        );
    }
}

const SORTS: [&str; 9] = [
    "book, anonymous walk-in",
    "book, walk-in",
    "book, appointment",
    "cancel",
    "move",
    "create with externalId",
    "create without",
    "update",
    "delete",
];

fn sort(write: &Write) -> usize {
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

/// Prints the tables; answers why they prove too little, if they do.
pub fn counts(records: &[Record], state: &State, faults: &Value, requests: &Value) -> Vec<String> {
    let mut rows = [Row::default(); SORTS.len()];
    let mut kinds = BTreeMap::<String, u64>::new();
    for record in records {
        rows[sort(&record.write)].add(record, state.holds(record));
        if let Told::Failed { outcome, kind, .. } = &record.told {
            *kinds.entry(format!("{kind}, {outcome:?}")).or_default() += 1;
        }
    }
    println!(
        "{:<28} {:>8} {:>10} {:>12} {:>15} {:>11}",
        "told", "success", "recovered", "not applied", "unknown: there", "not there"
    );
    for (row, name) in rows.iter().zip(SORTS) {
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

    // A run in which nothing happened would have nothing to find.
    let mut gaps = Vec::new();
    if (share - plan::SHARE).abs() > 0.03 {
        gaps.push(format!("{share:.3} of the requests had a fault"));
    }
    for (name, count) in &fired {
        if *count == 0 {
            gaps.push(format!("no request met {name}"));
        }
    }
    for (row, name) in rows.iter().zip(SORTS) {
        if row.done == 0 {
            gaps.push(format!("no success: {name}"));
        }
    }
    for at in [1, 2, 3, 4] {
        if rows[at].recovered == 0 {
            gaps.push(format!("nothing recovered: {}", SORTS[at]));
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

/// Prints how many violations there are of each kind, which should be none.
pub fn zeros(violations: &[Violation]) {
    let parts: Vec<_> = Breach::ALL
        .iter()
        .map(|(breach, name)| {
            let count = violations.iter().filter(|found| found.breach == *breach);
            format!("{name} {}", count.count())
        })
        .collect();
    println!("{}", parts.join(", "));
}

/// Prints what is known of the first violations, from the log of the sandbox.
pub fn evidence(violations: &[Violation], records: &[Record], log: &Value) {
    let log = log.as_array().unwrap();
    for violation in violations.iter().take(SHOWN) {
        println!("\n{:?}: {}", violation.breach, violation.evidence);
        let Some(record) = violation.record.map(|number| &records[number]) else {
            continue;
        };
        println!("  {} {:?}: {}", record.marker, record.write, told(record));
        for entry in log.iter().filter(|entry| concerns(entry, record)) {
            println!("  {}", line(entry));
        }
    }
    if violations.len() > SHOWN {
        println!("\nand {} more", violations.len() - SHOWN);
    }
}

fn told(record: &Record) -> String {
    let attempts = record.attempts;
    match &record.told {
        Told::Done { id, recovered, .. } => {
            let how = if *recovered { "recovered" } else { "answered" };
            format!("told success, {how} after {attempts} attempts: {id}")
        }
        Told::Failed {
            outcome,
            kind,
            text,
        } => {
            format!("told {kind}, {outcome:?} after {attempts} attempts: {text}")
        }
    }
}

/// Whether a request belongs to the write, or made the record that came back.
fn concerns(entry: &Value, record: &Record) -> bool {
    let (path, body) = (entry["path"].as_str().unwrap(), &entry["body"]);
    let own = |mark: &str| body[mark]["marker"] == record.marker.as_str();
    match &record.write {
        Write::Book { .. } => {
            let told = match &record.told {
                Told::Done { id, .. } if !id.is_empty() => id.as_str(),
                _ => "-",
            };
            own("options") || entry["answer"]["data"]["id"] == told
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
        ("answered", &entry["answer"]["data"]["id"]),
    ] {
        if !value.is_null() {
            parts.push(format!("{name} {value}"));
        }
    }
    parts.join(", ")
}
