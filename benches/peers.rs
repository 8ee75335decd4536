//! Clients that read a ticket or a page of customers: the SDK, and code written by hand for other
//! libraries.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use serde::Deserialize;
use skiplino::{ApiKey, Client, Page, Ticket};

const KEY: &str = "sk_bench";
const TICKET: &str = "k7m2p9x4q1";

/// The base URL of the API on a server.
pub fn base_url(address: impl std::fmt::Display) -> String {
    format!("http://{address}/external/v1")
}

#[derive(Deserialize)]
struct Envelope<T> {
    #[serde(rename = "message")]
    _message: String,
    data: T,
}

/// A customer as one would write it without the SDK.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "the fields stand for those that a program reads")]
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

fn check(ticket: &Ticket) {
    assert_eq!(ticket.queue_size(), Some(6));
}

/// The SDK.
#[derive(Debug)]
pub struct Core(Client);

impl Core {
    pub fn new(base: &str) -> Self {
        let key = ApiKey::new(KEY).unwrap();
        Self(Client::builder(key).base_url(base).build().unwrap())
    }

    pub async fn ticket(&self) {
        check(&self.0.tickets().get(TICKET).await.unwrap());
    }

    pub fn wait_for_ticket(&self) {
        check(&self.0.tickets().get(TICKET).wait().unwrap());
    }

    pub async fn page(&self) {
        let page = self.0.customers().list().page(1).await.unwrap();
        assert_eq!(page.items().len(), 100);
    }

    /// Exports all customers and keeps none.
    pub async fn export(&self) {
        let sink = |page: Page<_>| {
            assert!(!page.items().is_empty());
            Ok::<_, skiplino::Error>(())
        };
        let progress = self.0.customers().export(sink).await.unwrap();
        assert_eq!(Some(progress.records), progress.total);
    }
}

/// reqwest and `serde_json`. A ticket is decoded into the SDK's struct.
#[derive(Debug)]
pub struct Reqwest {
    base: String,
    client: reqwest::Client,
}

impl Reqwest {
    pub fn new(base: &str) -> Self {
        // Another provider may already be installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("authorization", format!("Bearer {KEY}").parse().unwrap());
        let client = reqwest::Client::builder()
            .default_headers(headers)
            .no_proxy()
            .build()
            .unwrap();
        Self {
            base: base.to_owned(),
            client,
        }
    }

    async fn fetch(&self, path: &str) -> Bytes {
        let url = format!("{}{path}", self.base);
        let response = self.client.get(url).send().await.unwrap();
        response.bytes().await.unwrap()
    }

    pub async fn ticket(&self) {
        let body = self.fetch(&format!("/tickets/{TICKET}")).await;
        let ticket: Envelope<Ticket> = serde_json::from_slice(&body).unwrap();
        check(&ticket.data);
    }

    pub async fn page(&self) {
        let body = self.fetch("/customers/getAll?page=1&limit=100").await;
        let page: Envelope<Vec<OwnedCustomer>> = serde_json::from_slice(&body).unwrap();
        assert_eq!(page.data.len(), 100);
    }
}

/// hyper and `serde_json`. A ticket is decoded into the SDK's struct.
#[derive(Debug)]
pub struct Hyper {
    base: String,
    client: HyperClient<HttpConnector, Empty<Bytes>>,
}

impl Hyper {
    pub fn new(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            client: HyperClient::builder(TokioExecutor::new()).build_http(),
        }
    }

    pub async fn ticket(&self) {
        let request = hyper::Request::get(format!("{}/tickets/{TICKET}", self.base))
            .header("authorization", format!("Bearer {KEY}"))
            .body(Empty::new())
            .unwrap();
        let response = self.client.request(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let ticket: Envelope<Ticket> = serde_json::from_slice(&body).unwrap();
        check(&ticket.data);
    }
}
