//! Fuzzes the decoding of responses. The first byte is the operation, the next two are the status,
//! the rest is the body.
#![no_main]

use std::fmt::Debug;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde_json::{Value, json};
use skiplino::{
    ApiKey, BookTicketRequest, Call, ChangeTimeRequest, Client, CustomerRef, CustomerUpdateRequest,
    CustomerWriteRequest, Effect, Error, ErrorKind, Operation, Outcome, Page,
};

/// Statuses with a meaning, other than the 200 of most inputs.
const STATUSES: [u16; 14] = [
    201, 204, 206, 302, 400, 401, 403, 404, 409, 422, 429, 500, 503, 999,
];

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let key = ApiKey::new("sk_fuzz").unwrap();
    let builder = Client::builder(key).base_url("http://127.0.0.1:9/v1");
    builder.build().unwrap()
});

fuzz_target!(|data: &[u8]| {
    let [operation, status, other, body @ ..] = data else {
        return;
    };
    let operations = Operation::ALL;
    let operation = operations[usize::from(*operation) % operations.len()];
    let status = match status % 4 {
        3 => STATUSES[usize::from(*other) % STATUSES.len()],
        _ => 200,
    };
    decode(operation, status, body);
});

fn decode(operation: Operation, status: u16, body: &[u8]) {
    let (branches, services, tickets, customers) = (
        CLIENT.branches(),
        CLIENT.services(),
        CLIENT.tickets(),
        CLIENT.customers(),
    );
    let customer = || CustomerRef::id("c");
    match operation {
        Operation::ListBranches => data(|| branches.list(), status, body),
        Operation::GetBranchTree => data(|| branches.tree("b"), status, body),
        Operation::ListSlots => data(|| services.slots("s", None), status, body),
        Operation::BookTicket => {
            let request = BookTicketRequest::walk_in("s", "g");
            data(|| tickets.book(&request), status, body);
        }
        Operation::GetTicket => data(|| tickets.get("t"), status, body),
        Operation::CancelTicket => data(|| tickets.cancel("t"), status, body),
        Operation::RescheduleTicket => {
            let time = "2026-07-01T09:30:00Z".parse().unwrap();
            let request = ChangeTimeRequest::new(time, customer());
            data(|| tickets.reschedule("t", &request), status, body);
        }
        Operation::CreateCustomer => {
            let request = CustomerWriteRequest::new();
            data(|| customers.create(&request), status, body);
        }
        Operation::ListCustomers => page(|| customers.list().page(1), status, body),
        Operation::GetCustomer => {
            data(|| customers.get(customer()), status, body);
            if let Err(error) = customers.find(customer()).answered(status, body.to_vec()) {
                check(operation, status, &error);
            }
        }
        Operation::UpdateCustomer => {
            let request = CustomerUpdateRequest::new(customer()).name("n");
            data(|| customers.update(&request), status, body);
        }
        Operation::DeleteCustomer => data(|| customers.delete(customer()), status, body),
        Operation::ListCustomerTickets => {
            page(|| customers.tickets(customer()).page(1), status, body);
        }
        other => panic!("no call of {other}"),
    }
}

/// Decoded data must be equal after encoding and decoding it again.
fn data<T>(call: impl Fn() -> Call<T>, status: u16, body: &[u8])
where
    T: Debug + PartialEq + Serialize + Send + 'static,
{
    let first = call();
    match first.answered(status, body.to_vec()) {
        Ok(response) => {
            assert!((200..300).contains(&response.status()));
            let _ = format!("{response:?}");
            let again = json!({"message": response.message(), "data": response.data()});
            let again = call().answered(status, again.to_string().into_bytes());
            let again = again.expect("encoded data can be decoded");
            assert!(again.data() == response.data(), "{:?}", again.data());
            assert_eq!(again.message(), response.message());
        }
        Err(error) => check(call().operation(), status, &error),
    }
}

fn page<T>(call: impl Fn() -> Call<Page<T>>, status: u16, body: &[u8])
where
    T: Debug + PartialEq + Serialize + Send + 'static,
{
    match call().answered(status, body.to_vec()) {
        Ok(response) => {
            assert!((200..300).contains(&response.status()));
            let _ = format!("{response:?}");
            let page = response.data();
            let again = json!({"data": page.items(), "pagination": page.pagination()});
            let again = call().answered(status, again.to_string().into_bytes());
            assert!(again.expect("encoded data can be decoded").data() == page);
        }
        Err(error) => check(call().operation(), status, &error),
    }
}

/// An error keeps the operation and the status, has a path, and its text is one line.
fn check(operation: Operation, status: u16, error: &Error) {
    assert_eq!(error.operation(), Some(operation));
    assert_eq!(error.status(), Some(status));
    let success = (200..300).contains(&status);
    assert_eq!(error.kind() == ErrorKind::Decode, success, "{error}");
    assert_eq!(error.path().is_some(), success, "{error}");
    assert!(error.path().is_none_or(|path| !path.is_empty()));
    let may_be = operation.effect() != Effect::Read
        && (success || status >= 500 || error.kind() == ErrorKind::UnexpectedStatus);
    assert_eq!(error.outcome() == Outcome::Unknown, may_be, "{error}");
    let text = error.to_string();
    assert!(text.starts_with(operation.title()), "{text}");
    assert!(!text.contains(char::is_control), "{text:?}");
    assert!(text.len() < 1 << 14, "{}", text.len());
    let _: (Option<&str>, Value) = (error.message(), json!(error.fields()));
}
