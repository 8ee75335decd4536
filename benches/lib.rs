//! What the benches share: a server that answers from memory on a core of its own, and a table of contestants that take turns.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench stops at the first thing that is not as it should be, and prints its table"
)]

use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Rounds in which every contestant has its turn. The first one warms up and is not counted.
const ROUNDS: usize = 8;

/// Puts the calling thread, and those that it starts, on one core. Client and server share it: on two, the time that the system
/// takes to wake the other one hides what either of them does.
pub fn pin() {
    let first = core_affinity::get_core_ids().and_then(|cores| cores.first().copied());
    if !first.is_some_and(core_affinity::set_for_current) {
        println!("note: could not stay on one core");
    }
}

/// Starts a server that gives every `GET /external/v1/tickets/…` one ticket and everything else a page of 100 customers, on a
/// thread that ends with the process.
pub fn canned() -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let item = Bytes::from_static(ITEM.as_bytes());
            let page = Bytes::from(page());
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let (item, page) = (item.clone(), page.clone());
                let answer = move |request: hyper::Request<hyper::body::Incoming>| {
                    let wanted = if request.uri().path().contains("/tickets/") {
                        &item
                    } else {
                        &page
                    };
                    let body = Full::new(wanted.clone()).map_err(|never: Infallible| never);
                    let answer = hyper::Response::builder()
                        .header("content-type", "application/json")
                        .body(body);
                    async move { answer }
                };
                let serve = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service_fn(answer));
                tokio::spawn(serve);
            }
        });
    });
    told.recv().unwrap()
}

/// The published example of a waiting walk-in.
const ITEM: &str = r#"{"message":"Ticket fetched successfully.","data":{"id":"k7m2p9x4q1","ticketNumber":"Q017","status":"waiting","statusAt":"2026-06-23T11:10:00.000Z","type":"sequential","time":null,"branch":{"id":"802b33af66","name":"Seef Mall Branch"},"service":{"id":"6fe8fb8b12","name":"Cash Withdrawal"},"groupOfService":{"id":"7c1f9a3b2d","name":"Teller Services"},"customer":{"id":"9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b","name":"Layla Hassan"},"bookedAt":"2026-06-23T11:08:41.000Z","queueSize":6,"waitingTime":18}}"#;

fn page() -> String {
    let mut page = r#"{"message":"Customers fetched successfully.","data":["#.to_owned();
    for n in 0..100 {
        let comma = if n == 0 { "" } else { "," };
        write!(
            page,
            r#"{comma}{{"_id":"9f2c8b7a4e1d6c3f0a5b8e2d7c4f{n:04}","externalId":"crm-{n:04}","companyId":"cmp_5f3a91","name":"Layla Hassan {n}","email":"layla.hassan{n}@example.com","mobile":"+9733377{n:04}","metadata":{{"tier":"gold","visits":{n}}},"createdAt":"2026-06-23T11:00:00.000Z","updatedAt":"2026-06-23T12:30:00.000Z"}}"#
        )
        .unwrap();
    }
    page.push_str(r#"],"pagination":{"total":100,"totalPages":1,"hasNextPage":false,"hasPrevPage":false,"page":1,"limit":100}}"#);
    page
}

/// One way to do some work: a name, and what does the work a number of times.
pub type Contestant<'a> = (&'static str, Box<dyn FnMut(usize) + 'a>);

/// Lets every contestant do the work `count` times in turn, round after round, and prints the median of its rates and, against
/// each later one, the median of the first one's ratio round by round. `goals` are the ratios to reach, by the other's name.
/// Returns whether all were.
pub fn race(
    work: &str,
    count: usize,
    mut contestants: Vec<Contestant<'_>>,
    goals: &[(&str, f64)],
) -> bool {
    let mut rates = vec![Vec::new(); contestants.len()];
    for round in 0..=ROUNDS {
        for ((_, run), rates) in contestants.iter_mut().zip(&mut rates) {
            let started = Instant::now();
            run(count);
            if round > 0 {
                rates.push(count as f64 / started.elapsed().as_secs_f64());
            }
        }
    }
    let mut reached = true;
    for (index, (name, _)) in contestants.iter().enumerate() {
        let rate = median(rates[index].clone());
        let mut line = format!("{work:<28} {name:<28} {rate:>8.0}/s");
        if index > 0 {
            let ratios = rates[0]
                .iter()
                .zip(&rates[index])
                .map(|(ours, theirs)| ours / theirs);
            let ratio = median(ratios.collect());
            let _ = write!(line, "   {}: {ratio:.2} ×", contestants[0].0);
            if let Some((_, goal)) = goals.iter().find(|(other, _)| other == name) {
                let met = ratio >= *goal;
                reached &= met;
                let _ = write!(
                    line,
                    " (goal {goal}: {})",
                    if met { "reached" } else { "MISSED" }
                );
            }
        }
        println!("{line}");
    }
    reached
}

/// The value in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Prints the verdict and leaves with 1 where a goal was missed.
pub fn finish(reached: bool) {
    println!(
        "{}",
        if reached {
            "all goals reached"
        } else {
            "a goal was missed"
        }
    );
    std::process::exit(i32::from(!reached));
}
