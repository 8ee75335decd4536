//! Thousands of writes from 32 tasks while three requests in ten go wrong. Afterwards what the callers were told is held against what
//! the sandbox holds: told success and there, told that nothing happened and not there, told that it is unknown and either.
//!
//! The seed draws what is done and which faults fire. Not drawn is what only the scheduler decides: which request comes first.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::{Value, json};
use skiplino::{BookTicketRequest, CustomerRef};
use skiplino_sandbox::Config;
use skiplino_tests::{Bench, NOW};

mod crew;
mod judge;
mod plan;
mod report;

use crew::{Person, Record};
use plan::{Crew, LANES, PEOPLE_A_CREW, TASKS_A_CREW};

fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) if !text.is_empty() => text.parse().unwrap_or_else(|_| {
            panic!("{name} is to be a number, and is {text:?}");
        }),
        _ => default,
    }
}

fn main() -> ExitCode {
    // What `cargo test` passes on to every test: names, and after them flags, with values that are no names.
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
        "chaos: {bookings} bookings from {} tasks, seed {seed} (again: SKIPLINO_CHAOS_SEED={seed} SKIPLINO_CHAOS_BOOKINGS={bookings})",
        LANES * TASKS_A_CREW
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
    let bench = Arc::new(Bench::with(Config {
        // All of it, for the evidence.
        log: 10_000 + 20 * bookings,
        ..Config::default()
    }));
    // The clock stands: no ticket is older than another.
    bench.control(
        "POST /reset",
        &json!({"seed": seed, "now": NOW, "freeze": true}),
    );
    let crews = plan::crews(seed, bookings);
    let people = people(&bench, crews.len() * PEOPLE_A_CREW);
    before(&bench, &people, crews.len());
    bench.control("DELETE /requests", &Value::Null);
    for fault in plan::faults() {
        bench.control("POST /faults", &fault);
    }
    let records = work(&bench, crews, &people);

    // The clients are gone, but not all that they sent has been carried out.
    let idle = bench.control("GET /idle", &Value::Null);
    assert_eq!(idle, json!({"connections": 0, "requests": 0}));
    let faults = bench.control("GET /faults", &Value::Null);
    let requests = bench.control("GET /requests/counts", &Value::Null);
    let tickets = bench.control("GET /tickets", &Value::Null);
    let customers = bench.control("GET /customers", &Value::Null);
    let state = judge::State::new(&tickets, &customers);
    let violations = judge::compare(&records, &state);

    let gaps = report::counts(&records, &state, &faults, &requests);
    report::zeros(&violations);
    println!("{:.1} s", started.elapsed().as_secs_f64());
    if !violations.is_empty() {
        let log = bench.control("GET /requests", &Value::Null);
        report::evidence(&violations, &records, &log["requests"]);
    }
    for gap in &gaps {
        println!("too little happened to prove anything: {gap}");
    }
    violations.is_empty() && gaps.is_empty()
}

/// Customers from before the faults.
fn people(bench: &Bench, count: usize) -> Vec<Person> {
    bench.generate(count.try_into().unwrap());
    let rows = bench.control("GET /customers", &Value::Null);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let generated = rows.as_array().unwrap().iter().rev().take(count);
    generated
        .map(|row| Person {
            id: text(&row["_id"]),
            external_id: text(&row["externalId"]),
        })
        .collect()
}

/// Books what the crews will book as well: tickets that must never be taken for theirs.
fn before(bench: &Bench, people: &[Person], crews: usize) {
    for (service, _) in [plan::CASH, plan::ACCOUNT] {
        let capacity = json!({"capacity": plan::CAPACITY});
        bench.control(&format!("PUT /services/{service}"), &capacity);
    }
    let client = bench.secret();
    let book = |request: BookTicketRequest| {
        let request = request.options(json!({"marker": judge::BEFORE}));
        client.tickets().book(&request).wait().unwrap();
    };
    for crew in 0..crews {
        let people = &people[crew * PEOPLE_A_CREW..];
        for person in &people[..plan::BOOKERS] {
            let customer = CustomerRef::id(person.id.as_str());
            let (service, group) = plan::CASH;
            book(BookTicketRequest::walk_in(service, group).customer(customer));
        }
        let customer = CustomerRef::id(people[0].id.as_str());
        for (service, group) in [plan::CASH, plan::ACCOUNT] {
            let time = plan::slot(crew, 1);
            let customer = customer.clone();
            book(BookTicketRequest::appointment(
                service, group, time, customer,
            ));
        }
    }
}

/// Runs the crews, so many at a time, and ends with every connection closed.
fn work(bench: &Arc<Bench>, crews: Vec<Crew>, people: &[Person]) -> Vec<Record> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let waiting = Arc::new(Mutex::new(crews.into_iter()));
    let lanes: Vec<_> = (0..LANES)
        .map(|_| {
            let (bench, waiting, people) =
                (Arc::clone(bench), Arc::clone(&waiting), people.to_vec());
            runtime.spawn(async move {
                let mut records = Vec::new();
                loop {
                    let Some(crew) = waiting.lock().unwrap().next() else {
                        return records;
                    };
                    let theirs = crew.number * PEOPLE_A_CREW;
                    let people = people[theirs..theirs + PEOPLE_A_CREW].to_vec();
                    records.extend(crew::run(Arc::clone(&bench), crew, people).await);
                }
            })
        })
        .collect();
    let ended = lanes
        .into_iter()
        .map(|lane| runtime.block_on(lane).unwrap());
    ended.flatten().collect()
}
