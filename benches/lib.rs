//! Helpers of the benchmarks: a server with canned responses, clients for it, and the rows of the
//! table that `table.py` builds.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark stops at the first failure, and prints its rows"
)]

use std::time::Instant;

use serde_json::{Value, json};

pub mod delay;
mod peers;
mod server;

pub use peers::{Core, Hyper, Reqwest, base_url};
pub use server::canned;

/// The number of counted rounds, after one warm-up round: `SKIPLINO_BENCH_ROUNDS`, or `usual`.
pub fn rounds(usual: usize) -> usize {
    std::env::var("SKIPLINO_BENCH_ROUNDS").map_or(usual, |set| set.parse().unwrap())
}

/// Pins the calling thread, and the threads that it starts, to one core. Client and server share
/// it: on two cores, the time to wake the other core would hide the cost of both.
pub fn pin() {
    let first = core_affinity::get_core_ids().and_then(|cores| cores.first().copied());
    if !first.is_some_and(core_affinity::set_for_current) {
        eprintln!("note: could not pin the thread to one core");
    }
}

/// One implementation of some work: its name, and a function that does the work a number of times.
pub type Contestant<'a> = (&'static str, Box<dyn FnMut(usize) + 'a>);

/// Lets the contestants take turns at doing the work `count` times. Compares the first contestant
/// with each other one, and prints a row for each: the median rates of both, and the median of
/// their ratio in each round. `goals` has the ratios to reach, by the name of the other contestant.
pub fn race(work: &str, count: usize, mut contestants: Vec<Contestant<'_>>, goals: &[(&str, f64)]) {
    let mut rates = vec![Vec::new(); contestants.len()];
    for round in 0..=rounds(8) {
        for ((_, run), rates) in contestants.iter_mut().zip(&mut rates) {
            let started = Instant::now();
            run(count);
            if round > 0 {
                rates.push(count as f64 / started.elapsed().as_secs_f64());
            }
        }
    }
    for (index, (name, _)) in contestants.iter().enumerate().skip(1) {
        let ratios = rates[0].iter().zip(&rates[index]);
        let ratios = ratios.map(|(ours, theirs)| ours / theirs).collect();
        let goal = goals.iter().find(|(other, _)| other == name);
        print(&json!({
            "host": "Rust",
            "work": work,
            "unit": "/s",
            "name": contestants[0].0,
            "ours": median(rates[0].clone()),
            "peer": name,
            "theirs": median(rates[index].clone()),
            "ratio": median(ratios),
            "goal": goal.map(|(_, goal)| goal),
        }));
    }
}

/// Prints a row; README.md describes its fields.
pub fn print(row: &Value) {
    println!("{row}");
}

/// The median.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
