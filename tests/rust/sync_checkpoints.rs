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

fn id_of(row: &CustomerWriteRequest) -> Option<String> {
    let row = serde_json::to_value(row).unwrap();
    row["externalId"].as_str().map(str::to_owned)
}

#[test]
fn finished_rows_are_not_repeated() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    run_part(&client, rows(500), &path, 200);
    let before = sandbox.received("createCustomer");
    assert!((200..=210).contains(&before), "{before}");
    // As if the process was killed while it wrote the last record.
    let length = std::fs::metadata(&path).unwrap().len();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(length - 5).unwrap();
    drop(file);
    let counts = counts(client.customers().sync(rows(500)).checkpoint(&path));
    let done = counts["alreadyDone"];
    assert!((190..=210).contains(&done), "{counts:?}");
    assert_eq!(
        done + counts["created"] + counts.get("unchanged").unwrap_or(&0),
        500
    );
    assert_eq!(created(&sandbox), 500);
    assert_eq!(stored(&sandbox).len(), 502);
}

#[test]
fn rows_are_recognized_by_their_id_and_content() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let sync = |rows: &[CustomerWriteRequest]| {
        let sync = client.customers().sync(rows.to_vec()).checkpoint(&path);
        let ids = rows.iter().filter_map(id_of);
        sync.check_source(ids).map(|()| outcomes(sync))
    };
    let mut source = rows(300);
    source[20] = CustomerWriteRequest::new().name("No id");
    source[30] = row("row-30").name("x".repeat(10_001));
    let first = sync(&source).unwrap();
    assert_eq!((first[&20], first[&30]), ("failed", "failed"));
    let before = customer_requests(&sandbox);

    // Failed rows are removed, others are changed, moved and added.
    source.remove(30);
    source.remove(20);
    source[150] = row("row-152").name("Changed");
    source.reverse();
    source.insert(40, row("new").name("New"));
    let mended = sync(&source).unwrap();
    let of = |name: &str| mended.values().filter(|outcome| **outcome == name).count();
    assert_eq!(
        (of("created"), of("updated"), of("alreadyDone")),
        (1, 1, 297)
    );
    // A lookup and a creation; a rejected creation, a lookup and an update.
    assert!(customer_requests(&sandbox) - before <= 5);
    let all = stored(&sandbox);
    assert_eq!(all["row-152"]["name"], "Changed");
    assert_eq!(all["row-7"]["name"], "Customer 7");

    // A row that an earlier run changed is recognized, too. If the source undoes the change, the
    // row is written again.
    let again = sync(&source).unwrap();
    assert!(again.values().all(|outcome| *outcome == "alreadyDone"));
    let at = source
        .iter()
        .position(|row| id_of(row).as_deref() == Some("row-152"));
    source[at.unwrap()] = row("row-152").name("Customer 152");
    assert_eq!(sync(&source).unwrap()[&(at.unwrap() as u64)], "updated");
    assert_eq!(stored(&sandbox)["row-152"]["name"], "Customer 152");
}

#[test]
fn a_source_without_a_finished_row_is_rejected_before_anything_is_sent() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let sync = |rows: Vec<_>| client.customers().sync(rows).checkpoint(&path);
    assert!(sync(rows(3)).check_source(["any"]).is_ok(), "no checkpoint");
    assert!(!path.exists());
    assert_eq!(counts(sync(rows(300)))["created"], 300);
    let before = customer_requests(&sandbox);
    let ids = |range: std::ops::Range<u32>| range.map(|n| format!("row-{n}")).rev();
    let check = |ids: &mut dyn Iterator<Item = String>| sync(Vec::new()).check_source(ids);
    assert!(check(&mut ids(0..310)).is_ok());
    for (ids, number, missing) in [
        (
            &mut ids(0..300).filter(|id| id != "row-170") as &mut dyn Iterator<Item = _>,
            171,
            1,
        ),
        (&mut ids(0..250), 251, 50),
        (&mut ids(300..600), 1, 300),
    ] {
        let error = check(ids).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        let reason = &error.fields()["checkpoint"][0];
        assert!(
            reason.contains(&format!(
                "row {number} of an earlier run is done, but no row"
            )) && reason.contains(&format!("({missing} such rows)"))
                && reason.contains("put it back, or start again with a new checkpoint file"),
            "{reason}"
        );
    }
    assert_eq!(customer_requests(&sandbox), before, "nothing was sent");

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
fn rows_of_the_same_customer_end_in_the_order_of_the_source() {
    // Sources before and after a change, as names of one customer, and the name at the end.
    for (before, after) in [
        (&["Old", "New"][..], &["Old", "New"][..]),
        (&["Old", "New"], &["New", "Old"]),
        (&["Old", "New"], &["Old"]),
        (&["Old", "New"], &["New"]),
        (&["Old", "New"], &["Other", "New"]),
        (&["Old", "New", "Old"], &["Old", "New"]),
        (&["Same", "Same"], &["Same"]),
        (&["Old"], &["New", "Old"]),
        (&["Old"], &["Old", "New"]),
    ] {
        let sandbox = TestSandbox::new();
        let client = sandbox.secret();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        for names in [before, after, after, before] {
            let rows: Vec<_> = names.iter().map(|name| row("one").name(*name)).collect();
            let sync = client.customers().sync(rows).checkpoint(&path);
            sync.check_source(["one"]).unwrap();
            assert_eq!(sync.wait().filter(Result::is_ok).count(), names.len());
            let name = &stored(&sandbox)["one"]["name"];
            assert_eq!(
                name,
                names.last().unwrap(),
                "{before:?} {after:?} {names:?}"
            );
        }
    }
}

#[test]
fn a_changed_row_whose_outcome_is_unknown_is_repeated() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let sync = |name: &str| {
        let rows = vec![row("one").name(name)];
        let sync = client.customers().sync(rows).checkpoint(&path);
        outcomes(sync)
    };
    assert_eq!(sync("Old")[&0], "created");
    // The change is applied, but all responses are lost, and the run ends.
    sandbox.fault("updateCustomer", "drop_after_commit", json!({}));
    sandbox.fault(
        "getCustomer",
        "status",
        json!({"status": 400, "when": {"nth": 2}}),
    );
    assert_eq!(sync("New")[&0], "unknown");
    sandbox.control("DELETE /faults", &serde_json::Value::Null);
    assert_eq!(stored(&sandbox)["one"]["name"], "New");
    // Undone in the source: the checkpoint no longer says that the old name is stored.
    assert_eq!(sync("Old")[&0], "updated");
    assert_eq!(stored(&sandbox)["one"]["name"], "Old");
}

#[test]
fn a_row_interrupted_after_another_of_its_customer_is_not_forgotten() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let (old, new) = (row("one").name("Old"), row("one").name("New"));
    // The change is applied, and the run ends before its response arrives.
    sandbox.fault("updateCustomer", "slow_body", json!({"ms": 60_000}));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let source = [old.clone(), new];
        let mut sync = client.customers().sync(source).checkpoint(&path);
        let first = sync.next().await.unwrap().unwrap();
        assert_eq!(first.outcome().as_str(), "created");
        let is_new = async {
            while stored(&sandbox)["one"]["name"] != "New" {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            second = sync.next() => panic!("{second:?}"),
            () = is_new => {}
        }
    });
    drop(runtime);
    sandbox.control("DELETE /faults", &serde_json::Value::Null);
    // The second row is removed from the source.
    let sync = client.customers().sync([old]).checkpoint(&path);
    sync.check_source(["one"]).unwrap();
    assert_eq!(counts(sync), BTreeMap::from([("updated", 1)]));
    assert_eq!(stored(&sandbox)["one"]["name"], "Old");
}

#[test]
fn a_checkpoint_whose_header_was_cut_off_is_empty() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let sync = || client.customers().sync(rows(2)).checkpoint(&path);
    assert_eq!(counts(sync())["created"], 2);
    let whole = std::fs::read(&path).unwrap();
    for length in [0, 1, 16, 31] {
        let cut = &whole[..length];
        std::fs::write(&path, cut).unwrap();
        sync().check_source(["row-0"]).unwrap();
        assert_eq!(counts(sync().dry_run(true))["unchanged"], 2);
        assert_eq!(std::fs::read(&path).unwrap(), cut, "only read");
        assert_eq!(counts(sync())["unchanged"], 2);
        assert_eq!(std::fs::read(&path).unwrap().len(), whole.len());
    }
}

#[test]
fn a_checkpoint_of_the_first_version_is_rejected() {
    let sandbox = TestSandbox::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let old = [&b"skiplino sync 1\n"[..], &[7; 64]].concat();
    std::fs::write(&path, &old).unwrap();
    let sync = sandbox.secret().customers().sync(rows(1)).checkpoint(&path);
    let error = end_of(sync).to_string();
    assert!(
        error.contains("was made by version 0.1 of this library"),
        "{error}"
    );
    assert_eq!(std::fs::read(&path).unwrap(), old);
    assert_eq!(sandbox.received("getCustomer"), 0);
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
