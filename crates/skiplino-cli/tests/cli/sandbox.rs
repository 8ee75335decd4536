//! `skiplino sandbox` as a child process: it prints its addresses and exits on a signal.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::{bare, run};

/// Ends the child if the test does not.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(arguments: &[&str]) -> (Running, BufReader<std::process::ChildStdout>) {
    let mut child = bare(&[&["sandbox"], arguments].concat())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (Running(child), out)
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    // The builtin of the shell: small systems have no program `kill`.
    let sent = Command::new("sh")
        .args(["-c", &format!("kill {name} {}", child.id())])
        .status()
        .unwrap();
    assert!(sent.success());
}

#[test]
#[cfg(unix)]
fn it_prints_its_address_keeps_its_data_and_ends_on_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("demo.sqlite");
    let arguments = ["--json", "--seed", "1", "--data", file.to_str().unwrap()];
    for (round, name) in ["-TERM", "-INT"].into_iter().enumerate() {
        let (mut running, mut out) = start(&arguments);
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let command = |words: &[&str]| {
            let mut command = bare(words);
            for (variable, field) in [
                ("SKIPLINO_BASE_URL", "baseUrl"),
                ("SKIPLINO_API_KEY", "secretKey"),
            ] {
                command.env(variable, ready[field].as_str().unwrap());
            }
            run(&mut command)
        };
        assert!(
            ready["controlUrl"]
                .as_str()
                .unwrap()
                .starts_with("http://127.0.0.1:")
        );
        let control = ready["controlUrl"].as_str().unwrap();
        let page = control.strip_suffix("_sandbox").unwrap();
        assert_eq!(ready["pageUrl"], page);
        match round {
            0 => command(&["customers", "create", "--external-id", "kept"]).ok(),
            _ => command(&["customers", "get", "ext:kept"]).ok(),
        };
        signal(&running.0, name);
        assert_eq!(running.0.wait().unwrap().code(), Some(0), "{name}");
    }
}

#[test]
#[cfg(unix)]
fn it_ends_while_its_page_is_open() {
    let (mut running, mut out) = start(&["--json"]);
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let page = ready["pageUrl"].as_str().unwrap();
    let address = page.strip_prefix("http://").unwrap().trim_end_matches('/');
    let mut page = std::net::TcpStream::connect(address).unwrap();
    let request = format!("GET /_sandbox/events HTTP/1.1\r\nHost: {address}\r\n\r\n");
    page.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    let mut page = BufReader::new(page);
    while !text.contains("event: hello") {
        assert_ne!(page.read_line(&mut text).unwrap(), 0, "{text}");
    }
    signal(&running.0, "-TERM");
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
    page.read_to_string(&mut text).unwrap();
    assert!(
        text.ends_with("\r\n0\r\n\r\n"),
        "it was not cut off: {text}"
    );
}

#[test]
fn it_ends_when_its_standard_input_closes() {
    let mut child = bare(&["sandbox", "--until-stdin-ends"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut running = Running(child);
    let mut text = String::new();
    while !text.contains("export") {
        assert_ne!(out.read_line(&mut text).unwrap(), 0, "{text}");
    }
    assert!(running.0.try_wait().unwrap().is_none(), "it is held");
    drop(running.0.stdin.take());
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
}

#[test]
fn people_get_lines_to_paste() {
    let (running, mut out) = start(&["--now", "2026-06-23T11:10:00Z", "--freeze"]);
    let mut text = String::new();
    while !text.contains("export") {
        assert_ne!(out.read_line(&mut text).unwrap(), 0, "{text}");
    }
    assert!(text.starts_with("Page        http://127.0.0.1:"), "{text}");
    let paste = text.lines().last().unwrap();
    assert!(
        paste.starts_with("  export SKIPLINO_BASE_URL=http://127.0.0.1:"),
        "{text}"
    );
    assert!(
        paste.ends_with(" SKIPLINO_API_KEY=sk_sandbox_secret"),
        "{text}"
    );
    drop(running);
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn other_machines_are_accepted_only_with_allow_remote() {
    run(&mut bare(&["sandbox", "--listen", "0.0.0.0"])).fails(2, &["--allow-remote"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    run(&mut bare(&["sandbox", "--port", &port])).fails(1, &["cannot listen"]);
}

#[test]
fn a_contract_file_changes_the_responses_and_a_bad_one_is_refused_by_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    let path = file.to_str().unwrap();
    std::fs::write(
        &file,
        r#"{"contract": {"missing_fields": ["Ticket.queueSize"]}}"#,
    )
    .unwrap();
    let (_running, mut out) = start(&["--json", "--contract", path]);
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let mut command = bare(&["ticket", "get", "k7m2p9x4q1", "--json"]);
    command
        .env("SKIPLINO_BASE_URL", ready["baseUrl"].as_str().unwrap())
        .env("SKIPLINO_API_KEY", ready["secretKey"].as_str().unwrap());
    let shown = run(&mut command).ok().out;
    assert!(!shown.contains("queueSize"), "{shown}");
    assert!(shown.contains("waitingTime"), "{shown}");

    std::fs::write(&file, r#"{"contract": {"tree_service": "items"}}"#).unwrap();
    let refused = ["--contract", path, "tree_service: unknown field"];
    run(&mut bare(&["sandbox", "--contract", path])).fails(2, &refused);
    let missing = folder.path().join("none.json");
    let missing = missing.to_str().unwrap();
    run(&mut bare(&["sandbox", "--contract", missing])).fails(2, &[missing]);
}
