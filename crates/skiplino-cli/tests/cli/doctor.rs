//! `skiplino doctor`: its output and exit codes, servers that cannot be used, reports, and the
//! removal of what it made.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use skiplino_sandbox::{Config, Contract};

use crate::certificates;
use crate::support::{Ran, World, bare, run};

/// A sandbox with this machine's clock.
fn now(contract: Value) -> World {
    World::with(Config {
        contract: Contract::from_value(contract).unwrap(),
        ..Config::default()
    })
}

/// Doctor for a server, with a key that is not that of a sandbox.
fn doctor(url: &str) -> Command {
    let mut command = bare(&["doctor"]);
    command
        .env("SKIPLINO_BASE_URL", url)
        .env("SKIPLINO_API_KEY", "sk_live_0123456789abcdef");
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    command
}

/// The lines that begin with a sign.
fn lines<'a>(ran: &'a Ran, sign: &str) -> Vec<&'a str> {
    ran.out
        .lines()
        .filter(|line| line.starts_with(sign))
        .collect()
}

#[test]
fn a_server_that_agrees_is_code_0() {
    let ran = now(json!({})).run(&["doctor"]).ok();
    assert!(
        lines(&ran, "!").is_empty() && lines(&ran, "✗").is_empty(),
        "{ran:?}"
    );
    let ran = ran.prints(&[
        "✓ key                   sk_…cret, secret (SKIPLINO_API_KEY)\n",
        "✓ A12 tree              services are under `services`\n",
        "· A08 500 ",
        "\n\nThe SDK works with this server. All checks agree; not checked: ",
    ]);
    assert!(ran.out.ends_with(".\n"), "{ran:?}");
}

#[test]
fn a_difference_is_code_1_and_says_what_to_do() {
    let world = now(json!({"pagination_page_limit": false}));
    let ran = world.run(&["doctor"]).ends(1, &[]).prints(&[
        "! A10 pagination        differs: `page` or `limit` is missing in pagination\n  → both fields are optional in the SDK, which counts pages itself\n",
        "\nThe SDK works with this server.",
    ]);
    assert_eq!(ran.err, "");
    let ran = world
        .run(&["doctor", "--json"])
        .ends(1, &[r#""kind":"Differs""#]);
    let objects = ran.json();
    assert_eq!(objects.len(), 1, "{ran:?}");
    let found = &objects[0];
    assert_eq!(found["outcome"], "differs");
    let found = found["lines"].as_array().unwrap();
    let line = found.iter().find(|line| line["id"] == "A10").unwrap();
    assert_eq!(line["verdict"], "refuted");

    let world = now(json!({"renamed_fields": {"Branch.name": "title"}}));
    world.run(&["doctor"]).ends(1, &[]).prints(&[
        "✗ P06 branch            differs: Branch.name is called title\n  → ",
        "\nSome calls of the SDK fail with this server.",
    ]);
}

#[test]
fn a_dead_host_is_code_11() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let ran = run(&mut doctor(&format!("http://127.0.0.1:{port}/v1")));
    ran.ends(11, &["could not connect"])
        .prints(&["✗ TCP", "refused", "✗ access", "  → "]);
    let ran = run(&mut doctor("https://nowhere.invalid/v1"));
    ran.ends(11, &["could not connect"])
        .prints(&["✗ name", "nowhere.invalid: "]);
}

#[test]
fn a_captive_portal_is_not_the_api() {
    let world = World::new();
    for (fault, code, found) in [
        (
            r#"{"operation": "*", "kind": "html_200"}"#,
            10,
            "the server answers 200 with text/html",
        ),
        (
            r#"{"operation": "*", "kind": "redirect", "location": "https://login.example/?a=b"}"#,
            9,
            "the server redirects",
        ),
    ] {
        world.control("DELETE", "/faults", "");
        world.fault(fault);
        let ran = world.run(&["doctor"]);
        ran.ends(code, &[]).prints(&[found, "login page"]);
    }
}

#[test]
fn a_wrong_key_is_code_3() {
    let world = World::new();
    let ran = run(world
        .command(&["doctor"])
        .env("SKIPLINO_API_KEY", "sk_wrong"));
    ran.ends(3, &[]).prints(&[
        "✓ key                   sk_…, secret",
        "✗ access",
        "rejects the key (401)",
    ]);
    run(&mut bare(&["doctor"])).fails(2, &["no API key"]);
}

#[test]
fn an_expired_certificate_is_named() {
    let (url, certificate) = certificates::start(2020);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, certificate).unwrap();
    let ran = run(doctor(&url).env("SKIPLINO_CA_FILE", &file));
    ran.ends(11, &["expired at 2020-12-31"]).prints(&[
        "✗ TLS                   TLS 1.3; the certificate is from rcgen self signed cert and ends on 2020-12-31\n",
        "has expired",
        "✗ access",
    ]);
    // Only the reason differs for a certificate of an unknown authority.
    let (url, _) = certificates::start(2999);
    let ran = run(&mut doctor(&url));
    ran.ends(11, &["not signed by a trusted"])
        .prints(&["✓ TLS", "ends on 2999-12-31"]);
}

#[test]
fn a_proxy_that_wants_a_login_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://operator:hush@{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while !head.ends_with("\r\n\r\n") {
                if !matches!(reader.read_line(&mut head), Ok(1..)) {
                    break;
                }
            }
            let _ = stream.write_all(b"HTTP/1.1 407 X\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let ran = run(doctor("https://api.example/v1").env("HTTPS_PROXY", proxy));
    ran.ends(11, &["the proxy requires a user name and a password"])
        .prints(&[
            "✓ proxy                 http://127.0.0.1:",
            "✓ TCP",
            "✗ TLS",
            "✗ access",
        ]);
}

/// What must not leave the machine.
const PLANTED: [&str; 8] = [
    "Noor Al-Planted",
    "noor.planted@example.com",
    "+97339988776",
    "39988776",
    "crm-planted-1",
    "Seef Mall",
    "802b33af66",
    "planted-value",
];

fn planted() -> World {
    let world = World::new();
    world
        .run(&[
            "customers",
            "create",
            "--external-id",
            "crm-planted-1",
            "--name",
            "Noor Al-Planted",
            "--email",
            "noor.planted@example.com",
            "--mobile",
            "+97339988776",
            "--metadata",
            r#"{"planted-value": "planted-value"}"#,
        ])
        .ok();
    world
}

#[test]
fn a_report_has_shapes_in_place_of_data() {
    let world = planted();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    let name = file.display().to_string();
    // The sandbox's clock is not this machine's.
    world.run(&["doctor", "--report", &name]).ends(1, &[]);
    let text = std::fs::read_to_string(&file).unwrap();
    for secret in PLANTED.iter().chain(&["sk_sandbox_secret"]) {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    let report: Value = serde_json::from_str(&text).unwrap();
    let key = &report["lines"][1];
    assert_eq!(key["found"], "<text, 16> (SKIPLINO_API_KEY)", "{key}");
    let answers = report["answers"].as_array().unwrap();
    let customers = answers
        .iter()
        .find(|answer| answer["operation"] == "listCustomers" && answer["status"] == 200);
    let customer = &customers.unwrap()["body"]["data"][0];
    assert_eq!(customer["name"], "<text, 15>");
    assert_eq!(customer["_id"], "<hex, 32>");
    assert_eq!(customer["metadata"], "<object, 1>");
    assert_eq!(customer["createdAt"], "<time, dddd-dd-ddTdd:dd:dd.dddZ>");
    // The sandbox reads it.
    let contract = Contract::from_value(report).unwrap();
    assert_eq!(contract, Contract::default());
}

#[test]
fn nothing_that_is_printed_is_personal() {
    let world = planted();
    for arguments in [&["doctor"][..], &["doctor", "--json"]] {
        let ran = world.run(arguments);
        for secret in PLANTED {
            assert!(!ran.out.contains(secret), "{secret} is in {ran:?}");
        }
    }
}

#[cfg(unix)]
#[test]
fn raw_answers_are_for_the_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = planted();
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("raw");
    let name = record.display().to_string();
    world.run(&["doctor", "--record", &name]).ends(1, &[]);
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&record), 0o700);
    let mut all = String::new();
    for entry in std::fs::read_dir(&record).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        all.push_str(&std::fs::read_to_string(path).unwrap());
    }
    assert!(all.contains("Noor Al-Planted"));
    assert!(!all.contains("sk_sandbox_secret"));
    // Files of another run, or of somebody else, are left alone.
    world
        .run(&["doctor", "--record", &name])
        .ends(1, &["raw: name a folder"]);
}

/// The state behind `--write`: the number of customers, and the tickets that are not cancelled.
fn state(world: &World) -> (usize, Vec<String>) {
    let customers = world
        .run(&["customers", "list", "--all", "--json"])
        .ok()
        .json();
    let tickets = world.control("GET", "/tickets", "");
    let open = tickets.as_array().unwrap().iter();
    let open = open
        .filter(|ticket| ticket["status"] == "waiting" || ticket["status"] == "upcoming")
        .map(|ticket| ticket["id"].as_str().unwrap().to_owned());
    (customers.len(), open.collect())
}

const WRITE: [&str; 4] = ["doctor", "--write", "--book", "Cash D"];

#[test]
fn reading_changes_nothing_and_writing_is_removed() {
    let world = World::new();
    let before = state(&world);
    world.run(&["doctor"]);
    let trees = world.control("GET", "/requests?operation=getBranchTree", "");
    let agent = trees["requests"][0]["headers"]["user-agent"]
        .as_str()
        .unwrap();
    assert!(
        agent.starts_with("skiplino/") && agent.contains(" skiplino-doctor/"),
        "{agent}"
    );
    let counts = world.control("GET", "/requests/counts", "");
    for (operation, count) in counts.as_object().unwrap() {
        assert_eq!(count["committed"], 0, "{operation}");
    }
    world
        .run(&WRITE)
        .ends(1, &[])
        .prints(&["✓ P29", "✓ P28", "✓ A16"]);
    assert_eq!(state(&world), before);
    world
        .run_public(&WRITE)
        .ends(1, &[])
        .prints(&["✓ P29", "✓ A13"]);
    assert_eq!(state(&world), before);
}

#[test]
fn a_booking_needs_one_service() {
    let world = World::new();
    let before = state(&world);
    world
        .run(&["doctor", "--book", "cash withdrawal"])
        .ends(1, &[])
        .prints(&[
            "more than one service has this name",
            "6fe8fb8b12 (Cash Withdrawal), e1e2e3e4e5",
        ]);
    world
        .run(&["doctor", "--book", "cash x"])
        .ends(1, &[])
        .prints(&["no service has this name or id"]);
    let bookings = |world: &World| {
        let counts = world.control("GET", "/requests/counts", "");
        counts["bookTicket"]["committed"].as_u64().unwrap_or(0)
    };
    assert_eq!(bookings(&world), 0);
    // A branch that cannot be read may have another service of this name, but not of this id.
    let fault =
        r#"{"operation": "getBranchTree", "kind": "status", "status": 404, "when": {"nth": 2}}"#;
    world.fault(fault);
    world
        .run(&["doctor", "--book", "cash deposit"])
        .ends(1, &[])
        .prints(&[
            "could not be read",
            "name the service by its id: b7a1d2c3e4 (Cash Deposit)",
        ]);
    assert_eq!(bookings(&world), 0);
    world.run(&["doctor", "--book", "b7a1d2c3e4"]);
    assert_eq!(bookings(&world), 1);
    assert_eq!(state(&world), before);
}

#[cfg(unix)]
#[test]
fn a_signal_removes_what_was_made() {
    use std::os::unix::process::ExitStatusExt as _;

    for (operation, signal, number) in [
        ("getTicket", "INT", 2),
        ("updateCustomer", "TERM", 15),
        ("createCustomer", "HUP", 1),
    ] {
        let world = World::new();
        let before = state(&world);
        world.fault(&format!(
            r#"{{"operation": "{operation}", "kind": "hold", "when": {{"first": 1}}}}"#
        ));
        let mut command = world.command(&WRITE);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        if operation == "getTicket" {
            // The first one is read before the booking.
            world.held();
            world.control("DELETE", "/faults", "");
            world.fault(r#"{"operation": "cancelTicket", "kind": "hold", "when": {"first": 1}}"#);
        }
        world.held();
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{signal} {}", child.id())])
            .status();
        assert!(sent.unwrap().success());
        // The write in flight is answered, so that doctor knows what it has to remove.
        world.control("DELETE", "/faults", "");
        assert_eq!(child.wait().unwrap().signal(), Some(number), "{operation}");
        assert_eq!(state(&world), before, "{operation}");
    }
}

#[test]
fn a_failure_removes_what_was_made() {
    for fault in [
        r#"{"operation": "bookTicket", "kind": "drop_after_commit"}"#,
        r#"{"operation": "bookTicket", "kind": "status", "status": 500, "commit": true}"#,
        r#"{"operation": "createCustomer", "kind": "drop_after_commit"}"#,
        r#"{"operation": "updateCustomer", "kind": "status", "status": 503}"#,
    ] {
        let world = World::new();
        let before = state(&world);
        world.fault(fault);
        let ran = world.run(&WRITE).ends(1, &[]);
        world.control("DELETE", "/faults", "");
        assert_eq!(state(&world), before, "{fault}: {ran:?}");
        assert!(!ran.out.contains("not removed"), "{fault}: {ran:?}");
    }
}

#[test]
fn what_cannot_be_removed_is_said() {
    let world = World::new();
    world.fault(r#"{"operation": "deleteCustomer", "kind": "status", "status": 500}"#);
    let ran = world.run(&WRITE).ends(1, &[]);
    let left = lines(&ran, "✗ not removed");
    assert_eq!(left.len(), 1, "{ran:?}");
    let command = left[0].split("skiplino ").nth(1).unwrap();
    world.control("DELETE", "/faults", "");
    let arguments: Vec<_> = command.split(' ').chain(["--yes"]).collect();
    world.run(&arguments).ok();
    assert_eq!(state(&world), state(&World::new()));
    // Only the anonymous booking of a public key cannot be found again.
    world.fault(r#"{"operation": "bookTicket", "kind": "drop_after_commit"}"#);
    let ran = world.run_public(&WRITE);
    ran.ends(1, &[])
        .prints(&["✗ not removed           perhaps a ticket for Cash Deposit"]);
}

#[test]
fn what_cannot_be_removed_is_said_without_a_report_or_a_reader() {
    let world = World::new();
    world.fault(r#"{"operation": "deleteCustomer", "kind": "status", "status": 500}"#);
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("none").join("report.json");
    let mut command = world.command(&WRITE);
    let ran = run(command.arg("--report").arg(report));
    let ran = ran.ends(1, &["report.json: No such file"]);
    assert_eq!(lines(&ran, "✗ not removed").len(), 1, "{ran:?}");

    let mut command = world.command(&WRITE);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = Ran::from(child.wait_with_output().unwrap());
    ran.ends(1, &["not removed: customer ext:skiplino-doctor-"]);
}
