//! Writes happen once, where a scenario cannot say it: several at a time, callers who give up, servers that play odd.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};
use skiplino::{
    BookTicketRequest, Client, Clock, CustomerRef, CustomerWriteRequest, Error, ErrorKind, Outcome,
    Response, Ticket, TimeoutKind,
};
use skiplino_tests::Bench;

use crate::clock::Jumping;
use crate::raw::{Raw, Say, http};

const SERVICE: &str = "6fe8fb8b12";
const OTHER_SERVICE: &str = "b7a1d2c3e4";
const GROUP: &str = "7c1f9a3b2d";
const LAYLA: &str = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b";
const CRM: &str = "crm-7741";

type Booked = Result<Response<Ticket>, Error>;

fn walk_in(customer: CustomerRef) -> BookTicketRequest {
    BookTicketRequest::walk_in(SERVICE, GROUP).customer(customer)
}

fn book(client: &Client, request: BookTicketRequest) -> Booked {
    client.tickets().book(request).with_response().wait()
}

fn booking(client: &Client, request: BookTicketRequest) -> JoinHandle<Booked> {
    let client = client.clone();
    std::thread::spawn(move || book(&client, request))
}

fn unsettled(booked: Booked) -> String {
    let error = booked.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    assert_eq!(error.outcome(), Outcome::Unknown);
    error.to_string()
}

/// Holds the `nth` request of an operation from now on.
fn hold(bench: &Bench, operation: &str, nth: u64, then: &str) -> Value {
    bench.fault(
        operation,
        "hold",
        json!({"when": {"nth": nth}, "then": then}),
    )
}

fn held(bench: &Bench, count: u64) {
    let held = bench.control(&format!("GET /held?atLeast={count}"), &Value::Null);
    assert_eq!(held["held"], count);
}

fn release(bench: &Bench, fault: &Value) {
    bench.control(&format!("POST /faults/{}/release", fault["id"]), &json!({}));
}

/// Layla's tickets, but for the one she starts with.
fn tickets(bench: &Bench) -> Vec<String> {
    let all = bench.control(&format!("GET /tickets?customerId={LAYLA}"), &Value::Null);
    let ids = all.as_array().unwrap().iter();
    ids.map(|ticket| ticket["id"].as_str().unwrap().to_owned())
        .filter(|id| id != "k7m2p9x4q1")
        .collect()
}

fn committed(bench: &Bench, count: u64) {
    loop {
        let counts = bench.control("GET /requests/counts", &Value::Null);
        if counts["bookTicket"]["committed"] == count {
            return;
        }
        std::thread::yield_now();
    }
}

#[test]
fn bookings_alike_at_once_each_get_their_own_ticket() {
    let bench = Bench::new();
    bench.fault(
        "bookTicket",
        "drop_after_commit",
        json!({"when": {"every": 2}}),
    );
    let client = bench.public();
    let all: Vec<_> = (0..16)
        .map(|_| booking(&client, walk_in(CustomerRef::id(LAYLA))))
        .collect();
    let all: Vec<_> = all
        .into_iter()
        .map(|one| one.join().unwrap().unwrap())
        .collect();
    let recovered = all.iter().filter(|response| response.recovered()).count();
    assert_eq!(recovered, 8);
    let told: HashSet<_> = all
        .iter()
        .map(|response| response.data().id().to_string())
        .collect();
    assert_eq!(told, tickets(&bench).into_iter().collect());
    assert_eq!((told.len(), bench.received("bookTicket")), (16, 16));
}

#[test]
fn a_ticket_that_was_handed_out_is_nobody_elses() {
    let bench = Bench::new();
    let lost = hold(&bench, "bookTicket", 1, "drop");
    let client = bench.public();
    let first = booking(&client, walk_in(CustomerRef::id(LAYLA)));
    held(&bench, 1);
    // The same person by another name, so these two do not wait for one another.
    let second = book(&client, walk_in(CustomerRef::external_id(CRM))).unwrap();
    release(&bench, &lost);
    let text = unsettled(first.join().unwrap());
    assert!(text.contains("5 lookups did not find the ticket"), "{text}");
    assert_eq!(tickets(&bench), [second.data().id().as_str()]);
}

#[test]
fn a_ticket_that_may_be_another_booking_s_is_nobodys() {
    let bench = Bench::new();
    let lost = hold(&bench, "bookTicket", 1, "drop");
    bench.fault(
        "bookTicket",
        "slow_body",
        json!({"when": {"nth": 2}, "ms": 50}),
    );
    let client = bench.public();
    let first = booking(&client, walk_in(CustomerRef::id(LAYLA)));
    held(&bench, 1);
    let second = booking(&client, walk_in(CustomerRef::external_id(CRM)));
    // It is booked, but whoever booked it has not heard of it yet.
    committed(&bench, 1);
    release(&bench, &lost);
    unsettled(first.join().unwrap());
    let second = second.join().unwrap().unwrap();
    assert_eq!(tickets(&bench), [second.data().id().as_str()]);
}

#[test]
fn a_booking_that_was_given_up_is_reckoned_with() {
    let bench = Bench::new();
    let late = hold(&bench, "bookTicket", 1, "commit");
    let lost = hold(&bench, "bookTicket", 2, "drop");
    let client = bench.public();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let call = client
        .tickets()
        .book(walk_in(CustomerRef::id(LAYLA)))
        .into_future();
    let first = runtime.spawn(call);
    held(&bench, 1);
    first.abort();
    assert!(runtime.block_on(first).unwrap_err().is_cancelled());
    let second = booking(&client, walk_in(CustomerRef::id(LAYLA)));
    held(&bench, 2);
    // Its ticket comes while the second one is under way, which must not take it for its own.
    release(&bench, &late);
    committed(&bench, 1);
    release(&bench, &lost);
    let text = unsettled(second.join().unwrap());
    assert!(
        text.contains("a similar ticket was booked at the same time"),
        "{text}"
    );
}

#[test]
fn a_caller_who_gives_up_leaves_no_retry_behind() {
    let bench = Bench::new();
    let client = bench.secret();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (operation, look) in [
        ("bookTicket", "listCustomerTickets"),
        ("cancelTicket", "getTicket"),
        ("deleteCustomer", "getCustomer"),
    ] {
        bench.reset();
        let fault = hold(&bench, operation, 1, "drop");
        let tickets = client.tickets();
        let under_way = match operation {
            "bookTicket" => {
                let call = tickets.book(walk_in(CustomerRef::id(LAYLA)));
                runtime.spawn(async { call.await.map(drop) })
            }
            "cancelTicket" => {
                let call = tickets.cancel("k7m2p9x4q1");
                runtime.spawn(async { call.await.map(drop) })
            }
            _ => {
                let call = client.customers().delete(CustomerRef::id(LAYLA));
                runtime.spawn(async { call.await })
            }
        };
        held(&bench, 1);
        let looks = bench.received(look);
        under_way.abort();
        assert!(runtime.block_on(under_way).unwrap_err().is_cancelled());
        release(&bench, &fault);
        // Whatever were still to come would come before or with this one.
        client.branches().list().wait().unwrap();
        assert_eq!(
            (bench.received(operation), bench.received(look)),
            (1, looks)
        );
    }
}

#[test]
fn a_booking_does_not_wait_for_those_before_it_beyond_its_deadline() {
    let bench = Bench::new();
    let fault = hold(&bench, "bookTicket", 1, "commit");
    let client = bench.public();
    let first = booking(&client, walk_in(CustomerRef::id(LAYLA)));
    held(&bench, 1);
    let call = client.tickets().book(walk_in(CustomerRef::id(LAYLA)));
    let error = call.deadline(Duration::from_millis(50)).wait().unwrap_err();
    assert_eq!(error.timeout(), Some(TimeoutKind::Call));
    assert_eq!(
        (error.kind(), error.outcome(), error.attempts()),
        (ErrorKind::Timeout, Outcome::NotApplied, 0)
    );
    // Another service is another matter.
    let request = BookTicketRequest::walk_in(OTHER_SERVICE, GROUP).customer(CustomerRef::id(LAYLA));
    assert!(!book(&client, request).unwrap().recovered());
    release(&bench, &fault);
    first.join().unwrap().unwrap();
    assert_eq!(bench.received("bookTicket"), 2);
}

#[test]
fn more_new_tickets_than_can_be_seen_are_not_guessed_at() {
    let bench = Bench::new();
    let lost = hold(&bench, "bookTicket", 1, "drop");
    let (client, another) = (bench.public(), bench.public());
    let first = booking(&client, walk_in(CustomerRef::id(LAYLA)));
    held(&bench, 1);
    for _ in 0..11 {
        let request = BookTicketRequest::walk_in(OTHER_SERVICE, GROUP);
        book(&another, request.customer(CustomerRef::id(LAYLA))).unwrap();
    }
    release(&bench, &lost);
    let text = unsettled(first.join().unwrap());
    assert!(text.contains("too many tickets were booked"), "{text}");
}

#[test]
fn two_new_tickets_alike_cannot_be_told_apart() {
    let bench = Bench::new();
    let lost = hold(&bench, "bookTicket", 1, "commit");
    let client = bench
        .builder(skiplino_sandbox::DEMO_PUBLIC_KEY)
        .attempt_timeout(Duration::from_millis(300))
        .build()
        .unwrap();
    let another = bench.public();
    let first = booking(&client, walk_in(CustomerRef::id(LAYLA)));
    held(&bench, 1);
    // Another program books the same thing, and both tickets are there when the first one looks.
    book(&another, walk_in(CustomerRef::id(LAYLA))).unwrap();
    let look = hold(&bench, "listCustomerTickets", 1, "commit");
    held(&bench, 2);
    release(&bench, &lost);
    committed(&bench, 2);
    release(&bench, &look);
    let text = unsettled(first.join().unwrap());
    assert!(
        text.contains("a similar ticket was booked at the same time"),
        "{text}"
    );
}

#[test]
fn others_bookings_under_way_do_not_keep_one_from_being_found() {
    let bench = Bench::new();
    bench.generate(1);
    let customers = bench.control("GET /customers", &Value::Null);
    let other = customers.as_array().unwrap().last().unwrap();
    let (id, external_id) = (other["_id"].as_str(), other["externalId"].as_str());
    for (lost, held_up) in [
        (CustomerRef::id(LAYLA), CustomerRef::id(id.unwrap())),
        (
            CustomerRef::external_id(CRM),
            CustomerRef::external_id(external_id.unwrap()),
        ),
        // The ticket says whose it is.
        (CustomerRef::external_id(CRM), CustomerRef::id(id.unwrap())),
    ] {
        let fault = hold(&bench, "bookTicket", 1, "commit");
        let after = json!({"when": {"nth": 2}});
        bench.fault("bookTicket", "drop_after_commit", after);
        let client = bench.public();
        let first = booking(&client, walk_in(held_up));
        held(&bench, 1);
        assert!(book(&client, walk_in(lost)).unwrap().recovered());
        release(&bench, &fault);
        assert!(!first.join().unwrap().unwrap().recovered());
        bench.control("DELETE /faults", &Value::Null);
    }
}

#[test]
fn a_booking_of_ones_own_id_that_was_given_up_is_reckoned_with_too() {
    let bench = Bench::new();
    bench.fault("bookTicket", "html_502", json!({"when": {"nth": 1}}));
    bench.fault(
        "bookTicket",
        "html_502",
        json!({"when": {"nth": 2}, "commit": true}),
    );
    let client = bench.public();
    let request = || walk_in(CustomerRef::external_id(CRM));
    unsettled(book(&client, request()));
    // The first one could still come, and be the one that is found.
    let text = unsettled(book(&client, request()));
    assert!(
        text.contains("a similar ticket was booked at the same time"),
        "{text}"
    );
}

#[test]
fn a_booking_gives_up_with_the_read_before_it_when_nobody_is_there() {
    let gone = Raw::start(Say::Answer(Vec::new())).origin();
    let clock = Jumping::new(|_| {});
    let client = Client::builder(skiplino::ApiKey::new("pk_x").unwrap())
        .base_url(gone)
        .clock(Arc::clone(&clock) as Arc<dyn Clock>)
        .build()
        .unwrap();
    let error = book(&client, walk_in(CustomerRef::id(LAYLA))).unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Connect, Outcome::NotApplied)
    );
    assert_eq!(error.operation().unwrap().id(), "bookTicket");
    assert_eq!(clock.pauses().len(), 2);
}

/// A server that answers one after another for a customer's tickets; bookings get no readable answer.
fn server_with(lists: impl Fn(usize) -> Vec<u8> + Send + Sync + 'static) -> Raw {
    let asked = AtomicUsize::new(0);
    Raw::start(Say::Reply(Arc::new(move |head| {
        if head.contains("/customers/tickets") {
            return lists(asked.fetch_add(1, Ordering::SeqCst));
        }
        http(503, "", b"")
    })))
}

fn page(tickets: &Value) -> Vec<u8> {
    let body = json!({"message": "m", "data": tickets,
        "pagination": {"total": 1, "totalPages": 1, "hasNextPage": false, "hasPrevPage": false}});
    let date = "date: Tue, 23 Jun 2026 11:10:00 GMT\r\n";
    http(200, date, body.to_string().as_bytes())
}

fn page_with_a_ticket_from(booked_at: &str) -> Vec<u8> {
    page(
        &json!([{"id": "t1", "ticketNumber": "Q1", "status": "waiting", "statusAt": booked_at, "type": "sequential",
        "time": null, "branch": {"id": "b", "name": "B"}, "service": {"id": "s", "name": "S"},
        "groupOfService": {"id": "g", "name": "G"}, "customer": {"id": "c", "name": "N"}, "bookedAt": booked_at}]),
    )
}

/// A server whose list is empty before the booking, and then holds a ticket that was booked at that time.
fn server_with_a_ticket_from(booked_at: &'static str) -> Raw {
    server_with(move |asked| match asked {
        0 => page(&json!([])),
        _ => page_with_a_ticket_from(booked_at),
    })
}

fn for_customer(id: &str) -> BookTicketRequest {
    BookTicketRequest::walk_in("s", "g").customer(CustomerRef::id(id))
}

#[test]
fn a_customer_with_no_list_yet_has_no_tickets() {
    for none in [404, 422] {
        let server = server_with(move |asked| match asked {
            0 => http(none, "", b""),
            _ => page_with_a_ticket_from("2026-06-23T11:10:07.000Z"),
        });
        let client = server.builder().build().unwrap();
        assert!(book(&client, for_customer("c")).unwrap().recovered());
    }
}

#[test]
fn looks_are_on_the_budget_of_retries() {
    let server = server_with(|_| page(&json!([])));
    let client = server.builder().build().unwrap();
    let text = unsettled(book(&client, for_customer("c")));
    assert!(text.contains("5 lookups did not find"), "{text}");
    for _ in 0..60 {
        client.branches().list().wait().unwrap_err();
    }
    let text = unsettled(book(&client, for_customer("d")));
    // The second look is what the read before the booking earned.
    assert!(text.contains("2 lookups did not find"), "{text}");
}

#[test]
fn a_list_that_hangs_leaves_the_booking_its_time() {
    let bench = Bench::new();
    hold(&bench, "listCustomerTickets", 1, "drop");
    let client = bench.public();
    let call = client.tickets().book(walk_in(CustomerRef::id(LAYLA)));
    call.deadline(Duration::from_millis(1_500)).wait().unwrap();
}

#[test]
fn a_ticket_from_before_by_the_servers_clock_is_not_this_one() {
    for (booked_at, ours) in [
        ("2026-06-23T11:10:00.000Z", true),
        ("2026-06-23T11:09:59.000Z", true),
        ("2026-06-23T11:09:58.999Z", false),
        ("2026-06-23T11:10:07.000Z", true),
    ] {
        let server = server_with_a_ticket_from(booked_at);
        let client = server.builder().build().unwrap();
        let booked = book(&client, for_customer("c"));
        assert_eq!(booked.is_ok(), ours, "{booked_at}");
        if !ours {
            unsettled(booked);
        }
    }
}

#[test]
fn a_ticket_is_only_this_one_if_all_of_it_fits() {
    let time = "2026-06-23T12:00:00Z".parse().unwrap();
    for request in [
        for_customer("c2"),
        BookTicketRequest::walk_in("s2", "g").customer(CustomerRef::id("c")),
        BookTicketRequest::walk_in("s", "g2").customer(CustomerRef::id("c")),
        BookTicketRequest::appointment("s", "g", time, CustomerRef::id("c")),
    ] {
        let server = server_with_a_ticket_from("2026-06-23T11:10:07.000Z");
        let client = server.builder().build().unwrap();
        unsettled(book(&client, request));
    }
}

#[test]
fn a_record_is_the_one_created_if_it_is_what_the_api_makes_of_it() {
    let request = || {
        CustomerWriteRequest::new()
            .external_id("x")
            .name("N")
            .email("")
    };
    let with = |metadata| request().metadata(metadata);
    for (request, found, ours) in [
        (request(), json!({"name": "N"}), true),
        (request(), json!({"name": "N", "email": ""}), true),
        (request(), json!({"name": "N", "email": "e"}), false),
        (request(), json!({"name": "M"}), false),
        (request(), json!({}), false),
        (request(), json!({"name": "N", "mobile": "1"}), false),
        (request(), json!({"name": "N", "metadata": {}}), true),
        (request(), json!({"name": "N", "metadata": {"a": 1}}), false),
        (with(json!({})), json!({"name": "N"}), true),
        (
            with(json!({"a": [1.0]})),
            json!({"name": "N", "metadata": {"a": [1]}}),
            true,
        ),
        (
            with(json!({"a": [1.5]})),
            json!({"name": "N", "metadata": {"a": [1]}}),
            false,
        ),
        (
            with(json!({"a": 1})),
            json!({"name": "N", "metadata": {"a": 1, "b": 1}}),
            false,
        ),
        (
            with(json!({"a": 1})),
            json!({"name": "N", "metadata": {"b": 1}}),
            false,
        ),
        (
            with(json!({"a": [1]})),
            json!({"name": "N", "metadata": {"a": [1, 1]}}),
            false,
        ),
        (
            with(json!({"a": 9_007_199_254_740_993_u64})),
            json!({"name": "N", "metadata": {"a": 9_007_199_254_740_992_u64}}),
            false,
        ),
    ] {
        let mut record = found.clone();
        record["_id"] = "i".into();
        record["companyId"] = "c".into();
        record["createdAt"] = "2026-06-23T11:00:00.000Z".into();
        record["updatedAt"] = "2026-06-23T11:00:00.000Z".into();
        let body = json!({"message": "m", "data": record}).to_string();
        let created = AtomicUsize::new(0);
        let server = Raw::start(Say::Reply(Arc::new(move |head| {
            match head.starts_with("POST") {
                true if created.fetch_add(1, Ordering::SeqCst) == 0 => http(502, "", b""),
                true => http(
                    422,
                    "",
                    br#"{"message":"m","error":{"externalId":"taken"}}"#,
                ),
                false => http(200, "", body.as_bytes()),
            }
        })));
        let client = server.builder().build().unwrap();
        let result = client.customers().create(request).with_response().wait();
        match result {
            Ok(response) => assert!(ours && response.recovered(), "{found}"),
            Err(error) => {
                assert!(!ours, "{found}: {error}");
                assert_eq!(
                    (error.kind(), error.outcome()),
                    (ErrorKind::Validation, Outcome::NotApplied)
                );
            }
        }
    }
}
