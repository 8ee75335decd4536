//! TLS: an untrusted or outdated server gets no request and the error has the reason; a server of
//! an added authority is trusted.

use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use skiplino::{ApiKey, BookTicketRequest, Client, ClientBuilder, ErrorKind, Outcome};
use skiplino_tests::quick_retry;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto::ring};

pub type Authority = CertifiedIssuer<'static, KeyPair>;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// An authority of this name.
pub fn authority(name: &str) -> Authority {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority
        .distinguished_name
        .push(DnType::CommonName, name.to_owned());
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap()
}

fn localhost() -> CertificateParams {
    CertificateParams::new(vec!["localhost".to_owned()]).unwrap()
}

/// A TLS server that counts the requests it receives.
pub struct Server {
    pub port: u16,
    requests: Arc<AtomicUsize>,
}

impl Server {
    /// A server with a certificate for `localhost` signed by this authority.
    pub fn signed_by(authority: &Authority) -> Self {
        Self::signed(&localhost(), authority)
    }

    fn signed(certificate: &CertificateParams, authority: &Authority) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = certificate.signed_by(&key, authority).unwrap();
        Self::start(certificate.der().clone(), &key)
    }

    fn signed_by_itself(certificate: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = certificate.self_signed(&key).unwrap();
        Self::start(certificate.der().clone(), &key)
    }

    fn start(certificate: CertificateDer<'static>, key: &KeyPair) -> Self {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&requests);
        RUNTIME.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let acceptor = TlsAcceptor::from(Arc::new(config));
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, counted) = (acceptor.clone(), Arc::clone(&counted));
                tokio::spawn(async move {
                    let respond = move |request: Request<Incoming>| {
                        counted.fetch_add(1, Ordering::SeqCst);
                        let body = format!(r#"{{"message":"{:?}","data":[]}}"#, request.version());
                        let response = Response::new(Full::new(Bytes::from(body)));
                        std::future::ready(Ok::<_, Infallible>(response))
                    };
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let _ = auto::Builder::new(TokioExecutor::new())
                            .serve_connection(TokioIo::new(stream), service_fn(respond))
                            .await;
                    }
                });
            }
        });
        Self { port, requests }
    }

    /// The number of requests received.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn builder(host: &str, port: u16) -> ClientBuilder {
    Client::builder(ApiKey::new("sk_tls").unwrap())
        .base_url(format!("https://{host}:{port}/v1"))
        .retry(quick_retry())
}

/// Asserts that a read and a write fail before anything is sent. Returns the reason.
fn refusal(client: &Client) -> String {
    let read = client.branches().list().wait().unwrap_err();
    let booking = BookTicketRequest::walk_in("s", "g");
    let write = client.tickets().book(booking).wait().unwrap_err();
    for error in [&read, &write] {
        assert_eq!(
            (error.kind(), error.outcome(), error.status()),
            (ErrorKind::Connect, Outcome::NotApplied, None)
        );
        // The underlying error is available as the source.
        assert!(std::error::Error::source(error).is_some());
        assert!(!error.to_string().contains('\n'));
    }
    let reason = read.reason().unwrap_or_else(|| panic!("{read}")).to_owned();
    let shown = format!("list the branches: could not connect: {reason}");
    assert_eq!(read.to_string(), shown);
    assert_eq!(write.reason(), Some(&*reason));
    reason
}

#[test]
fn a_trusted_server_is_accepted() {
    let authority = authority("ours");
    let server = Server::signed_by(&authority);
    // Certificates accumulate, with or without a newline at the end.
    let client = builder("localhost", server.port)
        .root_certificates(authority.pem().trim_end())
        .root_certificates(self::authority("another").pem().trim_end())
        .build()
        .unwrap();
    let response = client.branches().list().with_response().wait().unwrap();
    assert_eq!(
        (response.message(), response.data().len()),
        (Some("HTTP/2.0"), 0)
    );
    assert_eq!(server.requests(), 1);
}

/// Passes bytes on between clients and a server, until it freezes. Returns its port.
fn relay(server: u16, frozen: &Arc<AtomicBool>, connections: &Arc<AtomicUsize>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (frozen, connections) = (Arc::clone(frozen), Arc::clone(connections));
    std::thread::spawn(move || {
        for client in listener.incoming().map(Result::unwrap) {
            connections.fetch_add(1, Ordering::SeqCst);
            // Only the connections that are open when it freezes.
            let freezes = !frozen.load(Ordering::SeqCst);
            let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
            for (mut from, mut to) in [
                (client.try_clone().unwrap(), server.try_clone().unwrap()),
                (server, client),
            ] {
                let frozen = Arc::clone(&frozen);
                std::thread::spawn(move || {
                    let mut bytes = [0; 4096];
                    while let Ok(read @ 1..) = from.read(&mut bytes) {
                        let lost = freezes && frozen.load(Ordering::SeqCst);
                        if !lost && to.write_all(&bytes[..read]).is_err() {
                            break;
                        }
                    }
                });
            }
        }
    });
    port
}

#[test]
fn a_connection_of_http_2_that_no_longer_answers_is_replaced() {
    let authority = authority("ours");
    let server = Server::signed_by(&authority);
    let (frozen, connections) = (Arc::default(), Arc::default());
    let port = relay(server.port, &frozen, &connections);
    let client = builder("localhost", port)
        .root_certificates(authority.pem())
        .attempt_timeout(Duration::from_secs(2))
        .build()
        .unwrap();
    client.branches().list().wait().unwrap();
    frozen.store(true, Ordering::SeqCst);
    let response = client.branches().list().with_response().wait().unwrap();
    assert_eq!(response.attempts(), 2);
    assert_eq!(connections.load(Ordering::SeqCst), 2);
    assert_eq!(server.requests(), 2);
}

#[test]
fn an_unknown_authority_is_not_trusted() {
    let server = Server::signed_by(&authority("ours"));
    let unknown = "the server's certificate is not signed by a trusted certificate authority";
    let client = builder("localhost", server.port).build().unwrap();
    assert_eq!(refusal(&client), unknown);
    let trusting = |authority: &Authority| {
        let client = builder("localhost", server.port).root_certificates(authority.pem());
        refusal(&client.build().unwrap())
    };
    assert_eq!(trusting(&authority("another")), unknown);
    assert_eq!(
        trusting(&authority("ours")),
        "the server's certificate has an invalid signature"
    );
    assert_eq!(server.requests(), 0);
}

#[test]
fn a_certificate_for_another_name_is_not_trusted() {
    let authority = authority("ours");
    let server = Server::signed_by(&authority);
    let client = builder("127.0.0.1", server.port).root_certificates(authority.pem());
    assert_eq!(
        refusal(&client.build().unwrap()),
        "the server's certificate is not for 127.0.0.1"
    );
    assert_eq!(server.requests(), 0);
}

#[test]
fn an_expired_or_future_certificate_is_not_trusted() {
    let authority = authority("ours");
    for (from, until, text) in [
        (
            2019,
            2020,
            "expired at 2020-01-01T00:00:00Z, and this machine's clock says 2",
        ),
        (
            2999,
            3000,
            "is not valid before 2999-01-01T00:00:00Z, and this machine's clock says 2",
        ),
    ] {
        let mut certificate = localhost();
        certificate.not_before = date_time_ymd(from, 1, 1);
        certificate.not_after = date_time_ymd(until, 1, 1);
        let server = Server::signed(&certificate, &authority);
        let client = builder("localhost", server.port).root_certificates(authority.pem());
        let reason = refusal(&client.build().unwrap());
        let text = format!("the server's certificate {text}");
        assert!(reason.starts_with(&text), "{reason}");
        assert_eq!(server.requests(), 0);
    }
}

#[test]
fn a_self_signed_certificate_is_not_trusted() {
    // As created by a program, and by `openssl req -x509`.
    let mut authority = localhost();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for (certificate, text) in [
        (
            localhost(),
            "is not signed by a trusted certificate authority",
        ),
        (
            authority,
            "is a CA certificate, which a server must not use as its own; it is probably self-signed",
        ),
    ] {
        let server = Server::signed_by_itself(&certificate);
        let client = builder("localhost", server.port).build().unwrap();
        assert_eq!(refusal(&client), format!("the server's certificate {text}"));
        assert_eq!(server.requests(), 0);
    }
}

#[test]
fn a_certificate_with_an_unaccepted_signature_is_not_trusted() {
    // ECDSA with SHA-256 becomes ECDSA with SHA-224, which like SHA-1 is not accepted.
    const SHA_256: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x02";
    let authority = authority("ours");
    let key = KeyPair::generate().unwrap();
    let signed = localhost().signed_by(&key, &authority).unwrap();
    let mut der = signed.der().to_vec();
    let mut changed = 0;
    for at in 0..der.len() - SHA_256.len() {
        if der[at..].starts_with(SHA_256) {
            der[at + SHA_256.len() - 1] = 1;
            changed += 1;
        }
    }
    assert_eq!(changed, 2);
    let server = Server::start(der.into(), &key);
    let client = builder("localhost", server.port).root_certificates(authority.pem());
    assert_eq!(
        refusal(&client.build().unwrap()),
        "the server's certificate is signed with an algorithm that is not accepted, such as SHA-1"
    );
    assert_eq!(server.requests(), 0);
}

/// A server that sends the same bytes on every connection. Returns its port.
fn server_sending(bytes: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // Unread bytes at the close would reset the connection before the client reads.
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(bytes);
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = stream.read(&mut [0; 4096]);
        }
    });
    port
}

#[test]
fn a_tls_1_1_server_is_rejected() {
    // The server refuses the client's versions (an alert, `protocol_version`) ...
    const REFUSING: &[u8] = &[21, 3, 2, 0, 2, 2, 70];
    // ... or chooses its own: a `ServerHello` of TLS 1.1 with a cipher suite of that time.
    const CHOOSING: &[u8] = &{
        let mut hello = [7; 47];
        let head = [22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2];
        let mut at = 0;
        while at < head.len() {
            hello[at] = head[at];
            at += 1;
        }
        // After 32 random bytes: no session, TLS_RSA_WITH_AES_128_CBC_SHA, no compression.
        [hello[43], hello[44], hello[45], hello[46]] = [0, 0, 47, 0];
        hello
    };
    for bytes in [REFUSING, CHOOSING] {
        let client = builder("localhost", server_sending(bytes)).build().unwrap();
        assert_eq!(
            refusal(&client),
            "the server supports neither TLS 1.2 nor TLS 1.3"
        );
    }
}

#[test]
fn a_plain_http_server_is_reported() {
    let port = server_sending(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(
        refusal(&builder("localhost", port).build().unwrap()),
        "the server does not use TLS on this port"
    );
}
