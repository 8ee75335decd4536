//! Calls a second on kept-alive connections, the answer decoded, client and server on one core.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench stops at the first thing that is not as it should be"
)]

use bytes::Bytes;
use futures_util::future::join_all;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use serde::Deserialize;
use skiplino::{ApiKey, Client, Ticket};
use skiplino_benches::{Contestant, canned, finish, pin, race};
use tokio::runtime::{Builder, Runtime};

const KEY: &str = "sk_bench";
const TICKET: &str = "k7m2p9x4q1";

#[derive(Deserialize)]
struct Envelope<T> {
    #[serde(rename = "message")]
    _message: String,
    data: T,
}

/// What one would write without this library.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "it stands for what a program would read")]
struct OwnedCustomer {
    #[serde(rename = "_id")]
    id: String,
    external_id: Option<String>,
    company_id: String,
    name: Option<String>,
    email: Option<String>,
    mobile: Option<String>,
    metadata: Option<serde_json::Value>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

struct Peers {
    runtime: Runtime,
    base: String,
    core: Client,
    reqwest: reqwest::Client,
    hyper: Hyper<HttpConnector, Empty<Bytes>>,
}

impl Peers {
    fn new(base: &str) -> Self {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("authorization", format!("Bearer {KEY}").parse().unwrap());
        Self {
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
            base: base.to_owned(),
            core: Client::builder(ApiKey::new(KEY).unwrap())
                .base_url(base)
                .build()
                .unwrap(),
            reqwest: reqwest::Client::builder()
                .default_headers(headers)
                .no_proxy()
                .build()
                .unwrap(),
            hyper: Hyper::builder(TokioExecutor::new()).build_http(),
        }
    }

    async fn core_item(&self) {
        let ticket = self.core.tickets().get(TICKET).await.unwrap();
        assert_eq!(ticket.queue_size(), Some(6));
    }

    async fn fetch(&self, url: String) -> Bytes {
        let answer = self.reqwest.get(url).send().await.unwrap();
        answer.bytes().await.unwrap()
    }

    async fn reqwest_item(&self) {
        let url = format!("{}/tickets/{TICKET}", self.base);
        let body = self.fetch(url).await;
        let ticket: Envelope<Ticket> = serde_json::from_slice(&body).unwrap();
        assert_eq!(ticket.data.queue_size(), Some(6));
    }

    async fn hyper_item(&self) {
        let request = hyper::Request::get(format!("{}/tickets/{TICKET}", self.base))
            .header("authorization", format!("Bearer {KEY}"))
            .body(Empty::new())
            .unwrap();
        let answer = self.hyper.request(request).await.unwrap();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let ticket: Envelope<Ticket> = serde_json::from_slice(&body).unwrap();
        assert_eq!(ticket.data.queue_size(), Some(6));
    }

    async fn core_page(&self) {
        let page = self.core.customers().list().page(1).await.unwrap();
        assert_eq!(page.items().len(), 100);
    }

    async fn reqwest_page(&self) {
        let url = format!("{}/customers/getAll?page=1&limit=100", self.base);
        let body = self.fetch(url).await;
        let page: Envelope<Vec<OwnedCustomer>> = serde_json::from_slice(&body).unwrap();
        assert_eq!(page.data.len(), 100);
    }

    /// `call` over and over, `wide` at a time, on one thread.
    fn repeat<'a, F: Future<Output = ()>>(
        &'a self,
        name: &'static str,
        wide: usize,
        call: impl Fn(&'a Self) -> F + 'a,
    ) -> Contestant<'a> {
        let run = move |count: usize| {
            let lane = || async {
                for _ in 0..count / wide {
                    call(self).await;
                }
            };
            self.runtime.block_on(async {
                join_all((0..wide).map(|_| lane())).await;
            });
        };
        (name, Box::new(run))
    }
}

fn main() {
    rustls::crypto::ring::default_provider()
        .install_default()
        .unwrap();
    pin();
    let address = canned(100);
    let peers = Peers::new(&format!("http://{address}/external/v1"));
    let mut reached = true;
    for (work, wide) in [
        ("a ticket, one at a time", 1),
        ("a ticket, 64 in flight", 64),
    ] {
        reached &= race(
            work,
            6_400,
            vec![
                peers.repeat("core", wide, Peers::core_item),
                peers.repeat("reqwest + serde_json", wide, Peers::reqwest_item),
                peers.repeat("hyper + serde_json", wide, Peers::hyper_item),
            ],
            &[("reqwest + serde_json", 0.95)],
        );
    }
    let waiting = Client::builder(ApiKey::new(KEY).unwrap())
        .base_url(peers.base.clone())
        .build()
        .unwrap();
    let wait = move |count| {
        for _ in 0..count {
            let ticket = waiting.tickets().get(TICKET).wait().unwrap();
            assert_eq!(ticket.queue_size(), Some(6));
        }
    };
    reached &= race(
        "a ticket, blocking",
        6_400,
        vec![
            ("wait()", Box::new(wait)),
            peers.repeat("core, await", 1, Peers::core_item),
        ],
        &[("core, await", 0.9)],
    );
    reached &= race(
        "a page of 100 customers",
        2_000,
        vec![
            peers.repeat("core", 1, Peers::core_page),
            peers.repeat("reqwest + serde_json, Value", 1, Peers::reqwest_page),
        ],
        &[("reqwest + serde_json, Value", 1.5)],
    );
    finish(reached);
}
