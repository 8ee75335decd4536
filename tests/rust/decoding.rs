//! Decoding of any response: the error keeps the status, names the JSON path, and never panics.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use skiplino::{
    ApiKey, BookTicketRequest, ChangeTimeRequest, Client, CustomerRef, CustomerUpdateRequest,
    CustomerWriteRequest, Error, ErrorKind, Operation, RetryPolicy,
};
use skiplino_tests::openapi;

use crate::raw_server::{RawServer, Script, http};
use crate::test_clock::TestClock;

/// Makes a call of the operation with valid input.
fn call(client: &Client, operation: Operation) -> Result<(), Error> {
    let (time, customer) = (
        "2026-07-01T09:30:00Z".parse().unwrap(),
        CustomerRef::id("c"),
    );
    match operation {
        Operation::ListBranches => client.branches().list().wait().map(drop),
        Operation::GetBranchTree => client.branches().tree("b").wait().map(drop),
        Operation::ListSlots => client.services().slots("s", None).wait().map(drop),
        Operation::BookTicket => {
            let request = BookTicketRequest::walk_in("s", "g");
            client.tickets().book(request).wait().map(drop)
        }
        Operation::GetTicket => client.tickets().get("t").wait().map(drop),
        Operation::CancelTicket => client.tickets().cancel("t").wait().map(drop),
        Operation::RescheduleTicket => {
            let request = ChangeTimeRequest::new(time, customer);
            client.tickets().reschedule("t", request).wait().map(drop)
        }
        Operation::CreateCustomer => {
            let request = CustomerWriteRequest::new();
            client.customers().create(request).wait().map(drop)
        }
        Operation::ListCustomers => client.customers().list().page(1).wait().map(drop),
        Operation::GetCustomer => client.customers().get(customer).wait().map(drop),
        Operation::UpdateCustomer => {
            let request = CustomerUpdateRequest::new(customer).name("n");
            client.customers().update(request).wait().map(drop)
        }
        Operation::DeleteCustomer => client.customers().delete(customer).wait().map(drop),
        Operation::ListCustomerTickets => client
            .customers()
            .tickets(customer)
            .page(1)
            .wait()
            .map(drop),
        other => panic!("no call of {other}"),
    }
}

/// The kind of a status, computed independently of the client.
fn kind_of(status: u16) -> ErrorKind {
    match status {
        400 => ErrorKind::Rejected,
        401 | 403 => ErrorKind::Unauthorized,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        422 => ErrorKind::Validation,
        429 => ErrorKind::RateLimited,
        500..=599 => ErrorKind::Server,
        _ => ErrorKind::UnexpectedStatus,
    }
}

/// One change to a JSON text.
#[derive(Debug, Clone)]
enum Change {
    /// Replaces a value.
    Replace(usize, Value),
    /// Removes a field.
    Remove(usize),
    /// Replaces a byte.
    Byte(usize, u8),
    /// Truncates the text.
    Cut(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let values = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(serde_json::json!([])),
        Just(serde_json::json!({"a": [1, {"b": null}]})),
        Just(Value::from("2026-13-45T99:99:99.999Z")),
        Just(Value::from("-009999-01-01T00:00:00.000Z")),
    ];
    prop_oneof![
        (any::<usize>(), values).prop_map(|(at, value)| Change::Replace(at, value)),
        any::<usize>().prop_map(Change::Remove),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        any::<usize>().prop_map(Change::Cut),
    ]
}

fn apply(value: &Value, changes: &[Change]) -> Vec<u8> {
    let mut value = value.clone();
    for change in changes {
        let (Change::Replace(at, _) | Change::Remove(at)) = change else {
            continue;
        };
        let mut paths = Vec::new();
        pointers(&value, String::new(), &mut paths);
        let path = &paths[at % paths.len()];
        match change {
            Change::Replace(_, new) => *value.pointer_mut(path).unwrap() = new.clone(),
            _ => {
                let (parent, name) = path.rsplit_once('/').unwrap_or(("", ""));
                if let Some(Value::Object(fields)) = value.pointer_mut(parent) {
                    fields.shift_remove(name);
                }
            }
        }
    }
    let mut bytes = value.to_string().into_bytes();
    for change in changes {
        match change {
            Change::Byte(at, byte) if !bytes.is_empty() => {
                let at = at % bytes.len();
                bytes[at] = *byte;
            }
            Change::Cut(at) => bytes.truncate(at % (bytes.len() + 1)),
            _ => {}
        }
    }
    bytes
}

fn pointers(value: &Value, path: String, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| !name.contains(['/', '~'])) {
                pointers(value, format!("{path}/{name}"), all);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                pointers(value, format!("{path}/{index}"), all);
            }
        }
        _ => {}
    }
    all.push(path);
}

/// The document's examples of an operation's success and of its errors.
fn bodies() -> Vec<(Operation, Value)> {
    let spec = openapi();
    let examples = spec["components"]["examples"].as_object().unwrap();
    let body = |name: &str| examples[name]["value"].clone();
    let own = [
        (Operation::ListBranches, "Branches"),
        (Operation::GetBranchTree, "BranchTree"),
        (Operation::ListSlots, "Slots"),
        (Operation::BookTicket, "WalkInBooked"),
        (Operation::GetTicket, "WaitingWalkIn"),
        (Operation::CancelTicket, "TicketCancelled"),
        (Operation::RescheduleTicket, "TicketRescheduled"),
        (Operation::CreateCustomer, "CustomerCreated"),
        (Operation::ListCustomers, "CustomersPage"),
        (Operation::GetCustomer, "CustomerFetched"),
        (Operation::UpdateCustomer, "CustomerUpdated"),
        (Operation::DeleteCustomer, "CustomerDeleted"),
        (Operation::ListCustomerTickets, "CustomerTicketsPage"),
    ];
    let errors = [
        "UnknownId",
        "CustomerVanished",
        "Unauthorized",
        "BranchClosed",
    ];
    own.into_iter()
        .flat_map(|(operation, name)| {
            let names = std::iter::once(name).chain(errors);
            names.map(move |name| (operation, name)).collect::<Vec<_>>()
        })
        .map(|(operation, name)| (operation, body(name)))
        .collect()
}

#[test]
fn a_mutated_response_keeps_its_status() {
    let server = RawServer::start(Script::Respond(http(200, "", b"")));
    let client = server
        .builder()
        .retry(RetryPolicy::never())
        // Without real pauses after a 429.
        .clock(TestClock::new(|_| {}))
        .build()
        .unwrap();
    let bodies = bodies();
    let statuses = prop_oneof![
        4 => prop::sample::select(vec![200_u16, 201]),
        2 => prop::sample::select(vec![400_u16, 401, 404, 409, 422, 429, 500, 502]),
        1 => (200_u16..600).prop_filter("these statuses have no body", |status| ![204, 304].contains(status)),
    ];
    let case = (
        0..bodies.len(),
        statuses,
        prop::collection::vec(change(), 0..4),
    );
    let mut runner = TestRunner::new(Config {
        cases: 4_000,
        failure_persistence: None,
        ..Config::default()
    });
    let mut kinds = std::collections::BTreeMap::<&str, u32>::new();
    let counted = std::cell::RefCell::new(&mut kinds);
    let result = runner.run(&case, |(index, status, changes)| {
        let (operation, body) = &bodies[index];
        let bytes = apply(body, &changes);
        server.set_script(Script::Respond(http(status, "", &bytes)));
        let success = (200..300).contains(&status);
        match call(&client, *operation) {
            Ok(()) => {
                prop_assert!(success, "{status} was decoded as a success");
                *counted.borrow_mut().entry("Ok").or_default() += 1;
            }
            Err(error) => {
                let expected = match (*operation, kind_of(status)) {
                    // The outcome of these two cannot be looked up.
                    (
                        Operation::BookTicket | Operation::CreateCustomer,
                        ErrorKind::Server | ErrorKind::UnexpectedStatus,
                    ) => ErrorKind::OutcomeUnknown,
                    _ if success => ErrorKind::Decode,
                    (_, kind) => kind,
                };
                prop_assert_eq!(error.kind(), expected);
                prop_assert_eq!(error.status(), Some(status));
                prop_assert_eq!(error.operation(), Some(*operation));
                prop_assert_eq!(error.path().is_some(), success);
                prop_assert!(!error.to_string().contains('\n'));
                *counted
                    .borrow_mut()
                    .entry(error.kind().as_str())
                    .or_default() += 1;
            }
        }
        Ok(())
    });
    result.unwrap();
    println!("{kinds:?}");
    // A run without decoded responses, or without decode errors, would prove nothing.
    assert!(kinds["Ok"] > 100 && kinds["Decode"] > 100, "{kinds:?}");
}

#[test]
fn a_decode_error_names_the_json_path() {
    let server = RawServer::start(Script::Respond(Vec::new()));
    let client = server.builder().build().unwrap();
    let page = |created: &str| {
        format!(
            r#"{{"message":"m","data":[{{"_id":"i","companyId":"c","name":"Layla Hassan","email":"layla@example.com","createdAt":{created},"updatedAt":"2026-06-23T11:00:00.000Z"}}],"pagination":{{"total":1,"totalPages":1,"hasNextPage":false,"hasPrevPage":false}}}}"#
        )
    };
    for (created, reason) in [
        (r#""yesterday""#, "expected an ISO-8601 time"),
        ("12", "expected a string"),
        (r#""Layla""#, "expected an ISO-8601 time"),
    ] {
        server.set_script(Script::Respond(http(200, "", page(created).as_bytes())));
        let error = client.customers().list().page(1).wait().unwrap_err();
        assert_eq!(error.path(), Some("data[0].createdAt"), "{error:?}");
        assert_eq!(error.reason(), Some(reason));
        assert!(!format!("{error} {error:?}").contains("Layla"));
    }
    server.set_script(Script::Respond(http(
        200,
        "",
        br#"{"message":"m","data":[{"_id":"i"}],"pagination":null}"#,
    )));
    let error = client.customers().list().page(1).wait().unwrap_err();
    assert_eq!(error.path(), Some("data[0]"));
    assert_eq!(error.reason(), Some("missing field `companyId`"));
    // An array is not decoded as the fields of a record in order.
    for (body, path) in [
        (&br#"["m",[["b","B",[true]]]]"#[..], "$"),
        (br#"{"message":"m","data":[7]}"#, "data[0]"),
    ] {
        server.set_script(Script::Respond(http(200, "", body)));
        let error = client.branches().list().wait().unwrap_err();
        assert_eq!(
            (error.path(), error.reason()),
            (Some(path), Some("expected an object"))
        );
    }
}

#[test]
fn a_decode_error_has_a_reason() {
    let server = RawServer::start(Script::Respond(Vec::new()));
    let client = server.builder().build().unwrap();
    for (body, path, reason) in [
        (&b" \n "[..], "$", "the body is empty"),
        (b" \n <p>Hello</p>", "$", "the body is HTML, not JSON"),
        (b"\xff{}", "$", "the body is not UTF-8"),
        (
            b"{\"message\":\"m\",\n \"data\":[x]}",
            "data[0]",
            "the body is not JSON (line 2, column 10)",
        ),
        (
            b"{\"message\":\"m\",\"data\":[",
            "data",
            "the JSON ends too early",
        ),
        (
            b"{\"message\":\"m\",\"data\":[]} 7",
            "$",
            "the body continues after the end of the JSON",
        ),
        (b"{}", "$", "missing field `data`"),
        (b"{\"data\":[],\"data\":[]}", "$", "duplicate field `data`"),
        (b"{\"data\":\"secret\"}", "data", "expected a sequence"),
        (
            b"{\"data\":[{\"id\":\"b\",\"name\":\"B\",\"branchStatus\":{\"isBranchOpen\":9}}]}",
            "data[0].branchStatus.isBranchOpen",
            "expected a boolean",
        ),
    ] {
        server.set_script(Script::Respond(http(200, "", body)));
        let error = client.branches().list().wait().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        let text = String::from_utf8_lossy(body);
        assert_eq!(
            (error.path(), error.reason()),
            (Some(path), Some(reason)),
            "{text}"
        );
    }
    // The envelope's message is optional.
    server.set_script(Script::Respond(http(200, "", br#"{"data":[]}"#)));
    let response = client.branches().list().with_response().wait().unwrap();
    assert_eq!((response.message(), response.data().len()), (None, 0));
}

#[test]
fn a_long_reason_is_truncated_only_in_the_error_text() {
    let reason = ["word"; 1_000].join(" ");
    let body = format!(r#"{{"message":"m","error":"{reason}"}}"#);
    let server = RawServer::start(Script::Respond(http(400, "", body.as_bytes())));
    let client = server.builder().build().unwrap();
    let error = client.tickets().get("t").wait().unwrap_err();
    let shown = ["word"; 76].join(" ");
    assert_eq!(
        error.to_string(),
        format!("get the ticket: the server rejected the request (400): {shown} …")
    );
    assert_eq!(error.reason(), Some(&*reason));
}

#[test]
fn field_names_in_a_decode_error_are_escaped_redacted_and_truncated() {
    let long = "x".repeat(100_000);
    for (name, shown) in [
        ("a\u{7f}b\u{202e}c", "a\u{fffd}b\u{fffd}c"),
        ("layla@example.com", "[redacted]"),
        (&*long, &long[..300]),
    ] {
        let body = format!("{{\"{name}\":?}}");
        let server = RawServer::start(Script::Respond(http(200, "", body.as_bytes())));
        let client = server.builder().build().unwrap();
        let error = client.tickets().get("t").wait().unwrap_err();
        // The path itself is complete.
        assert_eq!(error.path(), Some(name));
        let text = error.to_string();
        let expected = format!("(200): at {shown}: the body is not JSON (line 1, column ");
        assert!(text.contains(&expected), "{text}");
    }
}

#[test]
fn no_memory_is_reserved_for_the_announced_content_length() {
    let length = u64::MAX / 4;
    let response = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{{");
    let server = RawServer::start(Script::RespondAndClose(response.into_bytes()));
    let client = server.builder().build().unwrap();
    let error = client.branches().list().wait().unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Transport, Some(200))
    );
}

#[test]
fn a_response_may_be_as_large_as_the_limit_and_no_larger() {
    let body = br#"{"message":"m","data":[]}"#;
    let (whole, rest) = (http(200, "", body), "transfer-encoding: chunked\r\n\r\n");
    // In two chunks, without a content length.
    let mut chunks = format!("HTTP/1.1 200 OK\r\n{rest}").into_bytes();
    for chunk in body.chunks(20) {
        chunks.extend(format!("{:x}\r\n", chunk.len()).bytes());
        chunks.extend_from_slice(chunk);
        chunks.extend(b"\r\n");
    }
    chunks.extend(b"0\r\n\r\n");
    for response in [whole, chunks] {
        let server = RawServer::start(Script::Respond(response));
        let list = |cap| {
            let client = server.builder().max_response_bytes(cap).build().unwrap();
            client.branches().list().wait()
        };
        assert!(list(body.len()).is_ok());
        let error = list(body.len() - 1).unwrap_err();
        assert_eq!(error.reason(), Some("the body is larger than 24 bytes"));
        assert_eq!((error.path(), error.status()), (Some("$"), Some(200)));
    }
}

#[test]
fn an_error_keeps_its_status_when_its_body_cannot_be_read() {
    let server = RawServer::start(Script::Respond(Vec::new()));
    let client = server.builder().build().unwrap();
    let mut cut = http(422, "", &[b'x'; 1000]);
    cut.truncate(200);
    server.set_script(Script::RespondAndClose(cut));
    let error = client.tickets().get("t").wait().unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Validation, Some(422))
    );

    let endless = http(400, "", &vec![b'x'; 1024 * 1024]);
    server.set_script(Script::Respond(endless));
    let error = client.tickets().get("t").wait().unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Rejected, Some(400))
    );

    server.set_script(Script::Respond(http(
        200,
        "content-encoding: gzip\r\n",
        b"this is not gzip",
    )));
    let error = client.tickets().get("t").wait().unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Decode, Some(200))
    );
}

#[test]
fn a_key_that_the_server_repeats_is_not_in_the_error() {
    let key = "Zm9vYmFyLWtleQ";
    for (status, body) in [
        (
            400,
            format!(r#"{{"message":"m {key}","error":"no such key: '{key}'"}}"#),
        ),
        (
            422,
            format!(r#"{{"error":{{"{key}":"{key} is unknown"}}}}"#),
        ),
        (500, format!(r#"{{"message":"{key}"}}"#)),
        (200, format!(r#"{{"data":{{"{key}":?}}}}"#)),
    ] {
        let server = RawServer::start(Script::Respond(http(status, "", body.as_bytes())));
        let builder = Client::builder(ApiKey::new(key).unwrap());
        let builder = builder.base_url(format!("{}/v1", server.origin()));
        let error = builder
            .retry(RetryPolicy::never())
            .build()
            .unwrap()
            .tickets()
            .get("t")
            .wait()
            .unwrap_err();
        let texts = [
            error.to_string(),
            format!("{error:?} {:?} {:?}", error.fields(), error.path()),
        ];
        assert!(texts.iter().all(|text| !text.contains(key)), "{texts:?}");
        assert!(texts[1].contains("[redacted]"), "{texts:?}");
        assert!(!error.reason().unwrap_or_default().contains(key));
        assert!(!error.message().unwrap_or_default().contains(key));
    }
}

#[test]
fn the_text_of_an_error_has_only_so_many_fields() {
    let fields: serde_json::Map<_, _> = (0..1500)
        .map(|number| (format!("field{number:04}"), "is wrong".into()))
        .collect();
    let body = serde_json::json!({"message": "m", "error": fields});
    let client = Client::new(ApiKey::new("sk_x").unwrap()).unwrap();
    let call = client.branches().list();
    let error = call.answered(422, body.to_string().into()).unwrap_err();
    assert_eq!(error.fields().len(), 1500);
    let text = error.to_string();
    assert!(
        text.ends_with("; field0009: is wrong; and 1490 more fields"),
        "{text}"
    );
}
