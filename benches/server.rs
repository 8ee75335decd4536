//! The server with canned responses, which are prepared before the first request.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Starts a server with this number of customers, on a thread that ends with the process. Every
/// path with `/tickets/` returns one ticket, `/customers/getAll` the requested page, and every
/// other path
/// 404.
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
            sender.send(listener.local_addr().unwrap()).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let directory = Arc::clone(&directory);
                let respond = move |request: Request<Incoming>| {
                    let response = respond_to(&directory, &request);
                    async move { response }
                };
                let serve = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service_fn(respond));
                tokio::spawn(serve);
            }
        });
    });
    receiver.recv().unwrap()
}

fn respond_to(
    directory: &Directory,
    request: &Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let uri = request.uri();
    let mut response = Response::new(Full::default());
    if uri.path().contains("/tickets/") {
        *response.body_mut() = Full::new(Bytes::from_static(ITEM.as_bytes()));
    } else if uri.path().ends_with("/customers/getAll") {
        let parameter = |name| {
            let mut pairs = uri
                .query()?
                .split('&')
                .filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| *key == name)?.1.parse().ok()
        };
        let (page, limit) = (
            parameter("page").unwrap_or(1),
            parameter("limit").unwrap_or(10),
        );
        *response.body_mut() = Full::new(directory.page(page, limit));
    } else {
        *response.status_mut() = hyper::StatusCode::NOT_FOUND;
    }
    let json = hyper::header::HeaderValue::from_static("application/json");
    response
        .headers_mut()
        .insert(hyper::header::CONTENT_TYPE, json);
    Ok(response)
}

/// The documented example of a waiting walk-in.
const ITEM: &str = r#"{"message":"Ticket fetched successfully.","data":{"id":"k7m2p9x4q1","ticketNumber":"Q017","status":"waiting","statusAt":"2026-06-23T11:10:00.000Z","type":"sequential","time":null,"branch":{"id":"802b33af66","name":"Seef Mall Branch"},"service":{"id":"6fe8fb8b12","name":"Cash Withdrawal"},"groupOfService":{"id":"7c1f9a3b2d","name":"Teller Services"},"customer":{"id":"9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b","name":"Layla Hassan"},"bookedAt":"2026-06-23T11:08:41.000Z","queueSize":6,"waitingTime":18}}"#;

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
                r#"{{"_id":"9f2c8b7a4e1d6c3f0a5b8e2d{n:08}","externalId":"crm-{n:06}","companyId":"cmp_5f3a91","name":"Layla Hassan {n}","email":"layla.hassan{n}@example.com","mobile":"+973{n:08}","metadata":{{"tier":"gold","visits":{}}},"createdAt":"2026-06-23T11:00:00.000Z","updatedAt":"2026-06-23T12:30:00.000Z"}},"#,
                n % 100
            )
            .unwrap();
            starts.push(text.len());
        }
        Self { text, starts }
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
