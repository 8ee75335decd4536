//! The page: its files, its events, and the checks that keep foreign pages out.
#![allow(
    clippy::expect_used,
    clippy::needless_pass_by_value,
    clippy::unwrap_used
)]

mod common;

use std::io::{BufRead as _, BufReader, Read};

use common::*;
use serde_json::{Value, json};
use skiplino_sandbox::{Config, DEMO_SECRET_KEY, Sandbox};

/// A stream of server-sent events.
struct Events(BufReader<Box<dyn Read>>);

impl Events {
    fn open(client: &Client, query: &str) -> Self {
        let url = format!("{}/events?{query}", client.control);
        let response = client.agent.get(url).call().unwrap();
        let content_type = response.headers()["content-type"].to_str().unwrap();
        assert_eq!(content_type, "text/event-stream");
        let body = response.into_body().into_reader();
        Self(BufReader::new(Box::new(body)))
    }

    /// The name and data of the next event; `None` at the end of the stream.
    fn next(&mut self) -> Option<(String, Value)> {
        let mut line = || {
            let mut line = String::new();
            // A broken connection ends the stream, too.
            let _ = self.0.read_line(&mut line);
            line.trim_end().to_owned()
        };
        let name = line();
        let name = name.strip_prefix("event: ")?.to_owned();
        let data = serde_json::from_str(line().strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(line(), "");
        Some((name, data))
    }

    /// The next event of that name with the wanted data. Without one, the read times out.
    fn until(&mut self, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let (came, data) = self.next().expect("the stream continues");
            if came == name && wanted(&data) {
                return data;
            }
        }
    }
}

fn numbers(tickets: &Value) -> Vec<&str> {
    let rows = tickets["rows"].as_array().unwrap();
    let mut numbers: Vec<_> = rows
        .iter()
        .map(|row| row["number"].as_str().unwrap())
        .collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn the_staff_page_receives_the_state_and_then_changes() {
    let (_sandbox, client) = start();
    let mut events = Events::open(&client, &format!("service={CASH}"));
    let (name, hello) = events.next().unwrap();
    assert_eq!(
        (name.as_str(), &hello["publicKey"]),
        ("hello", &json!("pk_sandbox_public"))
    );
    assert_eq!(hello["operations"].as_array().unwrap().len(), 13);
    let clock = events.until("clock", |_| true);
    assert_eq!(
        clock,
        json!({"mode": "frozen", "now": "2026-06-23T11:10:00.000Z"})
    );
    let company = events.until("company", |_| true);
    let service = &company[0]["services"][0];
    assert_eq!(
        (&service["id"], &service["waiting"]),
        (&json!(CASH), &json!(7))
    );
    assert_eq!(company[2]["active"], false);
    let tickets = events.until("tickets", |_| true);
    assert_eq!(numbers(&tickets).first(), Some(&"Q011"));
    assert_eq!((numbers(&tickets).len(), &tickets["gone"]), (7, &json!([])));
    let slots = events.until("slots", |_| true);
    assert_eq!(
        (&slots["today"], &slots["slots"][0]["remaining"]),
        (&json!(true), &json!(3))
    );
    assert_eq!(events.until("customers", |_| true)["total"], 3);
    assert_eq!(events.until("faults", |_| true), json!([]));

    let booked = client.post(
        "/tickets/book",
        json!({"serviceId": CASH, "groupOfServiceId": TELLERS}),
    );
    assert_eq!(numbers(&events.until("tickets", |_| true)), ["Q018"]);
    let log = events.until("log", |log| log["rows"][0]["ended"] == true);
    let row = &log["rows"][0];
    assert_eq!(
        (&row["operation"], &row["status"], &row["key"]),
        (&json!("bookTicket"), &json!(201), &json!("secret"))
    );
    let id = booked.data()["id"].as_str().unwrap().to_owned();
    client.control("POST", &format!("/tickets/{id}/cancel"), json!({}));
    let cancelled = events.until("tickets", |_| true);
    assert_eq!(
        (numbers(&cancelled), &cancelled["rows"][0]["status"]),
        (vec!["Q018"], &json!("cancelled"))
    );

    client.control("POST", &format!("/services/{CASH}/call-next"), json!({}));
    events.until("company", |company| {
        company[0]["services"][0]["serving"] == 1
    });
    client.control(
        "POST",
        &format!("/services/{CASH}/fill-slot"),
        json!({"time": "2026-06-23T11:30:00.000Z"}),
    );
    events.until("slots", |slots| slots["slots"][0]["remaining"] == 0);
    client.fault(json!({"operation": "*", "kind": "refuse"}));
    events.until("faults", |faults| faults[0]["fired"] == 0);
    assert!(client.try_call("GET", "/branches", Value::Null).is_err());
    events.until("faults", |faults| faults[0]["fired"] == 1);
    client.control("POST", "/clock/advance", json!({"seconds": 60}));
    events.until("clock", |clock| clock["now"] == "2026-06-23T11:11:00.000Z");

    // A reset restores the initial state.
    client.control("POST", "/reset", json!({}));
    let tickets = events.until("tickets", |_| true);
    assert_eq!(
        (numbers(&tickets), &tickets["gone"]),
        (vec!["Q011"], &json!([8]))
    );
    events.until("log", |log| {
        log["cleared"].as_u64() > Some(0) && log["rows"] == json!([])
    });
}

#[test]
fn a_stream_shows_a_limited_part_of_a_long_queue() {
    let (_sandbox, client) = start();
    client.control(
        "POST",
        &format!("/services/{DEPOSIT}/walk-ins"),
        json!({"count": 6000}),
    );
    let mut events = Events::open(&client, &format!("service={DEPOSIT}"));
    let company = events.until("company", |_| true);
    assert_eq!(company[0]["services"][1]["waiting"], 6000);
    let tickets = events.until("tickets", |_| true);
    assert_eq!(tickets["rows"].as_array().unwrap().len(), 5000);
    // One ticket leaves the view, the next one enters it.
    client.control("POST", &format!("/services/{DEPOSIT}/call-next"), json!({}));
    assert_eq!(
        numbers(&events.until("tickets", |_| true)),
        ["Q001", "Q5001"]
    );
}

#[test]
fn a_board_receives_served_and_next_tickets() {
    let (_sandbox, client) = start();
    client.control(
        "POST",
        &format!("/services/{CASH}/walk-ins"),
        json!({"count": 20}),
    );
    client.control(
        "POST",
        &format!("/services/{DEPOSIT}/walk-ins"),
        json!({"count": 1}),
    );
    let mut events = Events::open(&client, &format!("branch={BRANCH}"));
    let tickets = events.until("tickets", |_| true);
    assert_eq!(tickets["rows"].as_array().unwrap().len(), 9);
    client.control("POST", &format!("/services/{DEPOSIT}/call-next"), json!({}));
    let tickets = events.until("tickets", |_| true);
    assert_eq!(
        (numbers(&tickets), &tickets["rows"][0]["status"]),
        (vec!["Q001"], &json!("serving"))
    );
    // The board gets no events that only the staff page needs.
    client.get("/customers/getAll");
    client.control("POST", "/clock/advance", json!({"seconds": 60}));
    loop {
        let (name, _) = events.next().unwrap();
        assert!(
            ["company", "tickets", "clock"].contains(&name.as_str()),
            "{name}"
        );
        if name == "clock" {
            break;
        }
    }
}

#[test]
fn a_stream_ends_with_its_server() {
    let (sandbox, client) = start();
    let mut events = Events::open(&client, &format!("service={CASH}"));
    events.until("faults", |_| true);
    drop(sandbox);
    while events.next().is_some() {}
}

fn ask(client: &Client, method: &str, path: &str, headers: &[(&str, &str)]) -> Got {
    let url = client.control.replace("/_sandbox", path);
    client
        .send(method, &url, headers, (method != "GET").then_some("{}"))
        .unwrap()
}

#[test]
fn web_pages_from_elsewhere_cannot_control_it() {
    let (_sandbox, client) = start();
    let own = client.control.replace("/_sandbox", "");
    let own = own.as_str();
    let authority = own.strip_prefix("http://").unwrap();
    let call_next = format!("/_sandbox/services/{CASH}/call-next");
    let simple = ("content-type", "text/plain");
    for foreign in [
        &[("origin", "http://evil.example"), simple][..],
        &[
            ("origin", "http://evil.example"),
            ("content-type", "application/x-www-form-urlencoded"),
        ],
        &[("origin", "null"), simple],
        &[("origin", "http://localhost:1"), simple],
        &[("origin", &format!("{own}.evil.example"))],
        &[("origin", &own[..own.len() - 1])],
        &[("origin", &format!("ftp://{authority}"))],
        &[("origin", own), ("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
        ],
        &[("host", "evil.example"), ("origin", "http://evil.example")],
        &[(
            "host",
            &format!("evil.example:{}", authority.rsplit(':').next().unwrap()),
        )],
        &[("host", "localhost.evil.example")],
        &[("host", "127.0.0.1.evil.example")],
        &[("host", "sandbox")],
        &[("host", "[evil.example]")],
    ] {
        for (method, path) in [
            ("POST", call_next.as_str()),
            ("POST", "/_sandbox/reset"),
            ("GET", "/_sandbox/state"),
            ("GET", "/_sandbox/events"),
            ("GET", "/_sandbox/held"),
            ("DELETE", "/_sandbox/requests"),
        ] {
            let got = ask(&client, method, path, foreign);
            assert_eq!(got.status, 403, "{method} {path} {foreign:?}: {}", got.text);
        }
    }
    let log = client.control("GET", "/state", Value::Null);
    assert_eq!(
        log["counts"]["tickets"],
        json!({"waiting": 7}),
        "nothing was done"
    );
    let reason = |headers: &[(&str, &str)]| ask(&client, "POST", &call_next, headers).error();
    assert_eq!(
        reason(&[("origin", "null")]),
        "Web pages from elsewhere may not control this sandbox."
    );
    let arabic = reason(&[("host", "evil.example"), ("x-locale", "ar")]);
    assert!(arabic.as_str().unwrap().contains("127.0.0.1"), "{arabic}");

    for own in [
        &[][..],
        &[("origin", own)],
        &[("origin", own), ("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "none")],
        &[("host", "localhost:9")],
        &[("host", "LocalHost."), ("origin", "http://localhost.")],
        &[
            ("host", "app.localhost:9"),
            ("origin", "https://app.localhost:9"),
        ],
        &[("host", "10.0.2.2:9")],
        &[("host", "[::1]:9"), ("origin", "http://[::1]:9")],
    ] {
        let got = ask(&client, "POST", &call_next, own);
        assert_eq!(got.status, 200, "{own:?}: {}", got.text);
        client.control("POST", "/reset", json!({}));
    }
}

#[test]
fn a_remote_sandbox_accepts_only_private_host_names() {
    let sandbox = Sandbox::start(Config {
        listen: "0.0.0.0:0".parse().unwrap(),
        allow_remote: true,
        ..config()
    });
    let base = sandbox.as_ref().unwrap().base_url();
    let client = Client::new(&base.replace("0.0.0.0", "127.0.0.1"));
    for (host, status) in [
        ("sandbox:8080", 200),
        ("printer.local", 200),
        ("host.docker.internal:8080", 200),
        ("192.168.1.20:8080", 200),
        ("evil.example", 403),
        ("local.evil.example", 403),
        ("evillocal.example", 403),
        ("", 403),
    ] {
        let got = ask(&client, "GET", "/_sandbox/health", &[("host", host)]);
        assert_eq!(got.status, status, "{host}");
    }
}

#[test]
fn every_path_is_served_to_known_host_names_only() {
    let sandbox = Sandbox::start(Config {
        allow_hosts: vec!["Tunnel.example".to_owned()],
        ..config()
    });
    let client = Client::new(&sandbox.as_ref().unwrap().base_url());
    let key = format!("Bearer {DEMO_SECRET_KEY}");
    for path in ["/external/v1/branches", "/_sandbox/health", "/board"] {
        for (host, status) in [
            ("evil.example", 403),
            ("not.tunnel.example", 403),
            ("tunnel.example:443", 200),
            ("localhost", 200),
        ] {
            let headers = [("host", host), ("authorization", &key)];
            let got = ask(&client, "GET", path, &headers);
            assert_eq!(got.status, status, "{path} {host}");
        }
    }
}

#[test]
fn there_is_a_limit_of_open_event_streams() {
    let (_sandbox, client) = start();
    let mut streams: Vec<_> = (0..64).map(|_| Events::open(&client, "")).collect();
    let url = format!("{}/events", client.control);
    let refused = client.send("GET", &url, &[], None).unwrap();
    assert_eq!(refused.status, 503);
    // The others go on.
    assert!(streams.iter_mut().all(|stream| stream.next().is_some()));
}

#[test]
fn the_page_runs_its_own_files_and_nothing_else() {
    let (sandbox, client) = start();
    assert_eq!(
        sandbox.ready().page_url(),
        format!("http://{}/", sandbox.ready().address())
    );
    let mut files = vec!["/".to_owned(), "/board".to_owned()];
    let mut size = 0;
    for at in 0.. {
        let Some(path) = files.get(at).cloned() else {
            break;
        };
        let got = ask(
            &client,
            "GET",
            &path,
            &[
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "navigate"),
            ],
        );
        assert_eq!(got.status, 200, "{path}");
        size += got.text.len();
        let policy = got.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(
            !policy.contains("unsafe") && !policy.contains('*'),
            "{policy}"
        );
        assert_eq!(got.header("x-content-type-options"), "nosniff");
        // All files that a file refers to are served, and all are local.
        for part in got.text.split(['"', '\'']) {
            let file = match part.strip_prefix("./") {
                Some(module) => format!("/assets/{module}"),
                None => part.to_owned(),
            };
            if file.starts_with("/assets/") && !files.contains(&file) {
                files.push(file);
            }
        }
        assert!(
            !got.text.contains("//cdn")
                && !got.text.contains("style=")
                && !got.text.contains("onclick="),
            "{path}"
        );
    }
    assert_eq!(files.len(), 15, "{files:?}");
    assert!(size < 150_000, "{size} bytes, before they are compressed");
    assert_eq!(
        ask(&client, "GET", "/", &[("host", "evil.example")]).status,
        403
    );
    let log = client.control("GET", "/requests", Value::Null);
    assert_eq!(
        log["requests"],
        json!([]),
        "the page is no request of an app"
    );
}

#[test]
fn one_request_of_the_log_can_be_asked_for() {
    let (_sandbox, client) = start();
    for _ in 0..3 {
        client.get("/branches");
    }
    let one = client.control("GET", "/requests?after=1&limit=1", Value::Null);
    let requests = one["requests"].as_array().unwrap();
    assert_eq!((requests.len(), &requests[0]["seq"]), (1, &json!(2)));
    assert_eq!(
        client
            .try_control("GET", "/requests?limit=x", Value::Null)
            .status,
        422
    );
}

#[test]
fn rejections_are_in_the_language_of_the_request() {
    let (_sandbox, client) = start();
    let path = format!("/_sandbox/services/{DEPOSIT}/call-next");
    let got = ask(&client, "POST", &path, &[("x-locale", "ar")]);
    assert_eq!((got.status, got.error()), (409, json!("لا أحد في الانتظار.")));
}
