//! The Rust code of the documentation's guides. A page includes the code between the anchors.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::json;
use skiplino::{
    ApiKey, BookTicketRequest, Client, CustomerRef, CustomerWriteRequest, Error, ErrorKind,
    Outcome, TicketId, TicketStatus,
};
use skiplino_sandbox::{Config, DEMO_PUBLIC_KEY, DEMO_SECRET_KEY, Sandbox};
use skiplino_tests::TestSandbox;

// ANCHOR: keys
fn customers(key: &str, base_url: &str) -> Result<u64, Error> {
    let client = Client::builder(ApiKey::new(key)?)
        .base_url(base_url)
        .build()?;
    // With a public key this is an error of the kind `SecretKeyRequired`, and nothing is sent.
    let page = client.customers().list().page(1).wait()?;
    Ok(page.pagination().total())
}
// ANCHOR_END: keys

#[test]
fn a_public_key_has_no_access_to_the_directory() {
    let sandbox = TestSandbox::new();
    let rejected = customers(DEMO_PUBLIC_KEY, &sandbox.base_url()).unwrap_err();
    assert_eq!(rejected.kind(), ErrorKind::SecretKeyRequired);
    assert_eq!(sandbox.received("listCustomers"), 0);
    assert_eq!(customers(DEMO_SECRET_KEY, &sandbox.base_url()).unwrap(), 3);
    let printed = format!("{:?}", ApiKey::new(DEMO_SECRET_KEY).unwrap());
    assert!(!printed.contains(DEMO_SECRET_KEY), "{printed}");
}

// ANCHOR: booking
fn join(client: &Client, customer: Option<&str>) -> Result<String, Error> {
    let mut request = BookTicketRequest::walk_in("6fe8fb8b12", "7c1f9a3b2d");
    if let Some(id) = customer {
        request = request.customer(CustomerRef::external_id(id));
    }
    match client.tickets().book(&request).with_response().wait() {
        Ok(response) if response.recovered() => Ok(format!(
            "the response was lost, but your place is booked: {}",
            response.data().ticket_number()
        )),
        Ok(response) => Ok(format!(
            "your number is {}",
            response.data().ticket_number()
        )),
        Err(error) if error.outcome() == Outcome::Unknown => {
            Ok("you may have a place: ask at the counter before you try again".to_owned())
        }
        Err(error) => Err(error), // Nothing was booked.
    }
}
// ANCHOR_END: booking

#[test]
fn a_booking_is_made_once() {
    let sandbox = TestSandbox::new();
    let client = sandbox.public();
    assert_eq!(
        join(&client, Some("crm-7741")).unwrap(),
        "your number is Q018"
    );
    sandbox.fault("bookTicket", "drop_after_commit", json!({}));
    assert_eq!(
        join(&client, Some("crm-7741")).unwrap(),
        "the response was lost, but your place is booked: Q019"
    );
    assert!(join(&client, None).unwrap().starts_with("you may have"));
    assert_eq!(sandbox.received("bookTicket"), 3);
}

// ANCHOR: following
fn follow(
    client: &Client,
    ticket: &TicketId,
    often: Duration,
    mut show: impl FnMut(String),
) -> Result<(), Error> {
    // Polls at the interval `often` at the front of the queue, and ten times more slowly far from
    // it.
    for change in client
        .tickets()
        .watch(ticket)
        .min(often)
        .max(often * 10)
        .wait()
    {
        let ticket = change?;
        match (ticket.status(), ticket.queue_size()) {
            (TicketStatus::Waiting, Some(0)) => show("you are next".to_owned()),
            (TicketStatus::Waiting, Some(ahead)) => show(format!("{ahead} ahead of you")),
            (TicketStatus::Serving, _) => show("it is your turn".to_owned()),
            // A status that this version does not know is shown as the API wrote it.
            (other, _) => show(other.to_string()),
        }
    }
    Ok(()) // Served or cancelled.
}
// ANCHOR_END: following

#[test]
fn a_ticket_is_followed_to_its_end() {
    let sandbox = TestSandbox::new();
    let client = sandbox.public();
    // The first ticket in the queue.
    let request = BookTicketRequest::walk_in("b7a1d2c3e4", "7c1f9a3b2d");
    let ticket = client.tickets().book(request).wait().unwrap();
    let mut shown = Vec::new();
    follow(&client, ticket.id(), Duration::from_millis(1), |text| {
        let staff = if shown.is_empty() { "call" } else { "serve" };
        if shown.len() < 2 {
            sandbox.control(
                &format!("POST /tickets/{}/{staff}", ticket.id()),
                &json!({}),
            );
        }
        shown.push(text);
    })
    .unwrap();
    assert_eq!(shown, ["you are next", "it is your turn", "served"]);
}

// ANCHOR: directory
fn sync_rows(
    client: &Client,
    rows: Vec<CustomerWriteRequest>,
    checkpoint: &str,
) -> Result<u64, Error> {
    let mut failed = 0;
    // The same rows with the same checkpoint resume an interrupted sync.
    for row in client
        .customers()
        .sync(rows)
        .rate(50.0)
        .checkpoint(checkpoint)
        .wait()
    {
        let row = row?;
        if let Some(error) = row.outcome().error() {
            println!("row {}: {error}", row.index() + 1);
            failed += 1;
        }
    }
    Ok(failed)
}
// ANCHOR_END: directory

#[test]
fn a_directory_is_synced() {
    let sandbox = TestSandbox::new();
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = folder.path().join("rows.checkpoint");
    let rows = ["crm-1", "crm-2"].map(|id| CustomerWriteRequest::new().external_id(id));
    let bad = CustomerWriteRequest::new().name("Nobody's");
    let rows: Vec<_> = rows.into_iter().chain([bad]).collect();
    let client = sandbox.secret();
    let checkpoint = checkpoint.to_str().unwrap();
    assert_eq!(sync_rows(&client, rows.clone(), checkpoint).unwrap(), 1);
    assert_eq!(sandbox.received("createCustomer"), 2);
    assert_eq!(sync_rows(&client, rows, checkpoint).unwrap(), 1);
    assert_eq!(sandbox.received("createCustomer"), 2, "already done");
}

// ANCHOR: errors
fn explain(error: &Error) -> String {
    match error.kind() {
        ErrorKind::Connect => "There is no connection.".to_owned(),
        // In the requested language.
        ErrorKind::Rejected => error.reason().unwrap_or("It was rejected.").to_owned(),
        ErrorKind::InvalidRequest | ErrorKind::Validation => {
            let fields: Vec<_> = error.fields().keys().map(String::as_str).collect();
            format!("Please check {}.", fields.join(", "))
        }
        ErrorKind::Conflict => "It is too late for that.".to_owned(),
        ErrorKind::OutcomeUnknown => "It may have been applied: check before you retry.".to_owned(),
        _ => error.to_string(),
    }
}
// ANCHOR_END: errors

#[test]
fn errors_have_kinds() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let book = |client: &Client| {
        let request = BookTicketRequest::walk_in("6fe8fb8b12", "7c1f9a3b2d");
        explain(&client.tickets().book(request).wait().unwrap_err())
    };
    sandbox.control("PUT /services/6fe8fb8b12", &json!({"open": false}));
    assert_eq!(book(&client), "This service is closed.");
    sandbox.control("PUT /services/6fe8fb8b12", &json!({"open": null}));
    sandbox.fault("bookTicket", "drop_after_commit", json!({}));
    assert_eq!(
        book(&client),
        "It may have been applied: check before you retry."
    );
    let empty = client.tickets().cancel("").wait().unwrap_err();
    assert_eq!(explain(&empty), "Please check ticketId.");
    let cancel = || client.tickets().cancel("k7m2p9x4q1").wait();
    cancel().unwrap();
    assert_eq!(explain(&cancel().unwrap_err()), "It is too late for that.");
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let gone = sandbox
        .builder(DEMO_SECRET_KEY)
        .base_url(format!("http://127.0.0.1:{port}"));
    assert_eq!(book(&gone.build().unwrap()), "There is no connection.");
}

// ANCHOR: sandbox
#[test]
fn a_closed_branch_is_not_open() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = Sandbox::start(Config {
        now: Some("2026-06-23T11:10:00Z".parse()?),
        freeze: true,
        ..Config::default()
    })?;
    let client = Client::builder(ApiKey::new(DEMO_PUBLIC_KEY)?)
        .base_url(sandbox.base_url())
        .build()?;
    // It is 14:10 in the company's time zone, and the second branch closes at 14:00.
    let open: Vec<_> = client.branches().list().wait()?;
    assert!(open[0].is_open() && !open[1].is_open());
    Ok(())
}
// ANCHOR_END: sandbox
