//! Runs the scenarios against servers that differ from the contract.
//!
//! `tests/contract_differences.json` has a row for each difference: with it, every scenario passes,
//! or fails with one of the row's errors. An error is the whole text of the failure, without the
//! number of the step; a `*` in it stands for any text. `errors` occur in every run; those in
//! `sometimes` depend on which of two requests is faster.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};
use skiplino_sandbox::{Config, Contract};
use skiplino_tests::{NOW, TestSandbox, openapi, read_json, tests_folder};

use crate::scenarios::{Mode, files, run_scenario};

/// The scenarios often wait for time to pass, so more threads than processors are useful.
const THREADS: usize = 8;

#[test]
fn every_scenario_passes_or_fails_as_expected_with_each_difference() {
    let rows = rows();
    let scenarios = scenarios();
    let next = AtomicUsize::new(0);
    let surprises = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = run_row(row, &scenarios);
                    surprises.lock().unwrap().extend(found);
                }
            });
        }
    });
    let surprises = surprises.into_inner().unwrap();
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
    println!("{} differences, {} scenarios", rows.len(), scenarios.len());
}

#[test]
fn every_key_of_a_contract_has_a_difference() {
    let keys = |contract: &Value| -> BTreeSet<String> {
        contract.as_object().unwrap().keys().cloned().collect()
    };
    let known = keys(&serde_json::to_value(Contract::default()).unwrap());
    let tried: BTreeSet<String> = rows()
        .iter()
        .flat_map(|row| keys(&row["contract"]))
        .collect();
    assert_eq!(known, tried);
}

#[test]
fn a_contract_knows_every_field_of_the_openapi_document() {
    let spec = openapi();
    let schemas = spec["components"]["schemas"].as_object().unwrap();
    let sent = schemas
        .iter()
        .filter(|(name, _)| !name.ends_with("Request"));
    let fields: Vec<String> = sent
        .flat_map(|(name, schema)| paths(name, schema))
        .collect();
    assert!(
        fields.contains(&"Ticket.branch.name".to_owned()),
        "{fields:?}"
    );
    for field in fields {
        let contract = Contract::from_value(json!({"missing_fields": [field]}));
        assert!(contract.is_ok(), "{contract:?}");
    }
}

/// The fields of a schema and of the objects in it, with their paths.
fn paths(path: &str, schema: &Value) -> Vec<String> {
    let fields = schema["properties"].as_object().into_iter().flatten();
    let below = |(name, field): (&String, &Value)| {
        let path = format!("{path}.{name}");
        let inner = paths(&path, field);
        [vec![path], inner].concat()
    };
    fields.flat_map(below).collect()
}

fn rows() -> Vec<Value> {
    let table = read_json(&tests_folder().join("contract_differences.json"));
    table["differences"].as_array().unwrap().clone()
}

/// The scenarios that neither set a contract of their own nor are about time limits.
fn scenarios() -> Vec<Value> {
    let files = files().into_iter();
    let files = files.filter(|path| !path.ends_with("contract.json"));
    let all = files.flat_map(|path| read_json(&path)["scenarios"].as_array().unwrap().clone());
    let slow = ["attemptTimeoutMs", "deadlineMs", "gzip_bomb", "huge_body"];
    all.filter(|scenario| !slow.iter().any(|word| scenario.to_string().contains(word)))
        .collect()
}

/// The failures that the row does not expect, and the expected errors that did not occur.
fn run_row(row: &Value, scenarios: &[Value]) -> Vec<String> {
    let texts = |key: &str| -> Vec<&str> {
        let texts = row[key].as_array().into_iter().flatten();
        texts.map(|text| text.as_str().unwrap()).collect()
    };
    let errors = texts("errors");
    let accepted = [errors.clone(), texts("sometimes")].concat();
    // A watch goes on while the client sees no change, or no response of the API.
    let endless = row["watches_do_not_end"] == true;
    let contract = &row["contract"];
    let sandbox = TestSandbox::with(Config {
        seed: 1,
        now: Some(NOW.parse().unwrap()),
        freeze: true,
        contract: Contract::from_value(contract.clone()).unwrap(),
        ..Config::default()
    });
    let mut surprises = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for scenario in scenarios {
        let name = scenario["name"].as_str().unwrap();
        if endless && scenario.to_string().contains("tickets.watch") {
            continue;
        }
        if let Some(text) = failure(&sandbox, scenario) {
            let shown = without_context(&text);
            let expected: Vec<&str> = accepted
                .iter()
                .copied()
                .filter(|error| matches(shown, error))
                .collect();
            if expected.is_empty() {
                surprises.push(format!("{contract}: {name}: {text}"));
            }
            seen.extend(expected);
        }
    }
    let unseen = errors.iter().filter(|error| !seen.contains(*error));
    surprises.extend(unseen.map(|error| format!("{contract}: no scenario fails with: {error}")));
    surprises
}

/// The text without the number of the step, and without the whole error after a difference from it.
fn without_context(text: &str) -> &str {
    let is_step = |(step, _): &(&str, &str)| step.starts_with("step ");
    let text = text
        .split_once(": ")
        .filter(is_step)
        .map_or(text, |(_, rest)| rest);
    match text.split_once(" in {\"") {
        Some((difference, _)) if text.starts_with("error.") => difference,
        _ => text,
    }
}

/// How a scenario fails. A step that needs what an earlier step did not save panics.
fn failure(sandbox: &TestSandbox, scenario: &Value) -> Option<String> {
    let run = || run_scenario(&Mode::Blocking, sandbox, scenario);
    match std::panic::catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => Some(result.err()?.to_string()),
        Err(_) => Some("panicked".to_owned()),
    }
}

/// Whether the text begins with the first part between the `*`, ends with the last one, and has the
/// others between them in this order.
fn matches(text: &str, pattern: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return text == pattern;
    };
    let (others, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    let inner = text
        .strip_prefix(first)
        .and_then(|text| text.strip_suffix(last));
    let mut others = others.split('*');
    inner
        .and_then(|inner| {
            others.try_fold(inner, |rest, part| {
                rest.split_once(part).map(|(_, rest)| rest)
            })
        })
        .is_some()
}

#[test]
fn a_pattern_is_the_whole_text() {
    for (text, pattern, is_match) in [
        ("a b c", "a b c", true),
        ("a b c", "a b", false),
        ("a b c", "b c", false),
        ("a b c", "a*c", true),
        ("a b c", "a*", true),
        ("a b c", "*b*", true),
        ("a b c", "*c*b*", false),
        ("a b c", "a*b", false),
        ("aba", "ab*ba", false),
        ("abba", "ab*ba", true),
    ] {
        assert_eq!(matches(text, pattern), is_match, "{text:?} {pattern:?}");
    }
}
