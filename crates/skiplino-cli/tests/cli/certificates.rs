//! A server whose certificate authority is the user's own.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::{bare, run};

/// Starts a server without any branch, whose certificate is valid until the end of this year.
/// Returns its address and the certificate of its authority.
pub(crate) fn start(last_year: i32) -> (String, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    certificate.not_before = date_time_ymd(2019, 1, 1);
    certificate.not_after = date_time_ymd(last_year, 12, 31);
    let certificate = certificate.signed_by(&key, &authority).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        );
    let config = Arc::new(config.unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                // A client that does not trust the server sends no request.
                if !matches!(stream.read(&mut byte), Ok(1)) {
                    break;
                }
                request.extend(byte);
            }
            let body = r#"{"message":"ok","data":[]}"#;
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    (format!("https://localhost:{port}/v1"), authority.pem())
}

#[test]
fn own_authorities_are_an_option_or_a_variable() {
    let (url, certificate) = start(2999);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::create_dir(path("folder")).unwrap();
    std::fs::create_dir(path("empty")).unwrap();
    std::fs::write(path("ca.pem"), &certificate).unwrap();
    std::fs::write(path("folder/ca.crt"), &certificate).unwrap();
    std::fs::write(path("folder/notes.txt"), b"\xff none").unwrap();
    std::fs::write(path("none.pem"), "no certificate").unwrap();
    // The bundle of a system may have certificates that cannot be used.
    let odd = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    std::fs::write(path("bundle.pem"), format!("{odd}{certificate}")).unwrap();
    let branches = |change: &dyn Fn(&mut Command)| {
        let mut command = bare(&["branches", "--retries", "0"]);
        command
            .env("SKIPLINO_BASE_URL", &url)
            .env("SKIPLINO_API_KEY", "sk_tls");
        change(&mut command);
        run(&mut command)
    };
    let with = |name: &str, value: &str| {
        branches(&|command| {
            command.env(name, value);
        })
    };

    branches(&|_| {}).fails(11, &["certificate"]);
    branches(&|command| {
        command.args(["--ca-file", &path("ca.pem")]);
    })
    .ok();
    let both = format!("{}:{}", path("missing"), path("folder"));
    for (name, value) in [
        ("SKIPLINO_CA_FILE", path("ca.pem")),
        ("SSL_CERT_FILE", path("ca.pem")),
        ("SSL_CERT_FILE", path("bundle.pem")),
        ("SSL_CERT_DIR", path("folder")),
        ("SSL_CERT_DIR", both),
    ] {
        with(name, &value).ok();
    }
    with("SSL_CERT_FILE", "").fails(11, &["certificate"]);
    for (name, value, code, said) in [
        ("SKIPLINO_CA_FILE", "missing", 1, "missing: No such file"),
        (
            "SKIPLINO_CA_FILE",
            "none.pem",
            2,
            "none.pem: must contain a certificate",
        ),
        ("SSL_CERT_FILE", "missing", 2, "SSL_CERT_FILE"),
        ("SSL_CERT_FILE", "none.pem", 2, "leads to no certificate"),
        ("SSL_CERT_DIR", "missing", 2, "SSL_CERT_DIR"),
        ("SSL_CERT_DIR", "empty", 2, "leads to no certificate"),
    ] {
        with(name, &path(value)).fails(code, &[said]);
    }
    let bundle = "/etc/ssl/certs/ca-certificates.crt";
    if Path::new(bundle).exists() {
        // The command reads this file, which does not contain the authority.
        with("SSL_CERT_FILE", bundle).fails(11, &["certificate"]);
    }
}
