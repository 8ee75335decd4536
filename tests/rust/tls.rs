//! TLS: a certificate that is not trusted is refused before anything is sent; one whose authority was added is not.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use skiplino::{ApiKey, Client, ErrorKind, Outcome};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};

#[test]
fn only_a_trusted_server_is_spoken_to() {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = names.signed_by(&key, &authority).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = async |request: Request<Incoming>| {
        let body = format!(r#"{{"message":"{:?}","data":[]}}"#, request.version());
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(body))))
    };
    runtime.spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    let _ = http2::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service_fn(answer))
                        .await;
                }
            });
        }
    });

    let builder = |host: &str| {
        Client::builder(ApiKey::new("sk_tls").unwrap())
            .base_url(format!("https://{host}:{port}/v1"))
    };
    let stranger = builder("localhost").build().unwrap();
    let error = stranger.branches().list().wait().unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Connect, Outcome::NotApplied)
    );
    assert!(error.to_string().contains("certificate"), "{error}");

    // Each text is added to those before it, whether or not it ends its last line.
    let mut other = CertificateParams::new(Vec::new()).unwrap();
    other.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let other = CertifiedIssuer::self_signed(other, KeyPair::generate().unwrap()).unwrap();
    let trusting = builder("localhost")
        .root_certificates(authority.pem().trim_end())
        .root_certificates(other.pem().trim_end())
        .build()
        .unwrap();
    let response = trusting.branches().list().with_response().wait().unwrap();
    assert_eq!(
        (response.message(), response.data().len()),
        (Some("HTTP/2.0"), 0)
    );

    // The certificate is for another name.
    let elsewhere = builder("127.0.0.1")
        .root_certificates(authority.pem())
        .build()
        .unwrap();
    assert_eq!(
        elsewhere.branches().list().wait().unwrap_err().kind(),
        ErrorKind::Connect
    );
}
