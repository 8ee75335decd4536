//! Syncs that are interrupted and resumed from their checkpoint.

use std::collections::BTreeMap;
use std::path::Path;

use futures_util::StreamExt as _;
use serde_json::json;
use skiplino::{Client, CustomerWriteRequest, ErrorKind};
use skiplino_tests::TestSandbox;

use crate::sync::{counts, created, customer_requests, end_of, outcomes, row, rows, stored};

/// Runs a sync until this number of rows has finished, and drops it.
fn run_part(client: &Client, rows: Vec<CustomerWriteRequest>, path: &Path, part: usize) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let sync = client.customers().sync(rows).checkpoint(path);
        assert_eq!(sync.take(part).count().await, part);
    });
}

#[test]
fn finished_rows_are_not_repeated() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    run_part(&client, rows(500), &path, 200);
    let before = sandbox.received("createCustomer");
    assert!((200..=208).contains(&before), "{before}");
    // As if the process was killed while it wrote the last record.
    let length = std::fs::metadata(&path).unwrap().len();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(length - 5).unwrap();
    drop(file);
    let counts = counts(client.customers().sync(rows(500)).checkpoint(&path));
    let done = counts["alreadyDone"];
    assert!((192..=208).contains(&done), "{counts:?}");
    assert_eq!(
        done + counts["created"] + counts.get("unchanged").unwrap_or(&0),
        500
    );
    assert_eq!(created(&sandbox), 500);
    assert_eq!(stored(&sandbox).len(), 502);
}

#[test]
fn a_checkpoint_is_rejected_for_another_source() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let sync = |rows: Vec<_>| client.customers().sync(rows).checkpoint(&path);
    assert_eq!(counts(sync(rows(300)))["created"], 300);
    let before = customer_requests(&sandbox);

    let mut other = rows(300);
    other[170] = row("row-170").name("Somebody else");
    let error = end_of(sync(other));
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    let reason = &error.fields()["checkpoint"][0];
    assert!(
        reason.contains("row 171 was done by an earlier run and has changed since"),
        "{reason}"
    );

    let mut shifted = rows(300);
    shifted.remove(20);
    assert!(end_of(sync(shifted)).to_string().contains("row 21 "));

    let error = end_of(sync(rows(250))).to_string();
    assert!(
        error.contains("has 250 rows: row 300 was done by an earlier run"),
        "{error}"
    );

    let mut without_id = rows(300);
    without_id[5] = CustomerWriteRequest::new();
    assert!(end_of(sync(without_id)).to_string().contains("row 6 "));
    assert_eq!(customer_requests(&sandbox), before, "nothing was sent");

    // More rows at the end are allowed.
    let longer = counts(sync(rows(310)));
    assert_eq!(
        longer,
        BTreeMap::from([("created", 10), ("alreadyDone", 300)])
    );

    let elsewhere = TestSandbox::new();
    let sync = elsewhere
        .secret()
        .customers()
        .sync(rows(300))
        .checkpoint(&path);
    assert!(
        end_of(sync)
            .to_string()
            .contains("was made with another server or another key")
    );
    assert_eq!(elsewhere.received("getCustomer"), 0);
}

#[test]
fn a_file_that_is_not_a_checkpoint_is_not_changed() {
    let sandbox = TestSandbox::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("customers.csv");
    for text in [
        "externalId,name\n1,Layla\n",
        "x",
        "skiplino sync 1 but longer than that is",
    ] {
        std::fs::write(&path, text).unwrap();
        let sync = sandbox.secret().customers().sync(rows(1)).checkpoint(&path);
        let error = end_of(sync).to_string();
        assert!(error.contains("is not a checkpoint file"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
    let nowhere = folder.path().join("no/such/folder");
    let sync = sandbox
        .secret()
        .customers()
        .sync(rows(1))
        .checkpoint(nowhere);
    assert!(end_of(sync).to_string().contains("cannot be opened"));
    assert_eq!(sandbox.received("getCustomer"), 0);
}

#[test]
fn two_syncs_do_not_share_a_checkpoint() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let sync = || client.customers().sync(rows(300)).checkpoint(&path).wait();
    let mut first = sync();
    first.next().unwrap().unwrap();
    let error = sync().next().unwrap().unwrap_err().to_string();
    assert!(error.contains("is in use by another sync"), "{error}");
    drop(first);
    sync().next().unwrap().unwrap();
}

#[test]
fn failed_rows_are_retried_and_may_be_changed() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
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
        ("failed", "failed", "alreadyDone")
    );
    source[40] = row("row-40").name("Short");
    source[41] = row("row-41").name("With an id");
    let third = counts(sync(&source));
    assert_eq!(third, BTreeMap::from([("created", 2), ("alreadyDone", 98)]));
}

#[test]
fn a_retried_row_does_not_overwrite_a_later_row_of_the_same_customer() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let mut source = rows(50);
    source[3] = row("twice").name("Old");
    source[45] = row("twice").name("New");
    // The fourth request to create a customer is that of row 3.
    sandbox.fault(
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
    assert_eq!(stored(&sandbox)["twice"]["name"], "New");
    assert_eq!(
        second
            .values()
            .filter(|name| **name == "alreadyDone")
            .count(),
        48
    );
}
