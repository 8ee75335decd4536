//! Exports of all customers.

use std::collections::HashSet;
use std::sync::mpsc;

use serde_json::{Value, json};
use skiplino::{Customer, Error, ErrorKind, ListProgress, Page};
use skiplino_tests::TestSandbox;

/// The error of a sink.
#[derive(Debug)]
enum Failed {
    Full,
    Api(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Api(error)
    }
}

#[test]
fn every_customer_is_exported_once_blocking_or_awaited() {
    let sandbox = TestSandbox::new();
    sandbox.generate(1000);
    let client = sandbox.secret();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for awaited in [false, true] {
        let before = sandbox.received("listCustomers");
        let (sent, received) = mpsc::channel();
        let export = client.customers().export(move |page: Page<Customer>| {
            assert_eq!(page.pagination().total(), 1003);
            page.into_iter()
                .for_each(|customer| sent.send(customer).unwrap());
            Ok::<(), Error>(())
        });
        let progress: ListProgress = match awaited {
            true => runtime.block_on(async { export.await.unwrap() }),
            false => export.wait().unwrap(),
        };
        let ids: HashSet<_> = received
            .iter()
            .map(|customer| customer.id().clone())
            .collect();
        assert_eq!(ids.len(), 1003);
        assert_eq!(
            (progress.records, progress.changed_during_read),
            (1003, false)
        );
        // Eleven pages, and a front check because they are prefetched.
        assert_eq!(sandbox.received("listCustomers") - before, 12);
    }
}

#[test]
fn a_blocking_export_prefetches_pages() {
    let sandbox = TestSandbox::new();
    sandbox.generate(1000);
    let fault = sandbox.fault("listCustomers", "hold", json!({"ms": 10_000}));
    let release = format!("POST /faults/{}/release", fault["id"]);
    let client = sandbox.secret();
    std::thread::scope(|scope| {
        let exporting = scope.spawn(|| {
            let export = client.customers().export(|_| Ok::<(), Error>(()));
            export.wait().unwrap().records
        });
        // After the first page, four pages are requested at once.
        sandbox.control("GET /held?atLeast=1", &Value::Null);
        sandbox.control(&release, &json!({}));
        let held = sandbox.control("GET /held?atLeast=4", &Value::Null);
        assert_eq!(held["held"], 4);
        sandbox.control("DELETE /faults", &Value::Null);
        assert_eq!(exporting.join().unwrap(), 1003);
    });
}

#[test]
fn a_sink_makes_calls() {
    let sandbox = TestSandbox::new();
    sandbox.generate(1000);
    let client = sandbox.secret();
    let mut tickets = 0;
    let export = client.customers().export(|page: Page<Customer>| {
        for customer in page.items().iter().take(3) {
            client.customers().get(customer.id()).wait()?;
        }
        // A call for each page, a list and an export within the export.
        let first = page.items()[0].id();
        tickets += client.customers().tickets(first).items_blocking().count();
        let within = client.customers().export(|_| Ok::<(), Error>(()));
        assert_eq!(within.wait()?.records, 1003);
        Ok::<(), Error>(())
    });
    assert_eq!(export.wait().unwrap().records, 1003);
    assert_eq!(sandbox.received("getCustomer"), 33);
    let idle = sandbox.control("GET /idle", &Value::Null);
    assert_eq!(idle["requests"], 0);
}

#[test]
fn a_sink_that_fails_ends_the_export() {
    let sandbox = TestSandbox::new();
    sandbox.generate(2000);
    let client = sandbox.secret();
    let mut pages = 0;
    let export = client.customers().export(|_| {
        pages += 1;
        if pages == 3 {
            Err(Failed::Full)
        } else {
            Ok(())
        }
    });
    assert!(matches!(export.wait(), Err(Failed::Full)));
    assert_eq!(pages, 3);
    assert!(sandbox.received("listCustomers") < 10);
    // Prefetched pages keep neither the client nor its connections alive.
    drop(client);
    let idle = sandbox.control("GET /idle", &Value::Null);
    assert_eq!(idle, json!({"connections": 0, "requests": 0}));
    let export = sandbox
        .public()
        .customers()
        .export(|_| Ok::<(), Failed>(()));
    let Err(Failed::Api(error)) = export.wait() else {
        panic!("exported with a public key");
    };
    assert_eq!(error.kind(), ErrorKind::SecretKeyRequired);
}
