//! Recovery of writes with lost responses, where a scenario is not enough: concurrent bookings,
//! aborted calls, and servers with unusual responses.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};
use skiplino::{
    BookTicketRequest, Client, Clock, CustomerRef, CustomerWriteRequest, ErrorKind, Outcome,
    TimeoutKind,
};
use skiplino_tests::TestSandbox;

use crate::booking_support::{
    Booked, GROUP, LAYLA, SERVICE, book, held, hold, outcome_unknown, release, tickets,
};
use crate::raw_server::{RawServer, Script, http};
use crate::test_clock::TestClock;

const OTHER_SERVICE: &str = "b7a1d2c3e4";
const CRM: &str = "crm-7741";

fn walk_in(customer: CustomerRef) -> BookTicketRequest {
    BookTicketRequest::walk_in(SERVICE, GROUP).customer(customer)
}

fn spawn_booking(client: &Client, request: BookTicketRequest) -> JoinHandle<Booked> {
    let client = client.clone();
    std::thread::spawn(move || book(&client, request))
}

fn committed(sandbox: &TestSandbox, count: u64) {
    loop {
        let counts = sandbox.control("GET /requests/counts", &Value::Null);
        if counts["bookTicket"]["committed"] == count {
            return;
        }
        std::thread::yield_now();
    }
}

#[test]
fn concurrent_similar_bookings_each_get_their_own_ticket() {
    let sandbox = TestSandbox::new();
    sandbox.fault(
        "bookTicket",
        "drop_after_commit",
        json!({"when": {"every": 2}}),
    );
    let client = sandbox.public();
    let all: Vec<_> = (0..16)
        .map(|_| spawn_booking(&client, walk_in(CustomerRef::id(LAYLA))))
        .collect();
    let all: Vec<_> = all
        .into_iter()
        .map(|one| one.join().unwrap().unwrap())
        .collect();
    let recovered = all.iter().filter(|response| response.recovered()).count();
    assert_eq!(recovered, 8);
    let returned: HashSet<_> = all
        .iter()
        .map(|response| response.data().id().to_string())
        .collect();
    assert_eq!(returned, tickets(&sandbox).into_iter().collect());
    assert_eq!((returned.len(), sandbox.received("bookTicket")), (16, 16));
}

#[test]
fn a_returned_ticket_is_not_claimed_by_another_booking() {
    let sandbox = TestSandbox::new();
    let lost = hold(&sandbox, "bookTicket", 1, "drop");
    let client = sandbox.public();
    let first = spawn_booking(&client, walk_in(CustomerRef::id(LAYLA)));
    held(&sandbox, 1);
    // The same customer by another kind of id, so that the two calls do not wait for each other.
    let second = book(&client, walk_in(CustomerRef::external_id(CRM))).unwrap();
    release(&sandbox, &lost);
    let text = outcome_unknown(first.join().unwrap());
    assert!(text.contains("5 lookups did not find the ticket"), "{text}");
    assert_eq!(tickets(&sandbox), [second.data().id().as_str()]);
}

#[test]
fn a_ticket_that_may_belong_to_another_booking_is_not_claimed() {
    let sandbox = TestSandbox::new();
    let lost = hold(&sandbox, "bookTicket", 1, "drop");
    sandbox.fault(
        "bookTicket",
        "slow_body",
        json!({"when": {"nth": 2}, "ms": 50}),
    );
    let client = sandbox.public();
    let first = spawn_booking(&client, walk_in(CustomerRef::id(LAYLA)));
    held(&sandbox, 1);
    let second = spawn_booking(&client, walk_in(CustomerRef::external_id(CRM)));
    // The ticket is booked, but its call has not received the response yet.
    committed(&sandbox, 1);
    release(&sandbox, &lost);
    outcome_unknown(first.join().unwrap());
    let second = second.join().unwrap().unwrap();
    assert_eq!(tickets(&sandbox), [second.data().id().as_str()]);
}

#[test]
fn a_lookup_accounts_for_an_aborted_booking() {
    let sandbox = TestSandbox::new();
    let late = hold(&sandbox, "bookTicket", 1, "commit");
    let lost = hold(&sandbox, "bookTicket", 2, "drop");
    let client = sandbox.public();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let call = client
        .tickets()
        .book(walk_in(CustomerRef::id(LAYLA)))
        .into_future();
    let first = runtime.spawn(call);
    held(&sandbox, 1);
    first.abort();
    assert!(runtime.block_on(first).unwrap_err().is_cancelled());
    let second = spawn_booking(&client, walk_in(CustomerRef::id(LAYLA)));
    held(&sandbox, 2);
    // The first ticket is booked while the second call is in flight, which must not claim it.
    release(&sandbox, &late);
    committed(&sandbox, 1);
    release(&sandbox, &lost);
    let text = outcome_unknown(second.join().unwrap());
    assert!(
        text.contains("a similar ticket was booked at the same time"),
        "{text}"
    );
}

#[test]
fn an_aborted_call_leaves_no_retry_behind() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (operation, lookup) in [
        ("bookTicket", "listCustomerTickets"),
        ("cancelTicket", "getTicket"),
        ("deleteCustomer", "getCustomer"),
    ] {
        sandbox.reset();
        let fault = hold(&sandbox, operation, 1, "drop");
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
        held(&sandbox, 1);
        let lookups = sandbox.received(lookup);
        under_way.abort();
        assert!(runtime.block_on(under_way).unwrap_err().is_cancelled());
        release(&sandbox, &fault);
        // Any further request would have been sent by now.
        client.branches().list().wait().unwrap();
        assert_eq!(
            (sandbox.received(operation), sandbox.received(lookup)),
            (1, lookups)
        );
    }
}

#[test]
fn a_booking_waits_for_similar_bookings_until_its_deadline() {
    let sandbox = TestSandbox::new();
    let fault = hold(&sandbox, "bookTicket", 1, "commit");
    let client = sandbox.public();
    let first = spawn_booking(&client, walk_in(CustomerRef::id(LAYLA)));
    held(&sandbox, 1);
    let call = client.tickets().book(walk_in(CustomerRef::id(LAYLA)));
    let error = call.deadline(Duration::from_millis(50)).wait().unwrap_err();
    assert_eq!(error.timeout(), Some(TimeoutKind::Call));
    assert_eq!(
        (error.kind(), error.outcome(), error.attempts()),
        (ErrorKind::Timeout, Outcome::NotApplied, 0)
    );
    // A booking for another service does not wait.
    let request = BookTicketRequest::walk_in(OTHER_SERVICE, GROUP).customer(CustomerRef::id(LAYLA));
    assert!(!book(&client, request).unwrap().recovered());
    release(&sandbox, &fault);
    first.join().unwrap().unwrap();
    assert_eq!(sandbox.received("bookTicket"), 2);
}

#[test]
fn too_many_new_tickets_leave_the_outcome_unknown() {
    let sandbox = TestSandbox::new();
    let lost = hold(&sandbox, "bookTicket", 1, "drop");
    let (client, another) = (sandbox.public(), sandbox.public());
    let first = spawn_booking(&client, walk_in(CustomerRef::id(LAYLA)));
    held(&sandbox, 1);
    for _ in 0..11 {
        let request = BookTicketRequest::walk_in(OTHER_SERVICE, GROUP);
        book(&another, request.customer(CustomerRef::id(LAYLA))).unwrap();
    }
    release(&sandbox, &lost);
    let text = outcome_unknown(first.join().unwrap());
    assert!(text.contains("too many tickets were booked"), "{text}");
}

#[test]
fn two_similar_new_tickets_leave_the_outcome_unknown() {
    let sandbox = TestSandbox::new();
    let lost = hold(&sandbox, "bookTicket", 1, "commit");
    let client = sandbox
        .builder(skiplino_sandbox::DEMO_PUBLIC_KEY)
        .attempt_timeout(Duration::from_millis(300))
        .build()
        .unwrap();
    let another = sandbox.public();
    let first = spawn_booking(&client, walk_in(CustomerRef::id(LAYLA)));
    held(&sandbox, 1);
    // Another program books a similar ticket, and the lookup of the first call finds both.
    book(&another, walk_in(CustomerRef::id(LAYLA))).unwrap();
    let lookup = hold(&sandbox, "listCustomerTickets", 1, "commit");
    held(&sandbox, 2);
    release(&sandbox, &lost);
    committed(&sandbox, 2);
    release(&sandbox, &lookup);
    let text = outcome_unknown(first.join().unwrap());
    assert!(
        text.contains("a similar ticket was booked at the same time"),
        "{text}"
    );
}

#[test]
fn bookings_of_other_customers_in_flight_do_not_prevent_recovery() {
    let sandbox = TestSandbox::new();
    sandbox.generate(1);
    let customers = sandbox.control("GET /customers", &Value::Null);
    let other = customers.as_array().unwrap().last().unwrap();
    let (id, external_id) = (other["_id"].as_str(), other["externalId"].as_str());
    for (lost, held_up) in [
        (CustomerRef::id(LAYLA), CustomerRef::id(id.unwrap())),
        (
            CustomerRef::external_id(CRM),
            CustomerRef::external_id(external_id.unwrap()),
        ),
        // The ticket names its customer.
        (CustomerRef::external_id(CRM), CustomerRef::id(id.unwrap())),
    ] {
        let fault = hold(&sandbox, "bookTicket", 1, "commit");
        let after = json!({"when": {"nth": 2}});
        sandbox.fault("bookTicket", "drop_after_commit", after);
        let client = sandbox.public();
        let first = spawn_booking(&client, walk_in(held_up));
        held(&sandbox, 1);
        assert!(book(&client, walk_in(lost)).unwrap().recovered());
        release(&sandbox, &fault);
        assert!(!first.join().unwrap().unwrap().recovered());
        sandbox.control("DELETE /faults", &Value::Null);
    }
}

#[test]
fn a_lookup_accounts_for_a_failed_booking_by_external_id() {
    let sandbox = TestSandbox::new();
    sandbox.fault("bookTicket", "html_502", json!({"when": {"nth": 1}}));
    sandbox.fault(
        "bookTicket",
        "html_502",
        json!({"when": {"nth": 2}, "commit": true}),
    );
    let client = sandbox.public();
    let request = || walk_in(CustomerRef::external_id(CRM));
    outcome_unknown(book(&client, request()));
    // The first booking could still be applied, and be the ticket that the lookup finds.
    let text = outcome_unknown(book(&client, request()));
    assert!(
        text.contains("a similar ticket was booked at the same time"),
        "{text}"
    );
}

#[test]
fn a_booking_for_a_customer_is_retried_when_no_server_listens() {
    let gone = RawServer::start(Script::Respond(Vec::new())).origin();
    let clock = TestClock::new(|_| {});
    let client = Client::builder(skiplino::ApiKey::new("pk_x").unwrap())
        .base_url(gone)
        .clock(Arc::clone(&clock) as Arc<dyn Clock>)
        .build()
        .unwrap();
    let error = book(&client, walk_in(CustomerRef::id(LAYLA))).unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome(), error.attempts()),
        (ErrorKind::Connect, Outcome::NotApplied, 3)
    );
    assert_eq!(error.operation().unwrap().id(), "bookTicket");
}

/// A server with a ticket list for each lookup. It responds to bookings with an empty 503.
fn server_with(lists: impl Fn(usize) -> Vec<u8> + Send + Sync + 'static) -> RawServer {
    let lookups = AtomicUsize::new(0);
    RawServer::start(Script::RespondWith(Arc::new(move |head| {
        if head.contains("/customers/tickets") {
            return lists(lookups.fetch_add(1, Ordering::SeqCst));
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

/// A server whose list is empty before the booking, and then has a ticket booked at this time.
fn server_with_a_ticket_from(booked_at: &'static str) -> RawServer {
    server_with(move |lookups| match lookups {
        0 => page(&json!([])),
        _ => page_with_a_ticket_from(booked_at),
    })
}

fn for_customer(id: &str) -> BookTicketRequest {
    BookTicketRequest::walk_in("s", "g").customer(CustomerRef::id(id))
}

#[test]
fn a_customer_without_a_ticket_list_has_no_tickets() {
    for none in [404, 422] {
        let server = server_with(move |lookups| match lookups {
            0 => http(none, "", b""),
            _ => page_with_a_ticket_from("2026-06-23T11:10:07.000Z"),
        });
        let client = server.builder().build().unwrap();
        assert!(book(&client, for_customer("c")).unwrap().recovered());
    }
}

#[test]
fn lookups_use_the_retry_budget() {
    let server = server_with(|_| page(&json!([])));
    let client = server.builder().build().unwrap();
    let text = outcome_unknown(book(&client, for_customer("c")));
    assert!(text.contains("5 lookups did not find"), "{text}");
    for _ in 0..60 {
        client.branches().list().wait().unwrap_err();
    }
    let text = outcome_unknown(book(&client, for_customer("d")));
    // The successful lookup before the booking added a retry to the budget.
    assert!(text.contains("2 lookups did not find"), "{text}");
}

#[test]
fn a_hanging_ticket_list_does_not_use_up_the_deadline() {
    let sandbox = TestSandbox::new();
    hold(&sandbox, "listCustomerTickets", 1, "drop");
    let client = sandbox.public();
    let call = client.tickets().book(walk_in(CustomerRef::id(LAYLA)));
    call.deadline(Duration::from_millis(1_500)).wait().unwrap();
}

#[test]
fn a_ticket_older_than_the_booking_is_not_claimed() {
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
            outcome_unknown(booked);
        }
    }
}

#[test]
fn a_ticket_is_claimed_only_if_all_fields_match() {
    let time = "2026-06-23T12:00:00Z".parse().unwrap();
    for request in [
        for_customer("c2"),
        BookTicketRequest::walk_in("s2", "g").customer(CustomerRef::id("c")),
        BookTicketRequest::walk_in("s", "g2").customer(CustomerRef::id("c")),
        BookTicketRequest::appointment("s", "g", time, CustomerRef::id("c")),
    ] {
        let server = server_with_a_ticket_from("2026-06-23T11:10:07.000Z");
        let client = server.builder().build().unwrap();
        outcome_unknown(book(&client, request));
    }
}

#[test]
fn a_created_customer_is_recognised_after_normalisation() {
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
        record["externalId"] = "x".into();
        record["companyId"] = "c".into();
        record["createdAt"] = "2026-06-23T11:00:00.000Z".into();
        record["updatedAt"] = "2026-06-23T11:00:00.000Z".into();
        let body = json!({"message": "m", "data": record}).to_string();
        let created = AtomicUsize::new(0);
        let server = RawServer::start(Script::RespondWith(Arc::new(move |head| {
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
