//! `skiplino doctor` against sandboxes that differ from the contract: it names each difference, and
//! nothing else.

use std::time::Duration;

use serde_json::{Value, json};
use skiplino::{ApiKey, Client};
use skiplino_doctor::{Diagnosis, Options, Outcome, Verdict, examine};
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
