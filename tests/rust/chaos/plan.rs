//! The plan of a run: the writes of each client group, and the faults. Drawn from the seed before
//! anything is sent.

use std::iter;

use fastrand::Rng;
use serde_json::{Value, json};
use skiplino::jiff::{SignedDuration, Timestamp};

/// The number of groups that run at a time.
pub const PARALLEL_GROUPS: usize = 8;
/// The tasks of a group. They share one client and its customers.
pub const TASKS_PER_GROUP: usize = 4;
const BOOKINGS_PER_TASK: usize = 20;
/// Few, so that similar tickets are often booked for one customer at the same time.
pub const BOOKING_CUSTOMERS: usize = 6;
pub const SLOTS_PER_GROUP: usize = 3;
/// Places in a slot.
pub const CAPACITY: u32 = 6;
/// Each is updated, or deleted, once: a delayed request could undo a later one.
const CHANGED_CUSTOMERS: usize = TASKS_PER_GROUP * 2;
/// Customers that only this group uses: the bookings of two clients for one customer cannot be
/// distinguished.
pub const CUSTOMERS_PER_GROUP: usize = BOOKING_CUSTOMERS + 2 * CHANGED_CUSTOMERS;

/// The share of requests with a fault.
pub const FAULT_SHARE: f64 = 0.3;
/// The attempt timeout, in milliseconds.
pub const ATTEMPT_TIMEOUT_MS: u64 = 250;

/// A service and its group.
pub type Service = (&'static str, &'static str);
pub const CASH: Service = ("6fe8fb8b12", "7c1f9a3b2d");
const DEPOSIT: Service = ("b7a1d2c3e4", "7c1f9a3b2d");
pub const ACCOUNT: Service = ("c4d5e6f708", "91be44d0aa");
/// In a branch that is closed: every walk-in is rejected.
const CLOSED: Service = ("e1e2e3e4e5", "2b2b2b2b2b");

/// Four tasks with a client and customers of their own.
#[derive(Debug)]
pub struct ClientGroup {
    pub number: usize,
    pub tasks: Vec<Vec<Step>>,
}

/// One write, and the marker of the record that it creates or changes.
#[derive(Debug)]
pub struct Step {
    pub marker: String,
    pub action: Action,
}

#[derive(Debug)]
pub enum Action {
    Book(Booking),
    /// With this `externalId`, or without one.
    Create(Option<String>),
    /// The number of the customer among those of the group.
    Update(usize),
    Delete(usize),
}

#[derive(Debug)]
pub struct Booking {
    pub service: Service,
    /// None for a walk-in.
    pub time: Option<Timestamp>,
    /// The number of the customer among those of the group, and whether the request uses the
    /// `externalId`.
    pub customer: Option<(usize, bool)>,
    /// The new time, if the ticket is rescheduled afterwards.
    pub reschedule_to: Option<Timestamp>,
    /// Whether the ticket is cancelled at the end.
    pub cancel: bool,
}

pub fn groups(seed: u64, bookings: usize) -> Vec<ClientGroup> {
    let count = bookings.div_ceil(TASKS_PER_GROUP * BOOKINGS_PER_TASK);
    let mut rng = Rng::with_seed(seed);
    let mut left = bookings;
    (0..count)
        .map(|number| {
            let mut rng = rng.fork();
            let tasks = (0..TASKS_PER_GROUP)
                .map(|task| {
                    let share = left.min(BOOKINGS_PER_TASK);
                    left -= share;
                    steps(&mut rng, number, task, share)
                })
                .collect();
            ClientGroup { number, tasks }
        })
        .collect()
}

/// One of the few slots that a group books. The next group also books some of them, and the slots
/// have too few places for all.
pub fn slot(group: usize, number: usize) -> Timestamp {
    const A_DAY: usize = 16;
    let first: Timestamp = "2026-06-24T06:00:00Z".parse().unwrap();
    let number = group * (SLOTS_PER_GROUP - 1) + number;
    let minutes = number / A_DAY * 24 * 60 + number % A_DAY * 30;
    first + SignedDuration::from_mins(minutes.try_into().unwrap())
}

fn steps(rng: &mut Rng, group: usize, task: usize, bookings: usize) -> Vec<Step> {
    let mut actions: Vec<_> = iter::repeat_with(|| Action::Book(booking(rng, group)))
        .take(bookings)
        .collect();
    let (first, second) = (
        BOOKING_CUSTOMERS + 2 * task,
        BOOKING_CUSTOMERS + CHANGED_CUSTOMERS + 2 * task,
    );
    for number in 0..2 {
        actions.push(Action::Create(Some(format!("own-{group}.{task}.{number}"))));
        actions.push(Action::Create(None));
        // The other tasks create customers with the same ids.
        actions.push(Action::Create(Some(format!(
            "fought-over-{group}.{number}"
        ))));
        actions.push(Action::Update(first + number));
        actions.push(Action::Delete(second + number));
    }
    rng.shuffle(&mut actions);
    let marked = |(number, action)| Step {
        marker: format!("{group}.{task}.{number}"),
        action,
    };
    actions.into_iter().enumerate().map(marked).collect()
}

fn booking(rng: &mut Rng, group: usize) -> Booking {
    // One customer books more than the others.
    let number = if rng.u8(..10) < 6 {
        0
    } else {
        rng.usize(..BOOKING_CUSTOMERS)
    };
    // Most groups refer to one customer by both kinds of id.
    let by_external_id = if group.is_multiple_of(4) {
        !number.is_multiple_of(2)
    } else {
        rng.bool()
    };
    let customer = Some((number, by_external_id));
    let slot = |rng: &mut Rng| slot(group, rng.usize(..SLOTS_PER_GROUP));
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
            reschedule_to: None,
            cancel: rng.u8(..10) < 2,
        },
        _ => Booking {
            service: if rng.bool() { CASH } else { ACCOUNT },
            time: Some(slot(rng)),
            customer,
            reschedule_to: Some(slot(rng)).filter(|_| rng.u8(..10) < 5),
            cancel: rng.u8(..10) < 4,
        },
    }
}

/// The faults, in the order in which they are set. The nth request gets the same fault in every run
/// of a seed; which request is the nth depends on the scheduler.
pub fn faults() -> Vec<Value> {
    // The weight of each fault.
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
        (6, json!({"kind": "delay", "ms": ATTEMPT_TIMEOUT_MS / 4})),
        // Applied after the attempt timed out: during the next attempts, and long after them.
        (
            5,
            json!({"kind": "hold", "ms": ATTEMPT_TIMEOUT_MS + ATTEMPT_TIMEOUT_MS / 5, "then": "commit"}),
        ),
        (
            5,
            json!({"kind": "hold", "ms": ATTEMPT_TIMEOUT_MS * 5 / 2, "then": "commit"}),
        ),
        (
            5,
            json!({"kind": "hold", "ms": ATTEMPT_TIMEOUT_MS * 4, "then": "commit"}),
        ),
        (
            4,
            json!({"kind": "hold", "ms": ATTEMPT_TIMEOUT_MS * 2, "then": "drop"}),
        ),
        (
            2,
            json!({"kind": "slow_body", "ms": ATTEMPT_TIMEOUT_MS / 5}),
        ),
    ];
    let all: u32 = weighted.iter().map(|(weight, _)| weight).sum();
    let mut without_fault = 1.0;
    weighted
        .into_iter()
        .map(|(weight, mut fault)| {
            let share = FAULT_SHARE * f64::from(weight) / f64::from(all);
            // A request reaches a fault only if none before it fired.
            fault["operation"] = json!("*");
            fault["when"] = json!({"probability": share / without_fault});
            without_fault -= share;
            fault
        })
        .collect()
}
