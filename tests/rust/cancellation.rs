//! Cancelling calls from another thread, and waiting for a change with a time limit.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use skiplino::{BookTicketRequest, CancellationToken, Error, ErrorKind, Outcome};
use skiplino_tests::TestSandbox;

const TICKET: &str = "k7m2p9x4q1";

/// Makes a call whose request the sandbox holds, and cancels the call once the sandbox has it.
fn cancelled(
    sandbox: &TestSandbox,
    operation: &str,
    call: impl FnOnce(&CancellationToken) -> Result<(), Error> + Send,
) -> Error {
    sandbox.fault(operation, "hold", json!({"then": "commit"}));
    let cancellation_token = CancellationToken::new();
    thread::scope(|scope| {
        let call = scope.spawn(|| call(&cancellation_token).unwrap_err());
        sandbox.control("GET /held?atLeast=1", &Value::Null);
        cancellation_token.cancel();
        let error = call.join().unwrap();
        // The connection of the call is closed, although the client still exists.
        let idle = sandbox.control("GET /idle?requests=1", &Value::Null);
        assert_eq!(idle, json!({"connections": 0, "requests": 1}));
        error
    })
}

#[test]
fn a_cancelled_call_reports_its_outcome() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let error = cancelled(&sandbox, "getTicket", |cancellation_token| {
        let call = client
            .tickets()
            .get(TICKET)
            .cancelled_by(cancellation_token);
        call.wait().map(drop)
    });
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(
        (error.outcome(), error.attempts()),
        (Outcome::NotApplied, 1)
    );
    assert_eq!(error.to_string(), "get the ticket: cancelled");

    // Another sandbox: this one still holds the first request.
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let error = cancelled(&sandbox, "bookTicket", |cancellation_token| {
        let request = BookTicketRequest::walk_in("6fe8fb8b12", "7c1f9a3b2d");
        let call = client
            .tickets()
            .book(request)
            .cancelled_by(cancellation_token);
        call.wait().map(drop)
    });
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert_eq!(
        error.to_string(),
        "book a ticket: cancelled; it may have been applied"
    );
}

#[test]
fn a_cancelled_token_prevents_requests() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let cancellation_token = CancellationToken::new();
    cancellation_token.cancel();
    let request = BookTicketRequest::walk_in("6fe8fb8b12", "7c1f9a3b2d");
    let call = client
        .tickets()
        .book(request)
        .cancelled_by(&cancellation_token);
    let error = call.wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(
        (error.outcome(), error.attempts()),
        (Outcome::NotApplied, 0)
    );
    assert_eq!(sandbox.received("bookTicket"), 0);

    let mut list = client
        .customers()
        .list()
        .cancelled_by(&cancellation_token)
        .items_blocking();
    assert_eq!(
        list.next().unwrap().unwrap_err().kind(),
        ErrorKind::Cancelled
    );
    assert!(list.next().is_none());
    let mut watch = client
        .tickets()
        .watch(TICKET)
        .cancelled_by(&cancellation_token)
        .wait();
    assert_eq!(
        watch.next().unwrap().unwrap_err().kind(),
        ErrorKind::Cancelled
    );
    assert!(watch.is_over() && watch.next().is_none());
}

#[test]
fn next_within_times_out_and_the_watch_continues() {
    let sandbox = TestSandbox::new();
    let client = sandbox.public();
    let pause = Duration::from_millis(5);
    let mut watch = client.tickets().watch(TICKET).min(pause).max(pause).wait();
    let long = Duration::from_secs(60);
    assert!(watch.next_within(long).unwrap().is_some());
    let limit = Duration::from_millis(50);
    assert!(watch.next_within(limit).unwrap().is_none());
    assert!(!watch.is_over());

    client.tickets().cancel(TICKET).wait().unwrap();
    let last = watch.next_within(long).unwrap().unwrap();
    assert_eq!(last.status().as_str(), "cancelled");
    assert!(watch.is_over());
    assert!(watch.next_within(long).unwrap().is_none());
}

#[test]
fn an_interrupted_poll_is_not_repeated_at_once() {
    let sandbox = TestSandbox::new();
    let client = sandbox.public();
    let hour = Duration::from_secs(60 * 60);
    sandbox.fault("getTicket", "hold", json!({"then": "commit"}));
    let mut watch = client.tickets().watch(TICKET).min(hour).max(hour).wait();
    for limit in [50].into_iter().chain([0; 100]) {
        let limit = Duration::from_millis(limit);
        assert!(watch.next_within(limit).unwrap().is_none());
    }
    assert!(sandbox.received("getTicket") <= 1);
}
