//! Malformed and incomplete requests.
#![allow(clippy::needless_pass_by_value, clippy::unwrap_used)]

mod common;

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpStream},
};

use common::*;
use serde_json::json;
use skiplino_sandbox::{Config, DEMO_SECRET_KEY, Sandbox};

/// Sends the bytes, with `breaks_off` closes the sending half, and returns the response.
fn say(sandbox: &Sandbox, bytes: &str, breaks_off: bool) -> String {
    let mut stream = TcpStream::connect(sandbox.ready().address()).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    if breaks_off {
        stream.shutdown(Shutdown::Write).unwrap();
    }
    let mut response = Vec::new();
    let _ = stream.read_to_end(&mut response);
    String::from_utf8_lossy(&response).into_owned()
}

fn head(method: &str, path: &str, length: usize) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {DEMO_SECRET_KEY}\r\ncontent-length: {length}\r\n\r\n"
    )
}

#[test]
fn an_incomplete_request_is_not_handled() {
    let (sandbox, client) = start();
    let cancel = format!("/external/v1/tickets/{TICKET}/cancel");
    for (path, body) in [
        (cancel.as_str(), ""),
        ("/external/v1/customers/create", r#"{"externalId": "half"}"#),
    ] {
        let response = say(
            &sandbox,
            &format!("{}{body}", head("POST", path, 500)),
            true,
        );
        assert!(
            !response.contains("200 OK") && !response.contains("201 Created"),
            "{response}"
        );
    }
    let chunked = "POST /external/v1/customers/create HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n";
    let response = say(
        &sandbox,
        &format!(
            "{chunked}authorization: Bearer {DEMO_SECRET_KEY}\r\n\r\n2\r\n{{}}\r\nno length\r\n"
        ),
        true,
    );
    assert!(!response.contains("201 Created"), "{response}");
    assert_eq!(
        client.get(&format!("/tickets/{TICKET}")).data()["status"],
        "waiting"
    );
    assert_eq!(
        client.get("/customers/getAll").json()["pagination"]["total"],
        3
    );
    let counts = client.control("GET", "/requests/counts", json!(null));
    assert_eq!(
        counts["createCustomer"],
        json!({"received": 0, "committed": 0})
    );

    let reset = format!("{}{{}}", head("POST", "/_sandbox/reset", 500));
    client.post("/customers/create", json!({}));
    say(&sandbox, &reset, true);
    assert_eq!(
        client.get("/customers/getAll").json()["pagination"]["total"],
        4
    );
}

#[test]
fn a_body_the_control_api_cannot_take_is_rejected_rather_than_left_out() {
    let (_sandbox, client) = start();
    let long = format!(
        r#"{{"now": "2030-01-01T00:00:00Z"{}}}"#,
        " ".repeat(9 << 20)
    );
    let got = client
        .send(
            "POST",
            &format!("{}/reset", client.control),
            &[],
            Some(&long),
        )
        .unwrap();
    assert_eq!(
        (got.status, got.error()["body"].clone()),
        (422, json!("This value is too long."))
    );
}

#[test]
fn long_paths_and_headers_count_against_the_bounds_of_the_log() {
    let (sandbox, client) = start();
    let padded = head("GET", "/external/v1/branches", 0).replace(
        "content-length",
        &format!("x-padding: {}\r\ncontent-length", "x".repeat(300 << 10)),
    );
    for _ in 0..230 {
        let response = say(&sandbox, &padded, false);
        assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    }
    let log = client.control("GET", "/requests?after=0", json!(null));
    let kept = log["requests"].as_array().unwrap().len();
    assert!(
        (1..=218).contains(&kept),
        "64 MiB hold 218 of them, and {kept} are kept"
    );
    assert_eq!(log["total"]["listBranches"]["received"], 230);
}

#[test]
fn a_body_that_does_not_arrive_in_time_closes_the_connection() {
    let sandbox = Sandbox::start(Config {
        body_timeout: std::time::Duration::from_millis(50),
        ..config()
    })
    .unwrap();
    // The sending half stays open.
    for path in ["/external/v1/customers/create", "/_sandbox/reset"] {
        let response = say(&sandbox, &format!("{}{{", head("POST", path, 500)), false);
        assert_eq!(response, "", "{path}");
    }
    let client = Client::new(&sandbox.base_url());
    let requests = client.control("GET", "/idle", json!(null));
    assert_eq!(requests["requests"], 0, "nothing waits for the rest");
}
