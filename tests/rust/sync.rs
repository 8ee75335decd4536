//! Syncs of customers from a source of rows, against the sandbox.

use std::collections::{BTreeMap, HashMap};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::{Value, json};
use skiplino::{
    ApiKey, Client, Clock, CustomerSync, CustomerWriteRequest, Error, ErrorKind, Operation,
    Outcome, RowOutcome, SyncedRow,
};
use skiplino_sandbox::{Config, DEMO_SECRET_KEY, Sandbox};
use skiplino_tests::TestSandbox;

use crate::test_clock::TestClock;

pub fn row(id: &str) -> CustomerWriteRequest {
    CustomerWriteRequest::new().external_id(id)
}

/// `row-0`, `row-1` and so on, each with a different name.
pub fn rows(count: usize) -> Vec<CustomerWriteRequest> {
    let one = |n| row(&format!("row-{n}")).name(format!("Customer {n}"));
    (0..count).map(one).collect()
}

/// The outcome of each row, by its index.
pub fn outcomes<I>(sync: CustomerSync<I>) -> BTreeMap<u64, &'static str>
where
    I: Iterator<Item = CustomerWriteRequest>,
{
    let finished = sync.wait().map(Result::unwrap);
    let mut outcomes = BTreeMap::new();
    for row in finished {
        let before = outcomes.insert(row.index(), row.outcome().as_str());
        assert_eq!(before, None, "row {} was returned twice", row.index());
    }
    outcomes
}

/// The number of rows with each outcome.
pub fn counts<I>(sync: CustomerSync<I>) -> BTreeMap<&'static str, usize>
where
    I: Iterator<Item = CustomerWriteRequest>,
{
    let outcomes = outcomes(sync);
    let last = outcomes.len() as u64;
    assert!(
        outcomes.keys().copied().eq(0..last),
        "a row was not returned"
    );
    let mut counts = BTreeMap::new();
    for outcome in outcomes.values() {
        *counts.entry(*outcome).or_default() += 1;
    }
    counts
}

/// The customers of the sandbox, by `externalId`.
pub fn stored(sandbox: &TestSandbox) -> HashMap<String, Value> {
    let all = sandbox.control("GET /customers", &Value::Null);
    let all = all.as_array().unwrap().iter();
    all.filter_map(|customer| {
        let id = customer["externalId"].as_str()?;
        Some((id.to_owned(), customer.clone()))
    })
    .collect()
}

/// The error that ends the sync.
pub fn end_of<I>(sync: CustomerSync<I>) -> Error
where
    I: Iterator<Item = CustomerWriteRequest>,
{
    sync.wait().find_map(Result::err).unwrap()
}

/// The number of customers created.
pub fn created(sandbox: &TestSandbox) -> u64 {
    let counts = sandbox.control("GET /requests/counts", &Value::Null);
    counts["createCustomer"]["committed"].as_u64().unwrap()
}

pub fn customer_requests(sandbox: &TestSandbox) -> u64 {
    sandbox.received("getCustomer") + writes(sandbox)
}

fn writes(sandbox: &TestSandbox) -> u64 {
    ["createCustomer", "updateCustomer", "deleteCustomer"]
        .iter()
        .map(|operation| sandbox.received(operation))
        .sum()
}

#[test]
fn a_source_makes_calls() {
    let (from, to) = (TestSandbox::new(), TestSandbox::new());
    from.generate(500);
    let (reader, writer) = (from.secret(), to.secret());
    let rows = reader.customers().list().items_blocking().map(|customer| {
        let customer = customer.unwrap();
        // With the client of the sync, too.
        writer.customers().list().page(1).wait().unwrap();
        row(customer.id().as_str()).name("Copy")
    });
    let counts = counts(writer.customers().sync(rows));
    assert_eq!(counts, BTreeMap::from([("created", 503)]));
    assert_eq!(created(&to), 503);
}

#[test]
fn rows_are_created_updated_or_left_alone() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let source = vec![
        row("crm-7741")
            .name("Layla A. Hassan")
            .mobile("+97333112233"),
        row("crm-7741").metadata(json!({"tier": "gold"})),
        row("new").name("New").email(""),
        row(" ").name("No id"),
        CustomerWriteRequest::new().name("No id"),
        row("odd").metadata(json!([1])),
    ];
    let mut synced: Vec<_> = client
        .customers()
        .sync(source.clone())
        .wait()
        .map(Result::unwrap)
        .collect();
    synced.sort_by_key(skiplino::SyncedRow::index);
    let names: Vec<_> = synced.iter().map(|row| row.outcome().as_str()).collect();
    assert_eq!(
        names,
        [
            "updated",
            "unchanged",
            "created",
            "failed",
            "failed",
            "failed"
        ]
    );
    assert_eq!(synced[0].changed(), ["name"]);
    let updated = synced[0].customer().unwrap();
    assert_eq!(updated.name(), Some("Layla A. Hassan"));
    assert_eq!(updated.email(), Some("layla.hassan@example.com"));
    assert_eq!(synced[2].customer().unwrap().email(), None);
    assert_eq!(synced[2].external_id().unwrap().as_str(), "new");
    for (place, field) in [(3, "externalId"), (4, "externalId"), (5, "metadata")] {
        let error = synced[place].outcome().error().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.fields().contains_key(field), "{error}");
    }
    let before = writes(&sandbox);
    let again = counts(client.customers().sync(source));
    assert_eq!(again, BTreeMap::from([("failed", 3), ("unchanged", 3)]));
    assert_eq!(writes(&sandbox), before);
}

#[test]
fn a_small_sync_takes_few_requests() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let one_by_one = |rows: Vec<_>| client.customers().sync(rows).concurrency(1);
    let requests = || (sandbox.received("getCustomer"), writes(&sandbox));
    // Only the first row is looked up before it is created.
    assert_eq!(counts(one_by_one(rows(30)))["created"], 30);
    assert_eq!(requests(), (1, 30));
    // One lookup for each row, in addition to the one of the first sync.
    assert_eq!(counts(one_by_one(rows(30)))["unchanged"], 30);
    assert_eq!(requests(), (31, 30));
    let half: Vec<_> = rows(30)
        .into_iter()
        .enumerate()
        .map(|(n, row)| if n < 15 { row.name("Other") } else { row })
        .collect();
    let expected = BTreeMap::from([("unchanged", 15), ("updated", 15)]);
    assert_eq!(counts(one_by_one(half)), expected);
    assert_eq!(requests(), (61, 45));
    assert_eq!(sandbox.received("listCustomers"), 0);
}

#[test]
fn a_dry_run_only_reads() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let mut source = rows(30);
    source.push(row("crm-7741").name("Other").email("x@example.com"));
    source.push(row("crm-7742"));
    let sync = client.customers().sync(source).dry_run(true);
    let mut changed = Vec::new();
    let mut names = BTreeMap::<_, usize>::new();
    for row in sync.checkpoint(&path).wait().map(Result::unwrap) {
        *names.entry(row.outcome().as_str()).or_default() += 1;
        changed.extend_from_slice(row.changed());
    }
    let expected = [("created", 30), ("unchanged", 1), ("updated", 1)];
    assert_eq!(names, BTreeMap::from(expected));
    assert_eq!(changed, ["name", "email"]);
    assert_eq!((sandbox.received("getCustomer"), writes(&sandbox)), (32, 0));
    assert!(!path.exists(), "a dry run must not create the checkpoint");
}

#[test]
fn a_dry_run_counts_rows_of_the_same_customer_as_a_real_run_does() {
    let metadata = |value| row("new").metadata(value);
    let source = vec![
        row("new").name("Old"),
        row("new").name("New"),
        row("new").name("Old"),
        row("new").name("Old").email(""),
        row("new").mobile("+97333112233"),
        row("new"),
        metadata(json!({})),
        metadata(json!({"n": 1, "list": [true, null, {"a": "b"}]})),
        metadata(json!({"list": [true, null, {"a": "b"}], "n": 1.0})),
        metadata(json!({"list": [true, null, {"a": "c"}], "n": 1})),
        metadata(json!({})),
        row("new").name("").mobile(""),
        row("crm-7741").name("Layla A. Hassan"),
        row("crm-7741").name("Layla Hassan"),
        row("crm-7741")
            .name("Layla Hassan")
            .metadata(json!({"tier": "gold"})),
        row("crm-7741").metadata(json!({"tier": "silver"})),
        row(" "),
        row("other").name("x".repeat(10_001)),
    ];
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let run = |dry_run| {
        let sync = client.customers().sync(source.clone()).dry_run(dry_run);
        let mut rows: Vec<_> = sync
            .wait()
            .map(Result::unwrap)
            .map(|row| (row.index(), row.outcome().as_str(), row.changed().to_vec()))
            .collect();
        rows.sort_by_key(|row| row.0);
        rows.pop();
        rows
    };
    let dry = run(true);
    assert_eq!(writes(&sandbox), 0);
    assert_eq!(sandbox.received("getCustomer"), 3);
    assert_eq!(dry, run(false));
    let names: Vec<_> = dry.iter().take(4).map(|row| row.1).collect();
    assert_eq!(names, ["created", "updated", "updated", "unchanged"]);
}

#[test]
fn rows_of_one_customer_keep_their_order() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    // Slow responses, so that all rows would be in flight at once.
    sandbox.fault("*", "delay", json!({"ms": 3}));
    let source = (0..40).map(|n| row(["a", "b", "a"][n % 3]).name(format!("Name {n}")));
    let mut last = HashMap::new();
    for synced in client.customers().sync(source).concurrency(16).wait() {
        let synced = synced.unwrap();
        let id = synced.external_id().unwrap().clone();
        let before = last.insert(id, synced.index());
        assert!(before.is_none_or(|before| before < synced.index()));
    }
    let stored = stored(&sandbox);
    assert_eq!(stored["a"]["name"], "Name 39");
    assert_eq!(stored["b"]["name"], "Name 37");
    assert_eq!(created(&sandbox), 2);
}

#[test]
fn a_stream_keeps_as_many_rows_in_flight_as_allowed_and_reads_no_further() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    sandbox.fault("*", "hold", json!({"ms": 10_000}));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let read = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&read);
        let source = rows(1000).into_iter().inspect(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
        });
        let mut sync = client.customers().sync(source).concurrency(5);
        assert!(sync.next().now_or_never().is_none());
        // The runtime drives the rows in flight; nothing polls the stream.
        let held = sandbox.control("GET /held?atLeast=5", &Value::Null);
        assert_eq!(held["held"], 5);
        assert_eq!(read.load(Ordering::SeqCst), 5);
        drop(sync);
        sandbox.control("DELETE /faults", &Value::Null);
        assert_eq!(sandbox.received("getCustomer"), 5);
    });
}

#[test]
fn a_rejected_key_ends_the_sync() {
    let sandbox = TestSandbox::new();
    let rejected = |key: &str| {
        let client = sandbox.builder(key).build().unwrap();
        let sync = client.customers().sync(rows(1000)).concurrency(4);
        sync.wait().collect::<Vec<_>>()
    };
    let synced = rejected("sk_wrong");
    let (end, before) = synced.split_last().unwrap();
    assert_eq!(end.as_ref().unwrap_err().kind(), ErrorKind::Unauthorized);
    assert!((1..=4).contains(&before.len()));
    assert!(before.iter().all(Result::is_ok));
    let synced = rejected("pk_sandbox_public");
    let [Err(error)] = &synced[..] else {
        panic!("{synced:?}");
    };
    assert_eq!(error.kind(), ErrorKind::SecretKeyRequired);
    let none = sandbox.secret().customers().sync(rows(1)).concurrency(0);
    let error = none.wait().next().unwrap().unwrap_err();
    assert!(error.fields().contains_key("concurrency"));
}

/// An address at which no server listens yet.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

fn client_of(address: SocketAddr, clock: &Arc<TestClock>) -> Client {
    Client::builder(ApiKey::new(DEMO_SECRET_KEY).unwrap())
        .base_url(format!("http://{address}/external/v1"))
        .clock(Arc::clone(clock) as Arc<dyn Clock>)
        .build()
        .unwrap()
}

#[test]
fn a_server_that_stays_unreachable_ends_the_sync() {
    let clock = TestClock::new(|_| {});
    let client = client_of(free_address(), &clock);
    let sync = client.customers().sync(rows(1000)).concurrency(4);
    let synced: Vec<_> = sync.wait().collect();
    let (end, before) = synced.split_last().unwrap();
    assert_eq!(end.as_ref().unwrap_err().kind(), ErrorKind::Connect);
    assert!((1..=4).contains(&before.len()));
    let failed = |row: &Result<_, _>| {
        matches!(
            row.as_ref().map(SyncedRow::outcome),
            Ok(RowOutcome::Failed(_))
        )
    };
    assert!(before.iter().all(failed), "{before:?}");
    assert!(clock.passed() > Duration::from_secs(60));
}

#[test]
fn a_lost_write_stays_unknown_if_the_server_disappears() {
    for id in ["new", "crm-7741"] {
        let running = Arc::new(Mutex::new(None));
        let server = Arc::clone(&running);
        // The server disappears before the lost write is repeated.
        let clock = TestClock::new(move |_| drop(server.lock().unwrap().take()));
        let sandbox = TestSandbox::new();
        for operation in ["createCustomer", "updateCustomer"] {
            sandbox.fault(operation, "drop_after_commit", json!({}));
        }
        let lookup = json!({"status": 500, "when": {"nth": 2}});
        sandbox.fault("getCustomer", "status", lookup);
        let client = sandbox
            .builder(DEMO_SECRET_KEY)
            .clock(Arc::clone(&clock) as Arc<dyn Clock>)
            .build()
            .unwrap();
        *running.lock().unwrap() = Some(sandbox);
        let sync = client.customers().sync([row(id).name("New")]);
        let synced: Vec<_> = sync.wait().collect();
        let [Ok(lost), Err(end)] = &synced[..] else {
            panic!("{synced:?}");
        };
        let RowOutcome::Unknown(error) = lost.outcome() else {
            panic!("{id}: {lost:?}");
        };
        for error in [error, end] {
            assert_eq!(error.kind(), ErrorKind::Connect, "{id}");
            assert_eq!(error.outcome(), Outcome::Unknown, "{id}");
        }
        assert!(clock.passed() > Duration::from_secs(60));
    }
}

#[test]
fn a_lost_write_stays_unknown_if_its_lookup_fails() {
    let sandbox = TestSandbox::new();
    let lost = json!({"when": {"nth": 2}});
    sandbox.fault("createCustomer", "drop_after_commit", lost);
    for nth in 2..=20 {
        let lookup = json!({"status": 500, "when": {"nth": nth}});
        sandbox.fault("getCustomer", "status", lookup);
    }
    let client = sandbox.secret();
    let sync = client.customers().sync(rows(2)).concurrency(1);
    let synced: Vec<_> = sync.wait().map(Result::unwrap).collect();
    let outcomes = synced.iter().map(|row| row.outcome().as_str());
    assert!(outcomes.eq(["created", "unknown"]), "{synced:?}");
    let error = synced[1].outcome().error().unwrap();
    assert_eq!(error.operation(), Some(Operation::CreateCustomer));
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert!(stored(&sandbox).contains_key("row-1"));
}

#[test]
fn a_lost_write_stays_unknown_if_its_customer_has_other_data() {
    let sandbox = TestSandbox::new();
    let lost = json!({"when": {"nth": 1}});
    sandbox.fault("createCustomer", "drop_after_commit", lost);
    // Somebody else has changed the new customer, or the server has.
    let other = json!({"message": "m", "data": {
        "_id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "externalId": "row-0", "companyId": "c",
        "name": "Other", "createdAt": "2026-06-23T11:00:00.000Z",
        "updatedAt": "2026-06-23T11:00:00.000Z"}});
    for nth in 2..=20 {
        let lookup = json!({"status": 200, "body": other, "when": {"nth": nth}});
        sandbox.fault("getCustomer", "status", lookup);
    }
    sandbox.fault("updateCustomer", "status", json!({"status": 400}));
    let client = sandbox.secret();
    assert_eq!(outcomes(client.customers().sync(rows(1)))[&0], "unknown");
    assert!(stored(&sandbox).contains_key("row-0"));
}

#[test]
fn a_sync_waits_for_a_server_that_restarts() {
    let address = free_address();
    let (pauses, restarted) = (AtomicU64::new(0), Mutex::new(None));
    let clock = TestClock::new(move |_| {
        if pauses.fetch_add(1, Ordering::SeqCst) == 20 {
            let config = Config {
                listen: address,
                ..Config::default()
            };
            *restarted.lock().unwrap() = Some(Sandbox::start(config).unwrap());
        }
    });
    let client = client_of(address, &clock);
    // One row at a time, because on this clock a pause of one row passes the time of all rows.
    let sync = client.customers().sync(rows(50)).concurrency(1);
    assert_eq!(counts(sync), BTreeMap::from([("created", 50)]));
}

#[test]
fn lost_responses_are_reported_and_the_next_run_completes_the_rows() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    sandbox.fault(
        "createCustomer",
        "drop_after_commit",
        json!({"when": {"every": 3}}),
    );
    sandbox.fault(
        "updateCustomer",
        "html_502",
        json!({"commit": true, "when": {"every": 2}}),
    );
    sandbox.fault("getCustomer", "empty_503", json!({"when": {"every": 5}}));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let source = || {
        let mut source = rows(200);
        source.extend(rows(200).into_iter().map(|row| row.mobile("+97333000000")));
        source
    };
    let sync = || client.customers().sync(source()).checkpoint(&path);
    for synced in sync().wait() {
        let synced = synced.unwrap();
        if let Some(error) = synced.outcome().error() {
            let unknown = matches!(synced.outcome(), RowOutcome::Unknown(_));
            assert_eq!(unknown, error.outcome() == Outcome::Unknown);
        }
    }
    sandbox.control("DELETE /faults", &Value::Null);
    let second = counts(sync());
    assert!(!second.contains_key("failed") && !second.contains_key("unknown"));
    // Rows of one customer with different contents are repeated, in their order.
    assert_eq!(counts(sync()), BTreeMap::from([("unchanged", 400)]));
    let stored = stored(&sandbox);
    for n in 0..200 {
        let customer = &stored[&format!("row-{n}")];
        assert_eq!(customer["name"], format!("Customer {n}"));
        assert_eq!(customer["mobile"], "+97333000000");
    }
    assert_eq!(created(&sandbox), 200, "each customer must be created once");
}

#[test]
fn all_rows_together_keep_the_rate() {
    let sandbox = TestSandbox::new();
    let clock = TestClock::new(|_| {});
    let client = sandbox
        .builder(DEMO_SECRET_KEY)
        .clock(Arc::clone(&clock) as Arc<dyn Clock>)
        .build()
        .unwrap();
    let sync = client.customers().sync(rows(100)).rate(5.0);
    assert_eq!(counts(sync)["created"], 100);
    // Each request but the first waits a fifth of a second. The first rows in flight are looked up
    // before they are created.
    let requests = customer_requests(&sandbox);
    assert!((101..=110).contains(&requests), "{requests}");
    let least = Duration::from_millis(200) * (requests as u32 - 1);
    // Late timers are made up for within a tenth of a second.
    assert!(
        clock.passed() + Duration::from_millis(100) >= least,
        "{:?}",
        clock.passed()
    );
    for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = end_of(client.customers().sync(rows(1)).rate(wrong));
        assert!(error.fields().contains_key("rate"));
    }
}

#[test]
fn a_sync_waits_for_an_overloaded_server() {
    let sandbox = TestSandbox::new();
    let clock = TestClock::new(|_| {});
    let client = sandbox
        .builder(DEMO_SECRET_KEY)
        .clock(Arc::clone(&clock) as Arc<dyn Clock>)
        .build()
        .unwrap();
    // Longer than the deadline of a call.
    let fault = json!({"retryAfter": 45, "when": {"every": 20}});
    sandbox.fault("*", "rate_limit", fault);
    // One row at a time, because on this clock a pause of one row passes the time of all rows.
    let sync = client.customers().sync(rows(100)).concurrency(1);
    assert_eq!(counts(sync)["created"], 100);
    assert!(clock.passed() > Duration::from_secs(5 * 45));
}
