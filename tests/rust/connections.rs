//! Connections: timeouts while connecting, reuse, and the proxy of the environment.

use std::net::TcpListener;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use skiplino::{
    ApiKey, BookTicketRequest, Client, Clock, CustomerWriteRequest, ErrorKind, Outcome,
    RetryPolicy, TimeoutKind,
};
use skiplino_tests::quick_retry;

use crate::raw_server::{RawServer, Script, http};
use crate::test_clock::TestClock;

const BRANCHES: &[u8] = br#"{"message":"m","data":[]}"#;
const CREATED: &[u8] = br#"{"message":"m","data":{"_id":"i","companyId":"c","createdAt":"2026-06-23T11:00:00.000Z","updatedAt":"2026-06-23T11:00:00.000Z"}}"#;

#[test]
fn a_server_that_never_finishes_the_handshake_gets_no_request() {
    // The system accepts the connection, and no server answers the TLS handshake.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let builder = || {
        Client::builder(ApiKey::new("sk_x").unwrap())
            .base_url(format!("https://{address}/v1"))
            .retry(quick_retry())
    };
    let short = Duration::from_millis(50);
    let book = |client: &Client| {
        let request = BookTicketRequest::walk_in("s", "g");
        client.tickets().book(request).wait().unwrap_err()
    };
    let cancel = |client: &Client| client.tickets().cancel("t").wait().unwrap_err();

    let client = builder().connect_timeout(short).build().unwrap();
    for error in [book(&client), cancel(&client)] {
        assert_eq!(
            (error.kind(), error.timeout(), error.outcome()),
            (
                ErrorKind::Timeout,
                Some(TimeoutKind::Connect),
                Outcome::NotApplied
            )
        );
        assert_eq!(error.attempts(), 3);
        assert!(error.to_string().ends_with(": connecting took too long"));
    }

    // Another timeout may end the call first: a request that was never sent is still `NotApplied`.
    let client = builder().attempt_timeout(short).build().unwrap();
    let error = book(&client);
    assert_eq!(
        (error.timeout(), error.outcome(), error.attempts()),
        (Some(TimeoutKind::Attempt), Outcome::NotApplied, 3)
    );
    let client = builder().deadline(short).build().unwrap();
    let error = book(&client);
    assert_eq!(
        (error.timeout(), error.outcome(), error.attempts()),
        (Some(TimeoutKind::Call), Outcome::NotApplied, 1)
    );
}

#[test]
fn consecutive_calls_share_a_connection() {
    let server = RawServer::start(Script::Respond(http(200, "", BRANCHES)));
    let client = server.builder().build().unwrap();
    for _ in 0..5 {
        client.branches().list().wait().unwrap();
        client.clone().branches().list().wait().unwrap();
    }
    assert_eq!((server.requests().len(), server.connections()), (10, 1));
    // On one thread, so that a connection is back in the pool before the next call.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        for _ in 0..5 {
            client.branches().list().await.unwrap();
            client.clone().branches().list().await.unwrap();
        }
    });
    assert_eq!((server.requests().len(), server.connections()), (20, 2));
}

#[test]
fn a_warm_up_opens_two_connections_which_the_next_calls_use() {
    let server = RawServer::start(Script::Respond(http(200, "", BRANCHES)));
    let client = server.builder().build().unwrap();
    client.warm_up().wait().unwrap();
    assert_eq!((server.requests().len(), server.connections()), (2, 2));
    client.branches().list().wait().unwrap();
    assert_eq!((server.requests().len(), server.connections()), (3, 2));

    // The calls of a runtime have connections of their own.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        client.warm_up().await.unwrap();
        assert_eq!((server.requests().len(), server.connections()), (5, 4));
        let (first, second) = tokio::join!(
            client.branches().list().into_future(),
            client.branches().list().into_future()
        );
        first.and(second).unwrap();
        assert_eq!((server.requests().len(), server.connections()), (7, 4));
    });
}

#[test]
fn a_write_after_the_server_closed_a_connection_succeeds() {
    let server = RawServer::start(Script::RespondAndClose(http(201, "", CREATED)));
    let client = server
        .builder()
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    for call in 1..=50 {
        let created = client.customers().create(CustomerWriteRequest::new());
        let created = created.wait();
        assert!(created.is_ok(), "call {call}: {created:?}");
        while server.closed() < call {
            std::thread::yield_now();
        }
    }
    assert_eq!(server.requests().len(), 50);
}

const INSIDE: &str = "SKIPLINO_TESTS_INSIDE";

/// Runs a test of this file in a process of its own, whose environment names this proxy.
fn run_inside(test: &str, proxy: &str) {
    let mut inside = std::process::Command::new(std::env::current_exe().unwrap());
    inside
        .args(["--exact", &format!("connections::{test}")])
        .env(INSIDE, "yes");
    for name in ["http_proxy", "https_proxy", "all_proxy"] {
        inside.env(name, proxy);
        inside.env(name.to_uppercase(), proxy);
    }
    let output = inside
        .env_remove("no_proxy")
        .env_remove("NO_PROXY")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

#[test]
fn a_proxy_of_an_unknown_scheme_in_the_environment_is_not_passed_over() {
    if std::env::var_os(INSIDE).is_none() {
        run_inside(
            "a_proxy_of_an_unknown_scheme_in_the_environment_is_not_passed_over",
            "htp://operator:hunter2@127.0.0.1:9",
        );
        return;
    }
    let client = Client::builder(ApiKey::new("pk_x").unwrap())
        .base_url("https://api.example.invalid/v1")
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let error = client.branches().list().wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_eq!(
        error.reason(),
        Some(
            "the proxy in the environment variable HTTPS_PROXY is not the URL of an http or https proxy: htp://127.0.0.1:9"
        )
    );
}

#[test]
fn connections_that_were_idle_for_long_are_closed() {
    const THREADS: usize = 20;
    let barrier = Arc::new(Barrier::new(THREADS));
    let together = Arc::clone(&barrier);
    let server = RawServer::start(Script::RespondWith(Arc::new(move |_| {
        together.wait();
        http(200, "", BRANCHES)
    })));
    let clock = TestClock::new(|_| {});
    let client = server
        .builder()
        .clock(Arc::clone(&clock) as Arc<dyn Clock>)
        .build()
        .unwrap();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| client.branches().list().wait().unwrap());
        }
    });
    assert_eq!((server.connections(), server.closed()), (THREADS, 0));
    server.set_script(Script::Respond(http(200, "", BRANCHES)));
    drop(clock.sleep(Duration::from_secs(49)));
    client.branches().list().wait().unwrap();
    drop(clock.sleep(Duration::from_secs(1)));
    client.branches().list().wait().unwrap();
    // One connection was used again, and the others are closed.
    while server.closed() < THREADS - 1 {
        std::thread::yield_now();
    }
    assert_eq!(server.connections(), THREADS);
}

#[test]
fn a_proxy_from_the_environment_is_not_used_for_localhost() {
    if std::env::var_os(INSIDE).is_some() {
        let server = RawServer::start(Script::Respond(http(200, "", BRANCHES)));
        let here = server.builder().build().unwrap();
        assert_eq!(here.branches().list().wait().unwrap(), []);
        let elsewhere = Client::builder(ApiKey::new("pk_x").unwrap())
            .base_url("https://api.example.invalid/v1")
            .retry(RetryPolicy::never())
            .build()
            .unwrap();
        let error = elsewhere.branches().list().wait().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        return;
    }
    let proxy = RawServer::start(Script::Respond(http(502, "", b"")));
    run_inside(
        "a_proxy_from_the_environment_is_not_used_for_localhost",
        &proxy.origin(),
    );
    let lines: Vec<_> = proxy
        .requests()
        .iter()
        .map(|head| head.lines().next().unwrap().to_owned())
        .collect();
    assert_eq!(lines, ["CONNECT api.example.invalid:443 HTTP/1.1"]);
}
