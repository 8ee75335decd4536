//! The Rust runner of `tests/scenarios`, with `.await` and with `.wait()`.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::from_fn;
use std::path::PathBuf;
use std::pin::pin;
use std::thread;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde::Serialize;
use serde_json::{Map, Value, json};
use skiplino::{
    ApiKey, BookTicketRequest, Call, CallOptions, CancellationToken, ChangeTimeRequest, Client,
    CustomerRef, CustomerUpdateRequest, CustomerWriteRequest, Error, ErrorKind, List, Page,
    Response, RetryPolicy,
};
use skiplino_sandbox::{DEMO_PUBLIC_KEY, DEMO_SECRET_KEY};
use skiplino_tests::{TestSandbox, read_json, tests_folder};
use tokio::runtime::Runtime;

/// How the runner waits for a call.
pub enum Mode {
    Await(Runtime),
    Blocking,
}

#[test]
fn every_scenario_awaited() {
    run_all(&Mode::Await(Runtime::new().unwrap()));
}

#[test]
fn every_scenario_blocking() {
    run_all(&Mode::Blocking);
}

#[test]
fn every_scenario_file_matches_the_schema() {
    let schema = read_json(&tests_folder().join("scenarios/schema.json"));
    let schema = jsonschema::validator_for(&schema).unwrap();
    let mut names = Vec::new();
    for path in files() {
        let file = read_json(&path);
        let errors: Vec<_> = schema
            .iter_errors(&file)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
        let scenarios = file["scenarios"].as_array().unwrap();
        names.extend(
            scenarios
                .iter()
                .map(|scenario| scenario["name"].to_string()),
        );
    }
    names.sort();
    let duplicates: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(
        duplicates.is_empty(),
        "duplicate scenario names: {duplicates:?}"
    );
}

#[test]
fn every_operation_and_every_kind_of_error_has_a_scenario() {
    let mut calls = BTreeSet::new();
    let mut errors = BTreeSet::new();
    for path in files() {
        for scenario in read_json(&path)["scenarios"].as_array().unwrap() {
            errors.insert(scenario["rejected"]["kind"].to_string());
            for step in scenario["steps"].as_array().into_iter().flatten() {
                let error = &step["expect"]["error"];
                errors.insert(error["kind"].to_string());
                let succeeds = step["call"].is_string() && error.is_null();
                if succeeds {
                    calls.insert(step["call"].to_string());
                }
            }
        }
    }
    let schema = read_json(&tests_folder().join("scenarios/schema.json"));
    let known = &schema["$defs"]["call"]["properties"]["call"]["enum"];
    for call in known.as_array().unwrap() {
        assert!(
            calls.contains(&call.to_string()),
            "no scenario in which {call} succeeds"
        );
    }
    // A scenario cannot cause an internal error.
    for kind in ErrorKind::ALL
        .into_iter()
        .filter(|kind| *kind != ErrorKind::Internal)
    {
        assert!(
            errors.contains(&format!("{:?}", kind.as_str())),
            "no scenario that ends in {kind}"
        );
    }
}

pub fn files() -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(tests_folder().join("scenarios"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .filter(|path| !path.ends_with("schema.json"))
        .collect();
    files.sort();
    files
}

fn run_all(mode: &Mode) {
    let sandbox = TestSandbox::new();
    let mut failures = Vec::new();
    let mut count = 0;
    for path in files() {
        for scenario in read_json(&path)["scenarios"].as_array().unwrap() {
            count += 1;
            let name = scenario["name"].as_str().unwrap();
            match run_scenario(mode, &sandbox, scenario) {
                Ok(()) => record_pass(mode, name),
                Err(difference) => {
                    let file = path.file_name().unwrap().display();
                    failures.push(format!("{file}: {name}: {difference}"));
                }
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {count} failed:\n{}",
        failures.len(),
        failures.join("\n")
    );
    println!("{count} scenarios");
}

/// Writes the name of a passed scenario for `make parity`.
fn record_pass(mode: &Mode, name: &str) {
    use std::io::Write as _;
    let host = match mode {
        Mode::Await(_) => "rust-await",
        Mode::Blocking => "rust-wait",
    };
    if let Some(folder) = std::env::var_os("SKIPLINO_PARITY") {
        let mut options = std::fs::OpenOptions::new();
        let file = options.append(true).create(true);
        let mut file = file.open(PathBuf::from(folder).join(host)).unwrap();
        writeln!(file, "{name}").unwrap();
    }
}

/// A difference from the scenario.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Difference(String);

pub fn run_scenario(
    mode: &Mode,
    sandbox: &TestSandbox,
    scenario: &Value,
) -> Result<(), Difference> {
    sandbox.reset();
    let client = client(sandbox, &scenario["client"]);
    if let Some(rejected) = scenario.get("rejected") {
        return match client {
            Ok(_) => Err(Difference("the client was built".to_owned())),
            Err(error) => compare_error(rejected, &error),
        };
    }
    let client = client.map_err(|error| Difference(error.to_string()))?;
    let mut saved = BTreeMap::new();
    for (index, step) in scenario["steps"].as_array().unwrap().iter().enumerate() {
        let step = substitute(step, &saved);
        let value = run_step(mode, sandbox, &client, &step)
            .map_err(|difference| Difference(format!("step {}: {difference}", index + 1)))?;
        if let Some(name) = step.get("save") {
            saved.insert(name.as_str().unwrap().to_owned(), value);
        }
    }
    if let Some(requests) = scenario.get("requests") {
        for (operation, count) in requests.as_object().unwrap() {
            let received = sandbox.received(operation);
            if Some(received) != count.as_u64() {
                return Err(Difference(format!(
                    "{operation}: {received} requests, expected {count}"
                )));
            }
        }
    }
    Ok(())
}

fn client(sandbox: &TestSandbox, settings: &Value) -> Result<Client, Error> {
    let key = match settings["key"].as_str() {
        None | Some("secret") => DEMO_SECRET_KEY,
        Some("public") => DEMO_PUBLIC_KEY,
        Some(text) => text,
    };
    let pause = Duration::from_millis(settings["backoffMs"].as_u64().unwrap_or(1));
    let mut retry = RetryPolicy::default().backoff(pause, pause);
    if let Some(attempts) = settings["maxAttempts"].as_u64() {
        retry = retry.max_attempts(attempts as u32);
    }
    let mut builder = Client::builder(ApiKey::new(key)?)
        .base_url(sandbox.base_url())
        .retry(retry);
    match settings["baseUrl"].as_str() {
        Some("gone") => builder = builder.base_url(unused_address()),
        Some(url) => builder = builder.base_url(url),
        None => {}
    }
    if let Some(locale) = settings["locale"].as_str() {
        builder = builder.locale(locale);
    }
    if let Some(limit) = settings["attemptTimeoutMs"].as_u64() {
        builder = builder.attempt_timeout(Duration::from_millis(limit));
    }
    if let Some(limit) = settings["deadlineMs"].as_u64() {
        builder = builder.deadline(Duration::from_millis(limit));
    }
    if let Some(cap) = settings["maxResponseBytes"].as_u64() {
        builder = builder.max_response_bytes(cap as usize);
    }
    builder.build()
}

/// The address of a port that was free a moment ago.
fn unused_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/external/v1", listener.local_addr().unwrap())
}

fn run_step(
    mode: &Mode,
    sandbox: &TestSandbox,
    client: &Client,
    step: &Value,
) -> Result<Value, Difference> {
    if let Some(request) = step.get("sandbox") {
        let actual = sandbox.control(request.as_str().unwrap(), &step["body"]);
        if let Some(expected) = step.get("expect") {
            contains("sandbox", expected, &actual)?;
        }
        return Ok(actual);
    }
    let empty = json!({});
    let with = step.get("with").unwrap_or(&empty);
    let settings = CallSettings {
        options: options(&step["options"]),
        cancellation_token: step.get("cancel").map(|_| CancellationToken::new()),
    };
    let cancel = || {
        settings
            .cancellation_token
            .iter()
            .for_each(CancellationToken::cancel);
    };
    let result = thread::scope(|scope| {
        match step["cancel"].as_str() {
            Some("before") => cancel(),
            Some(_) => {
                scope.spawn(|| {
                    sandbox.control("GET /held?atLeast=1", &Value::Null);
                    cancel();
                });
            }
            None => {}
        }
        match step["call"].as_str().unwrap() {
            name @ ("tickets.watch" | "customers.list.items" | "customers.tickets.items") => {
                let between = step["between"].as_array().into_iter().flatten();
                collect_items(mode, sandbox, client, name, with, &settings, between)
            }
            name => call(mode, client, name, with, &settings),
        }
    });
    let expect = &step["expect"];
    match (expect.get("error"), result) {
        (Some(error), Err(actual)) => compare_error(error, &actual).map(|()| Value::Null),
        (Some(error), Ok(_)) => Err(Difference(format!("succeeded, expected {error}"))),
        (None, Err(actual)) => Err(Difference(format!("failed: {actual:?}"))),
        (None, Ok(actual)) => {
            for (key, expected) in expect.as_object().unwrap() {
                contains(key, expected, &actual[key])?;
            }
            Ok(actual["value"].clone())
        }
    }
}

/// The options and the cancellation token of one call.
struct CallSettings {
    options: CallOptions,
    cancellation_token: Option<CancellationToken>,
}

fn options(settings: &Value) -> CallOptions {
    let pause = Duration::from_millis(1);
    let attempts = |attempts| {
        RetryPolicy::default()
            .max_attempts(attempts as u32)
            .backoff(pause, pause)
    };
    CallOptions {
        locale: settings["locale"].as_str().map(str::to_owned),
        deadline: settings["deadlineMs"].as_u64().map(Duration::from_millis),
        retry: settings["maxAttempts"].as_u64().map(attempts),
    }
}

/// Makes a call by its name. Returns `{value, status, message, attempts, recovered}`.
fn call(
    mode: &Mode,
    client: &Client,
    name: &str,
    with: &Value,
    settings: &CallSettings,
) -> Result<Value, Error> {
    let text = |field: &str| with[field].as_str().unwrap_or_default().to_owned();
    match name {
        "warmUp" => send(mode, client.warm_up(), settings),
        "branches.list" => send(mode, client.branches().list(), settings),
        "branches.tree" => send(mode, client.branches().tree(text("branchId")), settings),
        "services.slots" => {
            let date = with["date"].as_str().map(|date| date.parse().unwrap());
            send(
                mode,
                client.services().slots(text("serviceId"), date),
                settings,
            )
        }
        "tickets.book" => send(mode, client.tickets().book(book_request(with)), settings),
        "tickets.get" => send(mode, client.tickets().get(text("ticketId")), settings),
        "tickets.cancel" => send(mode, client.tickets().cancel(text("ticketId")), settings),
        "tickets.reschedule" => {
            let request =
                ChangeTimeRequest::new(text("time").parse().unwrap(), body_customer(with).unwrap());
            send(
                mode,
                client.tickets().reschedule(text("ticketId"), request),
                settings,
            )
        }
        "customers.create" => send(
            mode,
            client.customers().create(create_request(with)),
            settings,
        ),
        "customers.get" => send(mode, client.customers().get(customer(with)), settings),
        "customers.find" => send(mode, client.customers().find(customer(with)), settings),
        "customers.update" => send(
            mode,
            client.customers().update(update_request(with)),
            settings,
        ),
        "customers.delete" => send(mode, client.customers().delete(customer(with)), settings),
        "customers.list" => page(mode, client.customers().list(), with, settings),
        "customers.tickets" => page(
            mode,
            client.customers().tickets(customer(with)),
            with,
            settings,
        ),
        other => panic!("no call {other}"),
    }
}

fn send<T: Serialize + Send + 'static>(
    mode: &Mode,
    call: Call<T>,
    settings: &CallSettings,
) -> Result<Value, Error> {
    respond(mode, call, settings).map(|response| response_json(&response, &json!(response.data())))
}

fn respond<T: Send + 'static>(
    mode: &Mode,
    call: Call<T>,
    settings: &CallSettings,
) -> Result<Response<T>, Error> {
    let mut call = call.options(settings.options.clone());
    if let Some(cancellation_token) = &settings.cancellation_token {
        call = call.cancelled_by(cancellation_token);
    }
    let call = call.with_response();
    match mode {
        Mode::Await(runtime) => runtime.block_on(async { call.await }),
        Mode::Blocking => call.wait(),
    }
}

fn response_json<T>(response: &Response<T>, value: &Value) -> Value {
    json!({
        "value": value,
        "status": response.status(),
        "message": response.message(),
        "attempts": response.attempts(),
        "recovered": response.recovered(),
    })
}

fn sized<T: Send + 'static>(list: List<T>, with: &Value, settings: &CallSettings) -> List<T> {
    let mut list = list.options(settings.options.clone());
    if let Some(cancellation_token) = &settings.cancellation_token {
        list = list.cancelled_by(cancellation_token);
    }
    match with["limit"].as_u64() {
        Some(limit) => list.limit(limit),
        None => list,
    }
}

fn page<T: Serialize + Send + 'static>(
    mode: &Mode,
    list: List<T>,
    with: &Value,
    settings: &CallSettings,
) -> Result<Value, Error> {
    let call = sized(list, with, settings).page(with["page"].as_u64().unwrap_or(1));
    respond(mode, call, settings).map(|response| {
        let page: &Page<T> = response.data();
        response_json(
            &response,
            &json!({"items": page.items(), "pagination": page.pagination()}),
        )
    })
}

/// All records of a stream. After each record, the runner makes the next request of `between`.
fn collect_items<'a>(
    mode: &Mode,
    sandbox: &TestSandbox,
    client: &Client,
    name: &str,
    with: &Value,
    settings: &CallSettings,
    mut between: impl Iterator<Item = &'a Value>,
) -> Result<Value, Error> {
    let mut actual = Vec::new();
    let on_item = &mut |value| {
        actual.push(value);
        if let Some(request) = between.next() {
            sandbox.control(request["sandbox"].as_str().unwrap(), &request["body"]);
        }
    };
    let customers = client.customers();
    match name {
        "tickets.watch" => watch(mode, client, with, settings, on_item)?,
        "customers.list.items" => items(mode, customers.list(), with, settings, on_item)?,
        _ => items(
            mode,
            customers.tickets(customer(with)),
            with,
            settings,
            on_item,
        )?,
    }
    Ok(json!({"value": actual}))
}

fn items<T: Serialize + Send + 'static>(
    mode: &Mode,
    list: List<T>,
    with: &Value,
    settings: &CallSettings,
    on_item: &mut dyn FnMut(Value),
) -> Result<(), Error> {
    let list = sized(list, with, settings);
    match mode {
        Mode::Await(runtime) => {
            let mut items = pin!(list.items());
            let mut items = from_fn(|| runtime.block_on(items.next()));
            items.try_for_each(|item| item.map(|item| on_item(json!(item))))
        }
        Mode::Blocking => {
            let mut items = list.items_blocking();
            items.try_for_each(|item| item.map(|item| on_item(json!(item))))
        }
    }
}

fn watch(
    mode: &Mode,
    client: &Client,
    with: &Value,
    settings: &CallSettings,
    on_item: &mut dyn FnMut(Value),
) -> Result<(), Error> {
    let often = Duration::from_millis(1);
    let id = with["ticketId"].as_str().unwrap();
    let watch = client.tickets().watch(id).options(settings.options.clone());
    let mut watch = watch.min(often).max(often);
    if let Some(cancellation_token) = &settings.cancellation_token {
        watch = watch.cancelled_by(cancellation_token);
    }
    match mode {
        Mode::Await(runtime) => {
            let mut changes = from_fn(|| runtime.block_on(watch.next()));
            changes.try_for_each(|change| change.map(|change| on_item(json!(change))))
        }
        Mode::Blocking => {
            let mut changes = watch.wait();
            changes.try_for_each(|change| change.map(|change| on_item(json!(change))))
        }
    }
}

fn customer(with: &Value) -> CustomerRef {
    match (with["customerId"].as_str(), with["externalId"].as_str()) {
        (Some(id), _) => CustomerRef::id(id),
        (None, Some(id)) => CustomerRef::external_id(id),
        (None, None) => panic!("no customer in {with}"),
    }
}

fn body_customer(with: &Value) -> Option<CustomerRef> {
    match (
        with["customerId"].as_str(),
        with["customerExternalId"].as_str(),
    ) {
        (Some(id), _) => Some(CustomerRef::id(id)),
        (None, id) => id.map(CustomerRef::external_id),
    }
}

fn book_request(with: &Value) -> BookTicketRequest {
    let service = with["serviceId"].as_str().unwrap();
    let group = with["groupOfServiceId"].as_str().unwrap();
    let customer = body_customer(with);
    let time = with["time"].as_str().map(|time| time.parse().unwrap());
    let mut request = BookTicketRequest::new(service, group, time, customer);
    if let Some(options) = with.get("options") {
        request = request.options(options.clone());
    }
    if let Some(location) = with.get("location") {
        request = request.location(
            location["lat"].as_f64().unwrap(),
            location["lng"].as_f64().unwrap(),
        );
    }
    request
}

/// Sets the fields of a customer on a create or an update request.
macro_rules! with_fields {
    ($request:expr, $fields:expr) => {{
        let mut request = $request;
        for (field, value) in $fields {
            let text = value.as_str().unwrap_or_default();
            request = match field.as_str() {
                "externalId" => request.external_id(text),
                "name" => request.name(text),
                "email" => request.email(text),
                "mobile" => request.mobile(text),
                "metadata" => request.metadata(value.clone()),
                other => panic!("no field {other}"),
            };
        }
        request
    }};
}

fn create_request(with: &Value) -> CustomerWriteRequest {
    with_fields!(CustomerWriteRequest::new(), with.as_object().unwrap())
}

fn update_request(with: &Value) -> CustomerUpdateRequest {
    let mut rest: Map<String, Value> = with.as_object().unwrap().clone();
    let customer = match rest.remove("customerId") {
        Some(id) => CustomerRef::id(id.as_str().unwrap()),
        None => CustomerRef::external_id(rest.remove("externalId").unwrap().as_str().unwrap()),
    };
    with_fields!(CustomerUpdateRequest::new(customer), &rest)
}

/// Replaces `$name.field` with the saved data.
fn substitute(value: &Value, saved: &BTreeMap<String, Value>) -> Value {
    match value {
        Value::String(text) if text.contains('$') => {
            if let Some((name, path)) = text.strip_prefix('$').and_then(|text| text.split_once('.'))
            {
                return look_up(saved, name, path);
            }
            // In a path of the control API the name is a path segment.
            let parts = text.split('/').map(|part| {
                match part.strip_prefix('$').and_then(|part| part.split_once('.')) {
                    Some((name, path)) => look_up(saved, name, path).as_str().unwrap().to_owned(),
                    None => part.to_owned(),
                }
            });
            Value::String(parts.collect::<Vec<_>>().join("/"))
        }
        Value::Array(values) => values
            .iter()
            .map(|value| substitute(value, saved))
            .collect(),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), substitute(value, saved)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

fn look_up(saved: &BTreeMap<String, Value>, name: &str, path: &str) -> Value {
    path.split('.').fold(saved[name].clone(), |value, step| {
        match step.parse::<usize>() {
            Ok(index) => value[index].clone(),
            Err(_) => value[step].clone(),
        }
    })
}

fn contains(path: &str, expected: &Value, actual: &Value) -> Result<(), Difference> {
    match (expected, actual) {
        (Value::String(mark), _) if mark == "$any" => Ok(()),
        (Value::Object(expected), Value::Object(actual)) => {
            for (name, expected) in expected {
                let path = format!("{path}.{name}");
                match actual.get(name) {
                    None if expected == "$absent" => {}
                    Some(value) if expected == "$absent" => {
                        return Err(Difference(format!("{path}: {value}, expected none")));
                    }
                    Some(value) => contains(&path, expected, value)?,
                    None => {
                        return Err(Difference(format!("{path}: missing, expected {expected}")));
                    }
                }
            }
            Ok(())
        }
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                contains(&format!("{path}[{index}]"), expected, actual)?;
            }
            Ok(())
        }
        _ if expected == actual => Ok(()),
        _ => Err(Difference(format!("{path}: {actual}, expected {expected}"))),
    }
}

fn compare_error(expected: &Value, error: &Error) -> Result<(), Difference> {
    let actual = json!({
        "kind": error.kind().as_str(),
        "outcome": format!("{:?}", error.outcome()),
        "operation": error.operation().map(|operation| operation.id()),
        "text": error.to_string(),
        "status": error.status(),
        "fields": error.fields(),
        "path": error.path(),
        "reason": error.reason(),
        "retryAfterMs": error.retry_after().map(|wait| wait.as_millis() as u64),
        "timeout": error.timeout().map(|deadline| format!("{deadline:?}")),
        "attempts": error.attempts(),
    });
    for (key, expected) in expected.as_object().unwrap() {
        let begins = expected.as_str().and_then(|text| text.strip_suffix('…'));
        let same = match begins {
            Some(begins) if key == "text" => actual[key]
                .as_str()
                .is_some_and(|text| text.starts_with(begins)),
            _ => actual[key] == *expected,
        };
        if !same {
            return Err(Difference(format!(
                "error.{key}: {}, expected {expected} in {actual}",
                actual[key]
            )));
        }
    }
    Ok(())
}
