//! The sandbox's responses per second, with the client in the same process.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a benchmark stops at the first failure"
)]

use std::time::Instant;

use futures_util::future::join_all;
use serde_json::json;
use skiplino::{ApiKey, BookTicketRequest, Client, TicketId};
use skiplino_benches::{median, print, rounds};
use skiplino_sandbox::{Config, DEMO_PUBLIC_KEY, Sandbox};
use tokio::runtime::Builder;

const WIDE: usize = 16;
const EACH: usize = 150;

fn main() {
    let folder = std::env::temp_dir().join(format!("skiplino-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
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
        rate(&format!("bookings, in {place}"), 1_000.0, async || {
            let request = BookTicketRequest::walk_in("6fe8fb8b12", "7c1f9a3b2d");
            let ticket = client.tickets().book(&request).await.unwrap();
            booked.lock().unwrap().push(ticket.id().clone());
        });
        let booked = booked.into_inner().unwrap();
        let next = std::cell::Cell::new(0);
        rate(&format!("ticket reads, in {place}"), 5_000.0, async || {
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
}

/// Repeats a call, 16 at a time, and prints the median rate of the rounds.
fn rate(work: &str, goal: f64, call: impl AsyncFn()) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let lane = async || {
        for _ in 0..EACH {
            call().await;
        }
    };
    let rates = (0..rounds(5)).map(|_| {
        let started = Instant::now();
        runtime.block_on(async {
            join_all((0..WIDE).map(|_| lane())).await;
        });
        (WIDE * EACH) as f64 / started.elapsed().as_secs_f64()
    });
    let ours = median(rates.collect());
    print(&json!({"host": "sandbox", "work": work, "unit": "/s", "ours": ours, "goal": goal}));
}
