//! Pages that are read ahead: how many at a time, and the effect of a failure, of a slow caller, and
//! of a caller that stops.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use skiplino::{ClientBuilder, Clock as _, Error, ErrorKind, RetryPolicy};
use skiplino_tests::{TestSandbox, quick_retry};

use crate::changing_lists::{page_of, parameter};
use crate::pager::Model;
use crate::raw_server::{RawServer, Script, http};
use crate::test_clock::TestClock;

/// A server for a list of pages of ten records. It holds responses until as many requests are in
/// flight as the next size says, and then handles them with `respond`; `None` is the page.
fn serve_in_rounds(
    pages: usize,
    sizes: &[usize],
    respond: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static,
) -> RawServer {
    let (model, sizes) = (Model::of(pages * 10), sizes.to_vec());
    let (round, ended) = (Mutex::new((0, 0)), Condvar::new());
    RawServer::start(Script::RespondWith(Arc::new(move |head| {
        let mut state = round.lock().unwrap();
        state.1 += 1;
        let mine = state.0;
        if sizes.get(mine).is_some_and(|size| *size == state.1) {
            *state = (mine + 1, 0);
            ended.notify_all();
        }
        // After the last round no response is held.
        let holds = |state: &mut (usize, usize)| state.0 == mine && mine < sizes.len();
        drop(ended.wait_while(state, holds).unwrap());
        respond(head).unwrap_or_else(|| page_of(&model, head))
    })))
}

/// A client whose clock stands still: no page is slow.
fn client_of(server: &RawServer) -> ClientBuilder {
    let client = server.builder().clock(TestClock::new(|_| ()));
    client.retry(RetryPolicy::never())
}

/// Reads all pages with an iterator. Returns the number of requests for each of its windows. The
/// error is that of the iterator.
fn iterate(server: &RawServer, client: ClientBuilder) -> (Vec<usize>, Option<Error>) {
    let client = client.build().unwrap();
    let mut pages = client.customers().list().limit(10).pages_blocking();
    let (mut windows, mut requests) = (Vec::new(), 0);
    loop {
        let page = pages.next();
        let sent = server.requests().len() - requests;
        requests += sent;
        windows.extend((sent > 0).then_some(sent));
        match page {
            Some(Ok(_)) => {}
            Some(Err(error)) => return (windows, Some(error)),
            None => return (windows, None),
        }
    }
}

/// Reads all records with a stream.
fn stream(client: ClientBuilder) -> Result<usize, Error> {
    let items = client.build().unwrap().customers().list().limit(10).items();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(items.try_fold(0, async |count, _| Ok(count + 1)))
}

#[test]
fn the_window_grows_from_4_to_16_pages() {
    // The last request is the front check.
    let rounds = [1, 4, 16, 1];
    let server = serve_in_rounds(21, &rounds, |_| None);
    let (windows, error) = iterate(&server, client_of(&server));
    assert!(error.is_none());
    assert_eq!(windows, rounds);
    let server = serve_in_rounds(21, &rounds, |_| None);
    assert_eq!(stream(client_of(&server)).unwrap(), 210);
    assert_eq!(server.requests().len(), 22);
}

#[test]
fn the_window_shrinks_by_half_after_a_429_and_then_grows_by_one() {
    let rejected = AtomicBool::new(false);
    // The second request of the rate-limited page is a round of its own.
    let server = serve_in_rounds(38, &[1, 4, 16, 1, 8, 9, 1], move |head| {
        let rejects = parameter(head, "page") == 7 && !rejected.swap(true, Ordering::SeqCst);
        rejects.then(|| http(429, "retry-after: 1\r\n", b"{}"))
    });
    let client = client_of(&server).retry(quick_retry());
    let (windows, error) = iterate(&server, client);
    assert!(error.is_none());
    assert_eq!(windows, [1, 4, 16 + 1, 8, 9, 1]);
}

#[test]
fn the_window_does_not_grow_while_pages_take_longer_than_a_second() {
    let clock = TestClock::new(|_| ());
    let slow = Arc::clone(&clock);
    let server = serve_in_rounds(13, &[1, 4, 4, 4, 1], move |_| {
        drop(slow.sleep(Duration::from_secs(1)));
        None
    });
    let (windows, error) = iterate(&server, client_of(&server).clock(clock));
    assert!(error.is_none());
    assert_eq!(windows, [1, 4, 4, 4, 1]);
}

/// A server on which page 7 fails so many times. The first failure is among 14 other pages.
fn serve_failures(failures: usize, rounds: &[usize]) -> RawServer {
    let left = AtomicUsize::new(failures);
    serve_in_rounds(20, rounds, move |head| {
        let fails = parameter(head, "page") == 7
            && left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                    left.checked_sub(1)
                })
                .is_ok();
        fails.then(|| http(503, "", b""))
    })
}

#[test]
fn a_prefetched_page_that_fails_is_requested_again_alone() {
    // Then the window grows again.
    let rounds = [1, 4, 15, 1, 2, 3, 4, 4, 1];
    let server = serve_failures(1, &rounds);
    let (windows, error) = iterate(&server, client_of(&server));
    assert!(error.is_none());
    assert_eq!(windows, rounds);
    let server = serve_failures(1, &[1, 4, 15, 1]);
    assert_eq!(stream(client_of(&server)).unwrap(), 200);
}

#[test]
fn a_prefetched_page_that_also_fails_alone_ends_the_read() {
    let rounds = [1, 4, 15, 1];
    let server = serve_failures(2, &rounds);
    let (windows, error) = iterate(&server, client_of(&server));
    assert_eq!(error.unwrap().kind(), ErrorKind::Server);
    assert_eq!(windows, rounds);
    let server = serve_failures(2, &rounds);
    let error = stream(client_of(&server)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert_eq!(server.requests().len(), 21);
}

#[test]
fn prefetched_pages_stop_with_the_stream() {
    let sandbox = TestSandbox::new();
    sandbox.generate(230);
    let mut items = sandbox.secret().customers().list().limit(10).items();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        for _ in 0..10 {
            items.next().await.unwrap().unwrap();
        }
        sandbox.fault("listCustomers", "hold", json!({}));
        assert!(futures_util::FutureExt::now_or_never(items.next()).is_none());
        let held = tokio::task::spawn_blocking(move || {
            sandbox.control("GET /held?atLeast=4", &Value::Null);
            sandbox
        });
        let sandbox = held.await.unwrap();
        drop(items);
        // No further requests and no retries without the caller.
        let free = tokio::task::spawn_blocking(move || {
            sandbox.control("DELETE /faults", &Value::Null);
            sandbox.received("listCustomers")
        });
        assert_eq!(free.await.unwrap(), 5);
    });
}

#[test]
fn an_error_in_a_prefetched_page_is_returned_once_in_order_and_ends_the_stream() {
    let sandbox = TestSandbox::new();
    sandbox.generate(230);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut items = sandbox.secret().customers().list().limit(10).items();
        for _ in 0..10 {
            items.next().await.unwrap().unwrap();
        }
        let rejected = json!({"status": 422, "body": {"message": "m", "error": {"page": "no"}}});
        sandbox.fault("listCustomers", "status", rejected);
        let error = items.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation);
        assert!(items.next().await.is_none() && items.next().await.is_none());
        assert_eq!(items.progress().records, 10);
    });
}

#[test]
fn a_prefetched_page_does_not_time_out_while_the_caller_works_on_the_page_before() {
    let sandbox = TestSandbox::new();
    sandbox.generate(60);
    let limit = Duration::from_millis(500);
    let client = sandbox.builder(skiplino_sandbox::DEMO_SECRET_KEY);
    let client = client.deadline(limit).build().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut pages = client.customers().list().limit(10).pages();
        assert!(pages.next().await.unwrap().is_ok());
        // From here on the third page is in flight.
        assert!(pages.next().await.unwrap().is_ok());
        tokio::time::sleep(limit + limit / 2).await;
        assert!(pages.next().await.unwrap().is_ok());
    });
}

#[test]
fn an_export_goes_on_after_a_sink_that_takes_longer_than_the_deadline() {
    let sandbox = TestSandbox::new();
    sandbox.generate(600);
    let limit = Duration::from_millis(500);
    let client = sandbox.builder(skiplino_sandbox::DEMO_SECRET_KEY);
    let client = client.deadline(limit).build().unwrap();
    let mut pages = 0;
    let export = client.customers().export(|_| {
        pages += 1;
        if pages == 2 {
            // Pages 3 to 5 are in flight.
            std::thread::sleep(limit + limit / 2);
        }
        Ok::<(), Error>(())
    });
    assert_eq!(export.wait().unwrap().records, 603);
}

#[test]
fn an_iterator_has_no_request_in_flight_while_the_caller_is_busy() {
    let sandbox = TestSandbox::new();
    sandbox.generate(230);
    let limit = Duration::from_millis(500);
    let client = sandbox.builder(skiplino_sandbox::DEMO_SECRET_KEY);
    let client = client.deadline(limit).build().unwrap();
    let mut pages = client.customers().list().limit(10).pages_blocking();
    for (page, requests) in [(1, 1), (2, 5), (3, 5), (4, 5), (5, 5), (6, 21)] {
        assert!(pages.next().unwrap().is_ok());
        assert_eq!(pages.progress().records, page * 10);
        if page == 2 {
            std::thread::sleep(limit + limit / 2);
        }
        assert_eq!(sandbox.received("listCustomers"), requests);
    }
    drop((pages, client));
    let idle = sandbox.control("GET /idle", &Value::Null);
    assert_eq!(idle, json!({"connections": 0, "requests": 0}));
}
