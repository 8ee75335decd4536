//! Runs the scenarios against servers that differ from the contract.

use std::time::Instant;

use serde_json::{Value, json};
use skiplino_sandbox::{Config, Contract};
use skiplino_tests::{NOW, TestSandbox, read_json};

use crate::scenarios::{Mode, files, run_scenario};

#[test]
fn probe() {
    let mut all = Vec::new();
    for path in files() {
        for scenario in read_json(&path)["scenarios"].as_array().unwrap() {
            all.push(scenario.clone());
        }
    }
    let differences: Value = match std::env::var("DIFF") {
        Ok(text) => serde_json::from_str(&text).unwrap(),
        Err(_) => json!([{}]),
    };
    for difference in differences.as_array().unwrap() {
        let contract = Contract::from_value(difference.clone()).unwrap();
        let sandbox = TestSandbox::with(Config {
            seed: 1,
            now: Some(NOW.parse().unwrap()),
            freeze: true,
            contract,
            ..Config::default()
        });
        let started = Instant::now();
        let mut failed = 0;
        for scenario in &all {
            let name = scenario["name"].as_str().unwrap();
            let one = Instant::now();
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                run_scenario(&Mode::Blocking, &sandbox, scenario)
            }));
            let outcome = match outcome {
                Ok(Ok(())) => None,
                Ok(Err(e)) => Some(e.to_string()),
                Err(p) => Some(format!("PANIC {:?}", p.downcast_ref::<String>())),
            };
            if std::env::var("TIMES").is_ok() && one.elapsed().as_millis() > 100 {
                println!("TIME {} {name}", one.elapsed().as_millis());
            }
            if let Some(error) = outcome {
                failed += 1;
                println!("FAIL {difference} | {name} | {error}");
            }
        }
        println!(
            "DONE {difference}: {failed} of {} failed in {:?}",
            all.len(),
            started.elapsed()
        );
    }
}
