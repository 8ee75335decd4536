//! Lists that change while they are read, over HTTP: against a model that changes between any two
//! reads, and against the sandbox. `pager.rs` tests the algorithm alone.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use futures_util::StreamExt as _;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use skiplino::{Client, CustomerId, CustomerWriteRequest, ListProgress};
use skiplino_tests::TestSandbox;

use crate::pager::{Change, Model, changes};
use crate::raw_server::{RawServer, Script, http};

/// A server for a model; the next changes of the history happen before each read.
fn serve(model: &Arc<Mutex<Model>>, history: Vec<Vec<Change>>) -> RawServer {
    let (model, history) = (Arc::clone(model), Mutex::new(history.into_iter()));
    RawServer::start(Script::RespondWith(Arc::new(move |head| {
        let mut model = model.lock().unwrap();
        for change in history.lock().unwrap().next().into_iter().flatten() {
            model.change(&change, None);
        }
        page_of(&model, head)
    })))
}

/// A number in the query of a request.
pub fn parameter(head: &str, name: &str) -> u64 {
    let target = head.split_whitespace().nth(1).unwrap();
    let mut query = target.split_once('?').unwrap().1.split('&');
    let value = query.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    value.unwrap().parse().unwrap()
}

/// The response to a request for a page of customers.
pub fn page_of(model: &Model, head: &str) -> Vec<u8> {
    let (number, limit) = (parameter(head, "page"), parameter(head, "limit"));
    let (rows, info) = model.page(number, limit);
    let time = "2026-06-23T11:10:00.000Z";
    let rows: Vec<_> = rows
        .iter()
        .map(|id| json!({"_id": format!("{id:032x}"), "companyId": "c", "createdAt": time, "updatedAt": time}))
        .collect();
    let body = json!({"message": "m", "data": rows, "pagination": {
        "total": info.total, "totalPages": info.total.div_ceil(limit), "page": number, "limit": limit,
        "hasNextPage": info.has_next, "hasPrevPage": number > 1,
    }});
    http(200, "", body.to_string().as_bytes())
}

fn number(id: &CustomerId) -> u64 {
    u64::from_str_radix(id.as_str(), 16).unwrap()
}

#[test]
fn streams_and_iterators_return_each_lasting_record_once() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cases = (0..120_usize, 1..13_u64, 0..4_u8, changes(50, 4, 8));
    let config = Config {
        cases: 150,
        failure_persistence: None,
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&cases, |(count, limit, mode, history)| {
        let model = Arc::new(Mutex::new(Model::of(count)));
        let first = model.lock().unwrap().next;
        let server = serve(&model, history);
        let client = server.builder().build().unwrap();
        let list = client.customers().list().limit(limit);
        let (returned, progress) = match mode {
            0 => runtime.block_on(async {
                let mut items = list.items();
                let mut returned = Vec::new();
                while let Some(item) = items.next().await {
                    returned.push(number(item.unwrap().id()));
                    assert_eq!(items.progress().records, returned.len() as u64);
                }
                (returned, items.progress())
            }),
            1 => runtime.block_on(async {
                let mut pages = list.pages();
                let mut returned = Vec::new();
                while let Some(page) = pages.next().await {
                    returned.extend(page.unwrap().items().iter().map(|item| number(item.id())));
                    assert_eq!(pages.progress().records, returned.len() as u64);
                }
                (returned, pages.progress())
            }),
            _ => read_blocking(list, mode == 2),
        };
        let model = model.lock().unwrap();
        let distinct: HashSet<u64> = returned.iter().copied().collect();
        prop_assert_eq!(
            distinct.len(),
            returned.len(),
            "a record was returned twice"
        );
        let mut throughout = (0..first).filter(|id| !model.deleted.contains(id));
        prop_assert!(
            throughout.all(|id| distinct.contains(&id)),
            "a record was not returned"
        );
        prop_assert!(returned.iter().all(|id| *id < model.next));
        let unchanged = model.next == first && model.deleted.is_empty();
        prop_assert!(!(unchanged && progress.changed_during_read));
        prop_assert_eq!(progress.records, returned.len() as u64);
        prop_assert!(progress.pages_read <= server.requests().len() as u64);
        prop_assert!(progress.total.is_some());
        Ok(())
    });
    result.unwrap();
}

fn read_blocking(
    list: skiplino::List<skiplino::Customer>,
    items: bool,
) -> (Vec<u64>, ListProgress) {
    if items {
        let mut items = list.items_blocking();
        let returned = items.by_ref().map(|item| number(item.unwrap().id()));
        (returned.collect(), items.progress())
    } else {
        let mut pages = list.pages_blocking();
        let returned = pages.by_ref().flat_map(|page| page.unwrap().into_items());
        (
            returned.map(|item| number(item.id())).collect(),
            pages.progress(),
        )
    }
}

#[test]
fn an_unchanged_list_needs_one_request_per_page() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // Pages and requests. Lists of more than 4 pages are prefetched: one more for every 64 pages and
    // one at the end, for the front checks.
    for (pages, expected) in [(0, 1), (1, 1), (4, 4), (5, 6), (64, 65), (200, 204)] {
        let model = Arc::new(Mutex::new(Model::of(pages * 10)));
        let server = serve(&model, Vec::new());
        let client = server.builder().build().unwrap();
        let list = || client.customers().list().limit(10);
        let mut iterator = list().items_blocking();
        assert_eq!(iterator.by_ref().filter(Result::is_ok).count(), pages * 10);
        // An iterator sends a front check together with the next pages, which may be later.
        let iterated = server.requests().len();
        let possible = pages.max(1)..=expected;
        assert!(possible.contains(&iterated), "{iterated} for {pages}");
        let progress = iterator.progress();
        assert_eq!(
            (
                progress.pages_read,
                progress.records,
                progress.total,
                progress.changed_during_read
            ),
            (
                iterated as u64,
                pages as u64 * 10,
                Some(pages as u64 * 10),
                false
            )
        );
        runtime.block_on(async {
            let mut stream = list().items();
            let returned: Vec<_> = stream
                .by_ref()
                .map(|item| number(item.unwrap().id()))
                .collect()
                .await;
            assert!(returned.iter().rev().copied().eq(0..pages as u64 * 10));
            assert!(!stream.progress().changed_during_read);
        });
        let requests = server.requests().len() - iterated;
        assert_eq!(requests, expected, "{pages} pages");
    }
}

/// Reads all customers of a sandbox while another thread deletes one customer and creates one for
/// each 19 that are returned.
fn race(customers: u64) -> ListProgress {
    let sandbox = TestSandbox::new();
    sandbox.generate(customers);
    let client = sandbox.secret();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let before = runtime.block_on(all(&client, || ())).0;
    // Neither side gets far ahead of the other, so that the list changes during the whole read.
    let (due, to_do) = std::sync::mpsc::sync_channel(50);
    let changing = {
        let (client, before) = (client.clone(), before.clone());
        std::thread::spawn(move || change_on_request(&client, &before, &to_do))
    };
    let mut returned = 0;
    let reading = all(&client, move || {
        returned += 1;
        if returned % 19 == 0 {
            due.send(()).unwrap();
        }
    });
    let (returned, progress) = runtime.block_on(reading);
    let (gone, created) = changing.join().unwrap();
    let distinct: HashSet<_> = returned.iter().collect();
    assert_eq!(
        distinct.len(),
        returned.len(),
        "a record was returned twice"
    );
    let stayed = before.iter().filter(|id| !gone.contains(*id));
    assert_eq!(stayed.filter(|id| !distinct.contains(id)).count(), 0);
    assert!(progress.changed_during_read && created as u64 >= customers / 20);
    assert_eq!(gone.len(), created);
    println!(
        "{} customers, {} deleted and {created} created: {progress:?}",
        before.len(),
        gone.len()
    );
    progress
}

/// Deletes a random customer and creates one for each message. Returns the deleted customers and
/// the number of those created.
fn change_on_request(
    client: &Client,
    before: &[CustomerId],
    to_do: &std::sync::mpsc::Receiver<()>,
) -> (HashSet<CustomerId>, usize) {
    let (mut gone, mut created, mut random) = (HashSet::new(), 0, 0x5eed_u64);
    while to_do.recv().is_ok() {
        let victim = loop {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let victim = &before[(random >> 33) as usize % before.len()];
            if gone.insert(victim.clone()) {
                break victim;
            }
        };
        client.customers().delete(victim).wait().unwrap();
        let new = CustomerWriteRequest::new().external_id(format!("new-{created}"));
        client.customers().create(new).wait().unwrap();
        created += 1;
    }
    (gone, created)
}

async fn all(client: &Client, mut each: impl FnMut()) -> (Vec<CustomerId>, ListProgress) {
    let mut items = client.customers().list().items();
    let mut returned = Vec::new();
    while let Some(customer) = items.next().await {
        returned.push(customer.unwrap().id().clone());
        each();
    }
    (returned, items.progress())
}

#[test]
fn a_large_directory_is_read_while_others_change_it() {
    let progress = race(100_000);
    // A thousand pages, with ten changes for each.
    assert!(progress.pages_read < 2_000, "{progress:?}");
}
