//! `network_server [--customers N] [--rtt MS] [--lost-of N] [--mbit N]`: the server with canned responses,
//! behind TLS and a slow network. Prints a line of JSON: its URL, those with HTTP/2 and without TLS,
//! the round trip as a probe measures it, the certificate authority to trust, and the address of the
//! server itself.
//! Ends at the end of its standard input.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark stops at the first failure"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::json;
use skiplino_benches::delay::{self, Network};
use skiplino_benches::{canned, print};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy, copy_bidirectional, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, crypto::ring};

fn main() {
    let (customers, network) = settings();
    let server = canned(customers);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let started = runtime.block_on(async {
        let (mut config, authority) = certificate();
        let tls = terminate_tls(config.clone(), server).await;
        config.alpn_protocols = vec![b"h2".to_vec()];
        let http2 = terminate_tls(config, server).await;
        json!({
            "url": format!("https://{}", slow(tls, network).await),
            "http2": format!("https://{}", slow(http2, network).await),
            "without_tls": format!("http://{}", slow(server, network).await),
            "round_trip": probe(network.round_trip).await.as_secs_f64(),
            "authority": authority,
            "server": format!("http://{server}"),
        })
    });
    print(&started);
    std::thread::spawn(|| {
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
        std::process::exit(0);
    });
    runtime.block_on(std::future::pending::<()>());
}

fn settings() -> (usize, Network) {
    let (mut customers, mut network) = (100, Network::default());
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().unwrap_or_default();
        match &*name {
            "--customers" => customers = value.parse().unwrap(),
            "--rtt" => network.round_trip = Duration::from_millis(value.parse().unwrap()),
            "--lost-of" => network.lost_of = Some(value.parse().unwrap()),
            "--mbit" => {
                network.bytes_per_second = Some(value.parse::<f64>().unwrap() * 1e6 / 8.0);
            }
            _ => panic!("network_server [--customers N] [--rtt MS] [--lost-of N] [--mbit N]"),
        }
    }
    (customers, network)
}

/// A certificate for 127.0.0.1, and the PEM of the authority that signed it.
fn certificate() -> (ServerConfig, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    // OpenSSL takes a certificate whose issuer has the same name for one that it signed itself.
    let name = "The authority of the benches";
    authority.distinguished_name.push(DnType::CommonName, name);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()])
        .and_then(|leaf| leaf.signed_by(&key, &authority))
        .unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    (config, authority.pem())
}

/// A TLS server in front of the target.
async fn terminate_tls(config: ServerConfig, target: SocketAddr) -> SocketAddr {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            client.set_nodelay(true).unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut server = TcpStream::connect(target).await.unwrap();
                server.set_nodelay(true).unwrap();
                // A client may close at any time.
                if let Ok(mut client) = acceptor.accept(client).await {
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                }
            });
        }
    });
    address
}

async fn slow(target: SocketAddr, network: Network) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(delay::serve(listener, target, network));
    address
}

/// The shortest time of a byte to an echo server and back. It is a little longer than it should be,
/// because timers are exact to a millisecond; so it is the unit of all rows.
async fn probe(round_trip: Duration) -> Duration {
    let echo = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = echo.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut from, mut to) = split(echo.accept().await.unwrap().0);
        let _ = copy(&mut from, &mut to).await;
    });
    let network = Network {
        round_trip,
        ..Network::default()
    };
    let mut stream = TcpStream::connect(slow(target, network).await)
        .await
        .unwrap();
    stream.set_nodelay(true).unwrap();
    let mut shortest = Duration::MAX;
    for nth in 0..16 {
        let began = Instant::now();
        stream.write_u8(nth).await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), nth);
        // The first one includes connecting.
        if nth > 0 {
            shortest = shortest.min(began.elapsed());
        }
    }
    shortest
}
