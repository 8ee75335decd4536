//! How a call is made: runtimes, threads, connections, headers, lists, and the retry budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use jiff::civil::date;
use skiplino::{
    ApiKey, BookTicketRequest, CallOptions, Client, Clock, CustomerRef, CustomerUpdateRequest,
    CustomerWriteRequest, ErrorKind, KeyClass, Outcome, RetryPolicy,
};
use skiplino_tests::Bench;

use crate::clock::Jumping;
use crate::raw::{Raw, Say, http};

const SERVICE: &str = "6fe8fb8b12";
const GROUP: &str = "7c1f9a3b2d";
const BRANCHES: &[u8] = br#"{"message":"m","data":[]}"#;
const CREATED: &[u8] = br#"{"message":"m","data":{"_id":"i","companyId":"c","createdAt":"2026-06-23T11:00:00.000Z","updatedAt":"2026-06-23T11:00:00.000Z"}}"#;

#[test]
fn waiting_inside_a_runtime_is_an_error_and_no_panic() {
    let bench = Bench::new();
    let client = bench.public();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let error = runtime.block_on(async { client.branches().list().wait().unwrap_err() });
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(
        error.to_string(),
        "list the branches: invalid input: waiting here would block an async runtime: await the call instead"
    );
    assert_eq!(bench.received("listBranches"), 0);
    assert!(client.branches().list().wait().is_ok());
}

#[test]
fn awaiting_outside_a_runtime_is_an_error_and_no_panic() {
    let bench = Bench::new();
    let client = bench.public();
    let call = client.branches().list().into_future();
    let error = futures_util::FutureExt::now_or_never(call)
        .unwrap()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(
        error
            .to_string()
            .ends_with("awaiting a call needs a Tokio runtime: call wait() without one")
    );
}

#[test]
fn one_client_serves_many_threads_and_runtimes() {
    let bench = Bench::new();
    let client = bench.public();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(client.branches().list().wait().unwrap().len(), 2);
                }
            });
        }
    });
    // Each runtime takes its connections with it when it ends; the next one must not trip over them.
    for _ in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        for _ in 0..3 {
            let branches = runtime.block_on(async { client.branches().list().await });
            assert_eq!(branches.unwrap().len(), 2);
        }
    }
    assert_eq!(bench.received("listBranches"), 8 * 20 + 9);
}

#[test]
fn a_connection_closed_while_idle_costs_nobody_a_call() {
    // The server closes each connection right after its answer, unannounced, as one that restarts or tidies up does.
    let server = Raw::start(Say::AnswerAndClose(http(200, "", BRANCHES)));
    let client = server
        .builder()
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    for call in 0..60 {
        assert!(client.branches().list().wait().is_ok(), "call {call}");
        idle(&server, call + 1);
    }
    let body = br#"{"message":"m","data":{"id":"t","ticketNumber":"Q1","status":"waiting","statusAt":"2026-06-23T11:10:00.000Z","type":"sequential","time":null,"branch":{"id":"b","name":"B"},"service":{"id":"s","name":"S"},"groupOfService":{"id":"g","name":"G"},"bookedAt":"2026-06-23T11:10:00.000Z"}}"#;
    server.say(Say::AnswerAndClose(http(201, "", body)));
    for call in 0..20 {
        let booked = client
            .tickets()
            .book(BookTicketRequest::walk_in("s", "g"))
            .wait();
        assert!(booked.is_ok(), "booking {call}: {booked:?}");
        idle(&server, 60 + call + 1);
    }
    assert_eq!(server.requests().len(), 80);
}

/// Waits until so many connections were closed, and then for as long as makes a connection of the client's count as idle: what is
/// tested is that the close is seen, not who wins a race.
fn idle(server: &Raw, closed: usize) {
    while server.closed() < closed {
        std::thread::yield_now();
    }
    std::thread::sleep(Duration::from_millis(8));
}

#[test]
fn a_request_carries_the_key_the_locale_and_who_sends_it() {
    let server = Raw::start(Say::Answer(http(200, "", BRANCHES)));
    let client = server
        .builder()
        .locale("ar")
        .user_agent_suffix("kiosk/4.2")
        .build()
        .unwrap();
    client.branches().list().wait().unwrap();
    client.branches().list().locale("").wait().unwrap();
    let requests = server.requests();
    let first = requests[0].to_lowercase();
    assert!(
        first.starts_with("get /v1/branches http/1.1\r\n"),
        "{first}"
    );
    assert!(requests[0].contains("authorization: Bearer sk_raw\r\n"));
    assert!(first.contains("x-locale: ar\r\n"));
    assert!(first.contains("accept: application/json\r\n"));
    assert!(first.contains("accept-encoding: gzip\r\n"));
    let agent = first
        .lines()
        .find_map(|line| line.strip_prefix("user-agent: "))
        .unwrap();
    assert!(
        agent.starts_with("skiplino/0.")
            && agent.contains("(rust; ")
            && agent.ends_with(" kiosk/4.2"),
        "{agent}"
    );
    assert!(!requests[1].to_lowercase().contains("x-locale"));
}

#[test]
fn a_body_is_announced_as_json_and_an_answer_is_told_whole() {
    let headers = "x-trace: 7f\r\nx-name: \u{e9}\r\n";
    let server = Raw::start(Say::Answer(http(201, headers, CREATED)));
    let client = server.builder().build().unwrap();
    let call = client.customers().create(CustomerWriteRequest::new());
    let response = call.with_response().wait().unwrap();
    let head = server.requests().remove(0).to_lowercase();
    assert!(
        head.contains("content-type: application/json\r\n"),
        "{head}"
    );
    assert_eq!((response.status(), response.attempts()), (201, 1));
    assert_eq!(response.message(), Some("m"));
    assert_eq!(response.header("X-Trace"), Some("7f"));
    assert_eq!(response.header("x-other"), None);
    let mut headers: Vec<_> = response.headers().collect();
    headers.sort_unstable();
    let length = CREATED.len().to_string();
    assert_eq!(headers, [("content-length", &*length), ("x-trace", "7f")]);
    assert_eq!(response.data().id().as_str(), "i");
    assert_eq!(response.into_data().company_id(), "c");
}

#[test]
fn what_is_set_for_one_call_is_for_that_call() {
    let server = Raw::start(Say::Answer(http(503, "", b"")));
    let client = server.builder().build().unwrap();
    let list = || client.branches().list();
    assert_eq!(list().wait().unwrap_err().attempts(), 3);
    let once = list().retry(RetryPolicy::never());
    assert_eq!(once.wait().unwrap_err().attempts(), 1);
    let none = list().retry(RetryPolicy::default().max_attempts(0));
    assert_eq!(none.wait().unwrap_err().attempts(), 1);
    let error = list().deadline(Duration::ZERO).wait().unwrap_err();
    assert_eq!(error.fields().keys().collect::<Vec<_>>(), ["deadline"]);
    list().locale("ar").wait().unwrap_err();
    let last = server.requests().pop().unwrap().to_lowercase();
    assert!(last.contains("x-locale: ar\r\n"), "{last}");
    // All options at once replace what was set before.
    let replaced = list().locale("ar").options(CallOptions::default());
    replaced.wait().unwrap_err();
    let last = server.requests().pop().unwrap().to_lowercase();
    assert!(!last.contains("x-locale"), "{last}");
}

#[test]
fn the_limits_are_the_documented_ones_unless_set() {
    let text = format!("{:?}", Client::builder(ApiKey::new("pk_x").unwrap()));
    let limits = "connect_timeout: 5s, attempt_timeout: 10s, deadline: 30s";
    assert!(text.contains(limits), "{text}");
    let policy = "RetryPolicy { max_attempts: 3, base: 250ms, max_backoff: 8s }";
    assert!(text.contains(policy), "{text}");
}

#[test]
fn a_base_url_may_end_in_a_slash_or_have_no_path() {
    let server = Raw::start(Say::Answer(http(200, "", BRANCHES)));
    for path in ["/v1/", "/v1", "/v1//", "/", ""] {
        let base = format!("{}{path}", server.origin());
        let client = Client::builder(ApiKey::new("pk_x").unwrap())
            .base_url(base)
            .build()
            .unwrap();
        client.branches().list().wait().unwrap();
    }
    let lines: Vec<_> = server
        .requests()
        .iter()
        .map(|head| head.lines().next().unwrap().to_owned())
        .collect();
    let (with, without) = ("GET /v1/branches HTTP/1.1", "GET /branches HTTP/1.1");
    assert_eq!(lines, [with, with, with, without, without]);
}

#[test]
fn what_json_cannot_say_is_refused_as_well() {
    let bench = Bench::new();
    let client = bench.secret();
    for day in [date(0, 12, 31), date(-1, 1, 1), date(-9999, 1, 1)] {
        let error = client.services().slots(SERVICE, day).wait().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.fields().keys().collect::<Vec<_>>(), ["date"]);
        assert_eq!(
            (error.attempts(), error.outcome()),
            (0, Outcome::NotApplied)
        );
    }
    for (lat, lng, field) in [
        (f64::NAN, 0.0, "location.lat"),
        (0.0, f64::NAN, "location.lng"),
        (f64::INFINITY, 0.0, "location.lat"),
        (-90.000_001, 0.0, "location.lat"),
    ] {
        let request = BookTicketRequest::walk_in(SERVICE, GROUP).location(lat, lng);
        let error = client.tickets().book(request).wait().unwrap_err();
        assert_eq!(error.fields().keys().collect::<Vec<_>>(), [field]);
    }
    let request = CustomerUpdateRequest::new(CustomerRef::external_id("old")).external_id("new");
    let error = client.customers().update(request).wait().unwrap_err();
    assert_eq!(error.fields().keys().collect::<Vec<_>>(), ["externalId"]);
    let nobody: CustomerUpdateRequest = serde_json::from_str(r#"{"name":"n"}"#).unwrap();
    let error = client.customers().update(nobody).wait().unwrap_err();
    assert_eq!(error.fields().keys().collect::<Vec<_>>(), ["id"]);
    for operation in ["listSlots", "bookTicket", "updateCustomer"] {
        assert_eq!(bench.received(operation), 0);
    }
}

#[test]
fn keys_know_their_class() {
    for (text, class) in [
        ("sk_live", KeyClass::Secret),
        ("pk_live", KeyClass::Public),
        ("anything", KeyClass::Public),
        ("SK_live", KeyClass::Public),
    ] {
        assert_eq!(ApiKey::new(text).unwrap().class(), class);
    }
}

#[test]
fn what_cannot_be_set_is_refused() {
    let build = |change: fn(skiplino::ClientBuilder) -> skiplino::ClientBuilder| {
        let builder = Client::builder(ApiKey::new("pk_x").unwrap());
        change(builder)
            .build()
            .unwrap_err()
            .fields()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        build(|b| b.root_certificates("no certificate")),
        ["rootCertificates"]
    );
    assert_eq!(build(|b| b.proxy("::")), ["proxy"]);
    assert_eq!(build(|b| b.user_agent_suffix("a\nb")), ["userAgentSuffix"]);
    assert_eq!(
        build(|b| b.connect_timeout(Duration::ZERO)),
        ["connectTimeout"]
    );
    assert_eq!(
        build(|b| b.attempt_timeout(Duration::ZERO)),
        ["attemptTimeout"]
    );
}

#[test]
fn lists_come_as_pages_and_as_items() {
    let bench = Bench::new();
    bench.generate(230);
    let client = bench.secret();
    let list = || client.customers().list();
    let total = list().page(1).wait().unwrap().pagination().total() as usize;
    assert!(total > 230);

    let waited: Vec<_> = list()
        .items_blocking()
        .map(|customer| customer.unwrap().id().clone())
        .collect();
    assert_eq!(waited.len(), total);
    let pages: Vec<_> = list()
        .pages_blocking()
        .map(|page| page.unwrap().items().len())
        .collect();
    assert_eq!(pages, [100, 100, total - 200]);
    let mut distinct = waited.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), total);

    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let items: Vec<_> = list()
            .items()
            .map_ok(|customer| customer.id().clone())
            .try_collect()
            .await
            .unwrap();
        assert_eq!(items, waited);
        let pages: Vec<_> = list()
            .pages()
            .map(|page| page.unwrap().items().len())
            .collect()
            .await;
        assert_eq!(pages, [100, 100, total - 200]);
    });
    // An iterator that is dropped early asks for nothing more.
    let before = bench.received("listCustomers");
    assert!(
        list()
            .limit(10)
            .items_blocking()
            .take(15)
            .all(|customer| customer.is_ok())
    );
    assert_eq!(bench.received("listCustomers") - before, 2);
    // Nor does a stream, but for the pages that it read ahead, which it does once it is asked for the second.
    for (records, pages) in [(0, 0..=0), (10, 1..=1), (11, 2..=5)] {
        let before = bench.received("listCustomers");
        let taken = list().limit(10).items().take(records);
        assert_eq!(runtime.block_on(taken.count()), records);
        let asked = bench.received("listCustomers") - before;
        assert!(pages.contains(&asked), "{asked} requests for {records}");
    }
}

#[test]
fn a_page_that_claims_a_next_one_but_is_empty_ends_the_list() {
    let body = br#"{"message":"m","data":[],"pagination":{"total":9,"totalPages":9,"hasNextPage":true,"hasPrevPage":false}}"#;
    let server = Raw::start(Say::Answer(http(200, "", body)));
    let client = server.builder().build().unwrap();
    assert_eq!(client.customers().list().items_blocking().count(), 0);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn retries_are_on_a_budget() {
    let server = Raw::start(Say::Answer(http(503, "", b"")));
    let client = server.builder().build().unwrap();
    let attempts = || client.branches().list().wait().unwrap_err().attempts();
    // What was not spent is not saved up beyond a full budget.
    server.say(Say::Answer(http(200, "", BRANCHES)));
    for _ in 0..30 {
        client.branches().list().wait().unwrap();
    }
    server.say(Say::Answer(http(503, "", b"")));
    let first: Vec<_> = (0..50).map(|_| attempts()).collect();
    assert_eq!(first, [3; 50]);
    let spent: Vec<_> = (0..10).map(|_| attempts()).collect();
    assert_eq!(spent, [1; 10]);
    // Successes earn new retries.
    server.say(Say::Answer(http(200, "", BRANCHES)));
    for _ in 0..5 {
        client.branches().list().wait().unwrap();
    }
    server.say(Say::Answer(http(503, "", b"")));
    assert_eq!(attempts(), 2);
}

#[test]
fn a_fault_now_and_then_costs_no_retries() {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let server = Raw::start(Say::Reply(Arc::new(move |_| {
        match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) % 2 {
            0 => http(503, "", b""),
            _ => http(200, "", BRANCHES),
        }
    })));
    let client = server.builder().build().unwrap();
    for _ in 0..300 {
        client.branches().list().wait().unwrap();
    }
}

#[test]
fn a_pause_is_no_longer_than_the_policy_says_nor_than_the_deadline_leaves() {
    let server = Raw::start(Say::Answer(http(503, "", b"")));
    let (year, instant) = (Duration::from_secs(31_536_000), Duration::from_millis(1));
    let attempts = |base, cap| {
        let policy = RetryPolicy::default().max_attempts(4).backoff(base, cap);
        let client = server.builder().retry(policy).build().unwrap();
        client.branches().list().wait().unwrap_err().attempts()
    };
    assert_eq!(attempts(year, instant), 4);
    assert_eq!(attempts(instant, year), 4);
    // A random share of a year is longer than the deadline.
    assert_eq!(attempts(year, year), 1);
}

#[test]
fn a_server_says_when_to_come_back() {
    let server = Raw::start(Say::Answer(Vec::new()));
    let error = |status, header: &str| {
        server.say(Say::Answer(http(status, header, b"")));
        // One that was told to wait does so with its next call, too.
        let client = server.builder().build().unwrap();
        client.branches().list().wait().unwrap_err()
    };
    let told = error(503, "retry-after: 60\r\n");
    assert_eq!(told.retry_after(), Some(Duration::from_secs(60)));
    assert_eq!(told.attempts(), 1);
    assert!(told.to_string().ends_with("(503); retry after 60 s"));
    // A server that does not tell its time is taken to have ours.
    let far = error(429, "retry-after: Fri, 31 Dec 9999 23:59:59 GMT\r\n");
    let year = Duration::from_secs(31_536_000);
    let wait = far.retry_after().unwrap();
    assert!(wait > year * 5_000 && wait < year * (9_999 - 1_970 - 50));
    assert_eq!(far.attempts(), 1);
    // Whole seconds, though our own clock is finer.
    assert!(!far.to_string().contains('.'), "{far}");
    // A time that is past is now, and what cannot be read is nothing.
    let past =
        "retry-after: Tue, 23 Jun 2026 11:00:00 GMT\r\ndate: Tue, 23 Jun 2026 11:10:00 GMT\r\n";
    let past = error(429, past);
    assert_eq!(
        (past.retry_after(), past.attempts()),
        (Some(Duration::ZERO), 3)
    );
    let unread = error(429, "retry-after: soon\r\n");
    assert_eq!((unread.retry_after(), unread.attempts()), (None, 3));
}

#[test]
fn the_last_place_is_given_once() {
    let bench = Bench::new();
    let time = "2026-06-23T13:30:00Z".parse().unwrap();
    bench.control(
        &format!("PUT /services/{SERVICE}"),
        &serde_json::json!({"capacity": 1}),
    );
    let client = bench.secret();
    let start = Arc::new(std::sync::Barrier::new(64));
    let lanes: Vec<_> = (0..64)
        .map(|_| {
            let (client, start) = (client.clone(), Arc::clone(&start));
            std::thread::spawn(move || {
                let customer = CustomerRef::external_id("crm-7741");
                let request = BookTicketRequest::appointment(SERVICE, GROUP, time, customer);
                start.wait();
                client.tickets().book(request).with_response().wait()
            })
        })
        .collect();
    let results: Vec<_> = lanes.into_iter().map(|lane| lane.join().unwrap()).collect();
    let statuses = |status| {
        let same = |result: &&Result<skiplino::Response<_>, skiplino::Error>| match result {
            Ok(response) => response.status() == status,
            Err(error) => error.status() == Some(status),
        };
        results.iter().filter(same).count()
    };
    assert_eq!((statuses(201), statuses(400)), (1, 63));
}

#[test]
fn dropping_a_call_stops_it() {
    let bench = Bench::new();
    let client = bench.public();
    bench.fault("*", "hold", serde_json::json!({}));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let call = tokio::spawn(client.tickets().get("k7m2p9x4q1").into_future());
        let held = tokio::task::spawn_blocking(move || {
            bench.control("GET /held?atLeast=1", &serde_json::Value::Null);
            bench
        });
        let bench = held.await.unwrap();
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        // Nothing tries again behind the caller's back.
        let free = tokio::task::spawn_blocking(move || {
            bench.control("DELETE /faults", &serde_json::Value::Null);
            bench.received("getTicket")
        });
        assert_eq!(free.await.unwrap(), 1);
    });
}

#[test]
fn whoever_waits_is_asked_whether_to_give_up() {
    let bench = Bench::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let client = bench
        .builder(skiplino_sandbox::DEMO_PUBLIC_KEY)
        .interrupt(move || counted.fetch_add(1, Ordering::Relaxed) == 2)
        .build()
        .unwrap();
    let fault = bench.fault("getTicket", "hold", serde_json::json!({}));
    let waited = client.tickets().get("k7m2p9x4q1").wait();
    assert_eq!(waited.unwrap_err().reason(), Some("interrupted"));
    assert_eq!(asked.load(Ordering::Relaxed), 3);
    // Its connection went with it, and the client goes on.
    let release = format!("POST /faults/{}/release", fault["id"]);
    bench.control(&release, &serde_json::json!({}));
    let idle = bench.control("GET /idle", &serde_json::Value::Null);
    assert_eq!(idle, serde_json::json!({"connections": 0, "requests": 0}));
    bench.control("DELETE /faults", &serde_json::Value::Null);
    client.tickets().get("k7m2p9x4q1").wait().unwrap();
}

#[test]
fn an_error_keeps_the_headers_of_its_answer() {
    let headers = "x-request-id: r-17\r\n";
    let server = Raw::start(Say::Answer(http(409, headers, b"{}")));
    let client = server.builder().build().unwrap();
    let error = client.tickets().cancel("t").wait().unwrap_err();
    assert_eq!(error.header("X-Request-Id"), Some("r-17"));
    server.say(Say::Answer(http(200, headers, b"{}")));
    let error = client.tickets().cancel("t").wait().unwrap_err();
    assert_eq!(error.header("X-Request-Id"), Some("r-17"));
    let unknown = br#"{"message":"m","error":{"id":"This value does not exist."}}"#;
    server.say(Say::Answer(http(422, headers, unknown)));
    let found = client
        .customers()
        .find(CustomerRef::id("c"))
        .with_response()
        .wait()
        .unwrap();
    assert_eq!(
        (found.header("x-request-id"), found.data().is_none()),
        (Some("r-17"), true)
    );
}

#[test]
fn a_client_that_was_waited_on_can_be_dropped_inside_a_runtime() {
    let bench = Bench::new();
    let client = bench.public();
    client.branches().list().wait().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        client.branches().list().await.unwrap();
        drop(client);
    });
}

#[test]
fn pauses_between_attempts_are_drawn_from_twice_as_much_each_time() {
    let server = Raw::start(Say::Answer(http(503, "", b"")));
    let clock = Jumping::new(|_| {});
    let limits = [250, 500, 1000, 2000, 4000, 8000, 8000].map(Duration::from_millis);
    for _ in 0..50 {
        let client = server
            .builder()
            .retry(RetryPolicy::default().max_attempts(8))
            .deadline(Duration::from_secs(3600))
            .clock(Arc::clone(&clock) as Arc<dyn Clock>)
            .build()
            .unwrap();
        assert_eq!(client.branches().list().wait().unwrap_err().attempts(), 8);
    }
    let pauses = clock.pauses();
    assert_eq!(pauses.len(), 50 * limits.len());
    for (index, limit) in limits.into_iter().enumerate() {
        let drawn: Vec<_> = pauses.iter().skip(index).step_by(limits.len()).collect();
        assert!(drawn.iter().all(|pause| **pause <= limit), "{drawn:?}");
        // Not one of fifty in the upper half, or in the lower, would be stranger than any bug.
        assert!(drawn.iter().any(|pause| **pause > limit / 2), "{drawn:?}");
        assert!(drawn.iter().any(|pause| **pause < limit / 2), "{drawn:?}");
    }
}

#[test]
fn retry_after_is_kept_to_and_the_deadline_is_not_overrun() {
    let server = Raw::start(Say::Answer(http(429, "retry-after: 7\r\n", b"")));
    let error = |clock: &Arc<Jumping>, deadline| {
        let clock = Arc::clone(clock) as Arc<dyn Clock>;
        let client = server.builder().clock(clock).build().unwrap();
        let call = client.branches().list();
        call.deadline(Duration::from_secs(deadline))
            .wait()
            .unwrap_err()
    };
    let clock = Jumping::new(|_| {});
    assert_eq!(error(&clock, 30).attempts(), 3);
    assert_eq!(clock.pauses(), vec![Duration::from_secs(7); 2]);
    let error = error(&clock, 10);
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::RateLimited, 2)
    );
}
