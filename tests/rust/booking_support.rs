//! What the tests of lost bookings share: a booking, requests that the sandbox holds, and the tickets
//! of a customer.

use serde_json::{Value, json};
use skiplino::{BookTicketRequest, Client, Error, ErrorKind, Outcome, Response, Ticket};
use skiplino_tests::TestSandbox;

pub const SERVICE: &str = "6fe8fb8b12";
pub const GROUP: &str = "7c1f9a3b2d";
pub const LAYLA: &str = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b";

pub type Booked = Result<Response<Ticket>, Error>;

pub fn book(client: &Client, request: BookTicketRequest) -> Booked {
    client.tickets().book(request).with_response().wait()
}

/// The text of a booking that may or may not have been applied.
pub fn outcome_unknown(booked: Booked) -> String {
    let error = booked.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    assert_eq!(error.outcome(), Outcome::Unknown);
    error.to_string()
}

/// Holds the `nth` request of an operation from now on.
pub fn hold(sandbox: &TestSandbox, operation: &str, nth: u64, then: &str) -> Value {
    sandbox.fault(
        operation,
        "hold",
        json!({"when": {"nth": nth}, "then": then}),
    )
}

pub fn held(sandbox: &TestSandbox, count: u64) {
    let held = sandbox.control(&format!("GET /held?atLeast={count}"), &Value::Null);
    assert_eq!(held["held"], count);
}

pub fn release(sandbox: &TestSandbox, fault: &Value) {
    sandbox.control(&format!("POST /faults/{}/release", fault["id"]), &json!({}));
}

/// The ids of Layla's tickets, the newest first, without the one that she has at the start.
pub fn tickets(sandbox: &TestSandbox) -> Vec<String> {
    let all = sandbox.control(&format!("GET /tickets?customerId={LAYLA}"), &Value::Null);
    let ids = all.as_array().unwrap().iter();
    ids.map(|ticket| ticket["id"].as_str().unwrap().to_owned())
        .filter(|id| id != "k7m2p9x4q1")
        .collect()
}
