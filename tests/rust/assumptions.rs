//! The ids of assumptions: the OpenAPI document, the checks of `skiplino doctor` and the page for
//! people agree.

use std::collections::BTreeSet;

use serde_json::Value;
use skiplino_doctor::{CHECKS, Check};
use skiplino_tests::{openapi, tests_folder};

/// The values of all marks of the document.
fn marks(node: &Value, found: &mut Vec<Value>) {
    match node {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("x-unpublished-headers", Value::Object(headers)) => {
                        found.extend(headers.values().cloned());
                    }
                    (name, _) if name.starts_with("x-unpublished") => found.push(value.clone()),
                    _ => marks(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| marks(item, found)),
        _ => {}
    }
}

#[test]
fn every_assumption_of_the_document_is_a_check() {
    let mut found = Vec::new();
    marks(&openapi(), &mut found);
    assert!(found.len() > 28, "{found:?}");
    let marked: BTreeSet<String> = found
        .iter()
        .map(|id| {
            id.as_str()
                .unwrap_or_else(|| panic!("{id} is no id"))
                .to_owned()
        })
        .collect();
    let checks = CHECKS.iter().map(|check| check.id);
    let assumptions: BTreeSet<String> = checks
        .filter(|id| id.starts_with('A'))
        .map(str::to_owned)
        .collect();
    assert_eq!(marked, assumptions);
}

#[test]
fn ids_are_unique_and_in_order() {
    let ids: Vec<_> = CHECKS.iter().map(|check| check.id).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(ids, sorted);
}

#[test]
fn the_page_lists_every_check() {
    let page = tests_folder().join("../docs/src/assumptions.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows: Vec<_> = page
        .lines()
        .filter(|line| line.starts_with("| A") || line.starts_with("| P"))
        .collect();
    let expected: Vec<_> = CHECKS.iter().map(row).collect();
    assert_eq!(rows, expected);
}

fn row(check: &Check) -> String {
    let Check {
        id,
        topic,
        claim,
        if_wrong,
        checked_by,
    } = check;
    format!(
        "| {id} | {topic} | {claim} | {if_wrong} | {} |",
        checked_by.text()
    )
}
