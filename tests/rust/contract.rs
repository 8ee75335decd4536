//! Compares the operations of the core and of the sandbox, and the core's types, with
//! `spec/openapi.yaml`.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use skiplino::{
    BookTicketRequest, Branch, BranchTreeGroup, ChangeTimeRequest, Customer, CustomerUpdateRequest,
    CustomerWriteRequest, KeyRequirement, Operation, Pagination, Slot, Ticket,
};
use skiplino_sandbox::{KeyClass, OPERATIONS};
use skiplino_tests::openapi;

/// An operation, in the form that the document, the core and the sandbox share.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    id: String,
    method: String,
    path: String,
    secret_only: bool,
    published: Vec<u16>,
    all: Vec<u16>,
}

fn spec_rows(spec: &Value) -> Vec<Row> {
    let mut rows = Vec::new();
    for (path, methods) in spec["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let Some(id) = operation["operationId"].as_str() else {
                continue;
            };
            let responses = operation["responses"].as_object().unwrap();
            let status = |text: &String| text.parse::<u16>().unwrap();
            let mut all: Vec<u16> = responses.keys().map(status).collect();
            all.sort_unstable();
            let is_published =
                |code: &u16| responses[&code.to_string()].get("x-unpublished").is_none();
            let keys = operation["security"].as_array().unwrap();
            rows.push(Row {
                id: id.to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                secret_only: !keys.iter().any(|key| key.get("publicKey").is_some()),
                published: all.iter().copied().filter(is_published).collect(),
                all,
            });
        }
    }
    rows.sort();
    rows
}

#[test]
fn the_core_has_the_operations_of_the_openapi_document() {
    let mut rows: Vec<Row> = Operation::ALL
        .iter()
        .map(|operation| {
            let mut published = vec![operation.success_status(), 401, 500];
            published.extend(operation.error_statuses());
            published.sort_unstable();
            Row {
                id: operation.id().to_owned(),
                method: operation.method().to_owned(),
                path: operation.path().to_owned(),
                secret_only: operation.key() == KeyRequirement::Secret,
                published,
                all: Vec::new(),
            }
        })
        .collect();
    rows.sort();
    let mut expected = spec_rows(&openapi());
    for row in &mut expected {
        row.all.clear();
    }
    assert_eq!(rows, expected);
}

#[test]
fn the_sandbox_has_the_operations_of_the_openapi_document() {
    let mut rows: Vec<Row> = OPERATIONS
        .iter()
        .map(|operation| {
            let mut all = operation.statuses.to_vec();
            all.sort_unstable();
            Row {
                id: operation.id.to_owned(),
                method: operation.method.to_owned(),
                path: operation.path.to_owned(),
                secret_only: operation.key == KeyClass::Secret,
                published: Vec::new(),
                all,
            }
        })
        .collect();
    rows.sort();
    let mut expected = spec_rows(&openapi());
    for row in &mut expected {
        row.published.clear();
    }
    assert_eq!(rows, expected);
}

#[test]
fn every_documented_example_round_trips() {
    let spec = openapi();
    let mut seen = Vec::new();
    for methods in spec["paths"].as_object().unwrap().values() {
        for operation in methods.as_object().unwrap().values() {
            let Some(id) = operation["operationId"].as_str() else {
                continue;
            };
            for (status, response) in operation["responses"].as_object().unwrap() {
                if status.starts_with('2') {
                    for example in examples(&spec, response) {
                        same_data(id, &example);
                        seen.push(id.to_owned());
                    }
                }
            }
            for example in examples(&spec, &operation["requestBody"]) {
                same_body(id, &example);
                seen.push(format!("{id} body"));
            }
        }
    }
    for operation in Operation::ALL {
        assert!(
            seen.iter().any(|id| id == operation.id()),
            "no example of {operation}"
        );
    }
    for id in [
        "bookTicket",
        "rescheduleTicket",
        "createCustomer",
        "updateCustomer",
    ] {
        assert!(
            seen.contains(&format!("{id} body")),
            "no example of a body of {id}"
        );
    }
}

fn examples(spec: &Value, holder: &Value) -> Vec<Value> {
    let holder = resolve(spec, holder);
    let examples = &holder["content"]["application/json"]["examples"];
    let examples = examples
        .as_object()
        .into_iter()
        .flat_map(|examples| examples.values());
    examples
        .map(|example| resolve(spec, example)["value"].clone())
        .collect()
}

fn resolve<'a>(spec: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(path) => spec.pointer(path.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

fn same<T: DeserializeOwned + Serialize>(value: &Value) {
    let text = value.to_string();
    let read: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
}

fn same_data(operation: &str, envelope: &Value) {
    let data = &envelope["data"];
    match operation {
        "listBranches" => same::<Vec<Branch>>(data),
        "getBranchTree" => same::<Vec<BranchTreeGroup>>(data),
        "listSlots" => same::<Vec<Slot>>(data),
        "bookTicket" | "getTicket" | "cancelTicket" | "rescheduleTicket" => same::<Ticket>(data),
        "createCustomer" | "getCustomer" | "updateCustomer" => same::<Customer>(data),
        "deleteCustomer" => assert_eq!(*data, Value::Null),
        "listCustomers" => {
            same::<Vec<Customer>>(data);
            same::<Pagination>(&envelope["pagination"]);
        }
        "listCustomerTickets" => {
            same::<Vec<Ticket>>(data);
            same::<Pagination>(&envelope["pagination"]);
        }
        other => panic!("no operation {other}"),
    }
}

fn same_body(operation: &str, body: &Value) {
    match operation {
        "bookTicket" => same::<BookTicketRequest>(body),
        "rescheduleTicket" => same::<ChangeTimeRequest>(body),
        "createCustomer" => same::<CustomerWriteRequest>(body),
        "updateCustomer" => same::<CustomerUpdateRequest>(body),
        other => panic!("{other} takes no body"),
    }
}
