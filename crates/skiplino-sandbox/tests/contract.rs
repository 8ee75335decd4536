//! A sandbox with differences from the contract, over real HTTP.
#![allow(clippy::needless_pass_by_value, clippy::unwrap_used)]

mod common;

use common::*;
use serde_json::{Value, json};
use skiplino_sandbox::{Config, Contract, DEMO_PUBLIC_KEY, Sandbox};

const NOBODY: &str = "/customers/getOne?id=00000000000000000000000000000000";

/// A sandbox that starts with these differences.
fn with(differences: Value) -> (Sandbox, Client) {
    let sandbox = Sandbox::start(Config {
        contract: Contract::from_value(differences).unwrap(),
        ..config()
    });
    let sandbox = sandbox.unwrap();
    let client = Client::new(&sandbox.base_url());
    (sandbox, client)
}

fn with_key(client: &Client, key: &str, path: &str) -> Got {
    let key = format!("Bearer {key}");
    let url = format!("{}{path}", client.base);
    let headers = [("authorization", key.as_str()), ("x-locale", "ar")];
    client.send("GET", &url, &headers, None).unwrap()
}

fn book(client: &Client, body: Value) -> Got {
    let mut all = json!({"serviceId": CASH, "groupOfServiceId": TELLERS});
    let fields = all.as_object_mut().unwrap();
    fields.extend(body.as_object().unwrap().clone());
    client.post("/tickets/book", all)
}

#[test]
fn fields_have_other_names_types_and_values() {
    let tree = format!("/branches/{BRANCH}/tree");
    let ticket = format!("/tickets/{TICKET}");
    let rows = [
        (
            json!({"tree_services": "items"}),
            tree.as_str(),
            "/data/0/items/0/id",
            json!(CASH),
        ),
        (
            json!({"tree_services": "items"}),
            &tree,
            "/data/0/services",
            Value::Null,
        ),
        (
            json!({"renamed_fields": {"Branch.name": "title"}}),
            "/branches",
            "/data/0/title",
            json!("Seef Mall Branch"),
        ),
        (
            json!({"renamed_fields": {"Service.isOpen": "open"}}),
            &tree,
            "/data/0/services/0/open",
            json!(true),
        ),
        (
            json!({"renamed_fields": {"Ticket.branch": "office", "Ticket.branch.name": "title"}}),
            &ticket,
            "/data/office",
            json!({"id": BRANCH, "title": "Seef Mall Branch"}),
        ),
        (
            json!({"renamed_fields": {"SuccessEnvelope.data": "result"}}),
            &ticket,
            "/result/id",
            json!(TICKET),
        ),
        (
            json!({"missing_fields": ["Ticket.queueSize"]}),
            &ticket,
            "/data/queueSize",
            Value::Null,
        ),
        (
            json!({"missing_fields": ["Branch.branchStatus.isBranchOpen"]}),
            "/branches",
            "/data/0/branchStatus",
            json!({}),
        ),
        (
            json!({"extra_fields": {"Ticket.branch.phone": "1"}}),
            &ticket,
            "/data/branch/phone",
            json!("1"),
        ),
        (
            json!({"field_types": {"Ticket.queueSize": "text"}}),
            &ticket,
            "/data/queueSize",
            json!("6"),
        ),
        (
            json!({"field_types": {"Ticket.ticketNumber": "number"}}),
            &ticket,
            "/data/ticketNumber",
            json!(4),
        ),
        (
            json!({"field_types": {"Ticket.branch": "list"}}),
            &ticket,
            "/data/branch/0/id",
            json!(BRANCH),
        ),
        (
            json!({"field_types": {"Ticket.service": "null"}}),
            &ticket,
            "/data/service",
            Value::Null,
        ),
        (
            json!({"field_types": {"Ticket.queueSize": "boolean"}}),
            &ticket,
            "/data/queueSize",
            json!(true),
        ),
        (
            json!({"field_types": {"Ticket.id": "object"}}),
            &ticket,
            "/data/id/value",
            json!(TICKET),
        ),
        (
            json!({"ticket_statuses": {"waiting": "queued"}}),
            &ticket,
            "/data/status",
            json!("queued"),
        ),
        (
            json!({"ticket_types": {"sequential": "walkIn"}}),
            &ticket,
            "/data/type",
            json!("walkIn"),
        ),
        (
            json!({"timestamps": "seconds"}),
            &ticket,
            "/data/bookedAt",
            json!("2026-06-23T11:08:41Z"),
        ),
        (
            json!({"timestamps": "microseconds"}),
            &ticket,
            "/data/bookedAt",
            json!("2026-06-23T11:08:41.000000Z"),
        ),
        (
            json!({"timestamps": "offset"}),
            &ticket,
            "/data/bookedAt",
            json!("2026-06-23T14:08:41.000+03:00"),
        ),
        (
            json!({"timestamps": "epoch"}),
            &ticket,
            "/data/bookedAt",
            json!(1_782_212_921_000_u64),
        ),
        (
            json!({"contract": {"timestamps": "seconds"}, "version": 1}),
            &ticket,
            "/data/time",
            Value::Null,
        ),
    ];
    for (differences, path, pointer, expected) in rows {
        let (_sandbox, client) = with(differences.clone());
        let got = client.get(path);
        assert_eq!(got.status, 200, "{differences}");
        let found = got.json().pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(found, expected, "{differences}: {}", got.text);
    }
}

#[test]
fn fields_without_a_value_are_null_or_missing() {
    let (_sandbox, client) = with(json!({"optional_fields": "null"}));
    let customer = client.post("/customers/create", json!({})).data();
    assert_eq!(customer.get("email"), Some(&Value::Null), "{customer}");
    let (_sandbox, client) = with(json!({"anonymous_customer": "missing"}));
    let ticket = book(&client, json!({})).data();
    assert_eq!(ticket.get("customer"), None, "{ticket}");
    for (shape, data) in [("missing", None), ("object", Some(json!({})))] {
        let (_sandbox, client) = with(json!({"delete_data": shape}));
        let got = client.call(
            "DELETE",
            &format!("/customers/delete?id={LAYLA}"),
            Value::Null,
        );
        assert_eq!((got.status, got.json().get("data")), (200, data.as_ref()));
    }
}

#[test]
fn statuses_differ() {
    let (_sandbox, client) =
        with(json!({"success_statuses": {"bookTicket": 200, "deleteCustomer": 204}}));
    assert_eq!(book(&client, json!({})).status, 200);
    let got = client.call(
        "DELETE",
        &format!("/customers/delete?id={LAYLA}"),
        Value::Null,
    );
    assert_eq!((got.status, got.text.as_str()), (204, ""));

    let (_sandbox, client) = with(json!({"unknown_id_status": 404}));
    let got = client.get(NOBODY);
    assert_eq!(
        (got.status, got.error()),
        (404, json!("This value does not exist."))
    );
    assert_eq!(book(&client, json!({"customerId": "x"})).status, 404);
    assert_eq!(
        client.get("/customers/getAll?limit=0").status,
        422,
        "not about an id"
    );

    let (_sandbox, client) = with(json!({"unknown_path_id_status": 422}));
    let got = client.get("/branches/zzzzzzzzzz/tree");
    assert_eq!(
        (got.status, got.error()),
        (422, json!({"branchId": "This value does not exist."}))
    );
    assert_eq!(client.get("/tickets/zzzzzzzzzz").status, 422);
}

#[test]
fn keys_are_refused_in_other_ways() {
    let refused = json!({"public_key_refused": ["getTicket"], "public_key_status": 403});
    let (_sandbox, client) = with(refused);
    let ticket = format!("/tickets/{TICKET}");
    assert_eq!(with_key(&client, DEMO_PUBLIC_KEY, &ticket).status, 403);
    assert_eq!(with_key(&client, DEMO_PUBLIC_KEY, "/branches").status, 200);
    assert_eq!(with_key(&client, "sk_wrong", &ticket).status, 401);
    assert_eq!(client.get(&ticket).status, 200, "the secret key");
    let (_sandbox, client) = with(json!({"unknown_key_status": 403}));
    assert_eq!(with_key(&client, "sk_wrong", "/branches").status, 403);
    for (shape, text) in [
        ("message", r#"{"message":"Unauthorized."}"#),
        ("text", "مفتاح الواجهة مفقود أو غير صالح."),
        ("empty", ""),
    ] {
        let (_sandbox, client) = with(json!({"auth_envelope": shape}));
        let got = with_key(&client, "sk_wrong", "/branches");
        assert_eq!((got.status, got.text.as_str()), (401, text));
    }
    let (_sandbox, client) = with(json!({"auth_envelope": "html"}));
    let got = with_key(&client, "sk_wrong", "/branches");
    assert_eq!(got.header("content-type"), "text/html; charset=utf-8");
}

#[test]
fn errors_have_another_shape() {
    let (_sandbox, client) = with(json!({"reasons": "array"}));
    assert_eq!(
        client.get(NOBODY).error(),
        json!({"id": ["This value does not exist."]})
    );
    let (_sandbox, client) = with(json!({"error_envelope": "nested"}));
    let fields =
        json!({"message": "Validation failed.", "fields": {"id": "This value does not exist."}});
    assert_eq!(client.get(NOBODY).json(), json!({"error": fields}));
    let (_sandbox, client) = with(json!({"error_envelope": "problem"}));
    let got = client.get("/tickets/zzzzzzzzzz");
    assert_eq!(got.header("content-type"), "application/problem+json");
    assert_eq!(got.json()["detail"], "Ticket not found.");
    let (_sandbox, client) = with(json!({"renamed_fields": {"ErrorEnvelope.error": "reason"}}));
    assert_eq!(
        client.get("/tickets/zzzzzzzzzz").json()["reason"],
        "Ticket not found."
    );
}

#[test]
fn lists_have_other_sizes_orders_and_totals() {
    let page = |differences: Value, query: &str| {
        let (_sandbox, client) = with(differences);
        client.get(&format!("/customers/getAll{query}"))
    };
    let got = page(json!({"pagination_page_limit": false}), "").json();
    let expected = json!({"total": 3, "totalPages": 1, "hasNextPage": false, "hasPrevPage": false});
    assert_eq!(got["pagination"], expected);

    let ids = |differences: Value, query: &str| -> Vec<String> {
        let data = page(differences, query).data();
        let id = |row: &Value| row["_id"].as_str().unwrap().to_owned();
        data.as_array().unwrap().iter().map(id).collect()
    };
    let mut newest = ids(json!({}), "?limit=3");
    let oldest = json!({"list_order": "oldest_first"});
    let first_two = ids(oldest.clone(), "?limit=2");
    let rest = ids(oldest.clone(), "?limit=2&page=2");
    assert!(ids(oldest.clone(), "?limit=2&page=3").is_empty());
    newest.reverse();
    assert_eq!([first_two, rest].concat(), newest);
    let (_sandbox, client) = with(oldest);
    let ticket = book(&client, json!({"customerId": LAYLA})).data();
    let tickets = client.get(&format!("/customers/tickets?id={LAYLA}")).data();
    assert_eq!(tickets.as_array().unwrap().last(), Some(&ticket));

    let mut small = json!({"max_limits": {"listCustomers": 2}});
    assert_eq!(page(small.clone(), "?limit=3").status, 422);
    assert_eq!(page(small.clone(), "").data().as_array().unwrap().len(), 2);
    small["oversized_limit"] = json!("capped");
    let got = page(small, "?limit=3").json();
    assert_eq!(
        (
            got["data"].as_array().unwrap().len(),
            &got["pagination"]["limit"]
        ),
        (2, &json!(2))
    );

    for (total, shown, pages) in [
        ("missing", Value::Null, Value::Null),
        ("too_high", json!(100), json!(50)),
        ("too_low", json!(2), json!(1)),
    ] {
        let got = page(json!({"total": total}), "?limit=2").json();
        let pagination = &got["pagination"];
        assert_eq!(
            (&pagination["total"], &pagination["totalPages"]),
            (&shown, &pages),
            "{total}"
        );
        assert_eq!(pagination["hasNextPage"], true);
    }
}

#[test]
fn headers_differ() {
    let (_sandbox, client) = with(json!({
        "rate_limit_headers": true,
        "request_id_header": "X-Request-Id",
        "etag": true,
        "content_type": "application/vnd.api+json",
        "keep_alive": false,
        "locale_ignored": true,
    }));
    let got = with_key(&client, DEMO_PUBLIC_KEY, "/branches");
    assert_eq!(got.data()[0]["name"], "Seef Mall Branch");
    assert_eq!(got.header("x-ratelimit-limit"), "100");
    assert_eq!(got.header("x-request-id"), "req_1");
    assert_eq!(got.header("content-type"), "application/vnd.api+json");
    assert_eq!(got.header("connection"), "close");
    let again = with_key(&client, DEMO_PUBLIC_KEY, "/branches");
    assert!(again.header("etag").starts_with('"'));
    assert_eq!(again.header("etag"), got.header("etag"));
    assert_eq!(again.header("x-request-id"), "req_2");
}

#[test]
fn the_control_api_sets_and_restores_the_contract() {
    let (_sandbox, client) = with(json!({"timestamps": "seconds"}));
    assert_eq!(
        client.control("GET", "/contract", Value::Null),
        json!({"timestamps": "seconds"})
    );
    let set = client.control("PUT", "/contract", json!({"tree_services": "items"}));
    assert_eq!(set, json!({"tree_services": "items"}));
    let tree = format!("/branches/{BRANCH}/tree");
    assert!(client.get(&tree).data()[0]["items"].is_array());
    for restore in [("DELETE", "/contract"), ("POST", "/reset")] {
        client.control("PUT", "/contract", json!({"reasons": "array"}));
        client.control(restore.0, restore.1, Value::Null);
        assert_eq!(
            client.control("GET", "/contract", Value::Null),
            json!({"timestamps": "seconds"})
        );
    }
    let got = client.try_control("PUT", "/contract", json!({"tree_service": "x"}));
    assert_eq!(got.status, 422);
    assert_eq!(
        got.error(),
        json!({"tree_service": "This value is not valid."})
    );
}

#[test]
fn an_invalid_contract_is_rejected_with_its_key() {
    for (text, error) in [
        ("[]", "$: must be a JSON object"),
        (r#"{"contract": 7}"#, "$: must be a JSON object"),
        (
            r#"{"reasons": "list"}"#,
            "reasons: unknown variant `list`, expected `text` or `array`",
        ),
        (
            r#"{"etag": "yes"}"#,
            "etag: invalid type: string \"yes\", expected a boolean",
        ),
        (
            r#"{"field_types": {"Slot.time": "date"}}"#,
            "field_types.Slot.time: unknown variant `date`",
        ),
        (
            r#"{"renamed_fields": {"Branch.nam": "x"}}"#,
            "renamed_fields.Branch.nam: Branch has no field \"nam\": it has id, name",
        ),
        (
            r#"{"renamed_fields": {"Ticket.branch.name": "id"}}"#,
            "renamed_fields.Ticket.branch.name: Ticket has a field \"branch.id\" already",
        ),
        (
            r#"{"tree_services": "name"}"#,
            "tree_services: BranchTreeGroup has a field \"name\" already",
        ),
        (
            r#"{"missing_fields": ["Office.name"]}"#,
            "missing_fields.Office.name: there is no schema \"Office\": there are SuccessEnvelope",
        ),
        (
            r#"{"missing_fields": ["name"]}"#,
            "missing_fields.name: name a field as SCHEMA.FIELD",
        ),
        (
            r#"{"extra_fields": {"Branch.name": 1}}"#,
            "extra_fields.Branch.name: Branch has this field already",
        ),
        (
            r#"{"extra_fields": {"Branch.a.b": 1}}"#,
            "extra_fields.Branch.a.b: Branch has no field \"a\"",
        ),
        (
            r#"{"public_key_refused": ["getTickets"]}"#,
            "public_key_refused.getTickets: no operation has this id",
        ),
        (
            r#"{"success_statuses": {"getTicket": 302}}"#,
            "success_statuses.getTicket: must be 200, 201, 202 or 204, not 302",
        ),
        (
            r#"{"unknown_id_status": 410}"#,
            "unknown_id_status: must be 422 or 404, not 410",
        ),
        (
            r#"{"max_limits": {"listCustomers": 0}}"#,
            "max_limits.listCustomers: must be at least 1",
        ),
        (
            r#"{"max_limits": {"listSlots": 5}}"#,
            "max_limits.listSlots: this operation returns no pages",
        ),
        (
            r#"{"request_id_header": "a b"}"#,
            "request_id_header: this text is not valid in a header",
        ),
        (
            r#"{"contract": {"tree_service": "x"}}"#,
            "tree_service: unknown field `tree_service`, expected one of `tree_services`",
        ),
        (
            "{",
            "this is not JSON: EOF while parsing an object at line 1 column 1",
        ),
    ] {
        let found = text.parse::<Contract>().unwrap_err().to_string();
        assert!(found.starts_with(error), "{text}: {found}");
    }
    let contract: Contract = r#"{"contract": {"total": "missing"}}"#.parse().unwrap();
    assert_eq!(
        Value::from(contract.differences()),
        json!({"total": "missing"})
    );
    assert!(Contract::default().differences().is_empty());
}
