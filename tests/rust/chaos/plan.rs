//! What is done, by whom and to whom: drawn from the seed before anything is sent.

use std::iter;

use fastrand::Rng;
use serde_json::{Value, json};
use skiplino::jiff::{SignedDuration, Timestamp};

/// How many crews are at work at a time.
pub const LANES: usize = 8;
/// The tasks of a crew, which share one client and its customers.
pub const TASKS_A_CREW: usize = 4;
const BOOKINGS_A_TASK: usize = 20;
/// Few, so that the same thing is often booked for the same one at the same time.
pub const BOOKERS: usize = 6;
pub const SLOTS_A_CREW: usize = 3;
/// Places in a slot.
pub const CAPACITY: u32 = 6;
/// Each is changed, or deleted, once: what arrives late could undo what came after it.
const CHANGED: usize = TASKS_A_CREW * 2;
/// Customers that a crew has to itself: nothing tells the bookings of two clients for one customer apart.
pub const PEOPLE_A_CREW: usize = BOOKERS + 2 * CHANGED;

/// The share of requests that something happens to.
pub const SHARE: f64 = 0.3;
/// Every attempt is given up after so many milliseconds.
pub const ATTEMPT: u64 = 250;

/// A service and its group.
pub type Service = (&'static str, &'static str);
pub const CASH: Service = ("6fe8fb8b12", "7c1f9a3b2d");
const DEPOSIT: Service = ("b7a1d2c3e4", "7c1f9a3b2d");
pub const ACCOUNT: Service = ("c4d5e6f708", "91be44d0aa");
/// In a branch that has closed for the day: every walk-in is refused.
const CLOSED: Service = ("e1e2e3e4e5", "2b2b2b2b2b");

/// Four tasks with a client and customers of their own.
#[derive(Debug)]
pub struct Crew {
    pub number: usize,
    pub tasks: Vec<Vec<Step>>,
}

/// One write, and its mark on the record that it is to bring about.
#[derive(Debug)]
pub struct Step {
    pub marker: String,
    pub deed: Deed,
}

#[derive(Debug)]
pub enum Deed {
    Book(Booking),
    /// With an `externalId`, or none.
    Create(Option<String>),
    /// The number of the customer among those of the crew.
    Update(usize),
    Delete(usize),
}

#[derive(Debug)]
pub struct Booking {
    pub service: Service,
    /// None for a walk-in.
    pub time: Option<Timestamp>,
    /// The number of the customer among those of the crew, and whether the `externalId` names them.
    pub customer: Option<(usize, bool)>,
    /// What becomes of the ticket: it is moved, then cancelled.
    pub move_to: Option<Timestamp>,
    pub cancel: bool,
}

pub fn crews(seed: u64, bookings: usize) -> Vec<Crew> {
    let count = bookings.div_ceil(TASKS_A_CREW * BOOKINGS_A_TASK);
    let mut rng = Rng::with_seed(seed);
    let mut left = bookings;
    (0..count)
        .map(|number| {
            let mut rng = rng.fork();
            let tasks = (0..TASKS_A_CREW)
                .map(|task| {
                    let share = left.min(BOOKINGS_A_TASK);
                    left -= share;
                    steps(&mut rng, number, task, share)
                })
                .collect();
            Crew { number, tasks }
        })
        .collect()
}

/// One of the few slots that a crew likes. The next one likes some of them too, and there is not room for all.
pub fn slot(crew: usize, number: usize) -> Timestamp {
    const A_DAY: usize = 16;
    let first: Timestamp = "2026-06-24T06:00:00Z".parse().unwrap();
    let number = crew * (SLOTS_A_CREW - 1) + number;
    let minutes = number / A_DAY * 24 * 60 + number % A_DAY * 30;
    first + SignedDuration::from_mins(minutes.try_into().unwrap())
}

fn steps(rng: &mut Rng, crew: usize, task: usize, bookings: usize) -> Vec<Step> {
    let mut deeds: Vec<_> = iter::repeat_with(|| Deed::Book(booking(rng, crew)))
        .take(bookings)
        .collect();
    let (first, second) = (BOOKERS + 2 * task, BOOKERS + CHANGED + 2 * task);
    for number in 0..2 {
        deeds.push(Deed::Create(Some(format!("own-{crew}.{task}.{number}"))));
        deeds.push(Deed::Create(None));
        // The other tasks want it too, for customers of their own.
        deeds.push(Deed::Create(Some(format!("fought-over-{crew}.{number}"))));
        deeds.push(Deed::Update(first + number));
        deeds.push(Deed::Delete(second + number));
    }
    rng.shuffle(&mut deeds);
    let marked = |(number, deed)| Step {
        marker: format!("{crew}.{task}.{number}"),
        deed,
    };
    deeds.into_iter().enumerate().map(marked).collect()
}

fn booking(rng: &mut Rng, crew: usize) -> Booking {
    // One customer books more than the others.
    let number = if rng.u8(..10) < 6 {
        0
    } else {
        rng.usize(..BOOKERS)
    };
    // Most crews call one and the same customer by both names.
    let by_external_id = if crew.is_multiple_of(4) {
        !number.is_multiple_of(2)
    } else {
        rng.bool()
    };
    let customer = Some((number, by_external_id));
    let slot = |rng: &mut Rng| slot(crew, rng.usize(..SLOTS_A_CREW));
    match rng.u8(..100) {
        0..65 => Booking {
            service: match rng.u8(..20) {
                0..13 => CASH,
                13..16 => DEPOSIT,
                16..19 => ACCOUNT,
                _ => CLOSED,
            },
            time: None,
            customer: customer.filter(|_| rng.u8(..10) < 6),
            move_to: None,
            cancel: rng.u8(..10) < 2,
        },
        _ => Booking {
            service: if rng.bool() { CASH } else { ACCOUNT },
            time: Some(slot(rng)),
            customer,
            move_to: Some(slot(rng)).filter(|_| rng.u8(..10) < 5),
            cancel: rng.u8(..10) < 4,
        },
    }
}

/// The faults, in the order in which they are set. The nth request meets the same one in every run of a seed; which request is the nth
/// is up to the scheduler.
pub fn faults() -> Vec<Value> {
    // Their shares among those requests that something happens to.
    let weighted = [
        (8, json!({"kind": "refuse"})),
        (8, json!({"kind": "drop_before"})),
        (14, json!({"kind": "drop_after_commit"})),
        (8, json!({"kind": "truncate"})),
        (7, json!({"kind": "html_502"})),
        (7, json!({"kind": "html_502", "commit": true})),
        (7, json!({"kind": "empty_503"})),
        (7, json!({"kind": "empty_503", "commit": true})),
        (5, json!({"kind": "rate_limit"})),
        (8, json!({"kind": "malformed_json"})),
        (6, json!({"kind": "delay", "ms": ATTEMPT / 4})),
        // Carried out when nobody waits for this attempt any more, during the next ones, and long after them.
        (
            5,
            json!({"kind": "hold", "ms": ATTEMPT + ATTEMPT / 5, "then": "commit"}),
        ),
        (
            5,
            json!({"kind": "hold", "ms": ATTEMPT * 5 / 2, "then": "commit"}),
        ),
        (
            5,
            json!({"kind": "hold", "ms": ATTEMPT * 4, "then": "commit"}),
        ),
        (
            4,
            json!({"kind": "hold", "ms": ATTEMPT * 2, "then": "drop"}),
        ),
        (2, json!({"kind": "slow_body", "ms": ATTEMPT / 5})),
    ];
    let all: u32 = weighted.iter().map(|(weight, _)| weight).sum();
    let mut passed = 1.0;
    weighted
        .into_iter()
        .map(|(weight, mut fault)| {
            let share = SHARE * f64::from(weight) / f64::from(all);
            // A request reaches a fault only if none before it fired.
            fault["operation"] = json!("*");
            fault["when"] = json!({"probability": share / passed});
            passed -= share;
            fault
        })
        .collect()
}
