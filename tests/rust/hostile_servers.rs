//! Servers that break HTTP's rules.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;

use skiplino::{ApiKey, Client, RetryPolicy};

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
                stream.read(&mut [0; 4096]).unwrap();
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
