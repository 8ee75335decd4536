//! The whole directory handed out.

use std::collections::HashSet;
use std::sync::mpsc;

use serde_json::{Value, json};
use skiplino::{Customer, Error, ErrorKind, ListProgress, Page};
use skiplino_tests::Bench;

/// What a sink fails with.
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
fn every_customer_comes_once_waited_for_or_awaited() {
    let bench = Bench::new();
    bench.generate(1000);
    let client = bench.secret();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for awaited in [false, true] {
        let before = bench.received("listCustomers");
        let (sent, came) = mpsc::channel();
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
        let ids: HashSet<_> = came.iter().map(|customer| customer.id().clone()).collect();
        assert_eq!(ids.len(), 1003);
        assert_eq!(
            (progress.records, progress.changed_during_read),
            (1003, false)
        );
        // Eleven pages, and a look at the front, for they are read ahead.
        assert_eq!(bench.received("listCustomers") - before, 12);
    }
}

#[test]
fn pages_are_read_ahead_where_they_are_waited_for() {
    let bench = Bench::new();
    bench.generate(1000);
    let fault = bench.fault("listCustomers", "hold", json!({"ms": 10_000}));
    let release = format!("POST /faults/{}/release", fault["id"]);
    let client = bench.secret();
    std::thread::scope(|scope| {
        let exporting = scope.spawn(|| {
            let export = client.customers().export(|_| Ok::<(), Error>(()));
            export.wait().unwrap().records
        });
        // The first page says that there are more; then four are asked for at once.
        bench.control("GET /held?atLeast=1", &Value::Null);
        bench.control(&release, &json!({}));
        let held = bench.control("GET /held?atLeast=4", &Value::Null);
        assert_eq!(held["held"], 4);
        bench.control("DELETE /faults", &Value::Null);
        assert_eq!(exporting.join().unwrap(), 1003);
    });
}

#[test]
fn a_sink_that_fails_ends_it() {
    let bench = Bench::new();
    bench.generate(2000);
    let client = bench.secret();
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
    assert!(bench.received("listCustomers") < 10);
    // What was read ahead keeps neither the client nor its connections.
    drop(client);
    let idle = bench.control("GET /idle", &Value::Null);
    assert_eq!(idle, json!({"connections": 0, "requests": 0}));
    let export = bench.public().customers().export(|_| Ok::<(), Failed>(()));
    let Err(Failed::Api(error)) = export.wait() else {
        panic!("exported with a public key");
    };
    assert_eq!(error.kind(), ErrorKind::SecretKeyRequired);
}
