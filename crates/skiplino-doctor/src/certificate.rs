//! Reads the server's certificate without trusting it: no request is sent over this connection.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use x509_parser::prelude::{ASN1Time, FromDer as _, X509Certificate};

/// The facts of a TLS handshake that doctor reports.
#[derive(Debug, Clone, Default)]
pub(crate) struct Handshake {
    /// As in `TLS 1.3`.
    pub(crate) version: Option<&'static str>,
    pub(crate) issuer: Option<String>,
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) not_after: Option<Timestamp>,
}

/// Records the certificate and the version of TLS, and ends the handshake before a request is sent.
#[derive(Debug)]
pub(crate) struct Recorder {
    handshake: Mutex<Handshake>,
    schemes: Vec<SignatureScheme>,
}

impl Recorder {
    /// Makes connections with these settings record and end.
    pub(crate) fn install(tls: &mut ClientConfig) -> Arc<Self> {
        let algorithms = tls.crypto_provider().signature_verification_algorithms;
        let recorder = Arc::new(Self {
            handshake: Mutex::default(),
            schemes: algorithms.supported_schemes(),
        });
        // This accepts no certificate: the handshake ends with an error in any case.
        tls.dangerous()
            .set_certificate_verifier(Arc::<Self>::clone(&recorder));
        recorder
    }

    pub(crate) fn handshake(&self) -> Handshake {
        let handshake = self
            .handshake
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        handshake.clone()
    }

    fn record(&self, set: impl FnOnce(&mut Handshake)) {
        set(&mut self
            .handshake
            .lock()
            .unwrap_or_else(PoisonError::into_inner));
    }

    fn end(&self, version: &'static str) -> Result<HandshakeSignatureValid, Error> {
        self.record(|handshake| handshake.version = Some(version));
        Err(Error::General(
            "the handshake was only for its facts".to_owned(),
        ))
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
            let validity = parsed.validity();
            let time = |time: ASN1Time| Timestamp::from_second(time.timestamp()).ok();
            self.record(|handshake| {
                handshake.issuer = Some(name);
                handshake.not_before = time(validity.not_before);
                handshake.not_after = time(validity.not_after);
            });
        }
        // The handshake continues to the signature, whose check knows the version of TLS.
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
