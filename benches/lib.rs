//! What the benches share: a server that answers from memory, and a table of contestants that take turns.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench stops at the first thing that is not as it should be, and prints its table"
)]

use std::fmt::Write as _;
use std::time::Instant;

mod server;

pub use server::canned;

/// Rounds in which every contestant has its turn. The first one warms up and is not counted.
const ROUNDS: usize = 8;

/// Puts the calling thread, and those that it starts, on one core. Client and server share it: on two, the time that the system
/// takes to wake the other one hides what either of them does.
pub fn pin() {
    let first = core_affinity::get_core_ids().and_then(|cores| cores.first().copied());
    if !first.is_some_and(core_affinity::set_for_current) {
        println!("note: could not stay on one core");
    }
}

/// One way to do some work: a name, and what does the work a number of times.
pub type Contestant<'a> = (&'static str, Box<dyn FnMut(usize) + 'a>);

/// Lets every contestant do the work `count` times in turn, round after round, and prints the median of its rates and, against
/// each later one, the median of the first one's ratio round by round. `goals` are the ratios to reach, by the other's name.
/// Returns whether all were.
pub fn race(
    work: &str,
    count: usize,
    mut contestants: Vec<Contestant<'_>>,
    goals: &[(&str, f64)],
) -> bool {
    let mut rates = vec![Vec::new(); contestants.len()];
    for round in 0..=ROUNDS {
        for ((_, run), rates) in contestants.iter_mut().zip(&mut rates) {
            let started = Instant::now();
            run(count);
            if round > 0 {
                rates.push(count as f64 / started.elapsed().as_secs_f64());
            }
        }
    }
    let mut reached = true;
    for (index, (name, _)) in contestants.iter().enumerate() {
        let rate = median(rates[index].clone());
        let mut line = format!("{work:<28} {name:<28} {rate:>8.0}/s");
        if index > 0 {
            let ratios = rates[0]
                .iter()
                .zip(&rates[index])
                .map(|(ours, theirs)| ours / theirs);
            let ratio = median(ratios.collect());
            let _ = write!(line, "   {}: {ratio:.2} ×", contestants[0].0);
            if let Some((_, goal)) = goals.iter().find(|(other, _)| other == name) {
                let met = ratio >= *goal;
                reached &= met;
                let _ = write!(
                    line,
                    " (goal {goal}: {})",
                    if met { "reached" } else { "MISSED" }
                );
            }
        }
        println!("{line}");
    }
    reached
}

/// The value in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Prints the verdict and leaves with 1 where a goal was missed.
pub fn finish(reached: bool) {
    println!(
        "{}",
        if reached {
            "all goals reached"
        } else {
            "a goal was missed"
        }
    );
    std::process::exit(i32::from(!reached));
}
