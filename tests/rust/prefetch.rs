//! Prefetched pages of a stream: cancelled with the stream, failed, or waiting for the caller.

use std::time::Duration;

use futures_util::StreamExt as _;
use skiplino::ErrorKind;
use skiplino_tests::TestSandbox;

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
        sandbox.fault("listCustomers", "hold", serde_json::json!({}));
        assert!(futures_util::FutureExt::now_or_never(items.next()).is_none());
        let held = tokio::task::spawn_blocking(move || {
            sandbox.control("GET /held?atLeast=4", &serde_json::Value::Null);
            sandbox
        });
        let sandbox = held.await.unwrap();
        drop(items);
        // No further requests and no retries without the caller.
        let free = tokio::task::spawn_blocking(move || {
            sandbox.control("DELETE /faults", &serde_json::Value::Null);
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
        let rejected =
            serde_json::json!({"status": 422, "body": {"message": "m", "error": {"page": "no"}}});
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
