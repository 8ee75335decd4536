//! The server's certificate, looked at without trusting it: nothing is sent over that connection.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// What a TLS handshake showed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// As in `TLS 1.3`.
    pub(crate) version: Option<&'static str>,
    pub(crate) issuer: Option<String>,
    pub(crate) not_after: Option<Timestamp>,
}

/// Records what the server shows, and ends the handshake before anything is sent.
#[derive(Debug)]
pub(crate) struct Recorder {
    seen: Mutex<Seen>,
    schemes: Vec<SignatureScheme>,
}

impl Recorder {
    /// The settings of a connection that only records.
    pub(crate) fn install(tls: &mut ClientConfig) -> Arc<Self> {
        let algorithms = tls.crypto_provider().signature_verification_algorithms;
        let recorder = Arc::new(Self {
            seen: Mutex::default(),
            schemes: algorithms.supported_schemes(),
        });
        // This accepts no certificate: the handshake ends with an error in any case.
        tls.dangerous()
            .set_certificate_verifier(Arc::<Self>::clone(&recorder));
        recorder
    }

    pub(crate) fn seen(&self) -> Seen {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.clone()
    }

    fn record(&self, set: impl FnOnce(&mut Seen)) {
        set(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn end(&self, version: &'static str) -> Result<HandshakeSignatureValid, Error> {
        self.record(|seen| seen.version = Some(version));
        Err(Error::General("looked at".to_owned()))
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Ok((_, parsed)) = X509Certificate::from_der(certificate) {
            let issuer = parsed.issuer();
            let name = issuer
                .iter_organization()
                .chain(issuer.iter_common_name())
                .filter_map(|attribute| attribute.as_str().ok())
                .collect::<Vec<_>>()
                .join(", ");
            let end = parsed.validity().not_after.timestamp();
            self.record(|seen| {
                seen.issuer = Some(name);
                seen.not_after = Timestamp::from_second(end).ok();
            });
        }
        // The handshake goes on to the signature, which shows the version.
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.end("TLS 1.2")
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.end("TLS 1.3")
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}
