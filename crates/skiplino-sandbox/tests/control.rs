//! The control API, without faults.
#![allow(
    clippy::expect_used,
    clippy::needless_pass_by_value,
    clippy::unwrap_used
)]

mod common;

use common::*;
use serde_json::{Value, json};

#[test]
fn staff_move_tickets_through_their_states() {
    let (_sandbox, client) = start();
    let call_next = format!("/services/{CASH}/call-next");
    let first = client.control("POST", &call_next, json!({}));
    assert_eq!(
        (&first["ticketNumber"], &first["status"]),
        (&json!("Q011"), &json!("serving"))
    );
    let second = client.control("POST", &call_next, json!({"finish": true}));
    assert_eq!(second["ticketNumber"], "Q012");
    let status = |id: &str| client.get(&format!("/tickets/{id}")).data()["status"].clone();
    assert_eq!(status(first["id"].as_str().unwrap()), "served");

    let act = |id: &str, action: &str| {
        let got = client.try_control("POST", &format!("/tickets/{id}/{action}"), json!({}));
        (got.status, got.json()["status"].clone())
    };
    assert_eq!(act(TICKET, "check-in").0, 409);
    assert_eq!(act(TICKET, "call"), (200, json!("serving")));
    assert_eq!(act(TICKET, "call").0, 409);
    assert_eq!(act(TICKET, "serve"), (200, json!("served")));
    assert_eq!(act(TICKET, "no-show").0, 409);
    assert_eq!(act("q013g1h2i3", "serve"), (200, json!("served")));
    assert_eq!(act("q014j4k5l6", "no-show"), (200, json!("noShow")));
    assert_eq!(act("nope", "call").0, 404);
    for _ in 0..2 {
        client.control("POST", &call_next, json!({"finish": true}));
    }
    let nobody = client.try_control("POST", &call_next, json!({}));
    assert_eq!(
        (nobody.status, nobody.error()),
        (409, json!("Nobody is waiting."))
    );
    let counts = client.control("GET", "/state", Value::Null)["counts"].clone();
    assert_eq!(
        counts["tickets"],
        json!({"noShow": 1, "served": 5, "serving": 1})
    );
}

#[test]
fn the_clock_stands_runs_and_jumps() {
    let (_sandbox, client) = start();
    let clock = |method: &str, path: &str, body: Value| client.control(method, path, body);
    assert_eq!(
        clock("GET", "/clock", Value::Null),
        json!({"mode": "frozen", "now": "2026-06-23T11:10:00.000Z"})
    );
    let later = clock("POST", "/clock/advance", json!({"seconds": 1.5}));
    assert_eq!(later["now"], "2026-06-23T11:10:01.500Z");
    let scaled = json!({"mode": "scaled", "factor": 1_000_000, "now": NOW});
    clock("PUT", "/clock", scaled);
    std::thread::sleep(std::time::Duration::from_millis(10));
    let now: jiff::Timestamp = clock("GET", "/clock", Value::Null)["now"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(now.as_second() - NOW.parse::<jiff::Timestamp>().unwrap().as_second() >= 10_000);
    clock("PUT", "/clock", json!({"mode": "real"}));
    let real: jiff::Timestamp = clock("GET", "/clock", Value::Null)["now"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((jiff::Timestamp::now().as_second() - real.as_second()).abs() < 60);
    for bad in [
        json!({}),
        json!({"mode": "fast"}),
        json!({"mode": "scaled"}),
        json!({"mode": "frozen", "now": "noon"}),
    ] {
        assert_eq!(
            client.try_control("PUT", "/clock", bad.clone()).status,
            422,
            "{bad}"
        );
    }
    clock("POST", "/clock/advance", json!({"seconds": 3e10}));
    for _ in 0..10 {
        clock("POST", "/clock/advance", json!({"seconds": 3e10}));
    }
    assert_eq!(client.get("/branches").status, 200);
    // The clock stops at its latest time, and can be set back from there.
    for mode in ["real", "frozen"] {
        clock(
            "PUT",
            "/clock",
            json!({"mode": mode, "now": "8999-12-31T00:00:00Z"}),
        );
        clock("POST", "/clock/advance", json!({"seconds": 3e10}));
        let back = clock("POST", "/clock/advance", json!({"seconds": -86400}));
        let day = back["now"].as_str().and_then(|now| now.get(..10));
        assert_eq!(day, Some("8999-12-31"), "{mode}");
    }
}

#[test]
fn a_reset_restores_everything() {
    let (_sandbox, client) = start();
    let before = client.get(&format!("/tickets/{TICKET}"));
    client.post(&format!("/tickets/{TICKET}/cancel"), Value::Null);
    client.post("/customers/create", json!({"externalId": "new"}));
    client.control(
        "PUT",
        &format!("/branches/{BRANCH}"),
        json!({"active": false}),
    );
    client.control("PUT", "/clock", json!({"mode": "real"}));
    client.fault(json!({"operation": "*", "kind": "refuse", "when": {"nth": 99}}));
    let state = client.control("POST", "/reset", json!({"seed": 7}));
    assert_eq!((&state["seed"], &state["faults"]), (&json!(7), &json!(0)));
    assert_eq!(state["counts"]["customers"], 3);
    assert_eq!(state["clock"]["mode"], "frozen");
    assert_eq!(
        client.control("GET", "/requests", Value::Null)["requests"],
        json!([])
    );
    assert_eq!(client.get(&format!("/tickets/{TICKET}")), before);
    assert_eq!(client.get("/branches").data()[0]["id"], BRANCH);
    let moved = client.control(
        "POST",
        "/reset",
        json!({"now": "2027-01-01T00:00:00Z", "freeze": true}),
    );
    assert_eq!(moved["clock"]["now"], "2027-01-01T00:00:00.000Z");
}

#[test]
fn the_log_has_requests_and_responses() {
    let (sandbox, client) = start();
    client.post(
        "/tickets/book",
        json!({"serviceId": DEPOSIT, "groupOfServiceId": TELLERS}),
    );
    client.post("/tickets/book", json!({}));
    client.get("/customers/getOne?id=x");
    client
        .send("GET", &format!("{}/nowhere", sandbox.base_url()), &[], None)
        .unwrap();
    let log = client.control("GET", "/requests", Value::Null);
    let entries = log["requests"].as_array().unwrap();
    let column = |name: &str| {
        entries
            .iter()
            .map(|entry| entry[name].clone())
            .collect::<Value>()
    };
    assert_eq!(
        column("operation"),
        json!(["bookTicket", "bookTicket", "getCustomer", null])
    );
    assert_eq!(column("status"), json!([201, 422, 422, 404]));
    assert_eq!(column("committed"), json!([true, false, false, false]));
    assert_eq!(column("seq"), json!([1, 2, 3, 4]));
    assert_eq!(entries[0]["body"]["serviceId"], DEPOSIT);
    assert_eq!(entries[0]["answer"]["data"]["ticketNumber"], "Q001");
    assert_eq!(entries[0]["headers"]["authorization"], "secret");
    assert_eq!(entries[2]["path"], "/external/v1/customers/getOne?id=x");
    assert_eq!(
        log["total"]["bookTicket"],
        json!({"received": 2, "committed": 1})
    );
    let some = client.control("GET", "/requests?operation=bookTicket&after=1", Value::Null);
    assert_eq!(some["requests"].as_array().unwrap().len(), 1);
    client.control("DELETE", "/requests", Value::Null);
    assert_eq!(
        client.control("GET", "/requests/counts", Value::Null)["bookTicket"]["received"],
        0
    );
}

#[test]
fn the_company_can_be_changed_and_filled() {
    let (_sandbox, client) = start();
    client.control("POST", "/customers/generate", json!({"count": 5000}));
    let rows = client.control("GET", "/customers", Value::Null);
    assert_eq!(rows.as_array().unwrap().len(), 5003);
    assert_eq!(rows[4000]["externalId"], "gen-4001");
    let page = client.get("/customers/getAll?page=51&limit=100");
    assert_eq!(page.data().as_array().unwrap().len(), 3);
    assert_eq!(page.data()[2]["_id"], LAYLA);
    let path = format!("/customers/{LAYLA}");
    assert_eq!(client.control("DELETE", &path, Value::Null)["_id"], LAYLA);
    assert_eq!(client.try_control("DELETE", &path, Value::Null).status, 404);
    let rows = client.control("GET", "/customers", Value::Null);
    assert_eq!(rows.as_array().unwrap().len(), 5002);

    client.control(
        "POST",
        &format!("/services/{CASH}/walk-ins"),
        json!({"count": 3000}),
    );
    let ticket = client
        .post(
            "/tickets/book",
            json!({"serviceId": CASH, "groupOfServiceId": TELLERS}),
        )
        .data();
    assert_eq!(
        (&ticket["ticketNumber"], &ticket["queueSize"]),
        (&json!("Q3018"), &json!(3007))
    );
    let waiting = client.control(
        "GET",
        &format!("/tickets?serviceId={CASH}&status=waiting&customerId={LAYLA}"),
        Value::Null,
    );
    assert_eq!(waiting.as_array().unwrap().len(), 1);
    assert_eq!(
        (
            &waiting[0]["id"],
            &waiting[0]["serviceId"],
            &waiting[0]["seq"]
        ),
        (&json!(TICKET), &json!(CASH), &json!(7))
    );
    assert_eq!(waiting[0]["bookedAt"], "2026-06-23T11:08:41.000Z");

    client.control(
        "PUT",
        &format!("/services/{CASH}"),
        json!({"active": false, "appointments": true}),
    );
    let tree = client.get(&format!("/branches/{BRANCH}/tree")).data();
    assert_eq!(tree[0]["services"].as_array().unwrap().len(), 1);
    client.control(
        "PUT",
        &format!("/branches/{BRANCH}"),
        json!({"active": false}),
    );
    assert_eq!(client.get("/branches").data().as_array().unwrap().len(), 1);
    assert_eq!(
        client.control("GET", "/health", Value::Null)["status"],
        "ok"
    );
    for (method, path, body, status) in [
        ("PUT", "/branches/nope", json!({"open": true}), 404),
        ("PUT", "/services/nope", json!({}), 404),
        (
            "PUT",
            "/services/6fe8fb8b12",
            json!({"capacity": "many"}),
            422,
        ),
        ("POST", "/services/nope/walk-ins", json!({"count": 1}), 404),
        ("POST", "/services/6fe8fb8b12/walk-ins", json!({}), 422),
        (
            "POST",
            "/services/6fe8fb8b12/fill-slot",
            json!({"time": NOW}),
            422,
        ),
        ("GET", "/nowhere", Value::Null, 404),
        ("DELETE", "/health", Value::Null, 405),
    ] {
        assert_eq!(
            client.try_control(method, path, body).status,
            status,
            "{method} {path}"
        );
    }
}

#[test]
fn the_log_keeps_the_configured_number_of_requests() {
    let sandbox = skiplino_sandbox::Sandbox::start(skiplino_sandbox::Config { log: 2, ..config() });
    let client = Client::new(&sandbox.as_ref().unwrap().base_url());
    for _ in 0..3 {
        client.get("/branches");
    }
    let log = client.control("GET", "/requests", Value::Null);
    let kept: Vec<_> = log["requests"].as_array().unwrap().iter().collect();
    assert_eq!((kept.len(), &kept[0]["seq"]), (2, &json!(2)));
    assert_eq!(log["total"]["listBranches"]["received"], 3);
}

#[test]
fn the_log_counts_what_headers_take() {
    // Room for 65,536 bytes.
    let sandbox = skiplino_sandbox::Sandbox::start(skiplino_sandbox::Config {
        log: 10,
        ..config()
    });
    let client = Client::new(&sandbox.as_ref().unwrap().base_url());
    let names: Vec<_> = (0..90).map(|number| format!("x-{number}")).collect();
    let headers: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
    let url = format!("{}/branches", client.base);
    for _ in 0..10 {
        client.send("GET", &url, &headers, None).unwrap();
    }
    let log = client.control("GET", "/requests", Value::Null);
    let kept = log["requests"].as_array().unwrap().len();
    assert!((1..10).contains(&kept), "{kept}");
}
