//! Thousands of writes from 32 tasks while three requests in ten fail. Afterwards the results of
//! the calls are compared with the state of the sandbox: a success must be applied, `NotApplied`
//! must not be applied, and an unknown outcome may be either.
//!
//! The seed decides the writes and the faults. The order of the requests depends on the scheduler.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test stops at the first failure"
)]

use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::{Value, json};
use skiplino::{BookTicketRequest, CustomerRef};
use skiplino_sandbox::Config;
use skiplino_tests::{NOW, TestSandbox};

mod checker;
mod plan;
mod report;
mod runner;

use plan::{CUSTOMERS_PER_GROUP, ClientGroup, PARALLEL_GROUPS, TASKS_PER_GROUP};
use runner::{FastClock, Person, Record};

fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) if !text.is_empty() => text.parse().unwrap_or_else(|_| {
            panic!("{name} must be a number, but is {text:?}");
        }),
        _ => default,
    }
}

fn main() -> ExitCode {
    // `cargo test` passes its arguments to every test: names, then flags, whose values are not
    // names.
    let wanted: Vec<_> = std::env::args().skip(1).collect();
    let names: Vec<_> = wanted
        .iter()
        .take_while(|word| !word.starts_with('-'))
        .collect();
    let is_named = names.is_empty() || names.iter().any(|name| "chaos".contains(*name));
    if !is_named || wanted.iter().any(|word| word == "--list") {
        return ExitCode::SUCCESS;
    }
    let seed = setting("SKIPLINO_CHAOS_SEED", 1);
    let bookings = usize::try_from(setting("SKIPLINO_CHAOS_BOOKINGS", 640)).unwrap();
    println!(
        "chaos: {bookings} bookings from {} tasks, seed {seed} (to repeat: SKIPLINO_CHAOS_SEED={seed} SKIPLINO_CHAOS_BOOKINGS={bookings})",
        PARALLEL_GROUPS * TASKS_PER_GROUP
    );
    if run(seed, bookings) {
        ExitCode::SUCCESS
    } else {
        println!("chaos: FAILED with seed {seed}");
        ExitCode::FAILURE
    }
}

fn run(seed: u64, bookings: usize) -> bool {
    let started = Instant::now();
    let sandbox = Arc::new(TestSandbox::with(Config {
        // The whole log, as evidence of violations.
        log: 10_000 + 20 * bookings,
        ..Config::default()
    }));
    sandbox.control("POST /reset", &json!({"seed": seed, "now": NOW}));
    // The server's time passes as fast as that of the clients.
    let clock = json!({"mode": "scaled", "factor": FastClock::FACTOR});
    sandbox.control("PUT /clock", &clock);
    let groups = plan::groups(seed, bookings);
    let people = people(&sandbox, groups.len() * CUSTOMERS_PER_GROUP);
    book_similar_tickets(&sandbox, &people, groups.len());
    sandbox.control("DELETE /requests", &Value::Null);
    for fault in plan::faults() {
        sandbox.control("POST /faults", &fault);
    }
    let records = run_groups(&sandbox, groups, &people);

    // The clients are closed, but the sandbox may still handle their last requests.
    let idle = sandbox.control("GET /idle", &Value::Null);
    assert_eq!(idle, json!({"connections": 0, "requests": 0}));
    let faults = sandbox.control("GET /faults", &Value::Null);
    let requests = sandbox.control("GET /requests/counts", &Value::Null);
    let tickets = sandbox.control("GET /tickets", &Value::Null);
    let customers = sandbox.control("GET /customers", &Value::Null);
    let state = checker::State::new(&tickets, &customers);
    let violations = checker::compare(&records, &state);

    let gaps = report::counts(&records, &state, &faults, &requests);
    report::violation_counts(&violations);
    println!("{:.1} s", started.elapsed().as_secs_f64());
    if !violations.is_empty() {
        let log = sandbox.control("GET /requests", &Value::Null);
        report::evidence(&violations, &records, &log["requests"]);
    }
    for gap in &gaps {
        println!("the run does not prove enough: {gap}");
    }
    violations.is_empty() && gaps.is_empty()
}

/// Creates the customers before the faults are set.
fn people(sandbox: &TestSandbox, count: usize) -> Vec<Person> {
    sandbox.generate(count.try_into().unwrap());
    let rows = sandbox.control("GET /customers", &Value::Null);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let generated = rows.as_array().unwrap().iter().rev().take(count);
    generated
        .map(|row| Person {
            id: text(&row["_id"]),
            external_id: text(&row["externalId"]),
        })
        .collect()
}

/// Books tickets that are similar to those of the groups. Recovery must never claim them.
fn book_similar_tickets(sandbox: &TestSandbox, people: &[Person], groups: usize) {
    for (service, _) in [plan::CASH, plan::ACCOUNT] {
        let capacity = json!({"capacity": plan::CAPACITY});
        sandbox.control(&format!("PUT /services/{service}"), &capacity);
    }
    let client = sandbox.secret();
    let book = |request: BookTicketRequest| {
        let request = request.options(json!({"marker": checker::BEFORE}));
        client.tickets().book(&request).wait().unwrap();
    };
    for number in 0..groups {
        let people = &people[number * CUSTOMERS_PER_GROUP..];
        for person in &people[..plan::BOOKING_CUSTOMERS] {
            let customer = CustomerRef::id(person.id.as_str());
            let (service, group) = plan::CASH;
            book(BookTicketRequest::walk_in(service, group).customer(customer));
        }
        let customer = CustomerRef::id(people[0].id.as_str());
        for (service, group) in [plan::CASH, plan::ACCOUNT] {
            let time = plan::slot(number, 1);
            let customer = customer.clone();
            book(BookTicketRequest::appointment(
                service, group, time, customer,
            ));
        }
    }
}

/// Runs the groups, [`PARALLEL_GROUPS`] at a time. All connections are closed at the end.
fn run_groups(
    sandbox: &Arc<TestSandbox>,
    groups: Vec<ClientGroup>,
    people: &[Person],
) -> Vec<Record> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let waiting = Arc::new(Mutex::new(groups.into_iter()));
    let workers: Vec<_> = (0..PARALLEL_GROUPS)
        .map(|_| {
            let (sandbox, waiting, people) =
                (Arc::clone(sandbox), Arc::clone(&waiting), people.to_vec());
            runtime.spawn(async move {
                let mut records = Vec::new();
                loop {
                    let Some(group) = waiting.lock().unwrap().next() else {
                        return records;
                    };
                    let first = group.number * CUSTOMERS_PER_GROUP;
                    let people = people[first..first + CUSTOMERS_PER_GROUP].to_vec();
                    records.extend(runner::run(Arc::clone(&sandbox), group, people).await);
                }
            })
        })
        .collect();
    let ended = workers
        .into_iter()
        .map(|worker| runtime.block_on(worker).unwrap());
    ended.flatten().collect()
}
