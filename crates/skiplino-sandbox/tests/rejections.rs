//! Rejected requests: keys, invalid input and business rules.
#![allow(
    clippy::expect_used,
    clippy::needless_pass_by_value,
    clippy::unwrap_used
)]

mod common;

use common::*;
use serde_json::{Value, json};

#[test]
fn each_key_has_access_to_its_operations() {
    let (sandbox, client) = start();
    for operation in &skiplino_sandbox::OPERATIONS {
        let path = operation
            .path
            .replace("{branchId}", BRANCH)
            .replace("{id}", TICKET);
        let url = format!("{}{path}", sandbox.base_url());
        let status =
            |headers: &[(&str, &str)]| client.send(operation.method, &url, headers, None).unwrap();
        for bad in [
            vec![],
            vec![("authorization", "Bearer sk_other")],
            vec![("authorization", "sk_sandbox_secret")],
        ] {
            let got = status(&bad);
            assert_eq!(
                (got.status, &got.json()["message"]),
                (401, &json!("Unauthorized.")),
                "{}",
                operation.id
            );
        }
        let public = status(&[("authorization", "Bearer pk_sandbox_public")]);
        let secret = status(&[("authorization", "bearer sk_sandbox_secret")]);
        let secret_only = operation.key == skiplino_sandbox::KeyClass::Secret;
        assert_eq!(public.status == 401, secret_only, "{}", operation.id);
        assert_ne!(secret.status, 401);
        assert!(
            operation.statuses.contains(&secret.status),
            "{}",
            operation.id
        );
    }
}

#[test]
fn bad_requests_name_the_field() {
    let (_sandbox, client) = start();
    let walk_in = |more: Value| {
        let mut body = json!({"serviceId": CASH, "groupOfServiceId": TELLERS});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let long = "x".repeat(10_001);
    let body_rows = [
        (
            "POST",
            "/tickets/book",
            json!("no"),
            "body",
            "This value should be an object.",
        ),
        (
            "POST",
            "/tickets/book",
            json!({"groupOfServiceId": TELLERS}),
            "serviceId",
            "This field is required.",
        ),
        (
            "POST",
            "/tickets/book",
            json!({"serviceId": 7, "groupOfServiceId": TELLERS}),
            "serviceId",
            "This value should be a string.",
        ),
        (
            "POST",
            "/tickets/book",
            walk_in(json!({"serviceId": "0000000000"})),
            "serviceId",
            "This value does not exist.",
        ),
        (
            "POST",
            "/tickets/book",
            walk_in(json!({"groupOfServiceId": "0000000000"})),
            "groupOfServiceId",
            "This value does not exist.",
        ),
        (
            "POST",
            "/tickets/book",
            walk_in(json!({"groupOfServiceId": "91be44d0aa"})),
            "groupOfServiceId",
            "The service does not belong to this group.",
        ),
        (
            "POST",
            "/tickets/book",
            walk_in(json!({"time": SLOT})),
            "customerId",
            "Exactly one of customerId and customerExternalId is required.",
        ),
        (
            "POST",
            "/tickets/book",
            walk_in(json!({"time": "2026-07-01T09:30:00+00:00", "customerId": LAYLA})),
            "time",
            "This value should be a UTC time (ISO 8601, trailing Z).",
        ),
        (
            "POST",
            "/tickets/book",
            walk_in(json!({"time": "2026-06-23T11:10:00Z", "customerId": LAYLA})),
            "time",
            "This time should be in the future.",
        ),
        (
            "POST",
            "/tickets/book",
            walk_in(json!({"time": "2026-07-01T09:31:00Z", "customerId": LAYLA})),
            "time",
            "This time is not available.",
        ),
        (
            "POST",
            "/tickets/book",
            walk_in(json!({"time": SLOT, "customerId": "0"})),
            "customerId",
            "This value does not exist.",
        ),
        (
            "POST",
            "/tickets/book",
            walk_in(json!({"time": SLOT, "customerId": LAYLA, "serviceId": DEPOSIT})),
            "serviceId",
            "This service does not support appointment booking.",
        ),
        (
            "POST",
            "/tickets/book",
            walk_in(json!({"customerId": LAYLA, "customerExternalId": "crm-7741"})),
            "customerId",
            "Give customerId or customerExternalId, not both.",
        ),
        (
            "POST",
            "/tickets/book",
            walk_in(json!({"time": null})),
            "time",
            "This value should be a UTC time (ISO 8601, trailing Z).",
        ),
        (
            "POST",
            "/tickets/book",
            walk_in(json!({"location": null})),
            "location",
            "This value should be an object.",
        ),
        (
            "POST",
            "/tickets/book",
            walk_in(json!({"options": []})),
            "options",
            "This value should be an object.",
        ),
        (
            "POST",
            "/tickets/book",
            walk_in(json!({"location": {"lat": 1}})),
            "location.lng",
            "A location needs both lat and lng.",
        ),
        (
            "POST",
            "/tickets/book",
            walk_in(json!({"location": {"lat": 90.1, "lng": 0}})),
            "location.lat",
            "This value is out of range.",
        ),
        (
            "POST",
            "/customers/create",
            json!({"name": "a\u{0}b"}),
            "name",
            "This value is not valid.",
        ),
        (
            "POST",
            "/customers/create",
            json!({"name": long}),
            "name",
            "This value is too long.",
        ),
        (
            "POST",
            "/customers/create",
            json!({"metadata": "gold"}),
            "metadata",
            "This value should be an object.",
        ),
        (
            "PUT",
            "/customers/update",
            json!({"name": "x"}),
            "id",
            "This field is required.",
        ),
        (
            "PUT",
            "/customers/update",
            json!({"id": "nope"}),
            "id",
            "This value does not exist.",
        ),
        (
            "PUT",
            "/customers/update",
            json!({"externalId": "nope"}),
            "externalId",
            "This value does not exist.",
        ),
    ];
    for (method, path, body, field, reason) in body_rows {
        let got = client.call(method, path, body.clone());
        assert_eq!(
            (got.status, &got.json()["message"]),
            (422, &json!("Validation failed.")),
            "{path} {body}"
        );
        assert_eq!(got.error()[field], reason, "{path} {body}: {}", got.text);
    }
    let slots = format!("/services/{CASH}/slots");
    let query_rows = [
        (
            format!("{slots}?date=tomorrow"),
            "date",
            "This value should be a date (YYYY-MM-DD).",
        ),
        (
            format!("{slots}?date=2026-06-22"),
            "date",
            "This date is in the past.",
        ),
        (
            format!("{slots}?date=2026-07-01&date=2026-07-02"),
            "date",
            "This value should be given once.",
        ),
        (
            format!("/services/{DEPOSIT}/slots"),
            "id",
            "This service does not support appointment booking.",
        ),
        (
            "/services/dead00beef/slots".into(),
            "id",
            "This service does not support appointment booking.",
        ),
        (
            "/services/nope/slots".into(),
            "id",
            "This value does not exist.",
        ),
        ("/customers/getOne".into(), "id", "This field is required."),
        (
            "/customers/getOne?id=nope".into(),
            "id",
            "This value does not exist.",
        ),
        (
            "/customers/getOne?id=%ff".into(),
            "id",
            "This value is not valid.",
        ),
        (
            "/customers/getAll?page=0".into(),
            "page",
            "This value is out of range.",
        ),
        (
            "/customers/getAll?page=two".into(),
            "page",
            "This value should be a whole number.",
        ),
        (
            "/customers/getAll?page=99999999999999999999".into(),
            "page",
            "This value is out of range.",
        ),
        (
            "/customers/getAll?limit=101".into(),
            "limit",
            "This value is out of range.",
        ),
        (
            format!("/customers/tickets?id={LAYLA}&limit=11"),
            "limit",
            "This value is out of range.",
        ),
        (
            "/customers/tickets?externalId=nope".into(),
            "externalId",
            "This value does not exist.",
        ),
        ("/customers/tickets".into(), "id", "This field is required."),
    ];
    for (path, field, reason) in query_rows {
        let got = client.get(&path);
        assert_eq!(
            (got.status, &got.error()[field]),
            (422, &json!(reason)),
            "{path}: {}",
            got.text
        );
    }
    for path in [
        "/branches/nope/tree",
        "/branches/f00dbabe01/tree",
        "/tickets/%ff",
        "/nowhere",
    ] {
        let got = client.get(path);
        assert_eq!(
            (got.status, &got.json()["message"]),
            (404, &json!("Not found.")),
            "{path}"
        );
    }
    assert_eq!(
        client.post("/tickets/nope/cancel", Value::Null).error(),
        json!({"id": "This value does not exist."})
    );
    let wrong_method = client.call("DELETE", "/branches", Value::Null);
    assert_eq!(
        (wrong_method.status, wrong_method.header("allow")),
        (405, "GET,HEAD")
    );
    let huge = format!("{{\"name\":\"{}\"}}", "x".repeat(2 << 20));
    let key = ("authorization", "Bearer sk_sandbox_secret");
    let url = format!("{}/customers/create", client.base);
    for body in [
        huge.as_str(),
        "{\"name\":",
        "{\"metadata\":{\"n\":1e999}}",
        "\u{0}",
        "",
    ] {
        let got = client.send("POST", &url, &[key], Some(body)).unwrap();
        assert_eq!(got.status, 422, "{}", &body[..body.len().min(30)]);
    }
}

#[test]
fn business_rules_reject_with_a_reason() {
    let (_sandbox, client) = start();
    let book = |service: &str, group: &str, time: Value| {
        let mut body = json!({"serviceId": service, "groupOfServiceId": group});
        if !time.is_null() {
            body["time"] = time;
            body["customerId"] = json!(LAYLA);
        }
        client.post("/tickets/book", body)
    };
    let rejected = |got: Got, reason: &str| {
        assert_eq!(
            got.json(),
            json!({"message": "Booking failed.", "error": reason})
        );
        assert_eq!(got.status, 400);
    };
    rejected(
        book("f00dbabe03", "f00dbabe02", Value::Null),
        "This branch is not active.",
    );
    rejected(
        book("dead00beef", "91be44d0aa", Value::Null),
        "This service is not active.",
    );
    rejected(
        book("e1e2e3e4e5", "2b2b2b2b2b", Value::Null),
        "This branch is closed.",
    );
    // An appointment can be booked outside opening hours.
    assert_eq!(
        book(
            "e1e2e3e4e5",
            "2b2b2b2b2b",
            json!("2026-06-24T05:00:00.000Z")
        )
        .status,
        201
    );
    client.control("PUT", &format!("/services/{CASH}"), json!({"open": false}));
    rejected(book(CASH, TELLERS, Value::Null), "This service is closed.");
    client.control(
        "PUT",
        &format!("/services/{CASH}"),
        json!({"open": null, "capacity": 1}),
    );
    assert_eq!(book(CASH, TELLERS, json!(SLOT)).status, 201);
    rejected(
        book(CASH, TELLERS, json!(SLOT)),
        "This slot is fully booked.",
    );
    client.control(
        "PUT",
        &format!("/branches/{BRANCH}"),
        json!({"open": false}),
    );
    rejected(book(CASH, TELLERS, Value::Null), "This branch is closed.");
    rejected(book(CASH, TELLERS, json!(SLOT)), "This branch is closed.");
    let body = json!({"serviceId": CASH, "groupOfServiceId": TELLERS});
    assert_eq!(
        client.arabic("POST", "/tickets/book", body).error(),
        "هذا الفرع مغلق."
    );
    client.control("PUT", &format!("/branches/{BRANCH}"), json!({"open": null}));
    assert_eq!(book(CASH, TELLERS, Value::Null).status, 201);
}
