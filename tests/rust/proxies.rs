//! Proxies in front of a TLS server: the proxy sees the address, and nothing of the request.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use skiplino::{ApiKey, BookTicketRequest, Client, ErrorKind, Outcome};
use skiplino_tests::quick_retry;

use crate::raw_server::{RawServer, Script, http};
use crate::tls::{self, Authority, authority};

/// operator:hunter2
const CREDENTIALS: &str = "proxy-authorization: basic b3blcmf0b3i6ahvudgvymg==";

/// A proxy for tunnels, which may require credentials.
struct Proxy {
    address: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(requires_credentials: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&heads);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || tunnel(stream.unwrap(), requires_credentials, &kept));
            }
        });
        Self { address, heads }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn tunnel(mut client: TcpStream, requires_credentials: bool, heads: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(client.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if !matches!(reader.read_line(&mut head), Ok(1..)) {
            return;
        }
    }
    let head = head.to_lowercase();
    heads.lock().unwrap().push(head.clone());
    if requires_credentials && !head.contains(CREDENTIALS) {
        let refusal = "HTTP/1.1 407 X\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n";
        let _ = client.write_all(refusal.as_bytes());
        return;
    }
    let target = head.split(' ').nth(1).unwrap();
    let mut server = TcpStream::connect(target).unwrap();
    client.write_all(b"HTTP/1.1 200 X\r\n\r\n").unwrap();
    let (mut to_client, mut from_server) = (client, server.try_clone().unwrap());
    let back = std::thread::spawn(move || std::io::copy(&mut from_server, &mut to_client));
    let _ = std::io::copy(&mut reader, &mut server);
    let _ = server.shutdown(std::net::Shutdown::Write);
    let _ = back.join();
}

fn client(server: u16, authority: &Authority, proxy: &str) -> Client {
    Client::builder(ApiKey::new("sk_tunnelled").unwrap())
        .base_url(format!("https://localhost:{server}/v1"))
        .root_certificates(authority.pem())
        .proxy(proxy)
        .retry(quick_retry())
        .build()
        .unwrap()
}

#[test]
fn a_proxy_tunnels_tls_without_seeing_the_request() {
    let authority = authority("ours");
    let server = tls::Server::signed_by(&authority);
    let tunnels = |requires_credentials, user: &str| {
        let proxy = Proxy::start(requires_credentials);
        let client = client(
            server.port,
            &authority,
            &format!("http://{user}{}", proxy.address),
        );
        assert_eq!(client.branches().list().wait().unwrap(), []);
        let heads = proxy.heads();
        assert_eq!(heads.len(), 1);
        let target = format!("connect localhost:{} http/1.1\r\n", server.port);
        assert!(heads[0].starts_with(&target), "{}", heads[0]);
        assert!(!heads[0].contains("sk_tunnelled"), "{}", heads[0]);
        assert!(!heads[0].contains("bearer"), "{}", heads[0]);
        heads[0].contains(CREDENTIALS)
    };
    assert!(!tunnels(false, ""));
    assert!(tunnels(true, "operator:hunter2@"));
    assert_eq!(server.requests(), 2);
}

/// Asserts that a call fails with this reason, without sending anything, and that the error does
/// not contain the credentials.
fn fails_with(client: &Client, reason: &str) {
    let booking = BookTicketRequest::walk_in("s", "g");
    let error = client.tickets().book(booking).wait().unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome(), error.attempts()),
        (ErrorKind::Connect, Outcome::NotApplied, 3)
    );
    assert_eq!(
        error.to_string(),
        format!("book a ticket: could not connect: {reason}")
    );
    let mut text = format!("{error:?} {client:?}");
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text.push_str(&format!("{error} {error:?}"));
        cause = error.source();
    }
    for secret in ["guess", "operator", "b3Bl", "sk_tunnelled"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn a_rejecting_proxy_is_reported_without_its_credentials() {
    let authority = authority("ours");
    let server = tls::Server::signed_by(&authority);
    let unauthorized =
        "the proxy requires a user name and a password, or rejected those in its URL (407)";
    for user in ["", "operator:guess@"] {
        let proxy = Proxy::start(true);
        let proxy = format!("http://{user}{}", proxy.address);
        fails_with(&client(server.port, &authority, &proxy), unauthorized);
    }
    let unwilling = RawServer::start(Script::Respond(http(503, "", b"")));
    let proxy = unwilling
        .origin()
        .replace("http://", "http://operator:guess@");
    fails_with(
        &client(server.port, &authority, &proxy),
        "the proxy rejected the connection to the server",
    );
    assert_eq!(server.requests(), 0);
}

#[test]
fn an_unreachable_proxy_is_reported_without_its_credentials() {
    let authority = authority("ours");
    let gone = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let client = client(9, &authority, &format!("http://operator:guess@{address}"));
    let booking = BookTicketRequest::walk_in("s", "g");
    let error = client.tickets().book(booking).wait().unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Connect, Outcome::NotApplied)
    );
    let text = error.to_string();
    let expected =
        format!("book a ticket: could not connect: the proxy {address} cannot be reached: ");
    assert!(text.starts_with(&expected), "{text}");
    assert!(!format!("{error} {error:?} {client:?}").contains("guess"));
}

#[test]
fn a_proxy_that_does_not_answer_is_named() {
    let authority = authority("ours");
    // The system accepts the connection, and no proxy answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::builder(ApiKey::new("sk_tunnelled").unwrap())
        .base_url("https://localhost:9/v1")
        .root_certificates(authority.pem())
        .proxy(format!("http://{}", silent.local_addr().unwrap()))
        .connect_timeout(Duration::from_millis(50))
        .retry(quick_retry())
        .build()
        .unwrap();
    let error = client.branches().list().wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(
        error.reason(),
        Some("the proxy or the server did not answer")
    );
}
