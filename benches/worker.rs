//! `worker core|reqwest BASE_URL`: a process with one client, which runs commands. See `worker.py`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark stops at the first failure"
)]

use skiplino_benches::{Core, Reqwest};

mod commands;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["core", base] => commands::serve(|| Core::new(base), &core),
        ["reqwest", base] => commands::serve(|| Reqwest::new(base), &bare),
        _ => panic!("worker core|reqwest BASE_URL"),
    }
}

async fn core(client: &Core, work: &str) {
    match work {
        "ticket" => client.ticket().await,
        "page" => client.page().await,
        "export" => client.export().await,
        "warm-up" => client.warm_up().await,
        "book" => client.book().await,
        "list" => client.list().await,
        _ => match work.split(':').collect::<Vec<_>>()[..] {
            ["sync", customers, changed_of] => {
                let count = |text: &str| text.parse().unwrap();
                client.sync(count(customers), count(changed_of)).await;
            }
            _ => panic!("no such work: {work}"),
        },
    }
}

async fn bare(client: &Reqwest, work: &str) {
    match work {
        "ticket" => client.ticket().await,
        "page" => client.page().await,
        "book" => client.book().await,
        "list" => client.list().await,
        _ => panic!("no such work: {work}"),
    }
}
