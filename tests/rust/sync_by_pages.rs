//! Syncs that read the directory by pages instead of looking up each row.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use skiplino::{
    Client, Clock, Customer, CustomerSync, CustomerUpdateRequest, CustomerWriteRequest, ErrorKind,
    RowOutcome, SyncedRow,
};
use skiplino_sandbox::DEMO_SECRET_KEY;
use skiplino_tests::TestSandbox;

use crate::sync::{counts, created, customer_requests, end_of, row, rows, stored};
use crate::test_clock::TestClock;

/// The row that leaves this customer as it is.
fn equal_row(customer: &Customer) -> CustomerWriteRequest {
    let mut row = row(customer.external_id().unwrap());
    if let Some(name) = customer.name() {
        row = row.name(name);
    }
    if let Some(email) = customer.email() {
        row = row.email(email);
    }
    if let Some(mobile) = customer.mobile() {
        row = row.mobile(mobile);
    }
    match customer.metadata::<Value>().unwrap() {
        Some(metadata) => row.metadata(metadata),
        None => row,
    }
}

/// The rows of all customers with an `externalId`.
fn equal_rows(client: &Client) -> Vec<CustomerWriteRequest> {
    let all = client.customers().list().items_blocking();
    let all = all.map(Result::unwrap);
    all.filter(|customer| customer.external_id().is_some())
        .map(|customer| equal_row(&customer))
        .collect()
}

/// All requests of syncs. Tests read the directory themselves only before.
fn requests(sandbox: &TestSandbox) -> u64 {
    customer_requests(sandbox) + sandbox.received("listCustomers")
}

/// A sandbox with this number of generated customers, and their rows.
fn directory(count: u64) -> (TestSandbox, Client, Vec<CustomerWriteRequest>) {
    let sandbox = TestSandbox::new();
    sandbox.generate(count);
    let client = sandbox.secret();
    let rows = equal_rows(&client);
    (sandbox, client, rows)
}

/// The rows in flight by default.
const CONCURRENCY: u64 = 10;
/// The lookups that make a sync read the directory, and those in flight meanwhile.
const MAX_FIRST_LOOKUPS: u64 = 8 + CONCURRENCY;

/// Source rows that do not say how many there are.
fn uncounted<T>(rows: Vec<T>) -> impl Iterator<Item = T> {
    let mut rows = rows.into_iter();
    std::iter::from_fn(move || rows.next())
}

/// Changes the name of a customer from outside of the sync.
fn rename(client: &Client, row: &CustomerWriteRequest, name: &str) {
    let id = serde_json::to_value(row).unwrap()["externalId"].clone();
    let id = skiplino::ExternalId::from(id.as_str().unwrap());
    let update = CustomerUpdateRequest::new(id).name(name);
    client.customers().update(update).wait().unwrap();
}

#[test]
fn equal_rows_cost_no_request_and_different_rows_cost_one() {
    // 101 pages with their checks, 110 writes, and at most 18 rows before the directory is read.
    let sent = sync_rows_of_which_one_in_a_hundred_differs(10_000);
    assert!((214..=237).contains(&sent), "{sent}");
}

#[test]
#[ignore = "takes minutes"]
fn a_sync_of_100_000_rows_takes_about_2_000_requests() {
    let start = Instant::now();
    let sent = sync_rows_of_which_one_in_a_hundred_differs(100_000);
    println!(
        "{sent} requests, {:?} with the preparation",
        start.elapsed()
    );
    assert!(sent <= 2_200, "{sent}");
}

/// The number of requests of a sync of these rows and 10 new ones.
fn sync_rows_of_which_one_in_a_hundred_differs(count: u64) -> u64 {
    let (sandbox, client, mut source) = directory(count);
    for (n, row) in source.iter_mut().enumerate() {
        if n % 100 == 50 {
            *row = row.clone().email("new@example.com");
        }
    }
    source.extend(rows(10));
    let before = requests(&sandbox);
    let start = Instant::now();
    let mut sync = client.customers().sync(source).wait();
    let mut outcomes = BTreeMap::<_, u64>::new();
    let mut without_customer = 0;
    for row in sync.by_ref().map(Result::unwrap) {
        *outcomes.entry(row.outcome().as_str()).or_default() += 1;
        match row.outcome() {
            RowOutcome::Unchanged => without_customer += u64::from(row.customer().is_none()),
            RowOutcome::Updated => assert_eq!(row.changed(), ["email"]),
            _ => assert!(row.customer().is_some()),
        }
    }
    println!("the sync took {:?}", start.elapsed());
    let changed = count / 100;
    let unchanged = count - changed + 2;
    let expected = [
        ("created", 10),
        ("unchanged", unchanged),
        ("updated", changed),
    ];
    assert_eq!(outcomes, BTreeMap::from(expected));
    let sent = requests(&sandbox) - before;
    assert_eq!(sync.requests(), sent);
    assert!(
        without_customer >= unchanged - MAX_FIRST_LOOKUPS,
        "{without_customer}"
    );
    let stored = stored(&sandbox);
    let new = stored
        .values()
        .filter(|one| one["email"] == "new@example.com");
    assert_eq!(new.count() as u64, changed);
    sent
}

#[test]
fn a_sync_that_does_not_know_its_rows_counts_them() {
    let (sandbox, client, source) = directory(1_000);
    let before = sandbox.received("getCustomer");
    let pages_before = sandbox.received("listCustomers");
    let sync = client.customers().sync(uncounted(source.clone()));
    assert_eq!(counts(sync.concurrency(1))["unchanged"], 1_002);
    // It asks for the number of pages after 32 lookups. They are more than the 11 pages.
    assert_eq!(sandbox.received("getCustomer") - before, 32);
    let pages = sandbox.received("listCustomers") - pages_before;
    assert!((11..=12).contains(&pages), "{pages}");
    // The caller may know the number.
    let before = sandbox.received("getCustomer");
    let sync = client.customers().sync(uncounted(source)).concurrency(1);
    assert_eq!(counts(sync.expected_rows(1_000))["unchanged"], 1_002);
    assert_eq!(sandbox.received("getCustomer") - before, 8);
}

#[test]
fn a_directory_with_more_pages_than_rows_is_not_read() {
    let (sandbox, client, mut source) = directory(10_000);
    source.truncate(90);
    // With the number of rows, and with one that is too low, so that the rows are counted.
    for expected in [90, 1] {
        let lookups = sandbox.received("getCustomer");
        let pages = sandbox.received("listCustomers");
        let sync = client.customers().sync(source.clone()).concurrency(4);
        assert_eq!(counts(sync.expected_rows(expected))["unchanged"], 90);
        assert_eq!(sandbox.received("getCustomer") - lookups, 90);
        assert_eq!(sandbox.received("listCustomers") - pages, 1);
    }
}

#[test]
fn new_rows_need_no_directory() {
    let (sandbox, client, _) = directory(300);
    let before = sandbox.received("listCustomers");
    let sync = client.customers().sync(rows(500));
    assert_eq!(counts(sync)["created"], 500);
    assert_eq!(sandbox.received("listCustomers"), before);
    assert!(sandbox.received("getCustomer") <= CONCURRENCY);
}

/// The result of a row, without the customer.
type Line = (u64, &'static str, Vec<&'static str>);

fn lines<I>(sync: CustomerSync<I>) -> Vec<Line>
where
    I: Iterator<Item = CustomerWriteRequest>,
{
    let line = |row: SyncedRow<_>| (row.index(), row.outcome().as_str(), row.changed().to_vec());
    let mut lines: Vec<_> = sync.wait().map(Result::unwrap).map(line).collect();
    lines.sort_by_key(|line| line.0);
    lines
}

/// The customers, without what the server adds.
fn fields(sandbox: &TestSandbox) -> BTreeMap<String, Value> {
    let stored = stored(sandbox).into_iter();
    stored
        .map(|(id, mut customer)| {
            let fields = customer.as_object_mut().unwrap();
            for name in ["_id", "seq", "createdAt", "updatedAt"] {
                fields.remove(name);
            }
            (id, customer)
        })
        .collect()
}

/// Fields that are absent, empty, equal in another form, or different.
fn any_row() -> impl Strategy<Value = CustomerWriteRequest> {
    let text = || prop::option::of(prop::sample::select(vec!["", "A", "B"]));
    let metadata = prop::option::of(prop::sample::select(vec![
        json!({}),
        json!({"a": 1, "b": [true]}),
        json!({"b": [true], "a": 1.0}),
        json!({"a": 1}),
        json!({"a": 9_007_199_254_740_993_u64}),
        json!({"a": 9_007_199_254_740_992_u64}),
    ]));
    (0..60_u8, text(), text(), text(), metadata).prop_map(|(id, name, email, mobile, metadata)| {
        let mut row = row(&format!("id-{id}"));
        if let Some(name) = name {
            row = row.name(name);
        }
        if let Some(email) = email {
            row = row.email(if email.is_empty() {
                ""
            } else {
                "a@example.com"
            });
        }
        if let Some(mobile) = mobile {
            row = row.mobile(if mobile.is_empty() {
                ""
            } else {
                "+97333112233"
            });
        }
        match metadata {
            Some(metadata) => row.metadata(metadata),
            None => row,
        }
    })
}

#[test]
fn a_sync_by_pages_equals_one_by_single_lookups() {
    let cases = (
        prop::collection::vec(any_row(), 30..90),
        prop::collection::vec(any_row(), 50..120),
    );
    let config = Config {
        cases: 8,
        // The sandbox makes each case slow.
        max_shrink_iters: 10,
        failure_persistence: None,
        ..Config::default()
    };
    let (paged, single) = (TestSandbox::new(), TestSandbox::new());
    let snapshots = Cell::new(0);
    let result = TestRunner::new(config).run(&cases, |(stored, source)| {
        let run = |sandbox: &TestSandbox, is_paged: bool| {
            sandbox.reset();
            let client = sandbox.secret();
            let none = counts(client.customers().sync(uncounted(stored.clone())));
            assert!(!none.contains_key("failed"));
            if !is_paged {
                // The list cannot be read, so each row is looked up.
                sandbox.fault("listCustomers", "status", json!({"status": 403}));
            }
            let before = sandbox.received("getCustomer");
            let sync = |dry_run| client.customers().sync(source.clone()).dry_run(dry_run);
            let dry = lines(sync(true));
            let unwritten = fields(sandbox);
            let real = lines(sync(false));
            let lookups = sandbox.received("getCustomer") - before;
            (dry, unwritten, real, fields(sandbox), lookups)
        };
        let by_pages = run(&paged, true);
        let by_lookups = run(&single, false);
        prop_assert_eq!(&by_pages.0, &by_lookups.0);
        prop_assert_eq!(&by_pages.0, &by_pages.2);
        prop_assert_eq!(&by_pages.1, &by_lookups.1);
        prop_assert_eq!(&by_pages.2, &by_lookups.2);
        prop_assert_eq!(&by_pages.3, &by_lookups.3);
        snapshots.set(snapshots.get() + u32::from(by_pages.4 < by_lookups.4));
        Ok(())
    });
    result.unwrap();
    assert!(
        snapshots.get() > 5,
        "only {} cases read the directory",
        snapshots.get()
    );
}

#[test]
fn rows_of_one_customer_are_compared_with_its_earlier_rows() {
    let (sandbox, client, equal) = directory(200);
    let id = |row: &CustomerWriteRequest| {
        let row = serde_json::to_value(row).unwrap();
        row["externalId"].as_str().unwrap().to_owned()
    };
    let (known, refused) = (id(&equal[100]), id(&equal[101]));
    let mut source = equal.clone();
    source.extend([
        row(&known).name("One"),
        row(&known).name("One").email("one@example.com"),
        row(&known).name("One").email("one@example.com"),
        row("new").name("New"),
        row("new").name("New"),
        row("new").name("Newer"),
        // The server rejects the first of these rows.
        row(&refused).name("x".repeat(10_001)),
        equal[101].clone(),
        row(&refused).name("Two"),
        row(&refused).name("Two"),
    ]);
    let before = (customer_requests(&sandbox), created(&sandbox));
    let lines = lines(client.customers().sync(source));
    let last: Vec<_> = lines[equal.len()..]
        .iter()
        .map(|(_, outcome, changed)| (*outcome, &changed[..]))
        .collect();
    let expected: [(_, &[&str]); 10] = [
        ("updated", &["name"]),
        ("updated", &["email"]),
        ("unchanged", &[]),
        ("created", &[]),
        ("unchanged", &[]),
        ("updated", &["name"]),
        ("failed", &[]),
        ("unchanged", &[]),
        ("updated", &["name"]),
        ("unchanged", &[]),
    ];
    assert_eq!(last, expected);
    assert_eq!(created(&sandbox), before.1 + 1);
    // 8 lookups before the directory is read (up to as many more in flight). Then 2 updates; a
    // creation, and 5 requests for its later rows; a failure, a lookup and an update.
    let sent = customer_requests(&sandbox) - before.0;
    assert!((19..=19 + CONCURRENCY).contains(&sent), "{sent}");
}

#[test]
fn changes_during_the_read_are_found() {
    let (sandbox, client, mut source) = directory(1_000);
    for row in &mut source[500..600] {
        *row = row.clone().name("New");
    }
    let missing = client.customers().list().page(6).wait().unwrap();
    let deleted = missing.items()[50].clone();
    sandbox.fault("listCustomers", "hold", json!({"when": {"nth": 5}}));
    let before = sandbox.received("listCustomers");
    let other = sandbox.secret();
    let outcomes = std::thread::scope(|scope| {
        let sync = scope.spawn(|| {
            let more = source.iter().cloned().chain([row("raced").name("Raced")]);
            lines(client.customers().sync(more.collect::<Vec<_>>()))
        });
        sandbox.control("GET /held?atLeast=1", &Value::Null);
        // While the directory is read, somebody deletes a customer and creates another.
        other.customers().delete(deleted.id()).wait().unwrap();
        let raced = row("raced").name("Another");
        other.customers().create(raced).wait().unwrap();
        sandbox.control("DELETE /faults", &Value::Null);
        sync.join().unwrap()
    });
    assert!(sandbox.received("listCustomers") > before);
    let stored = stored(&sandbox);
    assert_eq!(stored["raced"]["name"], "Raced");
    let (_, outcome, changed) = outcomes.last().unwrap();
    assert_eq!((*outcome, &changed[..]), ("updated", &["name"][..]));
    for row in &source {
        let row = serde_json::to_value(row).unwrap();
        let customer = &stored[row["externalId"].as_str().unwrap()];
        assert_eq!(customer["name"], row["name"]);
    }
}

#[test]
fn customers_deleted_or_created_after_the_read_are_found() {
    let (sandbox, client, mut source) = directory(300);
    let deleted = source[200].clone();
    source[200] = deleted.clone().name("Back");
    source.push(row("raced").name("Raced"));
    let other = sandbox.secret();
    let raced = source.len() - 1;
    let source = source.into_iter().enumerate().map(|(n, one)| {
        if n == 200 {
            let id = serde_json::to_value(&deleted).unwrap()["externalId"].clone();
            let id = skiplino::ExternalId::from(id.as_str().unwrap());
            other.customers().delete(id).wait().unwrap();
        } else if n == raced {
            let raced = row("raced").name("Raced").email("raced@example.com");
            other.customers().create(raced).wait().unwrap();
        }
        one
    });
    let lines = lines(client.customers().sync(source));
    assert_eq!((lines[200].1, lines[raced].1), ("created", "unchanged"));
    let stored = stored(&sandbox);
    let back = serde_json::to_value(equal_rows(&client)).unwrap();
    let back = back
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["name"] == "Back");
    assert!(
        back.unwrap()["email"].is_string(),
        "the whole row is created"
    );
    assert_eq!(stored["raced"]["email"], "raced@example.com");
}

/// A client on a test's clock.
fn client_on(sandbox: &TestSandbox, clock: &Arc<TestClock>) -> Client {
    let builder = sandbox.builder(DEMO_SECRET_KEY);
    builder
        .clock(Arc::clone(clock) as Arc<dyn Clock>)
        .build()
        .unwrap()
}

#[test]
fn a_row_is_not_compared_with_an_old_snapshot() {
    let (sandbox, other, rows) = directory(300);
    let clock = TestClock::new(|_| {});
    let client = client_on(&sandbox, &clock);
    // A row that is handled within a minute of the read, and one that is not.
    for (seconds, outcome) in [(59, "unchanged"), (60, "updated")] {
        let before = sandbox.received("listCustomers");
        let source = rows.iter().cloned().enumerate().map(|(n, row)| {
            if n == 200 {
                rename(&other, &row, "Meanwhile");
                drop(clock.sleep(Duration::from_secs(seconds)));
            }
            row
        });
        let lines = lines(client.customers().sync(source));
        assert_eq!(lines[200].1, outcome, "after {seconds} s");
        assert!(
            lines
                .iter()
                .all(|line| line.0 == 200 || line.1 == "unchanged")
        );
        // The 103 rows that are left are worth a second read.
        let reads = sandbox.received("listCustomers") - before;
        assert_eq!(reads, if seconds < 60 { 4 } else { 8 });
        sandbox.reset();
        sandbox.generate(300);
    }
}

#[test]
fn a_list_that_fails_is_replaced_by_lookups() {
    let (sandbox, client, mut source) = directory(500);
    for row in &mut source[300..] {
        *row = row.clone().name("New");
    }
    let empty = json!({"message": "m", "data": [], "pagination":
        {"total": 500, "totalPages": 5, "hasNextPage": true, "hasPrevPage": false}});
    for fault in [
        json!({"status": 403}),
        json!({"status": 422}),
        json!({"status": 500}),
        json!({"status": 200, "body": empty}),
        json!({"status": 500, "when": {"every": 3}}),
        json!({"status": 422, "when": {"every": 3}}),
    ] {
        sandbox.reset();
        sandbox.generate(500);
        let name = fault.to_string();
        sandbox.fault("listCustomers", "status", fault);
        let mut sync = client.customers().sync(source.clone()).wait();
        let mut outcomes = BTreeMap::<_, u64>::new();
        for row in sync.by_ref().map(Result::unwrap) {
            *outcomes.entry(row.outcome().as_str()).or_default() += 1;
        }
        let expected = [("unchanged", 300), ("updated", 202)];
        assert_eq!(outcomes, BTreeMap::from(expected), "{name}");
        // Some pages in flight are not sent any more when the read has failed.
        let unsent = sync.requests() - requests(&sandbox);
        assert!(unsent <= 16, "{name}: {unsent}");
        // A lookup for each row and a few tries to read the directory.
        assert!(
            sync.requests() <= 502 + 202 + 100,
            "{name}: {}",
            sync.requests()
        );
    }
}

#[test]
fn a_key_that_is_rejected_during_the_read_ends_the_sync() {
    let (sandbox, client, source) = directory(500);
    let fault = json!({"status": 401});
    sandbox.fault("listCustomers", "status", fault);
    let fault = json!({"status": 401, "when": {"every": 50}});
    sandbox.fault("getCustomer", "status", fault);
    let error = end_of(client.customers().sync(source).concurrency(1));
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
}

#[test]
fn the_pages_keep_the_rate_and_the_concurrency() {
    let (sandbox, _, source) = directory(2_000);
    let clock = TestClock::new(|_| {});
    let client = client_on(&sandbox, &clock);
    let before = requests(&sandbox);
    // Slower than the deadline of a call allows for all pages in flight.
    let mut sync = client.customers().sync(source.clone()).rate(0.1).wait();
    assert_eq!(sync.by_ref().filter(Result::is_ok).count(), 2_002);
    let sent = requests(&sandbox) - before;
    assert_eq!(sync.requests(), sent);
    assert!(sent < 50, "{sent}");
    let least = Duration::from_secs(10) * (sent as u32 - 1);
    assert!(
        clock.passed() + Duration::from_secs(1) >= least,
        "{:?}",
        clock.passed()
    );

    // Each request in flight has a connection of its own, and stays long enough to overlap.
    sandbox.fault("*", "delay", json!({"ms": 20}));
    for concurrency in [1, 2] {
        let client = sandbox.secret();
        let connections = || sandbox.control("GET /idle", &Value::Null)["connections"].as_u64();
        let before = connections().unwrap();
        let sync = client
            .customers()
            .sync(source.clone())
            .concurrency(concurrency);
        assert_eq!(sync.wait().filter(Result::is_ok).count(), source.len());
        let opened = connections().unwrap() - before;
        // A connection may return to the pool after the next request has taken another.
        assert!(opened <= concurrency as u64 + 1, "{opened}");
    }
}

#[test]
fn the_rows_in_flight_finish_before_the_directory_is_read() {
    let (sandbox, client, mut source) = directory(300);
    let original = source[0].clone();
    source[0] = original.clone().name("New");
    // Compared with a customer that the first row has changed.
    source.push(original);
    let before = sandbox.received("listCustomers");
    sandbox.fault("updateCustomer", "hold", json!({"when": {"nth": 1}}));
    let lines = std::thread::scope(|scope| {
        let sync = client.customers().sync(source).concurrency(2);
        let sync = scope.spawn(|| lines(sync));
        sandbox.control("GET /held?atLeast=1", &Value::Null);
        // The eight rows that make the sync read the directory.
        while sandbox.received("getCustomer") < 9 {}
        for _ in 0..50 {
            assert_eq!(sandbox.received("listCustomers"), before);
        }
        sandbox.control("DELETE /faults", &Value::Null);
        sync.join().unwrap()
    });
    assert!(sandbox.received("listCustomers") > before);
    assert_eq!(sandbox.received("getCustomer"), 9);
    let (_, outcome, changed) = lines.last().unwrap();
    assert_eq!((*outcome, &changed[..]), ("updated", &["name"][..]));
}

#[test]
fn a_checkpoint_records_the_rows_that_are_equal() {
    let (sandbox, client, source) = directory(400);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let sync =
        |rows: &[CustomerWriteRequest]| client.customers().sync(rows.to_vec()).checkpoint(&path);
    assert_eq!(counts(sync(&source))["unchanged"], 402);
    let before = requests(&sandbox);
    assert_eq!(counts(sync(&source))["alreadyDone"], 402);
    assert_eq!(requests(&sandbox), before);
    // 20 other rows: fewer than a read of the directory would be worth.
    let mut corrected = source;
    for row in &mut corrected[300..320] {
        *row = row.clone().name("Corrected");
    }
    let outcomes = counts(sync(&corrected));
    assert_eq!(
        outcomes,
        BTreeMap::from([("alreadyDone", 382), ("updated", 20)])
    );
    assert_eq!(requests(&sandbox), before + 40);
}

#[test]
fn a_stream_reads_the_directory_too() {
    let (sandbox, client, source) = directory(1_500);
    let before = (requests(&sandbox), customer_requests(&sandbox));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut sync = client.customers().sync(source);
        let mut count = 0;
        while let Some(row) = sync.next().await {
            assert_eq!(row.unwrap().outcome().as_str(), "unchanged");
            count += 1;
        }
        assert_eq!(count, 1_502);
        let lookups = customer_requests(&sandbox) - before.1;
        assert!(lookups <= MAX_FIRST_LOOKUPS, "{lookups}");
        assert_eq!(sync.requests(), requests(&sandbox) - before.0);
    });
}

#[test]
fn a_blocking_sync_returns_finished_rows_before_it_reads_the_directory() {
    let (sandbox, client, source) = directory(200);
    let before = sandbox.received("listCustomers");
    let mut sync = client.customers().sync(source).concurrency(1).wait();
    for _ in 0..8 {
        sync.next().unwrap().unwrap();
        assert_eq!(sandbox.received("listCustomers"), before);
    }
    sync.next().unwrap().unwrap();
    assert!(sandbox.received("listCustomers") > before);
}

#[test]
fn a_blocking_sync_waits_for_a_slow_source() {
    let sandbox = TestSandbox::new();
    let clock = TestClock::new(|_| {});
    let client = client_on(&sandbox, &clock);
    let slow = rows(3).into_iter().inspect(|_| {
        // Longer than a burst.
        drop(clock.sleep(Duration::from_secs(5)));
    });
    assert_eq!(counts(client.customers().sync(slow))["created"], 3);
}
