//! What the benches share: a server that answers from memory, clients that ask it, and rows of the table that `table.py` makes.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench stops at the first thing that is not as it should be, and prints its rows"
)]

use std::time::Instant;

use serde_json::{Value, json};

mod peers;
mod server;

pub use peers::{Core, Hyper, Reqwest, base_url};
pub use server::canned;

/// Rounds in which every contestant has its turn, after one that warms up and is not counted: `usual`, or what the environment says.
pub fn rounds(usual: usize) -> usize {
    std::env::var("SKIPLINO_BENCH_ROUNDS").map_or(usual, |set| set.parse().unwrap())
}

/// Puts the calling thread, and those that it starts, on one core. Client and server share it: on two, the time that the system
/// takes to wake the other one hides what either of them does.
pub fn pin() {
    let first = core_affinity::get_core_ids().and_then(|cores| cores.first().copied());
    if !first.is_some_and(core_affinity::set_for_current) {
        eprintln!("note: could not stay on one core");
    }
}

/// One way to do some work: a name, and what does the work a number of times.
pub type Contestant<'a> = (&'static str, Box<dyn FnMut(usize) + 'a>);

/// Lets every contestant do the work `count` times in turn, round after round. Prints a row for each later one, with the median of its
/// rates, of the first one's, and of the ratio of the two, round by round. `goals` are the ratios to reach, by the other's name.
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

/// Prints a row; README.md says what is in one.
pub fn print(row: &Value) {
    println!("{row}");
}

/// The value in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
