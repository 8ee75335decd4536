//! Every kind of fault, and when faults fire.
#![allow(
    clippy::expect_used,
    clippy::needless_pass_by_value,
    clippy::unwrap_used
)]

mod common;

use std::{io::Read, thread, time::Instant};

use common::*;
use serde_json::{Value, json};

fn book() -> Value {
    json!({"serviceId": CASH, "groupOfServiceId": TELLERS})
}

fn committed(client: &Client) -> Value {
    client.control("GET", "/requests/counts", Value::Null)["bookTicket"].clone()
}

#[test]
fn faults_that_drop_responses_apply_the_write_or_do_not() {
    let rows = [
        ("refuse", 0),
        ("drop_before", 0),
        ("drop_after_commit", 1),
        ("truncate", 1),
    ];
    for (kind, effects) in rows {
        let (_sandbox, client) = start();
        client.fault(json!({"operation": "bookTicket", "kind": kind}));
        client
            .try_call("POST", "/tickets/book", book())
            .expect_err(kind);
        assert_eq!(
            committed(&client),
            json!({"received": 1, "committed": effects}),
            "{kind}"
        );
        let tickets = client.control("GET", "/tickets", Value::Null);
        assert_eq!(tickets.as_array().unwrap().len(), 7 + effects, "{kind}");
        let log = client.control("GET", "/requests", Value::Null);
        let entry = &log["requests"][0];
        assert_eq!(entry["fault"], kind);
        assert_eq!(entry["committed"], effects == 1);
        assert_eq!(entry["status"].is_null(), kind != "truncate", "{kind}");
        let body = if kind == "refuse" {
            Value::Null
        } else {
            book()
        };
        assert_eq!(entry["body"], body);
        // Other operations still work.
        assert_eq!(client.get("/branches").status, 200);
    }
}

#[test]
fn a_truncated_response_has_half_its_bytes() {
    let (sandbox, client) = start();
    client.fault(json!({"operation": "listBranches", "kind": "truncate"}));
    let mut stream = std::net::TcpStream::connect(sandbox.ready().address()).unwrap();
    let request = "GET /external/v1/branches HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer pk_sandbox_public\r\n\r\n";
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let length: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap()
        .parse()
        .unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"));
    assert_eq!(body.len(), length / 2);
}

#[test]
fn faults_replace_the_response() {
    let plain = |status: u16, body: Value| (status, "application/json", body, false);
    let html = "text/html; charset=utf-8";
    let rows = [
        (
            json!({"kind": "status", "status": 500}),
            plain(
                500,
                json!({"message": "Internal Server Error.", "error": null}),
            ),
        ),
        (
            json!({"kind": "status", "status": 418, "body": ["tea"]}),
            plain(418, json!(["tea"])),
        ),
        (
            json!({"kind": "status", "status": 500, "body": {}, "commit": true}),
            (500, "application/json", json!({}), true),
        ),
        (json!({"kind": "html_502"}), (502, html, json!(null), false)),
        (
            json!({"kind": "html_502", "commit": true}),
            (502, html, json!(null), true),
        ),
        (json!({"kind": "empty_503"}), (503, "", json!(null), false)),
        (
            json!({"kind": "empty_503", "commit": true}),
            (503, "", json!(null), true),
        ),
        (
            json!({"kind": "rate_limit", "retryAfter": 3}),
            plain(429, json!({"message": "Too Many Requests.", "error": null})),
        ),
        (
            json!({"kind": "malformed_json"}),
            (201, "application/json", json!(null), true),
        ),
        (json!({"kind": "html_200"}), (200, html, json!(null), false)),
        (json!({"kind": "no_content"}), (204, "", json!(null), true)),
        (
            json!({"kind": "redirect", "location": "http://127.0.0.1:1/"}),
            (302, "", json!(null), false),
        ),
    ];
    for (mut fault, (status, content_type, body, commit)) in rows {
        let (_sandbox, client) = start();
        fault["operation"] = json!("*");
        client.fault(fault.clone());
        let got = client.post("/tickets/book", book());
        assert_eq!(
            (got.status, got.header("content-type")),
            (status, content_type),
            "{fault}"
        );
        assert_eq!(got.json(), body, "{fault}");
        assert_eq!(
            committed(&client)["committed"],
            u64::from(commit),
            "{fault}"
        );
        match fault["kind"].as_str().unwrap() {
            "rate_limit" => assert_eq!(got.header("retry-after"), "3"),
            "redirect" => assert_eq!(got.header("location"), "http://127.0.0.1:1/"),
            "html_200" | "html_502" => assert!(got.text.starts_with("<!DOCTYPE html>")),
            "empty_503" | "no_content" => assert_eq!(got.text, ""),
            "malformed_json" => assert!(got.text.starts_with("{\"message\":\"Ticket booked")),
            _ => {}
        }
    }
    let (_sandbox, client) = start();
    let date = "Tue, 23 Jun 2026 12:30:00 GMT";
    client.fault(json!({"operation": "*", "kind": "rate_limit", "retryAfter": date}));
    assert_eq!(client.get("/branches").header("retry-after"), date);
}

#[test]
fn distorted_responses_are_valid_json_of_another_shape() {
    let (_sandbox, client) = start();
    let ticket = format!("/tickets/{TICKET}");
    let distorted = |kind: &str, path: &str| {
        client.control("DELETE", "/faults", Value::Null);
        client.fault(json!({"operation": "*", "kind": kind}));
        client.get(path).json()
    };
    let wrong = distorted("wrong_json", &ticket);
    assert_eq!(
        (&wrong["data"]["id"], &wrong["data"]["queueSize"]),
        (&json!(7), &json!("wrong"))
    );
    let unknown = distorted("unknown_enum", &ticket);
    assert_eq!(
        (&unknown["data"]["status"], &unknown["data"]["type"]),
        (&json!("teleporting"), &json!("holographic"))
    );
    assert_eq!(unknown["data"]["queueSize"], 6);
    let extra = distorted("extra_fields", &ticket);
    for at in ["", "/data", "/data/branch", "/data/customer"] {
        assert!(
            extra
                .pointer(at)
                .unwrap()
                .get("addedInVersionNine")
                .is_some(),
            "{at}"
        );
    }
    let missing = distorted("missing_optional", &ticket);
    assert_eq!(
        (
            missing["data"].get("customer"),
            missing["data"].get("waitingTime")
        ),
        (None, None)
    );
    assert_eq!(missing["data"]["branch"]["name"], "Seef Mall Branch");
    let customer = distorted("missing_optional", &format!("/customers/getOne?id={LAYLA}"));
    assert_eq!(
        customer["data"]
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>(),
        ["_id", "companyId", "createdAt", "updatedAt"]
    );
    // An error does not change, except for extra fields.
    assert_eq!(
        distorted("wrong_json", "/tickets/nope")["error"],
        "Ticket not found."
    );
}

#[test]
fn big_and_slow_bodies() {
    let (_sandbox, client) = start();
    client.fault(json!({"operation": "listBranches", "kind": "huge_body", "bytes": 1_000_000}));
    let huge = client.get("/branches");
    assert_eq!(huge.text.len(), 1_000_000);
    assert!(huge.json()["data"].as_array().unwrap().len() > 20_000);

    client.fault(json!({"operation": "getTicket", "kind": "gzip_bomb", "bytes": 3_000_000}));
    let bomb = client.get(&format!("/tickets/{TICKET}"));
    assert_eq!(bomb.text.len(), 3_000_000);
    assert_eq!(bomb.data(), Value::Null);
    let log = client.control("GET", "/requests?operation=getTicket", Value::Null);
    let packed = log["requests"][0]["answer"].as_str().unwrap().len();
    assert!(packed < 100_000, "{packed}");

    client.fault(json!({"operation": "getCustomer", "kind": "delay", "ms": 50}));
    let started = Instant::now();
    assert_eq!(
        client.get(&format!("/customers/getOne?id={LAYLA}")).status,
        200
    );
    assert!(started.elapsed() >= std::time::Duration::from_millis(50));
}

#[test]
fn held_requests_wait_for_their_release() {
    for (then, effects) in [("commit", 1), ("drop", 0)] {
        let (sandbox, client) = start();
        let id = client.fault(json!({"operation": "bookTicket", "kind": "hold", "then": then}));
        let base = sandbox.base_url();
        let booking =
            thread::spawn(move || Client::new(&base).try_call("POST", "/tickets/book", book()));
        assert_eq!(
            client.control("GET", "/held?atLeast=1", Value::Null),
            json!({"held": 1, "total": 1})
        );
        assert_eq!(committed(&client), json!({"received": 1, "committed": 0}));
        client.control("POST", &format!("/faults/{id}/release"), json!({}));
        assert_eq!(booking.join().unwrap().is_ok(), then == "commit");
        assert_eq!(committed(&client)["committed"], effects);
        assert_eq!(
            client.control("GET", "/held", Value::Null),
            json!({"held": 0, "total": 1})
        );
    }
    // A held request continues after `ms`, when its fault is removed, and when the sandbox stops.
    let (sandbox, client) = start();
    client.fault(json!({"operation": "bookTicket", "kind": "hold", "ms": 20}));
    assert_eq!(client.post("/tickets/book", book()).status, 201);
    let id = client.fault(json!({"operation": "getTicket", "kind": "hold"}));
    let base = sandbox.base_url();
    let reading =
        thread::spawn(move || Client::new(&base).try_call("GET", "/tickets/x", Value::Null));
    client.control("GET", "/held?atLeast=1", Value::Null);
    client.control("DELETE", &format!("/faults/{id}"), Value::Null);
    assert_eq!(reading.join().unwrap().unwrap().status, 404);
    client.fault(json!({"operation": "getTicket", "kind": "hold"}));
    let base = sandbox.base_url();
    let reading =
        thread::spawn(move || Client::new(&base).try_call("GET", "/tickets/x", Value::Null));
    client.control("GET", "/held?atLeast=1", Value::Null);
    drop((client, sandbox));
    let _ = reading.join().unwrap();
}

#[test]
fn a_reset_discards_held_requests() {
    let (sandbox, client) = start();
    client.fault(json!({"operation": "bookTicket", "kind": "hold"}));
    let base = sandbox.base_url();
    let booking =
        thread::spawn(move || Client::new(&base).try_call("POST", "/tickets/book", book()));
    client.control("GET", "/held?atLeast=1", Value::Null);
    client.control("POST", "/reset", json!({}));
    assert!(booking.join().unwrap().is_err());
    let tickets = client.control("GET", "/tickets", Value::Null);
    assert_eq!(tickets.as_array().unwrap().len(), 7);
}

#[test]
fn a_client_that_hangs_up_does_not_undo_its_booking() {
    let (sandbox, client) = start();
    client.fault(json!({"operation": "bookTicket", "kind": "hold", "ms": 200}));
    let mut stream = std::net::TcpStream::connect(sandbox.ready().address()).unwrap();
    let body = book().to_string();
    let request = format!(
        "POST /external/v1/tickets/book HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer pk_sandbox_public\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    client.control("GET", "/held?atLeast=1", Value::Null);
    drop(stream);
    assert_eq!(
        client.control("GET", "/idle", Value::Null),
        json!({"connections": 0, "requests": 0})
    );
    assert_eq!(committed(&client), json!({"received": 1, "committed": 1}));
}

#[test]
fn faults_fire_when_they_should() {
    let pattern = |when: Value| {
        let (_sandbox, client) = start();
        client.fault(json!({"operation": "listBranches", "kind": "empty_503", "when": when}));
        let fired: String = (0..8)
            .map(|_| {
                if client.get("/branches").status == 503 {
                    'x'
                } else {
                    '.'
                }
            })
            .collect();
        assert_eq!(client.get(&format!("/tickets/{TICKET}")).status, 200);
        fired
    };
    assert_eq!(pattern(Value::Null), "xxxxxxxx");
    assert_eq!(pattern(json!({"nth": 3})), "..x.....");
    assert_eq!(pattern(json!({"first": 2})), "xx......");
    assert_eq!(pattern(json!({"every": 3})), "..x..x..");
    assert_eq!(pattern(json!({"probability": 0})), "........");
    let some = pattern(json!({"probability": 0.5}));
    assert!(some.contains('x') && some.contains('.'), "{some}");
    assert_eq!(pattern(json!({"probability": 0.5})), some);

    // The first fault that applies wins; the others still count the request.
    let (_sandbox, client) = start();
    client.fault(json!({"operation": "*", "kind": "empty_503", "when": {"first": 1}}));
    client.fault(json!({"operation": "*", "kind": "html_502", "when": {"nth": 2}}));
    let statuses: Vec<u16> = (0..3).map(|_| client.get("/branches").status).collect();
    assert_eq!(statuses, [503, 502, 200]);
    let listed = client.control("GET", "/faults", Value::Null);
    assert_eq!(
        (&listed[1]["seen"], &listed[1]["fired"]),
        (&json!(3), &json!(1))
    );
}

#[test]
fn an_invalid_fault_is_rejected() {
    let (_sandbox, client) = start();
    let rows = [
        (json!({"kind": "refuse"}), "operation"),
        (json!({"operation": "no", "kind": "refuse"}), "operation"),
        (json!({"operation": "*"}), "kind"),
        (json!({"operation": "*", "kind": "no"}), "kind"),
        (json!({"operation": "*", "kind": "delay"}), "ms"),
        (json!({"operation": "*", "kind": "delay", "ms": -1}), "ms"),
        (
            json!({"operation": "*", "kind": "status", "status": 99}),
            "status",
        ),
        (json!({"operation": "*", "kind": "redirect"}), "location"),
        (
            json!({"operation": "*", "kind": "hold", "then": "no"}),
            "then",
        ),
        (
            json!({"operation": "*", "kind": "refuse", "when": {"nth": 0}}),
            "when",
        ),
        (
            json!({"operation": "*", "kind": "refuse", "when": {"often": 1}}),
            "when",
        ),
        // If the misspelt `when` were ignored, the fault would apply to every request.
        (
            json!({"operation": "*", "kind": "refuse", "whne": {"nth": 2}}),
            "whne",
        ),
    ];
    for (fault, field) in rows {
        let got = client.try_control("POST", "/faults", fault.clone());
        assert_eq!(got.status, 422, "{fault}");
        assert!(got.error()[field].is_string(), "{fault}: {}", got.text);
    }
    assert_eq!(client.control("GET", "/faults", Value::Null), json!([]));
    assert_eq!(
        client
            .try_control("DELETE", "/faults/7", Value::Null)
            .status,
        404
    );
}

#[test]
fn a_rate_limit_rejects_only_requests_above_it() {
    let (_sandbox, client) = start();
    // One token in 1,000 s: no token is added while the test runs.
    let limit = |burst: u64| json!({"requestsPerSecond": 0.001, "burst": burst});
    let set = |limit: Value| client.control("PUT", "/rate-limit", limit);
    let none = json!({"requestsPerSecond": null, "burst": null});
    assert_eq!(client.control("GET", "/rate-limit", Value::Null), none);
    assert_eq!(set(limit(3)), limit(3));
    client.fault(json!({"operation": "*", "kind": "html_502", "when": {"nth": 4}}));

    let book = |client: &Client| client.post("/tickets/book", book());
    assert_eq!(client.get("/branches").status, 200);
    let booked = [book(&client).status, book(&client).status];
    assert_eq!(booked, [201, 201]);
    let rejected = book(&client);
    assert_eq!(rejected.status, 429);
    assert_eq!(
        rejected.json(),
        json!({"message": "Too Many Requests.", "error": null})
    );
    let wait: u64 = rejected.header("retry-after").parse().unwrap();
    assert!((900..=1000).contains(&wait), "{wait}");

    // The rejected request is not handled, and the log shows it. The fault has counted the other
    // three.
    assert_eq!(committed(&client), json!({"received": 3, "committed": 2}));
    let tickets = client.control("GET", "/tickets", Value::Null);
    assert_eq!(tickets.as_array().unwrap().len(), 9);
    let log = client.control("GET", "/requests?after=3", Value::Null);
    let entry = &log["requests"][0];
    assert_eq!(
        (&entry["status"], &entry["fault"], &entry["committed"]),
        (&json!(429), &json!("rate_limit"), &json!(false))
    );
    assert_eq!(entry["body"], self::book());
    let faults = client.control("GET", "/faults", Value::Null);
    assert_eq!(faults[0]["seen"], 3);
    // The control API is not limited. The fault applies to the first request after the limit is
    // removed.
    assert_eq!(client.control("DELETE", "/rate-limit", Value::Null), none);
    assert_eq!([book(&client).status, book(&client).status], [502, 201]);

    set(limit(1));
    assert_eq!([book(&client).status, book(&client).status], [201, 429]);
    client.control("POST", "/reset", json!({}));
    assert_eq!(client.control("GET", "/rate-limit", Value::Null), none);
    assert_eq!([book(&client).status, book(&client).status], [201, 201]);
}

#[test]
fn a_rate_limit_uses_real_time() {
    let (_sandbox, client) = start();
    let limit = json!({"requestsPerSecond": 20, "burst": 1});
    client.control("PUT", "/rate-limit", limit);
    // The limit uses real time, although the sandbox's clock is stopped.
    for status in [429, 200, 429, 200] {
        let mut tries = (0..10_000).map(|_| client.get("/branches"));
        let got = tries.find(|got| got.status == status).unwrap();
        // The wait is 50 ms at most, rounded up to a whole second.
        let wait = if status == 429 { "1" } else { "" };
        assert_eq!(got.header("retry-after"), wait);
    }
    client.control("PUT", "/rate-limit", json!({"requestsPerSecond": 2.5}));
    assert_eq!(
        client.control("GET", "/rate-limit", Value::Null),
        json!({"requestsPerSecond": 2.5, "burst": 3})
    );
    for (limit, field) in [
        (json!({}), "requestsPerSecond"),
        (json!({"requestsPerSecond": 0}), "requestsPerSecond"),
        (json!({"requestsPerSecond": "many"}), "requestsPerSecond"),
        (json!({"requestsPerSecond": 1, "burst": 0}), "burst"),
        (json!({"requestsPerSecond": 1, "brust": 9}), "brust"),
    ] {
        let got = client.try_control("PUT", "/rate-limit", limit.clone());
        assert_eq!(got.status, 422, "{limit}");
        assert!(got.error()[field].is_string(), "{limit}: {}", got.text);
    }
}
