//! Clients that read a ticket or a page of customers: the SDK, and code written by hand for other
//! libraries.

use std::path::PathBuf;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use serde::Deserialize;
use skiplino::{
    ApiKey, BookTicketRequest, Client, CustomerRef, CustomerWriteRequest, Page, RowOutcome, Ticket,
};

const KEY: &str = "sk_bench";
const TICKET: &str = "k7m2p9x4q1";
const CUSTOMER: &str = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b";
const SERVICE: &str = "6fe8fb8b12";
const GROUP: &str = "7c1f9a3b2d";

/// The file with a certificate authority that the clients shall trust.
fn authority() -> Option<PathBuf> {
    Some(std::env::var_os("SSL_CERT_FILE")?.into())
}

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
        let builder = Client::builder(key).base_url(base);
        Self(builder.root_certificates_from_env().build().unwrap())
    }

    pub async fn warm_up(&self) {
        self.0.warm_up().await.unwrap();
    }

    pub async fn book(&self) {
        let walk_in = BookTicketRequest::walk_in(SERVICE, GROUP);
        let walk_in = walk_in.customer(CustomerRef::id(CUSTOMER));
        check(&self.0.tickets().book(&walk_in).await.unwrap());
    }

    /// Reads all customers.
    pub async fn list(&self) {
        let customers = self.0.customers().list().items();
        let count = customers.try_fold(0, async |count, _| Ok(count + 1));
        assert_ne!(count.await.unwrap(), 0);
    }

    /// Syncs this number of customers, of which one in `changed_of` has a new name.
    pub async fn sync(&self, customers: usize, changed_of: usize) {
        let rows = (0..customers).map(|n| {
            let row = CustomerWriteRequest::new().external_id(format!("crm-{n:06}"));
            row.name(match n % changed_of {
                0 => format!("Huda Hassan {n}"),
                _ => format!("Layla Hassan {n}"),
            })
        });
        let synced = self.0.customers().sync(rows);
        let updated = synced.try_fold(0, async |updated, row| {
            Ok(updated + usize::from(matches!(row.outcome(), RowOutcome::Updated)))
        });
        assert_eq!(updated.await.unwrap(), customers.div_ceil(changed_of));
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
        let mut builder = reqwest::Client::builder();
        if let Some(authority) = authority() {
            let pem = std::fs::read(authority).unwrap();
            let authority = reqwest::Certificate::from_pem(&pem).unwrap();
            builder = builder.tls_certs_only([authority]);
        }
        let client = builder.default_headers(headers).no_proxy().build().unwrap();
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
        assert_eq!(self.customers(1).await.len(), 100);
    }

    async fn customers(&self, page: usize) -> Vec<OwnedCustomer> {
        let path = format!("/customers/getAll?page={page}&limit=100");
        let page: Envelope<Vec<OwnedCustomer>> =
            serde_json::from_slice(&self.fetch(&path).await).unwrap();
        page.data
    }

    pub async fn book(&self) {
        let body = serde_json::json!({
            "serviceId": SERVICE,
            "groupOfServiceId": GROUP,
            "customerId": CUSTOMER,
        });
        let booking = self.client.post(format!("{}/tickets/book", self.base));
        let booking = booking.header("content-type", "application/json");
        let response = booking.body(body.to_string()).send().await.unwrap();
        let ticket: Envelope<Ticket> =
            serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        check(&ticket.data);
    }

    /// Reads all customers, page by page.
    pub async fn list(&self) {
        let mut page = 1;
        while self.customers(page).await.len() == 100 {
            page += 1;
        }
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
