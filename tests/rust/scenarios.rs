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
use skiplino_tests::{Bench, read_json, tests_folder};
use tokio::runtime::Runtime;

/// How a call is made.
enum Mode {
    Await(Runtime),
    Wait,
}

#[test]
fn every_scenario_awaited() {
    run(&Mode::Await(Runtime::new().unwrap()));
}

#[test]
fn every_scenario_waited_for() {
    run(&Mode::Wait);
}

#[test]
fn every_file_is_as_the_schema_says() {
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
    let doubled: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(doubled.is_empty(), "two scenarios of one name: {doubled:?}");
}

#[test]
fn every_operation_and_every_kind_of_error_has_a_scenario() {
    let mut calls = BTreeSet::new();
    let mut errors = BTreeSet::new();
    for path in files() {
        for scenario in read_json(&path)["scenarios"].as_array().unwrap() {
            errors.insert(scenario["refused"]["kind"].to_string());
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
    // A bug of the library cannot be asked for from outside.
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

fn files() -> Vec<PathBuf> {
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

fn run(mode: &Mode) {
    let bench = Bench::new();
    let mut failures = Vec::new();
    let mut count = 0;
    for path in files() {
        for scenario in read_json(&path)["scenarios"].as_array().unwrap() {
            count += 1;
            let name = scenario["name"].as_str().unwrap();
            match play(mode, &bench, scenario) {
                Ok(()) => passed(mode, name),
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

/// Notes it for `make parity`.
fn passed(mode: &Mode, name: &str) {
    use std::io::Write as _;
    let host = match mode {
        Mode::Await(_) => "rust-await",
        Mode::Wait => "rust-wait",
    };
    if let Some(folder) = std::env::var_os("SKIPLINO_PARITY") {
        let mut options = std::fs::OpenOptions::new();
        let file = options.append(true).create(true);
        let mut file = file.open(PathBuf::from(folder).join(host)).unwrap();
        writeln!(file, "{name}").unwrap();
    }
}

fn play(mode: &Mode, bench: &Bench, scenario: &Value) -> Result<(), String> {
    bench.reset();
    let client = client(bench, &scenario["client"]);
    if let Some(refused) = scenario.get("refused") {
        return match client {
            Ok(_) => Err("the client was built".to_owned()),
            Err(error) => compare_error(refused, &error),
        };
    }
    let client = client.map_err(|error| error.to_string())?;
    let mut saved = BTreeMap::new();
    for (index, step) in scenario["steps"].as_array().unwrap().iter().enumerate() {
        let step = substitute(step, &saved);
        let value = take(mode, bench, &client, &step)
            .map_err(|difference| format!("step {}: {difference}", index + 1))?;
        if let Some(name) = step.get("save") {
            saved.insert(name.as_str().unwrap().to_owned(), value);
        }
    }
    if let Some(requests) = scenario.get("requests") {
        for (operation, count) in requests.as_object().unwrap() {
            let received = bench.received(operation);
            if Some(received) != count.as_u64() {
                return Err(format!(
                    "{operation}: {received} requests, expected {count}"
                ));
            }
        }
    }
    Ok(())
}

fn client(bench: &Bench, settings: &Value) -> Result<Client, Error> {
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
        .base_url(bench.base_url())
        .retry(retry);
    match settings["baseUrl"].as_str() {
        Some("gone") => builder = builder.base_url(nobody()),
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
fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/external/v1", listener.local_addr().unwrap())
}

fn take(mode: &Mode, bench: &Bench, client: &Client, step: &Value) -> Result<Value, String> {
    if let Some(request) = step.get("sandbox") {
        let came = bench.control(request.as_str().unwrap(), &step["body"]);
        if let Some(expected) = step.get("expect") {
            contains("sandbox", expected, &came)?;
        }
        return Ok(came);
    }
    let empty = json!({});
    let with = step.get("with").unwrap_or(&empty);
    let how = How {
        options: options(&step["options"]),
        cancellation_token: step.get("cancel").map(|_| CancellationToken::new()),
    };
    let cancel = || {
        how.cancellation_token
            .iter()
            .for_each(CancellationToken::cancel);
    };
    let result = thread::scope(|scope| {
        match step["cancel"].as_str() {
            Some("before") => cancel(),
            Some(_) => {
                scope.spawn(|| {
                    bench.control("GET /held?atLeast=1", &Value::Null);
                    cancel();
                });
            }
            None => {}
        }
        match step["call"].as_str().unwrap() {
            name @ ("tickets.watch" | "customers.list.items" | "customers.tickets.items") => {
                let between = step["between"].as_array().into_iter().flatten();
                all(mode, bench, client, name, with, &how, between)
            }
            name => call(mode, client, name, with, &how),
        }
    });
    let expect = &step["expect"];
    match (expect.get("error"), result) {
        (Some(error), Err(came)) => compare_error(error, &came).map(|()| Value::Null),
        (Some(error), Ok(_)) => Err(format!("succeeded, expected {error}")),
        (None, Err(came)) => Err(format!("failed: {came:?}")),
        (None, Ok(came)) => {
            for (key, expected) in expect.as_object().unwrap() {
                contains(key, expected, &came[key])?;
            }
            Ok(came["value"].clone())
        }
    }
}

/// What is special about one call.
struct How {
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

/// Makes a call by its name; what comes back is `{value, status, message, attempts, recovered}`.
fn call(mode: &Mode, client: &Client, name: &str, with: &Value, how: &How) -> Result<Value, Error> {
    let text = |field: &str| with[field].as_str().unwrap_or_default().to_owned();
    match name {
        "branches.list" => send(mode, client.branches().list(), how),
        "branches.tree" => send(mode, client.branches().tree(text("branchId")), how),
        "services.slots" => {
            let date = with["date"].as_str().map(|date| date.parse().unwrap());
            send(mode, client.services().slots(text("serviceId"), date), how)
        }
        "tickets.book" => send(mode, client.tickets().book(booking(with)), how),
        "tickets.get" => send(mode, client.tickets().get(text("ticketId")), how),
        "tickets.cancel" => send(mode, client.tickets().cancel(text("ticketId")), how),
        "tickets.reschedule" => {
            let request =
                ChangeTimeRequest::new(text("time").parse().unwrap(), body_customer(with).unwrap());
            send(
                mode,
                client.tickets().reschedule(text("ticketId"), request),
                how,
            )
        }
        "customers.create" => send(mode, client.customers().create(writing(with)), how),
        "customers.get" => send(mode, client.customers().get(customer(with)), how),
        "customers.find" => send(mode, client.customers().find(customer(with)), how),
        "customers.update" => send(mode, client.customers().update(updating(with)), how),
        "customers.delete" => send(mode, client.customers().delete(customer(with)), how),
        "customers.list" => page(mode, client.customers().list(), with, how),
        "customers.tickets" => page(mode, client.customers().tickets(customer(with)), with, how),
        other => panic!("no call {other}"),
    }
}

fn send<T: Serialize + Send + 'static>(
    mode: &Mode,
    call: Call<T>,
    how: &How,
) -> Result<Value, Error> {
    respond(mode, call, how).map(|response| told(&response, &json!(response.data())))
}

fn respond<T: Send + 'static>(mode: &Mode, call: Call<T>, how: &How) -> Result<Response<T>, Error> {
    let mut call = call.options(how.options.clone());
    if let Some(cancellation_token) = &how.cancellation_token {
        call = call.cancelled_by(cancellation_token);
    }
    let call = call.with_response();
    match mode {
        Mode::Await(runtime) => runtime.block_on(async { call.await }),
        Mode::Wait => call.wait(),
    }
}

fn told<T>(response: &Response<T>, value: &Value) -> Value {
    json!({
        "value": value,
        "status": response.status(),
        "message": response.message(),
        "attempts": response.attempts(),
        "recovered": response.recovered(),
    })
}

fn sized<T: Send + 'static>(list: List<T>, with: &Value, how: &How) -> List<T> {
    let mut list = list.options(how.options.clone());
    if let Some(cancellation_token) = &how.cancellation_token {
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
    how: &How,
) -> Result<Value, Error> {
    let call = sized(list, with, how).page(with["page"].as_u64().unwrap_or(1));
    respond(mode, call, how).map(|response| {
        let page: &Page<T> = response.data();
        told(
            &response,
            &json!({"items": page.items(), "pagination": page.pagination()}),
        )
    })
}

/// All that comes bit by bit; after each bit the next request of `between` is made.
fn all<'a>(
    mode: &Mode,
    bench: &Bench,
    client: &Client,
    name: &str,
    with: &Value,
    how: &How,
    mut between: impl Iterator<Item = &'a Value>,
) -> Result<Value, Error> {
    let mut came = Vec::new();
    let note = &mut |value| {
        came.push(value);
        if let Some(request) = between.next() {
            bench.control(request["sandbox"].as_str().unwrap(), &request["body"]);
        }
    };
    let customers = client.customers();
    match name {
        "tickets.watch" => watch(mode, client, with, how, note)?,
        "customers.list.items" => items(mode, customers.list(), with, how, note)?,
        _ => items(mode, customers.tickets(customer(with)), with, how, note)?,
    }
    Ok(json!({"value": came}))
}

fn items<T: Serialize + Send + 'static>(
    mode: &Mode,
    list: List<T>,
    with: &Value,
    how: &How,
    note: &mut dyn FnMut(Value),
) -> Result<(), Error> {
    let list = sized(list, with, how);
    match mode {
        Mode::Await(runtime) => {
            let mut items = pin!(list.items());
            let mut items = from_fn(|| runtime.block_on(items.next()));
            items.try_for_each(|item| item.map(|item| note(json!(item))))
        }
        Mode::Wait => {
            let mut items = list.items_blocking();
            items.try_for_each(|item| item.map(|item| note(json!(item))))
        }
    }
}

fn watch(
    mode: &Mode,
    client: &Client,
    with: &Value,
    how: &How,
    note: &mut dyn FnMut(Value),
) -> Result<(), Error> {
    let often = Duration::from_millis(1);
    let id = with["ticketId"].as_str().unwrap();
    let watch = client.tickets().watch(id).options(how.options.clone());
    let mut watch = watch.min(often).max(often);
    if let Some(cancellation_token) = &how.cancellation_token {
        watch = watch.cancelled_by(cancellation_token);
    }
    match mode {
        Mode::Await(runtime) => {
            let mut changes = from_fn(|| runtime.block_on(watch.next()));
            changes.try_for_each(|change| change.map(|change| note(json!(change))))
        }
        Mode::Wait => {
            let mut changes = watch.wait();
            changes.try_for_each(|change| change.map(|change| note(json!(change))))
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

fn booking(with: &Value) -> BookTicketRequest {
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

/// Sets the fields of a customer on a request, whichever of the two it is.
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

fn writing(with: &Value) -> CustomerWriteRequest {
    with_fields!(CustomerWriteRequest::new(), with.as_object().unwrap())
}

fn updating(with: &Value) -> CustomerUpdateRequest {
    let mut rest: Map<String, Value> = with.as_object().unwrap().clone();
    let customer = match rest.remove("customerId") {
        Some(id) => CustomerRef::id(id.as_str().unwrap()),
        None => CustomerRef::external_id(rest.remove("externalId").unwrap().as_str().unwrap()),
    };
    with_fields!(CustomerUpdateRequest::new(customer), &rest)
}

/// Puts what was saved in the place of `$name.field`.
fn substitute(value: &Value, saved: &BTreeMap<String, Value>) -> Value {
    match value {
        Value::String(text) if text.contains('$') => {
            if let Some((name, path)) = text.strip_prefix('$').and_then(|text| text.split_once('.'))
            {
                return look_up(saved, name, path);
            }
            // Within a path of the control API the name stands between slashes.
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

fn contains(path: &str, expected: &Value, came: &Value) -> Result<(), String> {
    match (expected, came) {
        (Value::String(mark), _) if mark == "$any" => Ok(()),
        (Value::Object(expected), Value::Object(came)) => {
            for (name, expected) in expected {
                let path = format!("{path}.{name}");
                match came.get(name) {
                    None if expected == "$absent" => {}
                    Some(value) if expected == "$absent" => {
                        return Err(format!("{path}: {value}, expected none"));
                    }
                    Some(value) => contains(&path, expected, value)?,
                    None => return Err(format!("{path}: missing, expected {expected}")),
                }
            }
            Ok(())
        }
        (Value::Array(expected), Value::Array(came)) if expected.len() == came.len() => {
            for (index, (expected, came)) in expected.iter().zip(came).enumerate() {
                contains(&format!("{path}[{index}]"), expected, came)?;
            }
            Ok(())
        }
        _ if expected == came => Ok(()),
        _ => Err(format!("{path}: {came}, expected {expected}")),
    }
}

fn compare_error(expected: &Value, error: &Error) -> Result<(), String> {
    let came = json!({
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
            Some(begins) if key == "text" => came[key]
                .as_str()
                .is_some_and(|text| text.starts_with(begins)),
            _ => came[key] == *expected,
        };
        if !same {
            return Err(format!(
                "error.{key}: {}, expected {expected} in {came}",
                came[key]
            ));
        }
    }
    Ok(())
}
