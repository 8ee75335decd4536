//! Failures: each has its exit code, its line on standard error, and with `--json` its object.

use serde_json::{Value, json};

use crate::export_import::Desk;
use crate::support::{Ran, World, bare, run};

/// The object on standard error.
fn object(ran: &Ran) -> Value {
    let line = ran.err.lines().last().unwrap();
    let object: Value = serde_json::from_str(line).unwrap();
    object["error"].clone()
}

#[test]
fn a_read_fails_with_the_code_of_its_kind() {
    let world = World::new();
    for (fault, code, kind, status) in [
        (
            r#"{"kind": "status", "status": 404}"#,
            4,
            "NotFound",
            json!(404),
        ),
        (
            r#"{"kind": "rate_limit", "retryAfter": 7}"#,
            8,
            "RateLimited",
            json!(429),
        ),
        (r#"{"kind": "html_502"}"#, 9, "Server", json!(502)),
        (r#"{"kind": "empty_503"}"#, 9, "Server", json!(503)),
        (
            r#"{"kind": "redirect", "location": "https://example.com/"}"#,
            9,
            "UnexpectedStatus",
            json!(302),
        ),
        (r#"{"kind": "malformed_json"}"#, 10, "Decode", json!(200)),
        (r#"{"kind": "html_200"}"#, 10, "Decode", json!(200)),
        (r#"{"kind": "drop_before"}"#, 12, "Transport", Value::Null),
    ] {
        world.control("DELETE", "/faults", "");
        let fault = format!(r#"{{"operation": "listBranches", {}"#, &fault[1..]);
        world.fault(&fault);
        let ran = world
            .run(&["branches", "--retries", "0", "--json"])
            .fails(code, &["list the branches: "]);
        let error = object(&ran);
        assert_eq!(
            (&error["kind"], &error["status"]),
            (&json!(kind), &status),
            "{fault}: {ran:?}"
        );
        assert_eq!(
            (&error["operation"], &error["outcome"]),
            (&json!("listBranches"), &json!("NotApplied")),
            "{ran:?}"
        );
    }
    let limited = {
        world.control("DELETE", "/faults", "");
        world.fault(r#"{"operation": "*", "kind": "rate_limit", "retryAfter": 7}"#);
        world.run(&["branches", "--retries", "0", "--json"])
    };
    assert_eq!(object(&limited)["retryAfter"], json!(7.0));
}

#[test]
fn a_write_that_may_have_been_applied_has_its_own_code_and_advice() {
    let world = World::new();
    world.fault(r#"{"operation": "bookTicket", "kind": "drop_after_commit"}"#);
    let walk_in = [
        "book",
        "--service",
        "6fe8fb8b12",
        "--group",
        "7c1f9a3b2d",
        "--json",
    ];
    let ran = world.run(&walk_in).fails(
        14,
        &[
            "it may have been applied",
            "before you retry: a walk-in without a customer",
        ],
    );
    assert_eq!(ran.err.lines().count(), 3, "{ran:?}");
    assert_eq!(object(&ran)["outcome"], "Unknown");
    assert_eq!(
        world.received("bookTicket"),
        1,
        "a booking is not sent twice"
    );
    let people = world.run(&walk_in[..5]);
    assert_eq!(
        (people.code, people.err.lines().count()),
        (14, 2),
        "{people:?}"
    );
}

#[test]
fn an_import_with_failed_rows_does_not_claim_that_nothing_was_applied() {
    let desk = Desk::new();
    desk.write("rows.csv", "externalId,name\na,A\n,B\n");
    let ran = desk.run(&["import", "rows.csv", "--json"]);
    assert_eq!((ran.code, desk.created()), (16, 1), "{ran:?}");
    let error = object(&ran);
    assert_eq!(
        (&error["kind"], &error["outcome"]),
        (&json!("Rows"), &Value::Null)
    );
}

#[test]
fn a_recovered_write_succeeds_with_a_note() {
    let world = World::new();
    world.fault(r#"{"operation": "*", "kind": "drop_after_commit", "when": {"nth": 2}}"#);
    let booked = world.run(&[
        "book",
        "--service",
        "6fe8fb8b12",
        "--group",
        "7c1f9a3b2d",
        "--customer",
        "ext:crm-7741",
    ]);
    let note = "the response was lost, but a lookup confirmed the write\n";
    assert_eq!((booked.code, &*booked.err), (0, note));
    booked.prints(&["Q018 booked: Cash Withdrawal at Seef Mall Branch"]);
    assert_eq!(world.received("bookTicket"), 1);
    for operation in ["cancelTicket", "deleteCustomer"] {
        world.fault(&format!(
            r#"{{"operation": "{operation}", "kind": "truncate", "when": {{"nth": 1}}}}"#
        ));
    }
    let cancelled = world.run(&["ticket", "cancel", "k7m2p9x4q1", "--yes"]);
    assert_eq!((cancelled.code, &*cancelled.err), (0, note));
    let deleted = world.run(&["customers", "delete", "ext:crm-7741", "--yes"]);
    assert_eq!((deleted.code, &*deleted.err), (0, note));
}

#[test]
fn each_rejection_of_the_api_has_its_own_code() {
    let world = World::new();
    run(world
        .command(&["branches"])
        .env("SKIPLINO_API_KEY", "sk_wrong"))
    .fails(3, &["the key was not accepted (401)"]);
    world
        .run_public(&["customers", "list"])
        .fails(3, &["a secret key is needed"]);
    world.control("PUT", "/branches/802b33af66", r#"{"open": false}"#);
    let walk_in = ["book", "--service", "6fe8fb8b12", "--group", "7c1f9a3b2d"];
    let rejected = world
        .run(&[&walk_in[..], &["--json"]].concat())
        .fails(5, &["(400)"]);
    assert_eq!(object(&rejected)["kind"], "Rejected");
    let taken = world
        .run(&["customers", "create", "--external-id", "crm-7741", "--json"])
        .fails(7, &["already taken"]);
    assert_eq!(
        object(&taken)["fields"],
        json!({"externalId": ["This value is already taken."]})
    );
    world.run(&["ticket", "get", ""]).fails(2, &["ticketId"]);
}

#[test]
fn connect_errors_and_timeouts_have_different_codes() {
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let url = format!("http://{gone}/external/v1");
    run(bare(&["branches", "--retries", "0", "--base-url", &url])
        .env("SKIPLINO_API_KEY", "sk_wrong"))
    .fails(11, &["could not connect"]);
    let world = World::new();
    world.fault(r#"{"operation": "listBranches", "kind": "hold", "then": "drop"}"#);
    world
        .run(&["branches", "--timeout", "0.3"])
        .fails(13, &["deadline"]);
}

#[test]
fn retries_are_as_many_as_asked_for() {
    let world = World::new();
    world.fault(r#"{"operation": "listBranches", "kind": "empty_503"}"#);
    world
        .run(&["branches", "--retries", "0"])
        .fails(9, &["503"]);
    assert_eq!(world.received("listBranches"), 1);
    world
        .run(&["branches", "--retries", "1"])
        .fails(9, &["503"]);
    assert_eq!(world.received("listBranches"), 1 + 2);
}

#[test]
fn an_invalid_command_line_is_a_json_object_too() {
    let ran = run(&mut bare(&["branches", "--json", "--colour", "sk_wrong"]));
    assert_eq!(ran.code, 2, "{ran:?}");
    let error = object(&ran);
    assert_eq!(error["kind"], "InvalidRequest");
    assert_eq!(error["text"], "unexpected argument '--colour' found");
}

#[test]
fn a_failed_list_prints_the_pages_that_it_has_read() {
    let world = World::new();
    world.control("POST", "/customers/generate", r#"{"count": 250}"#);
    world.fault(r#"{"operation": "listCustomers", "kind": "html_502", "when": {"nth": 3}}"#);
    let ran = world.run(&["customers", "list", "--all", "--json", "--retries", "0"]);
    assert_eq!(ran.code, 9);
    assert_eq!(ran.json().len(), 200, "two pages came");
}

#[test]
fn a_name_cannot_command_the_terminal() {
    let world = World::new();
    world
        .run(&[
            "customers",
            "create",
            "--external-id",
            "evil",
            "--name",
            "a\u{1b}[2Jb",
        ])
        .ok()
        .prints(&["a\u{fffd}[2Jb"]);
    let json = world
        .run(&["customers", "get", "ext:evil", "--json"])
        .ok()
        .json();
    assert_eq!(json[0]["name"], "a\u{1b}[2Jb", "programs get it whole");
}
