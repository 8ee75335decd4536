//! A booking for a customer costs one round trip: the concurrent read of the customer's tickets
//! neither delays the booking nor costs a connection. If this read is late or fails, the server's
//! clock distinguishes the ticket of a lost booking from older tickets.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use skiplino::jiff::{SignedDuration, Timestamp};
use skiplino::{BookTicketRequest, Client, ClientBuilder, Clock, CustomerRef};
use skiplino_sandbox::{Config, DEMO_PUBLIC_KEY};
use skiplino_tests::{NOW, TestSandbox};

use crate::booking_support::{
    Booked, GROUP, LAYLA, SERVICE, book, held, hold, outcome_unknown, release, tickets,
};
use crate::raw_server::{RawServer, Script, http};
use crate::test_clock::TestClock;

const BRANCHES: &[u8] = br#"{"message":"m","data":[]}"#;

/// A client whose bookings do not wait for the read, with a connection.
fn behind_network(builder: ClientBuilder) -> Client {
    let client = builder.behind_network().build().unwrap();
    client.branches().list().wait().unwrap();
    client
}

fn walk_in() -> BookTicketRequest {
    BookTicketRequest::walk_in(SERVICE, GROUP).customer(CustomerRef::id(LAYLA))
}

#[test]
fn a_booking_and_the_read_are_in_flight_together() {
    let sandbox = TestSandbox::new();
    let client = behind_network(sandbox.builder(DEMO_PUBLIC_KEY));
    let (booking, list) = (
        hold(&sandbox, "bookTicket", 1, "commit"),
        hold(&sandbox, "listCustomerTickets", 1, "commit"),
    );
    std::thread::scope(|scope| {
        let booked = scope.spawn(|| book(&client, walk_in()));
        // Neither waits for the other.
        held(&sandbox, 2);
        release(&sandbox, &booking);
        assert!(!booked.join().unwrap().unwrap().recovered());
    });
    release(&sandbox, &list);
}

#[test]
fn a_ticket_list_that_never_responds_does_not_stop_a_booking() {
    let sandbox = TestSandbox::new();
    for client in [
        sandbox.public(),
        behind_network(sandbox.builder(DEMO_PUBLIC_KEY)),
    ] {
        let list = hold(&sandbox, "listCustomerTickets", 1, "commit");
        assert!(!book(&client, walk_in()).unwrap().recovered());
        release(&sandbox, &list);
    }
}

#[test]
fn a_failing_ticket_list_does_not_fail_a_booking() {
    let sandbox = TestSandbox::new();
    for kind in ["refuse", "rate_limit", "drop_before", "html_502"] {
        let fault = json!({"retryAfter": 3_600});
        sandbox.fault("listCustomerTickets", kind, fault);
        for client in [
            sandbox.public(),
            behind_network(sandbox.builder(DEMO_PUBLIC_KEY)),
        ] {
            let booked = book(&client, walk_in()).unwrap();
            assert_eq!((booked.attempts(), booked.recovered()), (1, false));
        }
        sandbox.control("DELETE /faults", &Value::Null);
    }
}

#[test]
fn another_programs_older_ticket_is_never_returned() {
    let lists = [
        ("in time", None),
        ("late", Some(json!({"kind": "hold", "then": "commit"}))),
        ("lost", Some(json!({"kind": "html_502"}))),
    ];
    for (name, fault) in &lists {
        for is_warm in [false, true] {
            for is_booked in [false, true] {
                // The clock runs.
                let sandbox = TestSandbox::with(Config {
                    now: Some(NOW.parse().unwrap()),
                    ..Config::default()
                });
                let client = behind_network(sandbox.builder(DEMO_PUBLIC_KEY));
                if is_warm {
                    book(&client, walk_in()).unwrap();
                }
                let other = book(&sandbox.public(), walk_in()).unwrap();
                let when = json!({"first": if *name == "late" { 1 } else { 3 }});
                let list = fault.clone().map(|mut fault| {
                    fault["operation"] = "listCustomerTickets".into();
                    fault["when"] = when;
                    sandbox.control("POST /faults", &fault)
                });
                let lost = json!({"commit": is_booked, "when": {"nth": 1}});
                sandbox.fault("bookTicket", "html_502", lost);
                let booked = std::thread::scope(|scope| {
                    let booked = scope.spawn(|| book(&client, walk_in()));
                    if let Some(list) = list.filter(|_| *name == "late") {
                        held(&sandbox, 1);
                        while sandbox.received("bookTicket") < 2 + u64::from(is_warm) {
                            std::thread::yield_now();
                        }
                        release(&sandbox, &list);
                    }
                    booked.join().unwrap()
                });
                let all = tickets(&sandbox);
                assert_eq!(all.len(), 1 + usize::from(is_warm) + usize::from(is_booked));
                match booked {
                    Ok(found) => {
                        assert!(is_booked, "{name}: {found:?}");
                        assert_ne!(found.data().id(), other.data().id(), "{name}");
                    }
                    Err(_) => drop(outcome_unknown(booked)),
                }
            }
        }
    }
}

/// What a server does that loses the response to a booking 5.5 s after it was sent.
#[derive(Clone, Copy)]
struct Lost {
    /// Whether the server responds to a booking before that one.
    books_before: bool,
    /// How many reads of the customer's tickets fail before one succeeds.
    failing_reads: usize,
    /// When the only ticket on the customer's list was booked.
    booked_at: &'static str,
}

impl Lost {
    /// The result of the lost booking. The server's clock is at 11:10:00.400 when the client's
    /// starts. The client learns it from the `Date` of an earlier response, and from the ticket of
    /// the booking before.
    fn book(self) -> Booked {
        let clock = TestClock::new(|_| {});
        let time = Arc::clone(&clock);
        let (bookings, reads) = <(AtomicUsize, AtomicUsize)>::default();
        let server = RawServer::start(Script::RespondWith(Arc::new(move |head| {
            let pass = |milliseconds| drop(time.sleep(Duration::from_millis(milliseconds)));
            let now = || {
                let start: Timestamp = "2026-06-23T11:10:00.400Z".parse().unwrap();
                start + SignedDuration::try_from(time.passed()).unwrap()
            };
            let respond = |status, data: Value| {
                let date = now().strftime("date: %a, %d %b %Y %H:%M:%S GMT\r\n");
                let page = json!({"message": "m", "data": data, "pagination": {
                    "total": 1, "totalPages": 1, "hasNextPage": false, "hasPrevPage": false}});
                http(status, &date.to_string(), page.to_string().as_bytes())
            };
            if head.starts_with("POST") {
                if self.books_before && bookings.fetch_add(1, Ordering::SeqCst) == 0 {
                    pass(30);
                    return respond(201, ticket("t0", &format!("{:.3}", now())));
                }
                pass(5_500);
                http(503, "", b"")
            } else if head.contains("/customers/tickets") {
                match reads.fetch_add(1, Ordering::SeqCst) < self.failing_reads {
                    true => http(502, "", b""),
                    false => respond(200, json!([ticket("t1", self.booked_at)])),
                }
            } else {
                pass(20);
                respond(200, json!([]))
            }
        })));
        let clock = Arc::clone(&clock) as Arc<dyn Clock>;
        let client = behind_network(server.builder().clock(clock));
        if self.books_before {
            book(&client, walk_in()).unwrap();
        }
        book(&client, walk_in())
    }
}

fn ticket(id: &str, booked_at: &str) -> Value {
    json!({"id": id, "ticketNumber": "Q1", "status": "waiting", "statusAt": booked_at,
        "type": "sequential", "time": null, "branch": {"id": "b", "name": "B"},
        "service": {"id": SERVICE, "name": "S"}, "groupOfService": {"id": GROUP, "name": "G"},
        "customer": {"id": LAYLA, "name": "N"}, "bookedAt": booked_at})
}

const OLDER: &str = "5 lookups did not find the ticket";
const UNCLEAR: &str = "a matching ticket was booked within";

#[test]
fn the_servers_clock_tells_the_age_of_a_ticket_in_a_late_or_lost_read() {
    for failing_reads in [0, 3] {
        for (books_before, booked_at, result) in [
            // `Date` shows the clock to a second, and may be from another machine, whose clock
            // differs by a second.
            (false, "2026-06-23T11:10:05.300Z", Ok(())),
            (false, "2026-06-23T11:10:02.100Z", Ok(())),
            (false, "2026-06-23T11:10:01.900Z", Err(UNCLEAR)),
            (false, "2026-06-23T11:09:59.500Z", Err(UNCLEAR)),
            (false, "2026-06-23T11:09:58.500Z", Err(OLDER)),
            // It may have been booked until 11:09:59.
            (false, "2026-06-23T11:09:58.000Z", Err(UNCLEAR)),
            (false, "2026-06-23T11:09:57.000Z", Err(OLDER)),
            // The clock of this ticket is not the one that the client knows.
            (
                false,
                "2026-06-23T11:10:08.000Z",
                Err("a matching ticket may be older"),
            ),
            // A booking shows the clock to a round trip.
            (true, "2026-06-23T11:10:00.490Z", Ok(())),
            (true, "2026-06-23T11:10:00.482Z", Ok(())),
            (true, "2026-06-23T11:10:00.480Z", Err(UNCLEAR)),
            (true, "2026-06-23T11:10:00.450Z", Err(UNCLEAR)),
            (true, "2026-06-23T11:10:00.440Z", Err(OLDER)),
        ] {
            let failing_reads = if books_before { 0 } else { failing_reads };
            let lost = Lost {
                books_before,
                failing_reads,
                booked_at,
            };
            let booked = lost.book();
            match result {
                Ok(()) => assert!(booked.unwrap().recovered(), "{booked_at}"),
                Err(expected) => {
                    let text = outcome_unknown(booked);
                    assert!(text.contains(expected), "{booked_at}: {text}");
                }
            }
        }
    }
}

#[test]
fn a_client_that_does_not_know_the_servers_clock_does_not_guess() {
    let sandbox = TestSandbox::new();
    sandbox.fault(
        "listCustomerTickets",
        "html_502",
        json!({"when": {"first": 3}}),
    );
    sandbox.fault("bookTicket", "drop_after_commit", json!({}));
    let text = outcome_unknown(book(&sandbox.public(), walk_in()));
    assert!(
        text.ends_with(
            "a matching ticket may be older than this booking; check the customer's tickets before booking again"
        ),
        "{text}"
    );
    assert_eq!(tickets(&sandbox).len(), 1);
}

#[test]
fn a_ticket_that_appears_between_two_lookups_is_new() {
    let sandbox = TestSandbox::new();
    sandbox.fault(
        "listCustomerTickets",
        "html_502",
        json!({"when": {"first": 3}}),
    );
    let late = hold(&sandbox, "bookTicket", 1, "commit");
    let sandbox = Arc::new(sandbox);
    let control = Arc::clone(&sandbox);
    // The ticket is booked during the first pause between two lookups.
    let clock = TestClock::new(move |_| {
        if control.received("listCustomerTickets") == 4 {
            release(&control, &late);
            while tickets(&control).is_empty() {
                std::thread::yield_now();
            }
        }
    });
    let client = sandbox
        .builder(DEMO_PUBLIC_KEY)
        .attempt_timeout(Duration::from_millis(300))
        .clock(clock)
        .build()
        .unwrap();
    let booked = book(&client, walk_in()).unwrap();
    assert!(booked.recovered());
    assert_eq!(tickets(&sandbox), [booked.data().id().as_str()]);
}

#[test]
fn a_booking_gets_the_idle_connection() {
    let booking = ticket("t", "2026-06-23T11:10:00.000Z");
    let body = json!({"message": "m", "data": booking}).to_string();
    let server = RawServer::start(Script::RespondWith(Arc::new(move |head| {
        if head.starts_with("POST") {
            return http(201, "", body.as_bytes());
        }
        http(200, "", BRANCHES)
    })));
    let client = behind_network(server.builder());
    book(&client, walk_in()).unwrap();
    assert_eq!(server.connections_of("POST"), [0]);
    assert_eq!(server.closed(), 0);
}

/// The response of each read arrives after its booking has ended.
#[test]
fn a_read_that_outlives_its_booking_keeps_its_connection() {
    let body = json!({"message": "m", "data": ticket("t", "2026-06-23T11:10:00.000Z")}).to_string();
    let page = json!({"message": "m", "data": [], "pagination": {"page": 1, "limit": 10, "total": 0,
        "totalPages": 0, "hasNextPage": false, "hasPrevPage": false}});
    let ended = Arc::<(Mutex<usize>, Condvar)>::default();
    let (is_ended, started, bookings) =
        (Arc::clone(&ended), AtomicUsize::new(0), AtomicUsize::new(0));
    let server = RawServer::start(Script::RespondWith(Arc::new(move |head| {
        if head.starts_with("POST") {
            let number = bookings.fetch_add(1, Ordering::SeqCst);
            while started.load(Ordering::SeqCst) <= number {
                std::thread::yield_now();
            }
            return http(201, "", body.as_bytes());
        }
        if !head.contains("/customers/tickets") {
            return http(200, "", BRANCHES);
        }
        let number = started.fetch_add(1, Ordering::SeqCst);
        let (bookings, changed) = &*is_ended;
        let bookings = bookings.lock().unwrap();
        drop(changed.wait_while(bookings, |bookings| *bookings <= number));
        http(200, "", page.to_string().as_bytes())
    })));
    let client = behind_network(server.builder());
    for bookings in 1..=20 {
        book(&client, walk_in()).unwrap();
        *ended.0.lock().unwrap() = bookings;
        ended.1.notify_all();
        // One for the branches, and two for each booking.
        while server.responses() < 1 + 2 * bookings {
            std::thread::yield_now();
        }
    }
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_read_in_flight_ends_with_its_client() {
    let sandbox = TestSandbox::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for is_blocking in [true, false] {
        let client = behind_network(sandbox.builder(DEMO_PUBLIC_KEY));
        let (booking, list) = (
            hold(&sandbox, "bookTicket", 1, "commit"),
            hold(&sandbox, "listCustomerTickets", 1, "commit"),
        );
        std::thread::scope(|scope| {
            let booked = scope.spawn(|| {
                let call = client.tickets().book(walk_in());
                if is_blocking {
                    call.wait()
                } else {
                    runtime.block_on(call.into_future())
                }
            });
            held(&sandbox, 2);
            release(&sandbox, &booking);
            booked.join().unwrap().unwrap();
        });
        // The read is still held.
        drop(client);
        let idle = sandbox.control("GET /idle?requests=1", &Value::Null);
        assert_eq!(idle, json!({"connections": 0, "requests": 1}));
        release(&sandbox, &list);
    }
}
