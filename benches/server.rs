//! The server with canned responses, which are prepared before the first request.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpListener;

/// Starts a server with this number of customers, on a thread that ends with the process.
///
/// Every path with `/tickets/` returns one ticket. `/customers/getAll` returns the requested page,
/// `/customers/getOne` and `/customers/update` the customer with that id, unchanged,
/// `/customers/tickets` and `/branches` nothing. `/requests` returns the number of requests since it
/// was last asked. Every other path returns 404.
///
/// Speaks HTTP/2 on connections that begin with it, and HTTP/1.1 on others.
pub fn canned(customers: usize) -> SocketAddr {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let directory = Arc::new(Directory::new(customers));
            let requests = Arc::new(AtomicU64::new(0));
            sender.send(listener.local_addr().unwrap()).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let (directory, requests) = (Arc::clone(&directory), Arc::clone(&requests));
                let respond = move |request: Request<Incoming>| {
                    let (directory, requests) = (Arc::clone(&directory), Arc::clone(&requests));
                    async move {
                        Ok::<_, Infallible>(match request.uri().path() {
                            "/requests" => {
                                let count = requests.swap(0, Ordering::Relaxed);
                                Response::new(Full::from(count.to_string()))
                            }
                            _ => {
                                requests.fetch_add(1, Ordering::Relaxed);
                                respond_to(&directory, request).await
                            }
                        })
                    }
                };
                tokio::spawn(async move {
                    let mut start = [0; HTTP2.len()];
                    let _ = stream.peek(&mut start).await;
                    let (stream, respond) = (TokioIo::new(stream), service_fn(respond));
                    // A client may close at any time.
                    let _ = match start {
                        HTTP2 => {
                            let builder = http2::Builder::new(TokioExecutor::new());
                            builder.serve_connection(stream, respond).await
                        }
                        _ => {
                            http1::Builder::new()
                                .serve_connection(stream, respond)
                                .await
                        }
                    };
                });
            }
        });
    });
    receiver.recv().unwrap()
}

async fn respond_to(directory: &Directory, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let parameter = |name| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let number = |name, usual| parameter(name).map_or(usual, |value| value.parse().unwrap());
    let path = path.strip_prefix("/external/v1").unwrap_or(&path);
    let body = match path {
        "/branches" => Some(Bytes::from_static(br#"{"message":"m","data":[]}"#)),
        "/customers/tickets" => Some(Bytes::from_static(NO_TICKETS.as_bytes())),
        "/customers/getAll" => Some(directory.page(number("page", 1), number("limit", 10))),
        "/customers/getOne" => parameter("externalId").and_then(|id| directory.customer(id)),
        "/customers/update" => {
            let update = request.into_body().collect().await.unwrap().to_bytes();
            let update: Value = serde_json::from_slice(&update).unwrap();
            let id = update["id"].as_str().or(update["externalId"].as_str());
            id.and_then(|id| directory.customer(id))
        }
        _ if path.contains("/tickets/") => Some(Bytes::from_static(ITEM.as_bytes())),
        _ => None,
    };
    let mut response = Response::new(Full::default());
    *response.status_mut() = match (&body, path) {
        (None, _) => StatusCode::NOT_FOUND,
        (_, "/tickets/book") => StatusCode::CREATED,
        _ => StatusCode::OK,
    };
    *response.body_mut() = Full::new(body.unwrap_or_default());
    let json = hyper::header::HeaderValue::from_static("application/json");
    response
        .headers_mut()
        .insert(hyper::header::CONTENT_TYPE, json);
    response
}

/// How a connection of HTTP/2 begins. The server peeks at as much.
const HTTP2: [u8; 3] = *b"PRI";

const NO_TICKETS: &str = r#"{"message":"m","data":[],"pagination":{"total":0,"totalPages":0,"hasNextPage":false,"hasPrevPage":false,"page":1,"limit":10}}"#;

/// The documented example of a waiting walk-in.
const ITEM: &str = r#"{"message":"Ticket fetched successfully.","data":{"id":"k7m2p9x4q1","ticketNumber":"Q017","status":"waiting","statusAt":"2026-06-23T11:10:00.000Z","type":"sequential","time":null,"branch":{"id":"802b33af66","name":"Seef Mall Branch"},"service":{"id":"6fe8fb8b12","name":"Cash Withdrawal"},"groupOfService":{"id":"7c1f9a3b2d","name":"Teller Services"},"customer":{"id":"9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b","name":"Layla Hassan"},"bookedAt":"2026-06-23T11:08:41.000Z","queueSize":6,"waitingTime":18}}"#;

/// The beginning of a customer's id.
const ID: &str = "9f2c8b7a4e1d6c3f0a5b8e2d";

/// The JSON of all customers, with a comma after each, and the start of each.
struct Directory {
    text: String,
    starts: Vec<usize>,
}

impl Directory {
    fn new(customers: usize) -> Self {
        let mut text = String::new();
        let mut starts = vec![0];
        for n in 0..customers {
            write!(
                text,
                r#"{{"_id":"{ID}{n:08}","externalId":"crm-{n:06}","companyId":"cmp_5f3a91","name":"Layla Hassan {n}","email":"layla.hassan{n}@example.com","mobile":"+973{n:08}","metadata":{{"tier":"gold","visits":{}}},"createdAt":"2026-06-23T11:00:00.000Z","updatedAt":"2026-06-23T12:30:00.000Z"}},"#,
                n % 100
            )
            .unwrap();
            starts.push(text.len());
        }
        Self { text, starts }
    }

    /// The response with the customer of an id, or of an external id such as `crm-000017`.
    fn customer(&self, id: &str) -> Option<Bytes> {
        let number = id.strip_prefix("crm-").or(id.strip_prefix(ID))?;
        let n: usize = number.parse().ok()?;
        let customer = &self.text[*self.starts.get(n)?..*self.starts.get(n + 1)?];
        let customer = customer.trim_end_matches(',');
        Some(format!(r#"{{"message":"m","data":{customer}}}"#).into())
    }

    fn page(&self, page: usize, limit: usize) -> Bytes {
        let total = self.starts.len() - 1;
        let (page, limit) = (page.max(1), limit.max(1));
        let pages = total.div_ceil(limit);
        let first = (page - 1).saturating_mul(limit).min(total);
        let last = first.saturating_add(limit).min(total);
        let customers = &self.text[self.starts[first]..self.starts[last]];
        let customers = customers.strip_suffix(',').unwrap_or(customers);
        let mut body = String::with_capacity(customers.len() + 256);
        body.push_str(r#"{"message":"Customers fetched successfully.","data":["#);
        body.push_str(customers);
        write!(
            body,
            r#"],"pagination":{{"total":{total},"totalPages":{pages},"hasNextPage":{},"hasPrevPage":{},"page":{page},"limit":{limit}}}}}"#,
            page < pages,
            page > 1,
        )
        .unwrap();
        body.into()
    }
}
