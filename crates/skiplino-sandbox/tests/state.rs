//! The state: slots never overfill, equal requests get equal responses, and acknowledged writes are
//! never lost.
#![allow(
    clippy::expect_used,
    clippy::needless_pass_by_value,
    clippy::print_stdout,
    clippy::unwrap_used
)]

mod common;

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::Barrier,
    thread,
};

use common::*;
use serde_json::{Value, json};
use skiplino_sandbox::{Config, Sandbox, serve};

#[test]
fn the_last_place_goes_to_one_of_sixty_four() {
    let (sandbox, client) = start();
    client.control("PUT", &format!("/services/{CASH}"), json!({"capacity": 1}));
    let (base, barrier) = (sandbox.base_url(), Barrier::new(64));
    let mut statuses: Vec<u16> = thread::scope(|scope| {
        let booking = || {
            let client = Client::new(&base);
            barrier.wait();
            let body = json!({"serviceId": CASH, "groupOfServiceId": TELLERS, "time": SLOT, "customerId": LAYLA});
            client.post("/tickets/book", body).status
        };
        let threads: Vec<_> = (0..64).map(|_| scope.spawn(booking)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    statuses.sort_unstable();
    let mut expected = vec![201];
    expected.extend([400; 63]);
    assert_eq!(statuses, expected);
    let upcoming = client.control("GET", "/tickets?status=upcoming", Value::Null);
    assert_eq!(upcoming.as_array().unwrap().len(), 1);
}

fn play(seed: u64) -> Vec<(u16, String, String)> {
    let sandbox = Sandbox::start(Config { seed, ..config() }).unwrap();
    let client = Client::new(&sandbox.base_url());
    client.control("POST", "/customers/generate", json!({"count": 20}));
    let walk_in = json!({"serviceId": CASH, "groupOfServiceId": TELLERS});
    let mut answers = vec![
        client.post("/customers/create", json!({"name": "a"})),
        client.post("/tickets/book", walk_in.clone()),
        client.post("/tickets/book", json!({})),
        client.post("/tickets/book", walk_in),
        client.get("/customers/getAll?limit=100"),
    ];
    client.fault(json!({"operation": "*", "kind": "empty_503", "when": {"probability": 0.5}}));
    answers.extend((0..10).map(|_| client.get("/branches")));
    answers
        .into_iter()
        .map(|got| (got.status, format!("{:?}", got.headers), got.text))
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let first = play(42);
    assert_eq!(play(42), first);
    assert_ne!(play(43)[0], first[0]);
}

const DATA_VARIABLE: &str = "SKIPLINO_SANDBOX_TEST_DATA";

#[test]
#[ignore = "not a test: the child processes of the tests below run it"]
fn child() {
    let config = Config {
        data: Some(std::env::var_os(DATA_VARIABLE).unwrap().into()),
        ..Config::default()
    };
    serve(config, |ready| {
        println!("\n{}", ready.base_url());
        Ok(())
    })
    .unwrap();
}

/// A sandbox in a process of its own: this test binary, started again.
struct Process(Child);

impl Process {
    fn start(data: &std::path::Path) -> (Self, Client) {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "child", "--nocapture"])
            .env(DATA_VARIABLE, data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let url = output
            .by_ref()
            .lines()
            .map_while(Result::ok)
            .find(|line| line.starts_with("http"))
            .unwrap();
        // The process prints again at its end, so its output must stay open.
        child.stdout = Some(output.into_inner());
        (Self(child), Client::new(&url))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_killed_process_loses_no_acknowledged_booking() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("company.db");
    let (mut process, client) = Process::start(&data);
    let base = client.base.clone();
    let acknowledged: Vec<String> = thread::scope(|scope| {
        let booking = || {
            let client = Client::new(&base);
            let mut ids = Vec::new();
            let body = json!({"serviceId": CASH, "groupOfServiceId": TELLERS});
            while let Ok(got) = client.try_call("POST", "/tickets/book", body.clone()) {
                ids.push(got.data()["id"].as_str().unwrap().to_owned());
            }
            ids
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(booking)).collect();
        while client.control("GET", "/requests/counts", Value::Null)["bookTicket"]["committed"]
            .as_u64()
            .unwrap()
            < 100
        {
            thread::yield_now();
        }
        process.0.kill().unwrap();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    process.0.wait().unwrap();
    assert!(acknowledged.len() >= 90, "{}", acknowledged.len());

    let (_process, client) = Process::start(&data);
    for id in &acknowledged {
        assert_eq!(
            client.get(&format!("/tickets/{id}")).status,
            200,
            "{id} is lost"
        );
    }
    let waiting = client.control("GET", "/tickets?status=waiting", Value::Null);
    let ticket = client.post(
        "/tickets/book",
        json!({"serviceId": CASH, "groupOfServiceId": TELLERS}),
    );
    assert_eq!(
        ticket.data()["queueSize"],
        waiting.as_array().unwrap().len()
    );
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_command_gracefully() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("company.db");
    for signal in ["-TERM", "-INT"] {
        let (mut process, client) = Process::start(&data);
        assert_eq!(client.get("/branches").status, 200);
        // The builtin of the shell: small systems have no program `kill`.
        let kill = format!("kill {signal} {}", process.0.id());
        assert!(
            Command::new("sh")
                .args(["-c", &kill])
                .status()
                .unwrap()
                .success()
        );
        assert!(process.0.wait().unwrap().success(), "{signal}");
    }
}

#[test]
fn stored_data_is_kept_and_foreign_files_are_rejected() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("company.db");
    let with = |data: &std::path::Path| {
        Sandbox::start(Config {
            data: Some(data.to_owned()),
            ..config()
        })
    };
    let first = with(&data).unwrap();
    let client = Client::new(&first.base_url());
    let id = client
        .post("/customers/create", json!({"externalId": "kept"}))
        .data()["_id"]
        .clone();
    // A second process would not see the caches that the first one keeps in memory.
    let busy = with(&data).expect_err("two sandboxes on one file");
    let said = busy.to_string();
    assert!(said.contains("company.db"), "{said}");
    assert!(said.ends_with("another process is using it"), "{said}");
    drop(first);
    let second = with(&data).unwrap();
    let client = Client::new(&second.base_url());
    assert_eq!(
        client.get("/customers/getOne?externalId=kept").data()["_id"],
        id
    );
    assert_ne!(
        client.post("/customers/create", json!({})).data()["_id"],
        id
    );

    let text = directory.path().join("text");
    std::fs::write(
        &text,
        "not a database, but long enough to be taken for one".repeat(99),
    )
    .unwrap();
    let foreign = directory.path().join("foreign.db");
    rusqlite::Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    for path in [text, foreign, directory.path().join("no/such/directory")] {
        let error = with(&path).expect_err("a path that cannot be used");
        assert!(
            error.to_string().starts_with("cannot keep the state in"),
            "{error}"
        );
    }
}

#[test]
#[cfg(unix)]
fn only_the_owner_can_read_a_new_file_and_no_pipe_is_taken_for_one() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let with = |name: &str| {
        Sandbox::start(Config {
            data: Some(path(name)),
            ..config()
        })
    };
    symlink("later.db", path("link.db")).unwrap();
    std::fs::write(path("shared.db"), "").unwrap();
    let shared = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(path("shared.db"), shared).unwrap();
    for (name, file, mode) in [
        ("company.db", "company.db", 0o600),
        ("link.db", "later.db", 0o600),
        ("shared.db", "shared.db", 0o640),
    ] {
        let _sandbox = with(name).unwrap();
        for suffix in ["", "-wal"] {
            let found = std::fs::metadata(path(&format!("{file}{suffix}"))).unwrap();
            assert_eq!(found.permissions().mode() & 0o777, mode, "{file}{suffix}");
        }
    }
    let pipe = std::process::Command::new("mkfifo")
        .arg(path("pipe"))
        .status();
    assert!(pipe.unwrap().success());
    let error = with("pipe").expect_err("a pipe").to_string();
    assert!(error.ends_with("it is not a regular file"), "{error}");
}

/// SQLite treats such names specially.
#[test]
fn data_is_kept_in_a_file_of_any_name() {
    const NAME: &str = "CHILD_OF_A_FILE_OF_ANY_NAME";
    let directory = tempfile::tempdir().unwrap();
    if let Some(name) = std::env::var_os(NAME) {
        let data = Some(name.into());
        drop(Sandbox::start(Config { data, ..config() }).unwrap());
        return;
    }
    for name in [":memory:", "file:x.db?mode=memory"] {
        let ended = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "data_is_kept_in_a_file_of_any_name"])
            .env(NAME, name)
            .current_dir(&directory)
            .output()
            .unwrap();
        assert!(directory.path().join(name).is_file(), "{name}: {ended:?}");
    }
}

#[test]
fn only_loopback_is_listened_on_unless_allowed() {
    let listen = "0.0.0.0:0".parse().unwrap();
    let error = Sandbox::start(Config { listen, ..config() }).expect_err("a remote address");
    assert_eq!(
        std::io::Error::from(error).kind(),
        std::io::ErrorKind::PermissionDenied
    );
    let sandbox = Sandbox::start(Config {
        listen,
        allow_remote: true,
        ..config()
    })
    .unwrap();
    let taken = Config {
        listen: sandbox.ready().address(),
        allow_remote: true,
        ..config()
    };
    let error = Sandbox::start(taken).expect_err("an address that is taken");
    assert_eq!(
        std::io::Error::from(error).kind(),
        std::io::ErrorKind::AddrInUse
    );
}

#[test]
fn a_sandbox_starts_and_stops_inside_a_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (sandbox, client) = start();
        assert_eq!(client.get("/branches").status, 200);
        drop(sandbox);
    });
}

#[test]
fn dropping_a_sandbox_closes_its_connections() {
    let (sandbox, client) = start();
    let address = sandbox.ready().address();
    assert_eq!(client.get("/branches").status, 200);
    let mut idle = std::net::TcpStream::connect(address).unwrap();
    drop(sandbox);
    std::net::TcpStream::connect(address).expect_err("nobody listens");
    let read = idle.read(&mut [0]);
    assert!(!matches!(read, Ok(1..)), "{read:?}");
}

#[test]
fn exchanges_are_written_down() {
    let directory = tempfile::tempdir().unwrap();
    let exchanges = directory.path().join("exchanges");
    let sandbox = Sandbox::start(Config {
        exchanges: Some(exchanges.clone()),
        ..config()
    })
    .unwrap();
    let client = Client::new(&sandbox.base_url());
    client.get("/tickets/nope");
    client.fault(json!({"operation": "*", "kind": "html_502", "when": {"nth": 1}}));
    client.get("/branches");
    client.fault(json!({"operation": "*", "kind": "drop_before"}));
    client
        .try_call("POST", "/tickets/book?a=b", json!({"serviceId": "s"}))
        .expect_err("the answer is lost");
    drop(sandbox);
    let file = std::fs::read_dir(&exchanges)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let name = file.file_name().into_string().unwrap();
    assert!(
        name.starts_with(&format!("{}-", std::process::id())) && name.ends_with(".jsonl"),
        "{name}"
    );
    let mut lines: Vec<Value> = std::fs::read_to_string(file.path())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let headers = lines[0]["headers"].take();
    assert_eq!(headers["authorization"], "secret");
    assert!(headers["host"].is_string());
    assert_eq!(
        lines[0],
        json!({"operation": "getTicket", "method": "GET", "path": "/external/v1/tickets/nope", "query": null,
            "headers": null, "body": null, "status": 404,
            "contentType": "application/json", "answer": {"message": "Not found.", "error": "Ticket not found."},
            "fault": null, "key": "secret"})
    );
    assert_eq!(
        (&lines[1]["status"], &lines[1]["fault"]),
        (&json!(502), &json!("html_502"))
    );
    let lost = &lines[2];
    assert_eq!(
        (&lost["query"], &lost["body"], &lost["status"]),
        (&json!("a=b"), &json!(r#"{"serviceId":"s"}"#), &Value::Null)
    );
    assert_eq!(lines.len(), 3);
}
