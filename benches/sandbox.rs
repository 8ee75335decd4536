//! Answers a second of the sandbox: client and sandbox share the machine, in one process.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench stops at the first thing that is not as it should be"
)]

use std::time::Instant;

use futures_util::future::join_all;
use skiplino::{ApiKey, BookTicketRequest, Client, TicketId};
use skiplino_benches::{finish, median};
use skiplino_sandbox::{Config, DEMO_PUBLIC_KEY, Sandbox};
use tokio::runtime::Builder;

const ROUNDS: usize = 5;
const WIDE: usize = 16;
const EACH: usize = 150;

fn main() {
    let folder = std::env::temp_dir().join(format!("skiplino-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut reached = true;
    for (place, data) in [
        ("memory", None),
        ("a file", Some(folder.join("sandbox.db"))),
    ] {
        let sandbox = Sandbox::start(Config {
            data,
            exchanges: None,
            ..Config::default()
        })
        .unwrap();
        let key = ApiKey::new(DEMO_PUBLIC_KEY).unwrap();
        let client = Client::builder(key)
            .base_url(sandbox.base_url())
            .build()
            .unwrap();
        let booked = std::sync::Mutex::new(Vec::<TicketId>::new());
        reached &= rate(&format!("bookings, in {place}"), 1_000.0, async || {
            let request = BookTicketRequest::walk_in("6fe8fb8b12", "7c1f9a3b2d");
            let ticket = client.tickets().book(&request).await.unwrap();
            booked.lock().unwrap().push(ticket.id().clone());
        });
        let booked = booked.into_inner().unwrap();
        let next = std::cell::Cell::new(0);
        reached &= rate(&format!("ticket reads, in {place}"), 5_000.0, async || {
            next.set(next.get() + 1);
            let ticket = &booked[next.get() % booked.len()];
            assert!(
                client
                    .tickets()
                    .get(ticket)
                    .await
                    .unwrap()
                    .queue_size()
                    .is_some()
            );
        });
    }
    std::fs::remove_dir_all(folder).unwrap();
    finish(reached);
}

/// Does some work over and over, 16 at a time, and prints the median rate of the rounds. Returns whether it reached the goal.
fn rate(work: &str, goal: f64, call: impl AsyncFn()) -> bool {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let lane = async || {
        for _ in 0..EACH {
            call().await;
        }
    };
    let rounds = (0..ROUNDS).map(|_| {
        let started = Instant::now();
        runtime.block_on(async {
            join_all((0..WIDE).map(|_| lane())).await;
        });
        (WIDE * EACH) as f64 / started.elapsed().as_secs_f64()
    });
    let rate = median(rounds.collect());
    let verdict = if rate >= goal { "reached" } else { "MISSED" };
    println!("{work:<28} {rate:>8.0}/s   (goal {goal}: {verdict})");
    rate >= goal
}
