//! `skiplino doctor` against sandboxes that differ from the contract: it names each difference, and
//! nothing else.

use std::cell::Cell;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use skiplino::{ApiKey, Client};
use skiplino_doctor::{Diagnosis, DoctorError, Line, Options, Outcome, Verdict, examine};
use skiplino_sandbox::{Config, Contract, DEMO_PUBLIC_KEY, DEMO_SECRET_KEY};
use skiplino_tests::{NOW, TestSandbox, read_json, tests_folder};

const SERVICE: &str = "6fe8fb8b12";

/// A sandbox that differs as the contract, or the contract in a report, says.
fn sandbox(contract: &Value) -> TestSandbox {
    let contract = contract.get("contract").unwrap_or(contract);
    let sandbox = TestSandbox::with(Config {
        seed: 1,
        now: Some(NOW.parse().unwrap()),
        freeze: true,
        contract: Contract::from_value(contract.clone()).unwrap_or_else(|error| panic!("{error}")),
        ..Config::default()
    });
    // More than a page, if lists differ.
    let lists = ["list_order", "max_limits", "oversized_limit", "total"];
    if lists.iter().any(|key| contract.get(key).is_some()) {
        sandbox.generate(105);
    }
    sandbox
}

fn client(sandbox: &TestSandbox, key: &str) -> Client {
    Client::builder(ApiKey::new(key).unwrap())
        .base_url(sandbox.base_url())
        // A machine that is busy or paused is no finding.
        .attempt_timeout(Duration::from_secs(120))
        .build()
        .unwrap()
}

fn diagnose(sandbox: &TestSandbox, key: &str, options: &Options) -> Diagnosis {
    examine(&client(sandbox, key), options, &|| false, &mut |_| {}).unwrap()
}

/// The line of a check or of a step.
fn line<'a>(diagnosis: &'a Diagnosis, id: &str) -> &'a Line {
    let found = diagnosis.lines.iter().find(|line| line.id == id);
    found.unwrap_or_else(|| panic!("{id} is not in {:#?}", diagnosis.lines))
}

/// The customers, and the tickets that are not cancelled.
fn records(sandbox: &TestSandbox) -> Value {
    let mut tickets = sandbox.control("GET /tickets", &Value::Null);
    if let Some(tickets) = tickets.as_array_mut() {
        tickets.retain(|ticket| ticket["status"] != "cancelled");
    }
    json!([sandbox.control("GET /customers", &Value::Null), tickets])
}

fn writing() -> Options {
    Options {
        write: true,
        book: Some(SERVICE.to_owned()),
        ..Options::default()
    }
}

/// The checks that the server refutes, with `!` or `✗`. The sandbox's clock is not this machine's.
fn named(diagnosis: &Diagnosis) -> Vec<String> {
    let lines = diagnosis.lines.iter();
    lines
        .filter(|line| matches!(line.verdict, Verdict::Refuted | Verdict::Broken))
        .filter(|line| line.id != "clock")
        .map(|line| format!("{}{}", line.verdict.sign(), line.id))
        .collect()
}

#[test]
fn a_server_as_documented_agrees() {
    for (key, options) in [
        (DEMO_SECRET_KEY, Options::default()),
        (DEMO_PUBLIC_KEY, Options::default()),
        (DEMO_SECRET_KEY, writing()),
        (DEMO_PUBLIC_KEY, writing()),
    ] {
        let diagnosis = diagnose(&sandbox(&json!({})), key, &options);
        assert!(named(&diagnosis).is_empty(), "{:#?}", diagnosis.lines);
        assert_eq!(diagnosis.report["contract"], json!({}));
        assert!(diagnosis.left.is_empty(), "{:?}", diagnosis.left);
    }
}

#[test]
fn every_check_that_can_be_made_is_made() {
    let mut unseen: Vec<String> = Vec::new();
    for (index, key) in [DEMO_SECRET_KEY, DEMO_PUBLIC_KEY].into_iter().enumerate() {
        let diagnosis = diagnose(&sandbox(&json!({})), key, &writing());
        let lines = diagnosis.lines.iter();
        let ids: Vec<_> = lines
            .filter(|line| line.verdict == Verdict::NotChecked)
            .map(|line| line.id.clone())
            .collect();
        match index {
            0 => unseen = ids,
            _ => unseen.retain(|id| ids.contains(id)),
        }
    }
    // A15 needs a closed branch.
    assert_eq!(unseen, ["A01", "A08", "A11", "A15"]);
}

#[test]
fn a_closed_branch_shows_the_reason() {
    let sandbox = sandbox(&json!({}));
    sandbox.control("PUT /services/6fe8fb8b12", &json!({"open": false}));
    let diagnosis = diagnose(&sandbox, DEMO_SECRET_KEY, &writing());
    let line = diagnosis.lines.iter().find(|line| line.id == "A15");
    assert_eq!(line.unwrap().verdict, Verdict::Confirmed);
    assert!(named(&diagnosis).is_empty(), "{:#?}", diagnosis.lines);
}

/// A difference, the key and the options that show it, and the lines that name it.
struct Case {
    contract: Value,
    key: &'static str,
    writes: bool,
    named: &'static [&'static str],
    /// Whether the report has the whole difference.
    is_reported: bool,
}

fn case(contract: Value, named: &'static [&'static str]) -> Case {
    Case {
        contract,
        key: DEMO_SECRET_KEY,
        writes: false,
        named,
        is_reported: true,
    }
}

impl Case {
    fn public(mut self) -> Self {
        self.key = DEMO_PUBLIC_KEY;
        self
    }

    fn writes(mut self) -> Self {
        self.writes = true;
        self
    }

    /// The sandbox can differ in a way that no response shows.
    fn not_reported(mut self) -> Self {
        self.is_reported = false;
        self
    }
}

fn cases() -> Vec<Case> {
    vec![
        case(json!({"tree_services": "offerings"}), &["!A12"]),
        case(json!({"pagination_page_limit": false}), &["!A10"]),
        case(
            json!({"renamed_fields": {"Branch.name": "title"}}),
            &["✗P06"],
        ),
        case(
            json!({"renamed_fields": {"Service.isOpen": "open"}}),
            &["✗P08"],
        ),
        case(
            json!({"renamed_fields": {"Ticket.ticketNumber": "number"}}),
            &["✗P10"],
        ),
        case(json!({"renamed_fields": {"Customer._id": "id"}}), &["✗P11"]),
        case(json!({"missing_fields": ["Ticket.queueSize"]}), &["!P15"]),
        case(json!({"missing_fields": ["Ticket.statusAt"]}), &["✗P10"]),
        case(json!({"missing_fields": ["Slot.remaining"]}), &["✗P09"]),
        case(json!({"missing_fields": ["Customer.companyId"]}), &["✗P11"]),
        case(json!({"extra_fields": {"Branch.phone": "text"}}), &["!P06"]),
        case(json!({"extra_fields": {"Ticket.counter": 1}}), &["!P10"]),
        case(
            json!({"field_types": {"Slot.remaining": "text"}}),
            &["✗P09"],
        ),
        case(
            json!({"field_types": {"Ticket.ticketNumber": "number"}}),
            &["✗P10"],
        ),
        case(json!({"optional_fields": "null"}), &["!P11"]),
        case(json!({"ticket_statuses": {"waiting": "queued"}}), &["!P13"]).not_reported(),
        case(json!({"timestamps": "seconds"}), &["!P14"]),
        case(json!({"timestamps": "offset"}), &["!P14"]),
        case(json!({"timestamps": "epoch"}), &["✗P14"]),
        case(json!({"delete_data": "missing"}), &["!P28"]).writes(),
        case(json!({"delete_data": "object"}), &["!P28"]).writes(),
        case(
            json!({"success_statuses": {"createCustomer": 200}}),
            &["!P02"],
        )
        .writes(),
        case(json!({"success_statuses": {"bookTicket": 200}}), &["!P29"]).writes(),
        case(json!({"unknown_id_status": 404}), &["!P16"]),
        case(json!({"unknown_path_id_status": 422}), &["!A04", "!A05"]),
        case(json!({"unknown_key_status": 403}), &["!P05"]),
        case(json!({"public_key_status": 403}), &["!P05"]).public(),
        case(
            json!({"public_key_refused": ["getBranchTree", "listSlots", "getTicket"]}),
            &["!A03"],
        )
        .public()
        .not_reported(),
        case(json!({"reasons": "array"}), &["!A06"]),
        case(
            json!({"error_envelope": "nested"}),
            &["!A07", "!P03", "!P04"],
        ),
        case(
            json!({"error_envelope": "problem"}),
            &["!A07", "!P03", "!P04"],
        ),
        case(json!({"auth_envelope": "html"}), &["!A07"]),
        case(json!({"auth_envelope": "empty"}), &["!A07"]),
        case(json!({"list_order": "oldest_first"}), &["!P18"]),
        case(json!({"max_limits": {"listCustomers": 50}}), &["!P17"]),
        case(
            json!({"max_limits": {"listCustomers": 50}, "oversized_limit": "capped"}),
            &["!P17", "!P24"],
        ),
        case(json!({"max_limits": {"listCustomerTickets": 5}}), &["!P17"]).not_reported(),
        case(
            json!({"max_limits": {"listCustomerTickets": 5}, "oversized_limit": "capped"}),
            &["!P17", "!P24"],
        ),
        case(json!({"oversized_limit": "capped"}), &["!P24"]),
        case(json!({"total": "missing"}), &["✗P12"]),
        case(json!({"total": "too_high"}), &["✗P19"]),
        case(json!({"total": "too_low"}), &["!P19"]),
        case(json!({"locale_ignored": true}), &["!P20"]),
        case(json!({"rate_limit_headers": true}), &["!A17"]),
        case(json!({"request_id_header": "x-request-id"}), &["!A18"]),
        case(json!({"etag": true}), &["!A19"]),
        // A header is not why branches cannot be read.
        case(
            json!({"etag": true, "renamed_fields": {"Branch.name": "title"}}),
            &["!A19", "✗P06"],
        ),
        case(json!({"content_type": "text/plain"}), &["!P31"]),
        case(json!({"keep_alive": false}), &["!keep-alive"]),
        case(json!({"anonymous_customer": "missing"}), &[])
            .public()
            .writes()
            .not_reported(),
    ]
}

#[test]
fn each_difference_is_named_and_nothing_else() {
    let cases = cases();
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let parts = cases.chunks(cases.len().div_ceil(4));
        let threads: Vec<_> = parts
            .map(|part| scope.spawn(|| part.iter().filter_map(wrong).collect::<Vec<_>>()))
            .collect();
        let threads = threads.into_iter();
        threads.flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with the diagnosis of a case.
fn wrong(case: &Case) -> Option<String> {
    let options = match case.writes {
        true => writing(),
        false => Options::default(),
    };
    let found = diagnose(&sandbox(&case.contract), case.key, &options);
    if named(&found) != case.named {
        let lines = found.lines.iter();
        let lines: Vec<_> = lines
            .filter(|line| matches!(line.verdict, Verdict::Refuted | Verdict::Broken))
            .map(|line| format!("{} {}", line.id, line.found))
            .collect();
        return Some(format!("{}: {lines:#?}", case.contract));
    }
    let contract = &found.report["contract"];
    if case.is_reported && *contract != case.contract {
        return Some(format!("{} is reported as {contract}", case.contract));
    }
    // A sandbox that is started with the report differs in the same way.
    let again = diagnose(&sandbox(&found.report), case.key, &options);
    (case.is_reported && named(&again) != case.named)
        .then(|| format!("{} again: {:?}", case.contract, named(&again)))
}

/// The table with which the scenarios are run, too.
#[test]
fn no_difference_of_the_table_goes_unnoticed() {
    let table = read_json(&tests_folder().join("contract_differences.json"));
    let rows = table["differences"].as_array().unwrap();
    let unnoticed: Vec<Value> = std::thread::scope(|scope| {
        let parts = rows.chunks(rows.len().div_ceil(4));
        let threads: Vec<_> = parts
            .map(|part| {
                let contracts = part.iter().map(|row| row["contract"].clone());
                scope.spawn(|| contracts.filter(is_unnoticed).collect::<Vec<_>>())
            })
            .collect();
        let threads = threads.into_iter();
        threads.flat_map(|thread| thread.join().unwrap()).collect()
    });
    // What the SDK assumes leaves these open, or no ticket shows them.
    let open = [
        json!({"anonymous_customer": "missing"}),
        json!({"ticket_statuses": {"serving": "called"}}),
        json!({"auth_envelope": "message"}),
    ];
    assert_eq!(unnoticed, open);
}

fn is_unnoticed(contract: &Value) -> bool {
    [DEMO_SECRET_KEY, DEMO_PUBLIC_KEY].into_iter().all(|key| {
        let found = diagnose(&sandbox(contract), key, &writing());
        // The sandbox reads every report.
        sandbox(&found.report);
        named(&found).is_empty()
    })
}

#[test]
fn differences_are_told_to_a_person() {
    let contract = json!({"tree_services": "offerings", "pagination_page_limit": false});
    let found = diagnose(&sandbox(&contract), DEMO_SECRET_KEY, &Options::default());
    assert!(matches!(found.outcome, Outcome::Differs));
    let tree = found.lines.iter().find(|line| line.id == "A12").unwrap();
    assert_eq!(
        tree.found,
        "differs: BranchTreeGroup.services is called offerings"
    );
    assert!(
        tree.advice
            .as_deref()
            .unwrap()
            .contains("whatever its name")
    );
}

#[test]
fn a_stop_before_a_write_leaves_nothing() {
    for (last, unsent) in [
        ("listSlots", &["createCustomer", "bookTicket"][..]),
        ("updateCustomer", &["bookTicket"]),
    ] {
        let sandbox = sandbox(&json!({}));
        let before = records(&sandbox);
        let should_stop = || sandbox.received(last) > 0;
        let client = client(&sandbox, DEMO_SECRET_KEY);
        let found = examine(&client, &writing(), &should_stop, &mut |_| {}).unwrap();
        assert!(matches!(found.outcome, Outcome::Stopped), "{found:#?}");
        assert!(found.left.is_empty(), "{last}: {:?}", found.left);
        for operation in unsent {
            assert_eq!(sandbox.received(operation), 0, "{last}: {operation}");
        }
        assert_eq!(records(&sandbox), before, "{last}");
    }
}

/// A server that accepts connections and sends nothing.
#[test]
fn a_stop_ends_the_tls_handshake() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::builder(ApiKey::new(DEMO_SECRET_KEY).unwrap())
        .base_url(format!("https://{}/v1", listener.local_addr().unwrap()))
        .connect_timeout(Duration::from_secs(30))
        .build()
        .unwrap();
    let is_connected = Cell::new(false);
    let started = Instant::now();
    let found = examine(&client, &writing(), &|| is_connected.get(), &mut |line| {
        is_connected.set(line.id == "tcp");
    });
    assert!(started.elapsed() < Duration::from_secs(15));
    let found = found.unwrap();
    assert!(matches!(found.outcome, Outcome::Stopped), "{found:#?}");
    assert!(
        found.lines.iter().all(|line| line.id != "tls"),
        "{found:#?}"
    );
}

#[test]
fn a_stop_ends_the_call_of_the_sdk() {
    let sandbox = sandbox(&json!({}));
    // Doctor sends its own request twice.
    sandbox.fault(
        "listBranches",
        "status",
        json!({"status": 503, "when": {"first": 2}}),
    );
    sandbox.fault("listBranches", "hold", json!({"ms": 30_000}));
    let should_stop = || sandbox.received("listBranches") > 2;
    let started = Instant::now();
    let client = client(&sandbox, DEMO_SECRET_KEY);
    let found = examine(&client, &writing(), &should_stop, &mut |_| {}).unwrap();
    assert!(started.elapsed() < Duration::from_secs(15));
    assert!(matches!(found.outcome, Outcome::Stopped), "{found:#?}");
}

#[test]
fn a_server_that_fails_is_not_said_to_be_another_one() {
    let sandbox = sandbox(&json!({}));
    sandbox.fault("*", "status", json!({"status": 503}));
    let found = diagnose(&sandbox, DEMO_SECRET_KEY, &Options::default());
    assert!(matches!(found.outcome, Outcome::NoAccess(_)), "{found:#?}");
    let access = line(&found, "access");
    assert!(access.found.contains("answers 503"), "{access:?}");
    let advice = access.advice.as_deref().unwrap();
    assert!(advice.contains("run doctor again later"), "{access:?}");
    assert!(!advice.contains("not the API"), "{access:?}");
}

#[test]
fn a_record_that_fails_midway_does_not_prevent_the_removal() {
    for is_deleted in [true, false] {
        let sandbox = sandbox(&json!({}));
        let before = records(&sandbox);
        if !is_deleted {
            sandbox.fault("deleteCustomer", "status", json!({"status": 500}));
        }
        let folder = tempfile::tempdir().unwrap();
        let record = folder.path().join("raw");
        let lose_folder = || {
            if sandbox.received("createCustomer") > 0 {
                let _ = std::fs::remove_dir_all(&record);
            }
            false
        };
        let options = Options {
            record: Some(record.clone()),
            ..writing()
        };
        let client = client(&sandbox, DEMO_SECRET_KEY);
        let error = examine(&client, &options, &lose_folder, &mut |_| {}).unwrap_err();
        match error {
            DoctorError::Io { path, .. } if is_deleted => assert!(path.starts_with(&record)),
            DoctorError::NotRemoved { left, .. } if !is_deleted => {
                assert!(left[0].starts_with("customer ext:"), "{left:?}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(records(&sandbox) == before, is_deleted);
    }
}

#[test]
fn a_second_customer_that_cannot_be_removed_is_said() {
    const SECOND: &str = "0123456789abcdef0123456789abcdef";
    let sandbox = sandbox(&json!({}));
    let body = json!({"message": "m", "data": {"_id": SECOND, "companyId": "0123456789",
        "createdAt": NOW, "updatedAt": NOW}});
    let second = json!({"status": 201, "body": body, "when": {"nth": 2}});
    sandbox.fault("createCustomer", "status", second);
    sandbox.fault("deleteCustomer", "status", json!({"status": 500}));
    let found = diagnose(&sandbox, DEMO_SECRET_KEY, &writing());
    assert_eq!(line(&found, "P25").verdict, Verdict::Refuted);
    let left = &found.left;
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(
        left[0].contains(&format!("customers delete {SECOND}")),
        "{left:?}"
    );
    assert!(left[1].starts_with("customer ext:"), "{left:?}");
}

#[test]
fn a_report_has_no_ids_and_no_people_as_names_of_fields() {
    let contract = json!({
        "extra_fields": {"Branch.noorAhmed": 1, "Branch.k7m2p9x4q1": "text", "Branch.Layla": {}},
        "renamed_fields": {"Service.name": "deadbeefab"},
    });
    let found = diagnose(&sandbox(&contract), DEMO_SECRET_KEY, &Options::default());
    let named = named(&found);
    assert!(named.contains(&"!P06".to_owned()), "{named:?}");
    let text = format!("{} {:?}", found.report, found.lines);
    for secret in ["noorAhmed", "k7m2p9x4q1", "Layla", "deadbeefab"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

#[test]
fn a_success_with_another_status_is_checked_for_everything_else() {
    let contract = json!({
        "success_statuses": {"bookTicket": 200},
        "missing_fields": ["Ticket.statusAt"],
    });
    let sandbox = sandbox(&contract);
    // Only the booking shows a ticket.
    for operation in ["getTicket", "cancelTicket"] {
        sandbox.fault(operation, "status", json!({"status": 500}));
    }
    let found = diagnose(&sandbox, DEMO_PUBLIC_KEY, &writing());
    assert_eq!(line(&found, "P29").verdict, Verdict::Broken);
    let ticket = line(&found, "P10");
    assert_eq!(ticket.verdict, Verdict::Broken, "{ticket:?}");
    assert!(
        ticket.found.contains("Ticket.statusAt is missing"),
        "{ticket:?}"
    );
}

#[test]
fn a_public_key_is_confirmed_by_reads_alone() {
    let sandbox = sandbox(&json!({}));
    let found = diagnose(&sandbox, DEMO_PUBLIC_KEY, &Options::default());
    assert_eq!(line(&found, "A03").verdict, Verdict::Confirmed);
    for operation in ["getBranchTree", "listSlots"] {
        sandbox.control("DELETE /faults", &Value::Null);
        sandbox.fault(operation, "status", json!({"status": 500}));
        let found = diagnose(&sandbox, DEMO_PUBLIC_KEY, &Options::default());
        assert_eq!(
            line(&found, "A03").verdict,
            Verdict::NotChecked,
            "{operation}"
        );
    }
}

#[test]
fn a_name_of_several_services_books_nothing() {
    let book = |service: &str| Options {
        book: Some(service.to_owned()),
        ..Options::default()
    };
    let sandbox = sandbox(&json!({}));
    // A branch each.
    let found = diagnose(&sandbox, DEMO_SECRET_KEY, &book("cash w"));
    let advice = line(&found, "book").advice.as_deref().unwrap();
    for id in [SERVICE, "e1e2e3e4e5"] {
        assert!(advice.contains(id), "{advice}");
        assert!(!found.report.to_string().contains(id), "{}", found.report);
    }
    assert_eq!(sandbox.received("bookTicket"), 0);
    for service in ["cash d", SERVICE] {
        let found = diagnose(&sandbox, DEMO_SECRET_KEY, &book(service));
        assert_eq!(line(&found, "P29").verdict, Verdict::Confirmed, "{service}");
    }
}

#[test]
fn a_response_that_is_too_large_is_said_to_be_large() {
    let sandbox = sandbox(&json!({}));
    sandbox.fault("getBranchTree", "huge_body", json!({"when": {"first": 1}}));
    let found = diagnose(&sandbox, DEMO_SECRET_KEY, &Options::default());
    assert_eq!(named(&found), ["✗answer"], "{:#?}", found.lines);
    let answer = &line(&found, "answer").found;
    assert_eq!(answer, "a response is larger than 16 MiB");
}

#[test]
fn the_size_of_a_page_is_what_was_seen() {
    let found = diagnose(
        &sandbox(&json!({"max_limits": {"listCustomers": 5}})),
        DEMO_SECRET_KEY,
        &Options::default(),
    );
    let size = &line(&found, "P17").found;
    assert!(
        size.ends_with("rejects pages of 100, 50, 25, 20 and 10 customers"),
        "{size}"
    );
    assert_eq!(found.report["contract"], json!({}));
    // Without `limit` in the page, only 100 customers would show it.
    let found = diagnose(
        &sandbox(&json!({"pagination_page_limit": false})),
        DEMO_SECRET_KEY,
        &Options::default(),
    );
    assert_eq!(line(&found, "P17").verdict, Verdict::NotChecked);
}
