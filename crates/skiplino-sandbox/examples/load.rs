//! Measures a sandbox: `load BASE_URL read|book [SECONDS] [CONNECTIONS]` prints the answers a second.
#![allow(clippy::print_stdout)]

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

const BOOKING: &str = r#"{"serviceId":"6fe8fb8b12","groupOfServiceId":"7c1f9a3b2d"}"#;

/// Sends the request over and over on one connection; answers how many answers came.
fn load(address: &str, request: &str, until: Instant) -> io::Result<u64> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut answers = 0;
    while Instant::now() < until {
        stream.write_all(request.as_bytes())?;
        let (mut length, mut line, mut status) = (0, String::new(), String::new());
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line)?;
            if status.is_empty() {
                status.clone_from(&line);
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        if !status.starts_with("HTTP/1.1 20") {
            return Err(io::Error::other(status));
        }
        answers += 1;
    }
    Ok(answers)
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |at: usize, default: &str| {
        arguments
            .get(at)
            .map_or_else(|| default.to_owned(), String::clone)
    };
    let number = |at, default: &str| {
        argument(at, default)
            .parse::<u64>()
            .map_err(io::Error::other)
    };
    let base = argument(0, "");
    let address = base
        .trim_start_matches("http://")
        .trim_end_matches("/external/v1")
        .to_owned();
    let (line, body) = match argument(1, "read").as_str() {
        "book" => ("POST /external/v1/tickets/book", BOOKING),
        _ => ("GET /external/v1/tickets/k7m2p9x4q1", ""),
    };
    let request = format!(
        "{line} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer pk_sandbox_public\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let seconds = number(2, "5")?;
    let connections = number(3, "16")?;
    let until = Instant::now() + Duration::from_secs(seconds);
    let total = thread::scope(|scope| {
        let threads: Vec<_> = (0..connections)
            .map(|_| scope.spawn(|| load(&address, &request, until)))
            .collect();
        threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(io::Error::other("a thread failed")))
            })
            .sum::<io::Result<u64>>()
    })?;
    println!("{} answers a second", total / seconds.max(1));
    Ok(())
}
