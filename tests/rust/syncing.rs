//! A source of rows brought into the directory, against the sandbox.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::{Value, json};
use skiplino::{
    Client, Clock, CustomerSync, CustomerWriteRequest, Error, ErrorKind, Outcome, RowOutcome,
};
use skiplino_sandbox::DEMO_SECRET_KEY;
use skiplino_tests::Bench;

use crate::clock::Jumping;

fn row(id: &str) -> CustomerWriteRequest {
    CustomerWriteRequest::new().external_id(id)
}

/// `crm-0` and so on, each with a name of its own.
fn rows(count: usize) -> Vec<CustomerWriteRequest> {
    let one = |n| row(&format!("row-{n}")).name(format!("Customer {n}"));
    (0..count).map(one).collect()
}

/// What became of each row, by its place.
fn outcomes<I>(sync: CustomerSync<I>) -> BTreeMap<u64, &'static str>
where
    I: Iterator<Item = CustomerWriteRequest>,
{
    let told = sync.wait().map(Result::unwrap);
    let mut outcomes = BTreeMap::new();
    for row in told {
        let before = outcomes.insert(row.index(), row.outcome().as_str());
        assert_eq!(before, None, "row {} came twice", row.index());
    }
    outcomes
}

/// How often each outcome was told, one for each row.
fn counts<I>(sync: CustomerSync<I>) -> BTreeMap<&'static str, usize>
where
    I: Iterator<Item = CustomerWriteRequest>,
{
    let outcomes = outcomes(sync);
    let last = outcomes.len() as u64;
    assert!(outcomes.keys().copied().eq(0..last), "a row did not come");
    let mut counts = BTreeMap::new();
    for outcome in outcomes.values() {
        *counts.entry(*outcome).or_default() += 1;
    }
    counts
}

/// The directory by `externalId`, as the sandbox has it.
fn stored(bench: &Bench) -> HashMap<String, Value> {
    let all = bench.control("GET /customers", &Value::Null);
    let all = all.as_array().unwrap().iter();
    all.filter_map(|customer| {
        let id = customer["externalId"].as_str()?;
        Some((id.to_owned(), customer.clone()))
    })
    .collect()
}

/// Customers that were created.
fn created(bench: &Bench) -> u64 {
    let counts = bench.control("GET /requests/counts", &Value::Null);
    counts["createCustomer"]["committed"].as_u64().unwrap()
}

fn asked(bench: &Bench) -> u64 {
    bench.received("getCustomer") + writes(bench)
}

fn writes(bench: &Bench) -> u64 {
    ["createCustomer", "updateCustomer", "deleteCustomer"]
        .iter()
        .map(|operation| bench.received(operation))
        .sum()
}

#[test]
fn rows_are_created_updated_or_left_alone() {
    let bench = Bench::new();
    let client = bench.secret();
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
    let mut told: Vec<_> = client
        .customers()
        .sync(source.clone())
        .wait()
        .map(Result::unwrap)
        .collect();
    told.sort_by_key(skiplino::SyncedRow::index);
    let names: Vec<_> = told.iter().map(|row| row.outcome().as_str()).collect();
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
    assert_eq!(told[0].changed(), ["name"]);
    let updated = told[0].customer().unwrap();
    assert_eq!(updated.name(), Some("Layla A. Hassan"));
    assert_eq!(updated.email(), Some("layla.hassan@example.com"));
    assert_eq!(told[2].customer().unwrap().email(), None);
    assert_eq!(told[2].external_id().unwrap().as_str(), "new");
    for (place, field) in [(3, "externalId"), (4, "externalId"), (5, "metadata")] {
        let error = told[place].outcome().error().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.fields().contains_key(field), "{error}");
    }
    let before = writes(&bench);
    let again = counts(client.customers().sync(source));
    assert_eq!(again, BTreeMap::from([("failed", 3), ("unchanged", 3)]));
    assert_eq!(writes(&bench), before);
}

#[test]
fn it_takes_few_requests() {
    let bench = Bench::new();
    let client = bench.secret();
    let one_by_one = || client.customers().sync(rows(100)).concurrency(1);
    let asked = || (bench.received("getCustomer"), writes(&bench));
    // Only before the first one is it not known that they are new.
    assert_eq!(counts(one_by_one()), BTreeMap::from([("created", 100)]));
    assert_eq!(asked(), (1, 100));
    // And only before the first one that they are not: 1 look before it, 1 for each.
    assert_eq!(counts(one_by_one()), BTreeMap::from([("unchanged", 100)]));
    assert_eq!(asked(), (101, 100));
    let half: Vec<_> = rows(100)
        .into_iter()
        .enumerate()
        .map(|(n, row)| if n < 50 { row.name("Other") } else { row })
        .collect();
    let half = client.customers().sync(half).concurrency(1);
    let expected = BTreeMap::from([("unchanged", 50), ("updated", 50)]);
    assert_eq!(counts(half), expected);
    assert_eq!(asked(), (201, 150));
}

#[test]
fn a_dry_run_only_reads() {
    let bench = Bench::new();
    let client = bench.secret();
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
    assert_eq!((bench.received("getCustomer"), writes(&bench)), (32, 0));
    assert!(!path.exists(), "nothing was done that could be noted");
}

#[test]
fn rows_of_one_customer_keep_their_order() {
    let bench = Bench::new();
    let client = bench.secret();
    // Answers take long, so that all would be under way at once.
    bench.fault("*", "delay", json!({"ms": 3}));
    let source = (0..40).map(|n| row(["a", "b", "a"][n % 3]).name(format!("Name {n}")));
    let mut last = HashMap::new();
    for told in client.customers().sync(source).concurrency(16).wait() {
        let told = told.unwrap();
        let id = told.external_id().unwrap().clone();
        let before = last.insert(id, told.index());
        assert!(before.is_none_or(|before| before < told.index()));
    }
    let stored = stored(&bench);
    assert_eq!(stored["a"]["name"], "Name 39");
    assert_eq!(stored["b"]["name"], "Name 37");
    assert_eq!(created(&bench), 2);
}

#[test]
fn a_stream_keeps_as_many_under_way_as_it_may_and_reads_no_further() {
    let bench = Bench::new();
    let client = bench.secret();
    bench.fault("*", "hold", json!({"ms": 10_000}));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let read = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&read);
        let source = rows(1000).into_iter().inspect(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
        });
        let mut sync = client.customers().sync(source).concurrency(5);
        assert!(sync.next().now_or_never().is_none());
        // They are driven by the runtime: nobody polls the stream.
        let held = bench.control("GET /held?atLeast=5", &Value::Null);
        assert_eq!(held["held"], 5);
        assert_eq!(read.load(Ordering::SeqCst), 5);
        drop(sync);
        bench.control("DELETE /faults", &Value::Null);
        assert_eq!(bench.received("getCustomer"), 5);
    });
}

#[test]
fn a_key_that_is_not_accepted_ends_it() {
    let bench = Bench::new();
    let refused = |key: &str| {
        let client = bench.builder(key).build().unwrap();
        let sync = client.customers().sync(rows(1000)).concurrency(4);
        sync.wait().collect::<Vec<_>>()
    };
    let told = refused("sk_wrong");
    let (end, before) = told.split_last().unwrap();
    assert_eq!(end.as_ref().unwrap_err().kind(), ErrorKind::Unauthorized);
    assert!((1..=4).contains(&before.len()));
    assert!(before.iter().all(Result::is_ok));
    let told = refused("pk_sandbox_public");
    let [Err(error)] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!(error.kind(), ErrorKind::SecretKeyRequired);
    let none = bench.secret().customers().sync(rows(1)).concurrency(0);
    let error = none.wait().next().unwrap().unwrap_err();
    assert!(error.fields().contains_key("concurrency"));
}

#[test]
fn lost_answers_are_told_as_they_are_and_mended_by_the_next_run() {
    let bench = Bench::new();
    let client = bench.secret();
    bench.fault(
        "createCustomer",
        "drop_after_commit",
        json!({"when": {"every": 3}}),
    );
    bench.fault(
        "updateCustomer",
        "html_502",
        json!({"commit": true, "when": {"every": 2}}),
    );
    bench.fault("getCustomer", "empty_503", json!({"when": {"every": 5}}));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let source = || {
        let mut source = rows(200);
        source.extend(rows(200).into_iter().map(|row| row.mobile("+97333000000")));
        source
    };
    let sync = || client.customers().sync(source()).checkpoint(&path);
    for told in sync().wait() {
        let told = told.unwrap();
        if let Some(error) = told.outcome().error() {
            let unknown = matches!(told.outcome(), RowOutcome::Unknown(_));
            assert_eq!(unknown, error.outcome() == Outcome::Unknown);
        }
    }
    bench.control("DELETE /faults", &Value::Null);
    let second = counts(sync());
    assert!(!second.contains_key("failed") && !second.contains_key("unknown"));
    assert_eq!(counts(sync()), BTreeMap::from([("doneBefore", 400)]));
    let stored = stored(&bench);
    for n in 0..200 {
        let customer = &stored[&format!("row-{n}")];
        assert_eq!(customer["name"], format!("Customer {n}"));
        assert_eq!(customer["mobile"], "+97333000000");
    }
    assert_eq!(created(&bench), 200, "each once");
}

#[test]
fn a_rate_is_kept_by_all_rows_together() {
    let bench = Bench::new();
    let clock = Jumping::new(|_| {});
    let client = bench
        .builder(DEMO_SECRET_KEY)
        .clock(Arc::clone(&clock) as Arc<dyn Clock>)
        .build()
        .unwrap();
    let sync = client.customers().sync(rows(100)).rate(5.0);
    assert_eq!(counts(sync)["created"], 100);
    // Each but the first waits its fifth of a second. Those of the first window are looked for before they are created.
    let requests = asked(&bench);
    assert!((101..=110).contains(&requests), "{requests}");
    let least = Duration::from_millis(200) * (requests as u32 - 1);
    // Timers are made up for within a tenth of a second.
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
fn a_server_that_is_overrun_is_waited_for() {
    let bench = Bench::new();
    let clock = Jumping::new(|_| {});
    let client = bench
        .builder(DEMO_SECRET_KEY)
        .clock(Arc::clone(&clock) as Arc<dyn Clock>)
        .build()
        .unwrap();
    // Longer than a call may take.
    let fault = json!({"retryAfter": 45, "when": {"every": 20}});
    bench.fault("*", "rate_limit", fault);
    // One at a time, because on this clock the pause of one is over for all.
    let sync = client.customers().sync(rows(100)).concurrency(1);
    assert_eq!(counts(sync)["created"], 100);
    assert!(clock.passed() > Duration::from_secs(5 * 45));
}

fn end_of<I>(sync: CustomerSync<I>) -> Error
where
    I: Iterator<Item = CustomerWriteRequest>,
{
    sync.wait().find_map(Result::err).unwrap()
}

/// Runs until so many rows were told, and leaves it there.
fn run_part(client: &Client, rows: Vec<CustomerWriteRequest>, path: &Path, part: usize) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let sync = client.customers().sync(rows).checkpoint(path);
        assert_eq!(sync.take(part).count().await, part);
    });
}

#[test]
fn what_was_done_is_not_done_again() {
    let bench = Bench::new();
    let client = bench.secret();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    run_part(&client, rows(500), &path, 200);
    let before = bench.received("createCustomer");
    assert!((200..=208).contains(&before), "{before}");
    // A kill in the middle of a record, and of one that was never begun.
    let length = std::fs::metadata(&path).unwrap().len();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(length - 5).unwrap();
    drop(file);
    let counts = counts(client.customers().sync(rows(500)).checkpoint(&path));
    let done = counts["doneBefore"];
    assert!((192..=208).contains(&done), "{counts:?}");
    assert_eq!(
        done + counts["created"] + counts.get("unchanged").unwrap_or(&0),
        500
    );
    assert_eq!(created(&bench), 500);
    assert_eq!(stored(&bench).len(), 502);
}

#[test]
fn a_checkpoint_does_not_fit_another_source() {
    let bench = Bench::new();
    let client = bench.secret();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let sync = |rows: Vec<_>| client.customers().sync(rows).checkpoint(&path);
    assert_eq!(counts(sync(rows(300)))["created"], 300);
    let before = asked(&bench);

    let mut other = rows(300);
    other[170] = row("row-170").name("Somebody else");
    let error = end_of(sync(other));
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    let reason = &error.fields()["checkpoint"][0];
    assert!(reason.contains("row 171 is not what it was"), "{reason}");

    let mut shifted = rows(300);
    shifted.remove(20);
    assert!(end_of(sync(shifted)).to_string().contains("row 21 "));

    let error = end_of(sync(rows(250))).to_string();
    assert!(error.contains("has 250 rows: row 300 was done"), "{error}");

    let mut without_id = rows(300);
    without_id[5] = CustomerWriteRequest::new();
    assert!(end_of(sync(without_id)).to_string().contains("row 6 "));
    assert_eq!(asked(&bench), before, "nothing was sent");

    // More rows at the end are no other source.
    let longer = counts(sync(rows(310)));
    assert_eq!(
        longer,
        BTreeMap::from([("created", 10), ("doneBefore", 300)])
    );

    let elsewhere = Bench::new();
    let sync = elsewhere
        .secret()
        .customers()
        .sync(rows(300))
        .checkpoint(&path);
    assert!(end_of(sync).to_string().contains("another server"));
    assert_eq!(elsewhere.received("getCustomer"), 0);
}

#[test]
fn a_file_that_is_no_checkpoint_is_not_touched() {
    let bench = Bench::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("customers.csv");
    for text in [
        "externalId,name\n1,Layla\n",
        "x",
        "skiplino sync 1 but longer than that is",
    ] {
        std::fs::write(&path, text).unwrap();
        let sync = bench.secret().customers().sync(rows(1)).checkpoint(&path);
        let error = end_of(sync).to_string();
        assert!(error.contains("another kind"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
    let nowhere = folder.path().join("no/such/folder");
    let sync = bench.secret().customers().sync(rows(1)).checkpoint(nowhere);
    assert!(end_of(sync).to_string().contains("cannot be opened"));
    assert_eq!(bench.received("getCustomer"), 0);
}

#[test]
fn two_syncs_do_not_share_a_checkpoint() {
    let bench = Bench::new();
    let client = bench.secret();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let sync = || client.customers().sync(rows(300)).checkpoint(&path).wait();
    let mut first = sync();
    first.next().unwrap().unwrap();
    let error = sync().next().unwrap().unwrap_err().to_string();
    assert!(error.contains("in use by another"), "{error}");
    drop(first);
    sync().next().unwrap().unwrap();
}

#[test]
fn what_failed_is_tried_again_and_may_be_changed() {
    let bench = Bench::new();
    let client = bench.secret();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let long = "x".repeat(10_001);
    let mut source = rows(100);
    source[40] = row("row-40").name(long);
    source[41] = CustomerWriteRequest::new().name("No id");
    let sync = |rows: &Vec<_>| client.customers().sync(rows.clone()).checkpoint(&path);
    let first = outcomes(sync(&source));
    assert_eq!(
        (first[&40], first[&41], first[&42]),
        ("failed", "failed", "created")
    );
    let second = outcomes(sync(&source));
    assert_eq!(
        (second[&40], second[&41], second[&42]),
        ("failed", "failed", "doneBefore")
    );
    source[40] = row("row-40").name("Short");
    source[41] = row("row-41").name("With an id");
    let third = counts(sync(&source));
    assert_eq!(third, BTreeMap::from([("created", 2), ("doneBefore", 98)]));
}

#[test]
fn a_row_that_failed_does_not_overtake_a_later_one_of_its_customer() {
    let bench = Bench::new();
    let client = bench.secret();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let mut source = rows(50);
    source[3] = row("twice").name("Old");
    source[45] = row("twice").name("New");
    // The fourth customer to be created is that of row 3, the one before whom it is not known that they are new.
    bench.fault(
        "createCustomer",
        "status",
        json!({"status": 400, "when": {"nth": 4}}),
    );
    let sync = || {
        client
            .customers()
            .sync(source.clone())
            .concurrency(1)
            .checkpoint(&path)
    };
    let first = outcomes(sync());
    assert_eq!((first[&3], first[&45]), ("failed", "created"));
    let second = outcomes(sync());
    assert_eq!((second[&3], second[&45]), ("updated", "updated"));
    assert_eq!(stored(&bench)["twice"]["name"], "New");
    assert_eq!(
        second
            .values()
            .filter(|name| **name == "doneBefore")
            .count(),
        48
    );
}
