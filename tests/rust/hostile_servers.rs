//! Servers that break HTTP's rules.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;

use skiplino::{ApiKey, Client, Error, RetryPolicy};

use crate::raw_server::http;

/// A response that a server sends between two requests.
const STRAY_RESPONSES: [&str; 2] = [
    "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 39\r\n\r\n{\"message\":\"of another\",\"data\":[]}     ",
];

#[test]
fn bytes_between_two_requests_are_not_taken_for_a_response() {
    const EXPECTED: &[u8] = br#"{"message":"expected","data":[]}"#;
    for stray in STRAY_RESPONSES {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        // The first call has returned; the stray bytes were sent.
        let (returned, has_returned) = mpsc::channel();
        let (sent, was_sent) = mpsc::channel();
        let server = std::thread::spawn(move || {
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().unwrap();
                let _ = stream.read(&mut [0; 4096]);
                stream.write_all(&http(200, "", EXPECTED)).unwrap();
                has_returned.recv().unwrap();
                stream.write_all(stray.as_bytes()).unwrap();
                sent.send(()).unwrap();
                // The client closes the connection.
                assert!(matches!(stream.read(&mut [0; 4096]), Ok(0) | Err(_)));
            }
        });
        let client = Client::builder(ApiKey::new("sk_x").unwrap())
            .base_url(format!("http://{address}/v1"))
            .retry(RetryPolicy::never())
            .build()
            .unwrap();
        for call in 1..=2 {
            let response = client.branches().list().with_response().wait().unwrap();
            assert_eq!(response.message(), Some("expected"), "{stray}, call {call}");
            returned.send(()).unwrap();
            was_sent.recv().unwrap();
        }
        drop(client);
        server.join().unwrap();
    }
}

#[test]
fn bytes_between_two_pages_are_not_taken_for_a_page() {
    const FIRST: &[u8] = br#"{"message":"m","data":[{"_id":"a","companyId":"c","createdAt":"2026-06-23T11:00:00.000Z","updatedAt":"2026-06-23T11:00:00.000Z"}],"pagination":{"total":2,"totalPages":2,"hasNextPage":true,"hasPrevPage":false}}"#;
    let second = String::from_utf8_lossy(FIRST)
        .replace(r#""_id":"a""#, r#""_id":"b""#)
        .replace(r#""hasNextPage":true"#, r#""hasNextPage":false"#);
    for stray in STRAY_RESPONSES {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (exported, was_exported) = mpsc::channel();
        let (sent, was_sent) = mpsc::channel();
        let second = second.clone();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            stream.write_all(&http(200, "", FIRST)).unwrap();
            was_exported.recv().unwrap();
            stream.write_all(stray.as_bytes()).unwrap();
            sent.send(()).unwrap();
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            stream.write_all(&http(200, "", second.as_bytes())).unwrap();
        });
        let client = Client::builder(ApiKey::new("sk_x").unwrap())
            .base_url(format!("http://{address}/v1"))
            .retry(RetryPolicy::never())
            .build()
            .unwrap();
        let mut ids = Vec::new();
        let export = client.customers().export(|page| -> Result<(), Error> {
            ids.extend(page.items().iter().map(|customer| customer.id().clone()));
            if ids.len() == 1 {
                exported.send(()).unwrap();
                was_sent.recv().unwrap();
            }
            Ok(())
        });
        let progress = export.wait().unwrap();
        assert_eq!(progress.records, 2, "{stray}");
        drop(client);
        server.join().unwrap();
    }
}
