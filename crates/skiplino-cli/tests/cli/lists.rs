//! Commands that read: branches, tree, slots, customers and tickets, as tables and as JSON.

use std::io::{BufRead as _, BufReader};

use serde_json::json;

use crate::support::World;

const LAYLA: &str = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b";

#[test]
fn branches_are_a_table_or_lines_of_json() {
    let world = World::new();
    let table = world.run(&["branches"]).ok().out;
    assert_eq!(
        table,
        "ID          NAME                NOW\n\
         802b33af66  Seef Mall Branch    open\n\
         3d90c1e7a4  Manama Souq Branch  closed\n"
    );
    let lines = world.run(&["branches", "--json"]).ok().json();
    assert_eq!(
        lines.first(),
        Some(
            &json!({"id": "802b33af66", "name": "Seef Mall Branch", "branchStatus": {"isBranchOpen": true}})
        )
    );
    assert_eq!(lines.len(), 2);
}

#[test]
fn the_locale_is_a_flag_or_a_variable() {
    let world = World::new();
    world
        .run(&["branches", "--locale", "ar"])
        .ok()
        .prints(&["802b33af66  فرع السيف مول"]);
    let mut command = world.command(&["branches"]);
    crate::support::run(command.env("SKIPLINO_LOCALE", "ar"))
        .ok()
        .prints(&["فرع السيف مول"]);
    // Names are accepted in the language of the locale.
    world
        .run(&["tree", "فرع السيف", "--locale", "ar"])
        .ok()
        .prints(&["سحب نقدي"]);
    world
        .run(&["branches", "--locale", "not a locale"])
        .fails(2, &["locale"]);
}

#[test]
fn a_tree_shows_groups_and_their_services() {
    let world = World::new();
    world.run(&["tree", "seef"]).ok().prints(&[
        "Teller Services     7c1f9a3b2d",
        "├─ Cash Withdrawal  6fe8fb8b12  open  walk-ins, appointments",
        "└─ Cash Deposit     b7a1d2c3e4  open  walk-ins\n",
    ]);
    let groups = world.run(&["tree", "802b33af66", "--json"]).ok().json();
    assert_eq!(groups[0]["services"][1]["isAppointment"], json!(false));
    assert_eq!(world.received("listBranches"), 1, "an id is not looked up");
}

#[test]
fn slots_are_of_today_or_of_a_day() {
    let world = World::new();
    let today = world.run(&["slots", "6fe8fb8b12"]).ok();
    assert!(
        today
            .out
            .starts_with("TIME                  FREE\n2026-06-23T11:30:00Z     3\n"),
        "{today:?}"
    );
    let slots = world
        .run(&["slots", "Open an Account", "--date", "2026-06-24", "--json"])
        .ok()
        .json();
    assert_eq!(
        slots.first(),
        Some(&json!({"time": "2026-06-24T06:00:00.000Z", "remaining": 3}))
    );
    // A closed day is an empty list and no error.
    let closed = [
        "slots",
        "cash",
        "--branch",
        "manama",
        "--date",
        "2026-06-26",
    ];
    world.run(&closed).ok().prints(&["No time is free"]);
    world
        .run(&["slots", "6fe8fb8b12", "--date", "2026-06-01"])
        .fails(7, &["422", "date"]);
    world
        .run(&["slots", "b7a1d2c3e4"])
        .fails(7, &["does not support appointment booking"]);
    let typo = world.run(&["slots", "6fe8fb8b12", "--date", "1 July"]);
    assert_eq!(typo.code, 2, "{typo:?}");
}

#[test]
fn a_service_is_found_by_id_name_or_the_beginning_of_its_name() {
    let world = World::new();
    for service in ["c4d5e6f708", "open an account", "Open"] {
        world
            .run(&["slots", service])
            .ok()
            .prints(&["2026-06-23T11:30:00Z"]);
    }
    world.run(&["slots", "cash withdrawal"]).fails(
        2,
        &[
            "more than one service",
            "\"Cash Withdrawal\" (6fe8fb8b12) in \"Teller Services\" of \"Seef Mall Branch\"",
            "(e1e2e3e4e5)",
        ],
    );
    world
        .run(&["slots", "cash withdrawal", "--branch", "seef"])
        .ok();
    world
        .run(&["slots", "cash", "--branch", "seef"])
        .fails(2, &["6fe8fb8b12", "b7a1d2c3e4"]);
    world
        .run(&["slots", "nothing", "--branch", "seef"])
        .fails(4, &["no service is called \"nothing\"", "Cash Deposit"]);
    world
        .run(&["tree", "riffa"])
        .fails(4, &["no branch is called \"riffa\"", "Seef Mall Branch"]);
}

#[test]
fn a_customer_is_a_record_or_an_object() {
    let world = World::new();
    let object = json!({"_id": LAYLA, "externalId": "crm-7741", "companyId": "cmp_5f3a91", "name": "Layla Hassan",
        "email": "layla.hassan@example.com", "mobile": "+97333112233", "metadata": {"tier": "gold"},
        "createdAt": "2026-06-23T11:00:00.000Z", "updatedAt": "2026-06-23T11:00:00.000Z"});
    for whom in [
        &[LAYLA][..],
        &["ext:crm-7741"],
        &["--external-id", "crm-7741"],
    ] {
        let arguments = [&["customers", "get", "--json"], whom].concat();
        assert_eq!(
            world.run(&arguments).ok().json(),
            std::slice::from_ref(&object)
        );
    }
    world.run(&["customers", "get", LAYLA]).ok().prints(&[
        "Name         Layla Hassan\n",
        "Metadata     {\"tier\":\"gold\"}\n",
    ]);
    let failed = world.run(&["customers", "get", "crm-7741"]);
    assert_eq!(failed.code, 2);
    assert!(
        failed.err.contains("ext:crm-7741"),
        "the error says how: {failed:?}"
    );
}

#[test]
fn customers_are_listed_by_page_or_all() {
    let world = World::new();
    let page = world.run(&["customers", "list", "--limit", "2"]);
    assert_eq!(page.code, 0);
    assert_eq!(page.out.lines().count(), 3, "{page:?}");
    assert!(
        page.err.contains("page 1 of 2, 3 customers in all"),
        "{page:?}"
    );
    world.control("POST", "/customers/generate", r#"{"count": 250}"#);
    let all = world
        .run(&["customers", "list", "--all", "--json"])
        .ok()
        .json();
    assert_eq!(all.len(), 253);
    assert_eq!(world.received("listCustomers"), 1 + 3);
    let table = world.run(&["customers", "list", "--all"]).ok();
    assert_eq!(table.out.lines().count(), 254, "one heading for all pages");
    world
        .run(&["customers", "list", "--page", "99"])
        .prints(&["Page 99 is after the last page."]);
    world
        .run(&["customers", "list", "--limit", "101"])
        .fails(2, &["limit", "from 1 to 100"]);
}

#[test]
fn each_page_is_printed_when_it_arrives() {
    let world = World::new();
    world
        .fault(r#"{"operation": "listCustomers", "kind": "hold", "ms": 8000, "when": {"nth": 2}}"#);
    let mut command = world.command(&["customers", "list", "--all", "--limit", "2", "--json"]);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    // The first page is printed while the request for the second page is held.
    let held = world.control("GET", "/held?atLeast=1", "");
    assert_eq!(held["held"], 1, "{line}");
    world.control("DELETE", "/faults", "");
    assert_eq!(out.lines().count(), 2);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_customers_tickets_take_any_key() {
    let world = World::new();
    let tickets = world
        .run_public(&["customers", "tickets", "ext:crm-7741"])
        .ok();
    tickets.prints(&[
        "k7m2p9x4q1  Q017    waiting  2026-06-23T11:08:41Z  Cash Withdrawal  Seef Mall Branch",
    ]);
    let lines = world
        .run(&["customers", "tickets", LAYLA, "--all", "--json"])
        .ok()
        .json();
    assert_eq!(lines[0]["ticketNumber"], "Q017");
}

#[test]
fn whoami_says_what_the_key_can_do() {
    let world = World::new();
    world.run(&["whoami"]).ok().prints(&[
        "Key        secret (sk_…)",
        "Accepted   yes",
        "Customers  yes, 3 customers",
    ]);
    world.run_public(&["whoami"]).ok().prints(&[
        "Key        public (pk_…)",
        "Customers  no: customers need a secret key",
    ]);
    let rejected = crate::support::run(
        world
            .command(&["whoami", "--json"])
            .env("SKIPLINO_API_KEY", "sk_wrong"),
    );
    assert_eq!(rejected.code, 3);
    assert_eq!(rejected.json()[0]["accepted"], false);
    assert_eq!(rejected.json()[0]["maskedKey"], "sk_…");
}
