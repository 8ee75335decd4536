//! Whatever a server says, the client keeps the status, names the place and does not panic.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use skiplino::{
    BookTicketRequest, ChangeTimeRequest, Client, CustomerRef, CustomerUpdateRequest,
    CustomerWriteRequest, Error, ErrorKind, Operation, RetryPolicy,
};
use skiplino_tests::openapi;

use crate::clock::Jumping;
use crate::raw::{Raw, Say, http};

/// Makes an operation's call with some valid input.
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

/// The kind that a status means, said a second time.
fn kind_of(status: u16) -> ErrorKind {
    match status {
        400 => ErrorKind::Rejected,
        401 => ErrorKind::Unauthorized,
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
    /// A value becomes another one.
    Replace(usize, Value),
    /// A field goes.
    Remove(usize),
    /// A byte becomes another one.
    Byte(usize, u8),
    /// The rest goes.
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
        (Operation::RescheduleTicket, "TicketMoved"),
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
fn an_answer_with_any_change_keeps_its_status() {
    let server = Raw::start(Say::Answer(http(200, "", b"")));
    let client = server
        .builder()
        .retry(RetryPolicy::never())
        // The 429s among the answers slow the client down.
        .clock(Jumping::new(|_| {}))
        .build()
        .unwrap();
    let bodies = bodies();
    let statuses = prop_oneof![
        4 => prop::sample::select(vec![200_u16, 201]),
        2 => prop::sample::select(vec![400_u16, 401, 404, 409, 422, 429, 500, 502]),
        1 => (200_u16..600).prop_filter("no body comes with these", |status| ![204, 304].contains(status)),
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
        server.say(Say::Answer(http(status, "", &bytes)));
        let success = (200..300).contains(&status);
        match call(&client, *operation) {
            Ok(()) => {
                prop_assert!(success, "{status} was taken for a success");
                *counted.borrow_mut().entry("Ok").or_default() += 1;
            }
            Err(error) => {
                let expected = match (*operation, kind_of(status)) {
                    // Nothing tells what became of these two.
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
    // A run in which nothing was ever read, or nothing was ever bad, would prove nothing.
    assert!(kinds["Ok"] > 100 && kinds["Decode"] > 100, "{kinds:?}");
}

#[test]
fn a_bad_answer_names_the_place() {
    let server = Raw::start(Say::Answer(Vec::new()));
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
        server.say(Say::Answer(http(200, "", page(created).as_bytes())));
        let error = client.customers().list().page(1).wait().unwrap_err();
        assert_eq!(error.path(), Some("data[0].createdAt"), "{error:?}");
        assert_eq!(error.reason(), Some(reason));
        assert!(!format!("{error} {error:?}").contains("Layla"));
    }
    server.say(Say::Answer(http(
        200,
        "",
        br#"{"message":"m","data":[{"_id":"i"}],"pagination":null}"#,
    )));
    let error = client.customers().list().page(1).wait().unwrap_err();
    assert_eq!(error.path(), Some("data[0]"));
    assert_eq!(error.reason(), Some("missing field `companyId`"));
    // A list is not taken for the fields of a record in their order.
    for (body, path) in [
        (&br#"["m",[["b","B",[true]]]]"#[..], "$"),
        (br#"{"message":"m","data":[7]}"#, "data[0]"),
    ] {
        server.say(Say::Answer(http(200, "", body)));
        let error = client.branches().list().wait().unwrap_err();
        assert_eq!(
            (error.path(), error.reason()),
            (Some(path), Some("expected an object"))
        );
    }
}

#[test]
fn what_is_wrong_with_an_answer_is_told() {
    let server = Raw::start(Say::Answer(Vec::new()));
    let client = server.builder().build().unwrap();
    for (body, path, reason) in [
        (&b" \n "[..], "$", "it is empty"),
        (b" \n <p>Hello</p>", "$", "it is HTML, not JSON"),
        (b"\xff{}", "$", "it is not UTF-8"),
        (
            b"{\"message\":\"m\",\n \"data\":[x]}",
            "data[0]",
            "it is not JSON (line 2, column 10)",
        ),
        (
            b"{\"message\":\"m\",\"data\":[",
            "data",
            "the JSON ends too early",
        ),
        (
            b"{\"message\":\"m\",\"data\":[]} 7",
            "$",
            "there is more data after its end",
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
        server.say(Say::Answer(http(200, "", body)));
        let error = client.branches().list().wait().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        let text = String::from_utf8_lossy(body);
        assert_eq!(
            (error.path(), error.reason()),
            (Some(path), Some(reason)),
            "{text}"
        );
    }
    // The envelope's sentence is not what a call is made for.
    server.say(Say::Answer(http(200, "", br#"{"data":[]}"#)));
    let response = client.branches().list().with_response().wait().unwrap();
    assert_eq!((response.message(), response.data().len()), (None, 0));
}

#[test]
fn a_long_error_is_cut_where_it_is_shown_only() {
    let reason = ["word"; 1_000].join(" ");
    let body = format!(r#"{{"message":"m","error":"{reason}"}}"#);
    let server = Raw::start(Say::Answer(http(400, "", body.as_bytes())));
    let client = server.builder().build().unwrap();
    let error = client.tickets().get("t").wait().unwrap_err();
    let shown = ["word"; 76].join(" ");
    assert_eq!(
        error.to_string(),
        format!("get the ticket: refused (400): {shown} …")
    );
    assert_eq!(error.reason(), Some(&*reason));
}

#[test]
fn names_in_a_bad_answer_cannot_steer_a_terminal_fill_it_or_tell_of_people() {
    let long = "x".repeat(100_000);
    for (name, shown) in [
        ("a\u{7f}b\u{202e}c", "a\u{fffd}b\u{fffd}c"),
        ("layla@example.com", "[redacted]"),
        (&*long, &long[..300]),
    ] {
        let body = format!("{{\"{name}\":?}}");
        let server = Raw::start(Say::Answer(http(200, "", body.as_bytes())));
        let client = server.builder().build().unwrap();
        let error = client.tickets().get("t").wait().unwrap_err();
        // A program is given all of it.
        assert_eq!(error.path(), Some(name));
        let text = error.to_string();
        let expected = format!("(200): at {shown}: it is not JSON (line 1, column ");
        assert!(text.contains(&expected), "{text}");
    }
}

#[test]
fn memory_is_not_set_aside_for_what_is_only_announced() {
    let length = u64::MAX / 4;
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{{");
    let server = Raw::start(Say::AnswerAndClose(answer.into_bytes()));
    let client = server.builder().build().unwrap();
    let error = client.branches().list().wait().unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Transport, Some(200))
    );
}

#[test]
fn an_answer_may_be_as_large_as_the_cap_and_no_larger() {
    let body = br#"{"message":"m","data":[]}"#;
    let (whole, rest) = (http(200, "", body), "transfer-encoding: chunked\r\n\r\n");
    // In two pieces, of which neither tells the whole length.
    let mut pieces = format!("HTTP/1.1 200 OK\r\n{rest}").into_bytes();
    for piece in body.chunks(20) {
        pieces.extend(format!("{:x}\r\n", piece.len()).bytes());
        pieces.extend_from_slice(piece);
        pieces.extend(b"\r\n");
    }
    pieces.extend(b"0\r\n\r\n");
    for answer in [whole, pieces] {
        let server = Raw::start(Say::Answer(answer));
        let list = |cap| {
            let client = server.builder().max_response_bytes(cap).build().unwrap();
            client.branches().list().wait()
        };
        assert!(list(body.len()).is_ok());
        let error = list(body.len() - 1).unwrap_err();
        assert_eq!(error.reason(), Some("it is larger than 24 bytes"));
        assert_eq!((error.path(), error.status()), (Some("$"), Some(200)));
    }
}

#[test]
fn an_error_keeps_its_status_when_its_body_is_lost() {
    let server = Raw::start(Say::Answer(Vec::new()));
    let client = server.builder().build().unwrap();
    let mut cut = http(422, "", &[b'x'; 1000]);
    cut.truncate(200);
    server.say(Say::AnswerAndClose(cut));
    let error = client.tickets().get("t").wait().unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Validation, Some(422))
    );

    let endless = http(400, "", &vec![b'x'; 1024 * 1024]);
    server.say(Say::Answer(endless));
    let error = client.tickets().get("t").wait().unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Rejected, Some(400))
    );

    server.say(Say::Answer(http(
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
