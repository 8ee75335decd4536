//! Watching a ticket, on a test clock: no test waits for real pauses.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::{Value, json};
use skiplino::{BookTicketRequest, Client, Clock, ErrorKind, Ticket, TicketStatus};
use skiplino_sandbox::DEMO_PUBLIC_KEY;
use skiplino_tests::TestSandbox;

use crate::raw_server::{RawServer, Script, http};
use crate::test_clock::TestClock;

const TICKET: &str = "k7m2p9x4q1";
const SERVICE: &str = "6fe8fb8b12";

fn seconds(range: std::ops::RangeInclusive<f64>, pause: Duration) -> bool {
    range.contains(&pause.as_secs_f64())
}

/// Calls the next ticket each time that this much time has passed.
fn staff(sandbox: &Arc<TestSandbox>, every: Duration) -> impl Fn(Duration) + Send + Sync + 'static {
    let sandbox = Arc::clone(sandbox);
    let idle = Mutex::new(Duration::ZERO);
    move |pause| {
        let mut idle = idle.lock().unwrap();
        *idle += pause;
        while *idle >= every {
            *idle -= every;
            sandbox.control(
                &format!("POST /services/{SERVICE}/call-next"),
                &json!({"finish": true}),
            );
        }
    }
}

/// Every state of the ticket that the watch returns, to the end.
fn states(client: &Client) -> Vec<Ticket> {
    let watch = client.tickets().watch(TICKET);
    watch.wait().map(Result::unwrap).collect()
}

#[test]
fn every_change_is_returned_once_until_the_ticket_is_served() {
    let sandbox = Arc::new(TestSandbox::new());
    // A poll at least every 30 s, and a call every 40 s: no change is replaced before it is polled.
    let clock = TestClock::new(staff(&sandbox, Duration::from_secs(40)));
    sandbox.control(
        &format!("POST /services/{SERVICE}/walk-ins"),
        &json!({"count": 3}),
    );
    let client = sandbox
        .builder(DEMO_PUBLIC_KEY)
        .clock(clock)
        .build()
        .unwrap();
    let states = states(&client);
    let places: Vec<_> = states.iter().map(Ticket::queue_size).collect();
    let expected = [6, 5, 4, 3, 2, 1, 0]
        .map(Some)
        .into_iter()
        .chain([None, None]);
    assert_eq!(places, expected.collect::<Vec<_>>());
    let ends: Vec<_> = states[7..].iter().map(Ticket::status).collect();
    assert_eq!(ends, [&TicketStatus::Serving, &TicketStatus::Served]);
    assert!(
        sandbox.received("getTicket") > states.len() as u64,
        "some polls must find no change"
    );
}

#[test]
fn a_watch_ends_when_the_ticket_is_cancelled() {
    let sandbox = Arc::new(TestSandbox::new());
    let other = Arc::clone(&sandbox);
    let clock = TestClock::new(move |_| {
        // Another client cancels the ticket while the watch pauses.
        let cancelling = std::thread::spawn({
            let client = other.public();
            move || client.tickets().cancel(TICKET).wait().map(drop)
        });
        let _ = cancelling.join().unwrap();
    });
    let client = sandbox
        .builder(DEMO_PUBLIC_KEY)
        .clock(clock)
        .build()
        .unwrap();
    let states = states(&client);
    let states: Vec<_> = states.iter().map(Ticket::status).collect();
    assert_eq!(states, [&TicketStatus::Waiting, &TicketStatus::Cancelled]);
}

#[test]
fn an_hour_forty_places_from_the_front_takes_few_polls() {
    let sandbox = Arc::new(TestSandbox::new());
    sandbox.control(
        &format!("POST /services/{SERVICE}/walk-ins"),
        &json!({"count": 33}),
    );
    let request = BookTicketRequest::walk_in(SERVICE, "7c1f9a3b2d");
    let ticket = sandbox.public().tickets().book(request).wait().unwrap();
    assert_eq!(ticket.queue_size(), Some(40));
    let clock = TestClock::new(staff(&sandbox, Duration::from_secs(180)));
    let client = sandbox
        .builder(DEMO_PUBLIC_KEY)
        .clock(Arc::clone(&clock) as Arc<dyn Clock>)
        .build()
        .unwrap();
    let hour = Duration::from_secs(3600);
    let last = client
        .tickets()
        .watch(&ticket)
        .wait()
        .take_while(|_| clock.passed() < hour)
        .last();
    assert_eq!(last.unwrap().unwrap().queue_size(), Some(21));
    let polls = sandbox.received("getTicket");
    println!("{polls} polls in an hour; every 2 s would be 1800");
    assert!((120..=150).contains(&polls), "{polls}");
}

/// The response for a ticket in this state, dated at noon.
fn response(changes: &Value) -> Vec<u8> {
    let mut ticket = json!({"id": "t", "ticketNumber": "Q1", "status": "waiting", "statusAt": "2026-06-23T11:10:00.000Z", "type": "sequential", "time": null,
        "branch": {"id": "b", "name": "B"}, "service": {"id": "s", "name": "S"}, "groupOfService": {"id": "g", "name": "G"}, "bookedAt": "2026-06-23T11:10:00.000Z"});
    for (field, value) in changes.as_object().unwrap() {
        ticket[field] = value.clone();
    }
    let body = json!({"message": "m", "data": ticket}).to_string();
    http(
        200,
        "date: Tue, 23 Jun 2026 12:00:00 GMT\r\n",
        body.as_bytes(),
    )
}

#[test]
fn the_pause_follows_the_queue() {
    for (state, pause) in [
        (json!({"queueSize": 0, "waitingTime": 0}), 2.0..=2.0),
        (json!({"queueSize": 0, "waitingTime": 9}), 2.0..=2.0),
        (json!({"queueSize": 1, "waitingTime": 1}), 2.4..=3.0),
        (json!({"queueSize": 1, "waitingTime": 3}), 7.2..=9.0),
        (json!({"queueSize": 3}), 7.2..=9.0),
        (json!({"queueSize": 40, "waitingTime": 120}), 24.0..=30.0),
        (json!({}), 8.0..=10.0),
        (json!({"status": "serving"}), 8.0..=10.0),
        (json!({"status": "onItsWay"}), 8.0..=10.0),
        (
            json!({"status": "upcoming", "time": "2026-06-23T12:02:00.000Z"}),
            4.8..=6.0,
        ),
        (
            json!({"status": "upcoming", "time": "2026-06-23T11:59:00.000Z"}),
            2.0..=2.0,
        ),
        (
            json!({"status": "upcoming", "time": "2026-07-23T12:00:00.000Z"}),
            24.0..=30.0,
        ),
    ] {
        let server = Arc::new(RawServer::start(Script::Respond(response(&state))));
        let other = Arc::clone(&server);
        let clock = TestClock::new(move |_| {
            if other.requests().len() == 20 {
                other.set_script(Script::Respond(response(&json!({"status": "served"}))));
            }
        });
        let client = server
            .builder()
            .clock(Arc::clone(&clock) as Arc<dyn Clock>)
            .build()
            .unwrap();
        assert_eq!(client.tickets().watch("t").wait().count(), 2, "{state}");
        let pauses = clock.pauses();
        assert_eq!(pauses.len(), 20);
        assert!(
            pauses.iter().all(|actual| seconds(pause.clone(), *actual)),
            "{state}: {pauses:?}"
        );
        // Watchers that started together must not keep polling at the same moment.
        let jittered = pauses.iter().any(|actual| *actual != pauses[0]);
        assert_eq!(jittered, pause.start() != pause.end(), "{state}");
    }
}

#[test]
fn temporary_failures_are_retried() {
    for (kind, rest) in [
        ("html_502", json!({})),
        ("html_200", json!({})),
        ("redirect", json!({"location": "https://example.com/login"})),
        ("drop_before", json!({})),
        ("malformed_json", json!({})),
    ] {
        let sandbox = Arc::new(TestSandbox::new());
        sandbox.fault("getTicket", kind, rest);
        let other = Arc::clone(&sandbox);
        let clock = TestClock::new(move |_| {
            if other.received("getTicket") == 5 {
                other.control("DELETE /faults", &Value::Null);
            }
        });
        let client = sandbox
            .builder(DEMO_PUBLIC_KEY)
            .clock(Arc::clone(&clock) as Arc<dyn Clock>)
            .build()
            .unwrap();
        let first = client
            .tickets()
            .watch(TICKET)
            .wait()
            .next()
            .unwrap()
            .unwrap();
        assert_eq!(first.queue_size(), Some(6), "{kind}");
        let pauses: Vec<_> = clock.pauses().iter().map(Duration::as_secs).collect();
        assert_eq!(pauses, [2, 4, 8, 16, 30], "{kind}");
    }
}

#[test]
fn a_watch_gives_up_in_the_end() {
    let sandbox = TestSandbox::new();
    sandbox.fault("getTicket", "html_502", json!({}));
    let clock = TestClock::new(|_| {});
    let client = sandbox
        .builder(DEMO_PUBLIC_KEY)
        .clock(Arc::clone(&clock) as Arc<dyn Clock>)
        .build()
        .unwrap();
    let watch = client
        .tickets()
        .watch(TICKET)
        .give_up_after(Duration::from_secs(100));
    let results: Vec<_> = watch.wait().collect();
    let [Err(error)] = &results[..] else {
        panic!("{results:?}");
    };
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Server, Some(502))
    );
    assert_eq!(clock.passed().as_secs(), 2 + 4 + 8 + 16 + 30 + 30 + 30);
}

#[test]
fn a_watch_ends_if_the_server_asks_for_a_longer_pause_than_it_may_fail() {
    let sandbox = TestSandbox::new();
    for retry_after in ["30", "18446744073709551615"] {
        sandbox.fault(
            "getTicket",
            "rate_limit",
            json!({"retryAfter": retry_after}),
        );
        let clock = TestClock::new(|_| {});
        let client = sandbox
            .builder(DEMO_PUBLIC_KEY)
            .clock(Arc::clone(&clock) as Arc<dyn Clock>)
            .build()
            .unwrap();
        let watch = client.tickets().watch(TICKET);
        let mut watch = watch.give_up_after(Duration::from_secs(5)).wait();
        let error = watch.next().unwrap().unwrap_err();
        assert!(error.is_retryable() && error.retry_after().is_some());
        assert_eq!(clock.passed(), Duration::ZERO, "{retry_after}");
        assert!(watch.is_over());
        sandbox.reset();
    }
}

#[test]
fn a_permanent_error_ends_a_watch_at_once() {
    let sandbox = TestSandbox::new();
    let client = sandbox.public();
    for (ticket, kind) in [
        ("nosuchtick", ErrorKind::NotFound),
        ("", ErrorKind::InvalidRequest),
    ] {
        let mut watch = client.tickets().watch(ticket).wait();
        assert_eq!(watch.next().unwrap().unwrap_err().kind(), kind);
        assert!(watch.next().is_none());
    }
    let mut watch = client.tickets().watch(TICKET);
    let outside = watch.next().now_or_never().unwrap().unwrap();
    assert_eq!(outside.unwrap_err().kind(), ErrorKind::InvalidRequest);
    assert!(watch.next().now_or_never().unwrap().is_none());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let inside = runtime.block_on(async { client.tickets().watch(TICKET).wait().next() });
    assert_eq!(
        inside.unwrap().unwrap_err().kind(),
        ErrorKind::InvalidRequest
    );
}

#[test]
fn watchers_of_one_ticket_share_their_polls() {
    let sandbox = Arc::new(TestSandbox::new());
    let clock = TestClock::new(|_| {});
    let client = sandbox
        .builder(DEMO_PUBLIC_KEY)
        .clock(clock)
        .build()
        .unwrap();
    let (mut one, mut two) = (
        client.tickets().watch(TICKET),
        client.tickets().watch(TICKET),
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let first = one.next().await.unwrap().unwrap();
        assert_eq!(two.next().await.unwrap().unwrap(), first);
        assert_eq!(sandbox.received("getTicket"), 1);
        sandbox.control(&format!("POST /services/{SERVICE}/call-next"), &json!({}));
        let second = two.next().await.unwrap().unwrap();
        assert_eq!(second.queue_size(), Some(5));
        assert_eq!(one.next().await.unwrap().unwrap(), second);
        assert_eq!(sandbox.received("getTicket"), 2);
        // A watch that is dropped during a poll does not disturb the others.
        assert!(one.next().now_or_never().is_none());
        drop(one);
        sandbox.control(&format!("POST /tickets/{TICKET}/call"), &json!({}));
        assert_eq!(
            two.next().await.unwrap().unwrap().status(),
            &TicketStatus::Serving
        );
    });
}

#[test]
fn threads_can_watch_one_ticket_together() {
    let sandbox = TestSandbox::new();
    let client = sandbox.public();
    let pause = Duration::from_millis(5);
    let watching = std::sync::Barrier::new(3);
    std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let watch = client.tickets().watch(TICKET).min(pause).max(pause);
                    let mut states = watch.wait().map(|state| state.unwrap().status().clone());
                    let first = states.next();
                    watching.wait();
                    (first, states.collect::<Vec<_>>())
                })
            })
            .collect();
        watching.wait();
        client.tickets().cancel(TICKET).wait().unwrap();
        for lane in lanes {
            let states = lane.join().unwrap();
            assert_eq!(
                states,
                (Some(TicketStatus::Waiting), vec![TicketStatus::Cancelled])
            );
        }
    });
}
