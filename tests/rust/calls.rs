//! Calls: runtimes, threads, connections, headers, options, lists, retries and the retry budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use jiff::civil::date;
use skiplino::{
    ApiKey, BookTicketRequest, CallOptions, Client, Clock, CustomerRef, CustomerUpdateRequest,
    CustomerWriteRequest, ErrorKind, KeyClass, Outcome, RetryPolicy,
};
use skiplino_tests::TestSandbox;

use crate::raw_server::{RawServer, Script, http};
use crate::test_clock::TestClock;

const SERVICE: &str = "6fe8fb8b12";
const GROUP: &str = "7c1f9a3b2d";
const BRANCHES: &[u8] = br#"{"message":"m","data":[]}"#;
const CREATED: &[u8] = br#"{"message":"m","data":{"_id":"i","companyId":"c","createdAt":"2026-06-23T11:00:00.000Z","updatedAt":"2026-06-23T11:00:00.000Z"}}"#;

#[test]
fn wait_inside_a_runtime_fails_without_a_panic() {
    let sandbox = TestSandbox::new();
    let client = sandbox.public();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let error = runtime.block_on(async { client.branches().list().wait().unwrap_err() });
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(
        error.to_string(),
        "list the branches: invalid input: waiting here would block an async runtime: await the call instead"
    );
    assert_eq!(sandbox.received("listBranches"), 0);
    assert!(client.branches().list().wait().is_ok());
}

#[test]
fn awaiting_outside_a_runtime_fails_without_a_panic() {
    let sandbox = TestSandbox::new();
    let client = sandbox.public();
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
    let sandbox = TestSandbox::new();
    let client = sandbox.public();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(client.branches().list().wait().unwrap().len(), 2);
                }
            });
        }
    });
    // Connections end with their runtime; the next runtime must not reuse them.
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
    assert_eq!(sandbox.received("listBranches"), 8 * 20 + 9);
}

#[test]
fn a_connection_closed_while_idle_does_not_fail_a_call() {
    // The server closes each connection right after its response without announcing it, as a server
    // that restarts does.
    let server = RawServer::start(Script::RespondAndClose(http(200, "", BRANCHES)));
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
    server.set_script(Script::RespondAndClose(http(201, "", body)));
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

/// Waits until the server closed this number of connections, and then until the client has seen it.
/// The test is about a close that the client can see, not about a race with it.
fn idle(server: &RawServer, closed: usize) {
    while server.closed() < closed {
        std::thread::yield_now();
    }
    std::thread::sleep(Duration::from_millis(8));
}

#[test]
fn a_request_has_the_key_the_locale_and_the_user_agent() {
    let server = RawServer::start(Script::Respond(http(200, "", BRANCHES)));
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
fn a_request_body_is_json_and_a_response_keeps_its_headers() {
    let headers = "x-trace: 7f\r\nx-name: \u{e9}\r\n";
    let server = RawServer::start(Script::Respond(http(201, headers, CREATED)));
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
fn call_options_apply_to_one_call() {
    let server = RawServer::start(Script::Respond(http(503, "", b"")));
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
    // Setting all options replaces those set before.
    let replaced = list().locale("ar").options(CallOptions::default());
    replaced.wait().unwrap_err();
    let last = server.requests().pop().unwrap().to_lowercase();
    assert!(!last.contains("x-locale"), "{last}");
}

#[test]
fn timeouts_and_retries_have_the_documented_defaults() {
    let text = format!("{:?}", Client::builder(ApiKey::new("pk_x").unwrap()));
    let limits = "connect_timeout: 5s, attempt_timeout: 10s, deadline: 30s";
    assert!(text.contains(limits), "{text}");
    let policy = "RetryPolicy { max_attempts: 3, base: 250ms, max_backoff: 8s }";
    assert!(text.contains(policy), "{text}");
}

#[test]
fn a_base_url_may_end_in_a_slash_or_have_no_path() {
    let server = RawServer::start(Script::Respond(http(200, "", BRANCHES)));
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
fn values_without_a_json_form_are_rejected() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
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
    let no_customer: CustomerUpdateRequest = serde_json::from_str(r#"{"name":"n"}"#).unwrap();
    let error = client.customers().update(no_customer).wait().unwrap_err();
    assert_eq!(error.fields().keys().collect::<Vec<_>>(), ["id"]);
    for operation in ["listSlots", "bookTicket", "updateCustomer"] {
        assert_eq!(sandbox.received(operation), 0);
    }
}

#[test]
fn the_prefix_of_a_key_gives_its_class() {
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
fn invalid_client_options_are_rejected() {
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
    for proxy in [
        "::",
        "foo://127.0.0.1:9",
        "htp://p:1",
        "p:3128",
        "socks5://p:1",
        "http://",
    ] {
        let builder = Client::builder(ApiKey::new("pk_x").unwrap());
        let error = builder.proxy(proxy).build().unwrap_err();
        assert!(error.fields().contains_key("proxy"), "{proxy}: {error}");
    }
    // The key would reach the proxy unencrypted.
    assert_eq!(
        build(|b| b.base_url("http://127.0.0.1:9").proxy("http://127.0.0.1:9")),
        ["proxy"]
    );
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
fn lists_are_read_as_pages_and_as_items() {
    let sandbox = TestSandbox::new();
    sandbox.generate(230);
    let client = sandbox.secret();
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
    // An iterator or a stream that is dropped early has sent the requests that it needed, and those
    // for pages that are read ahead, which start with the second page.
    for (records, pages) in [(0, 0..=0), (10, 1..=1), (11, 2..=5)] {
        let read = |read: &dyn Fn() -> usize| {
            let before = sandbox.received("listCustomers");
            assert_eq!(read(), records);
            sandbox.received("listCustomers") - before
        };
        let streamed = read(&|| runtime.block_on(list().limit(10).items().take(records).count()));
        assert!(
            pages.contains(&streamed),
            "{streamed} requests for {records}"
        );
        // All pages that an iterator requests have arrived.
        let iterated = read(&|| list().limit(10).items_blocking().take(records).count());
        assert_eq!(iterated, *pages.end());
    }
}

#[test]
fn empty_pages_with_has_next_page_end_the_list_with_an_error() {
    let body = br#"{"message":"m","data":[],"pagination":{"total":9,"totalPages":9,"hasNextPage":true,"hasPrevPage":false}}"#;
    let server = RawServer::start(Script::Respond(http(200, "", body)));
    let client = server.builder().build().unwrap();
    let mut items = client.customers().list().items_blocking();
    let error = items.next().unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.path()),
        (ErrorKind::Decode, Some("pagination.total"))
    );
    assert!(items.next().is_none());
    assert_eq!(server.requests().len(), 10);
}

#[test]
fn retries_use_a_budget() {
    let server = RawServer::start(Script::Respond(http(503, "", b"")));
    let client = server.builder().build().unwrap();
    let attempts = || client.branches().list().wait().unwrap_err().attempts();
    // Successes do not raise the budget above its maximum.
    server.set_script(Script::Respond(http(200, "", BRANCHES)));
    for _ in 0..30 {
        client.branches().list().wait().unwrap();
    }
    server.set_script(Script::Respond(http(503, "", b"")));
    let first: Vec<_> = (0..50).map(|_| attempts()).collect();
    assert_eq!(first, [3; 50]);
    let spent: Vec<_> = (0..10).map(|_| attempts()).collect();
    assert_eq!(spent, [1; 10]);
    // Successes earn new retries.
    server.set_script(Script::Respond(http(200, "", BRANCHES)));
    for _ in 0..5 {
        client.branches().list().wait().unwrap();
    }
    server.set_script(Script::Respond(http(503, "", b"")));
    assert_eq!(attempts(), 2);
}

#[test]
fn occasional_faults_do_not_use_up_the_retry_budget() {
    let requests = std::sync::atomic::AtomicUsize::new(0);
    let server = RawServer::start(Script::RespondWith(Arc::new(move |_| {
        match requests.fetch_add(1, std::sync::atomic::Ordering::SeqCst) % 2 {
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
fn backoff_is_limited_by_the_policy_and_the_deadline() {
    let server = RawServer::start(Script::Respond(http(503, "", b"")));
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
fn retry_after_is_read_as_seconds_or_as_a_date() {
    let server = RawServer::start(Script::Respond(Vec::new()));
    let error = |status, header: &str| {
        server.set_script(Script::Respond(http(status, header, b"")));
        // A new client each time: a Retry-After also delays the next calls of its client.
        let client = server.builder().build().unwrap();
        client.branches().list().wait().unwrap_err()
    };
    let seconds = error(503, "retry-after: 60\r\n");
    assert_eq!(seconds.retry_after(), Some(Duration::from_secs(60)));
    assert_eq!(seconds.attempts(), 1);
    assert!(seconds.to_string().ends_with("(503); retry after 60 s"));
    // Without a Date header, the local time is used. A pause is a year at most.
    let year = Duration::from_secs(366 * 24 * 60 * 60);
    for wait in ["Fri, 31 Dec 9999 23:59:59 GMT", "18446744073709551615"] {
        let far = error(429, &format!("retry-after: {wait}\r\n"));
        assert_eq!(far.retry_after(), Some(year));
        assert_eq!(far.attempts(), 1);
    }
    // Whole seconds, although the local clock is more precise.
    let soon = skiplino::jiff::Timestamp::now() + Duration::from_secs(90);
    let soon = soon.strftime("%a, %d %b %Y %H:%M:%S GMT");
    let soon = error(429, &format!("retry-after: {soon}\r\n"));
    assert!(soon.retry_after().unwrap() <= Duration::from_secs(90));
    assert!(!soon.to_string().contains('.'), "{soon}");
    // A date in the past means no delay, and an invalid header is ignored.
    let past =
        "retry-after: Tue, 23 Jun 2026 11:00:00 GMT\r\ndate: Tue, 23 Jun 2026 11:10:00 GMT\r\n";
    let past = error(429, past);
    assert_eq!(
        (past.retry_after(), past.attempts()),
        (Some(Duration::ZERO), 3)
    );
    let invalid = error(429, "retry-after: soon\r\n");
    assert_eq!((invalid.retry_after(), invalid.attempts()), (None, 3));
}

#[test]
fn the_last_place_in_a_slot_is_booked_once() {
    let sandbox = TestSandbox::new();
    let time = "2026-06-23T13:30:00Z".parse().unwrap();
    sandbox.control(
        &format!("PUT /services/{SERVICE}"),
        &serde_json::json!({"capacity": 1}),
    );
    let client = sandbox.secret();
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
fn dropping_a_call_cancels_it() {
    let sandbox = TestSandbox::new();
    let client = sandbox.public();
    sandbox.fault("*", "hold", serde_json::json!({}));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let call = tokio::spawn(client.tickets().get("k7m2p9x4q1").into_future());
        let held = tokio::task::spawn_blocking(move || {
            sandbox.control("GET /held?atLeast=1", &serde_json::Value::Null);
            sandbox
        });
        let sandbox = held.await.unwrap();
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        // A dropped call is not retried.
        let free = tokio::task::spawn_blocking(move || {
            sandbox.control("DELETE /faults", &serde_json::Value::Null);
            sandbox.received("getTicket")
        });
        assert_eq!(free.await.unwrap(), 1);
    });
}

#[test]
fn a_blocking_call_polls_the_interrupt_callback() {
    let sandbox = TestSandbox::new();
    let polls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&polls);
    let client = sandbox
        .builder(skiplino_sandbox::DEMO_PUBLIC_KEY)
        .interrupt(move || counted.fetch_add(1, Ordering::Relaxed) == 2)
        .build()
        .unwrap();
    let fault = sandbox.fault("getTicket", "hold", serde_json::json!({}));
    let result = client.tickets().get("k7m2p9x4q1").wait();
    assert_eq!(result.unwrap_err().reason(), Some("interrupted"));
    assert_eq!(polls.load(Ordering::Relaxed), 3);
    // The connection of the call is closed, and the client still works.
    let release = format!("POST /faults/{}/release", fault["id"]);
    sandbox.control(&release, &serde_json::json!({}));
    let idle = sandbox.control("GET /idle", &serde_json::Value::Null);
    assert_eq!(idle, serde_json::json!({"connections": 0, "requests": 0}));
    sandbox.control("DELETE /faults", &serde_json::Value::Null);
    client.tickets().get("k7m2p9x4q1").wait().unwrap();
}

#[test]
fn an_error_keeps_the_response_headers() {
    let headers = "x-request-id: r-17\r\n";
    let server = RawServer::start(Script::Respond(http(409, headers, b"{}")));
    let client = server.builder().build().unwrap();
    let error = client.tickets().cancel("t").wait().unwrap_err();
    assert_eq!(error.header("X-Request-Id"), Some("r-17"));
    server.set_script(Script::Respond(http(200, headers, b"{}")));
    let error = client.tickets().cancel("t").wait().unwrap_err();
    assert_eq!(error.header("X-Request-Id"), Some("r-17"));
    let unknown = br#"{"message":"m","error":{"id":"This value does not exist."}}"#;
    server.set_script(Script::Respond(http(422, headers, unknown)));
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
fn a_client_used_with_wait_can_be_dropped_inside_a_runtime() {
    let sandbox = TestSandbox::new();
    let client = sandbox.public();
    client.branches().list().wait().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        client.branches().list().await.unwrap();
        drop(client);
    });
}

#[test]
fn backoff_is_random_and_its_limit_doubles() {
    let server = RawServer::start(Script::Respond(http(503, "", b"")));
    let clock = TestClock::new(|_| {});
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
        // Fifty random pauses practically always include both halves of the range.
        assert!(drawn.iter().any(|pause| **pause > limit / 2), "{drawn:?}");
        assert!(drawn.iter().any(|pause| **pause < limit / 2), "{drawn:?}");
    }
}

#[test]
fn retry_after_is_respected_within_the_deadline() {
    let server = RawServer::start(Script::Respond(http(429, "retry-after: 7\r\n", b"")));
    let error = |clock: &Arc<TestClock>, deadline| {
        let clock = Arc::clone(clock) as Arc<dyn Clock>;
        let client = server.builder().clock(clock).build().unwrap();
        let call = client.branches().list();
        call.deadline(Duration::from_secs(deadline))
            .wait()
            .unwrap_err()
    };
    let clock = TestClock::new(|_| {});
    assert_eq!(error(&clock, 30).attempts(), 3);
    assert_eq!(clock.pauses(), vec![Duration::from_secs(7); 2]);
    let error = error(&clock, 10);
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::RateLimited, 2)
    );
}
