//! Tracing: spans and events of calls. In its own process, because log levels are cached for the
//! whole process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::json;
use skiplino::{BookTicketRequest, CustomerRef, CustomerUpdateRequest};
use skiplino_sandbox::DEMO_SECRET_KEY;
use skiplino_tests::TestSandbox;
use tracing_subscriber::fmt::format::FmtSpan;

/// Collects the output of a subscriber.
#[derive(Clone, Default)]
struct Collected(Arc<Mutex<Vec<u8>>>);

impl Write for Collected {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn spans_have_the_operation_the_attempt_the_status_and_the_time() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    sandbox.fault("*", "html_502", json!({"when": {"first": 1}}));
    let collected = Collected::default();
    let writer = collected.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let customer = || CustomerRef::external_id("crm-7741");
    let update = CustomerUpdateRequest::new(customer()).name("Layla A. Hassan");
    let booking = BookTicketRequest::walk_in("6fe8fb8b12", "7c1f9a3b2d").customer(customer());
    tracing::subscriber::with_default(subscriber, || {
        client.customers().get(customer()).wait().unwrap();
        client.customers().update(update).wait().unwrap();
        client.tickets().book(booking).wait().unwrap();
    });
    let text = String::from_utf8(collected.0.lock().unwrap().clone()).unwrap();
    let ours: Vec<_> = text
        .lines()
        .filter(|line| line.contains(" skiplino: close"))
        .collect();
    assert_eq!(
        ours.iter().filter(|line| line.contains("attempt{")).count(),
        5,
        "{text}"
    );
    let first = ours[0];
    assert!(
        first.contains(r#"operation="getCustomer" attempt=1 status=502 elapsed_ms="#),
        "{first}"
    );
    assert!(
        ours[1].contains(r#"operation="getCustomer" attempt=2 status=200 elapsed_ms="#),
        "{}",
        ours[1]
    );
    assert!(
        ours[2].contains(r#"call{operation="getCustomer" attempts=2 status=200 elapsed_ms="#),
        "{}",
        ours[2]
    );
    // Events have the details as well, for subscribers without spans.
    let events: Vec<_> = text
        .lines()
        .filter(|line| line.contains(" skiplino: ") && !line.contains(" skiplino: close"))
        .map(|line| line.split_once(" skiplino: ").unwrap().1)
        .collect();
    assert!(events[0].starts_with(
        r#"attempt finished operation="getCustomer" attempt=1 status=502 kind="Server" elapsed_ms="#
    ));
    assert!(events[1].starts_with(
        r#"the attempt failed; retrying operation="getCustomer" attempt=1 kind="Server" pause_ms="#
    ));
    assert!(events[2].starts_with(
        r#"attempt finished operation="getCustomer" attempt=2 status=200 elapsed_ms="#
    ));
    let spans = ours.join("\n") + &events.join("\n");
    for private in [
        DEMO_SECRET_KEY,
        "Layla",
        "crm-7741",
        "externalId",
        "?",
        "Bearer",
    ] {
        assert!(!spans.contains(private), "{private:?} in {spans}");
    }
    // Lower layers log their own texts, but the key must not be in them either.
    assert!(!text.contains(DEMO_SECRET_KEY), "{text}");
}
