//! TLS by rustls on ring, set up here because a library must not install a process-wide provider.

use std::sync::Arc;

use ring::rand::SystemRandom;
use rustls::crypto::ring::{cipher_suite, kx_group};
use rustls::crypto::{
    CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, SupportedKxGroup,
    WebPkiSupportedAlgorithms,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::SigningKey;
use rustls::{ClientConfig, SignatureScheme, SupportedCipherSuite};

use crate::error::{Error, ErrorKind};

/// The TLS settings of a client, which trusts `extra_roots` (PEM) beside the usual authorities.
pub(crate) fn config(extra_roots: &[u8]) -> Result<ClientConfig, Error> {
    let extra: Vec<_> = CertificateDer::pem_slice_iter(extra_roots)
        .collect::<Result<_, _>>()
        .map_err(|error| Error::invalid("rootCertificates", error.to_string()))?;
    if extra.is_empty() && !extra_roots.is_empty() {
        return Err(Error::invalid(
            "rootCertificates",
            "must contain a certificate",
        ));
    }
    let provider = Arc::new(CryptoProvider {
        cipher_suites: CIPHER_SUITES.to_vec(),
        kx_groups: KEY_EXCHANGES.to_vec(),
        signature_verification_algorithms: SIGNATURES,
        secure_random: &Random,
        key_provider: &NoKeys,
    });
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::because(ErrorKind::Internal, error))?;
    #[cfg(feature = "platform-verifier")]
    let builder = {
        let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(extra, provider)
            .map_err(|error| Error::invalid("rootCertificates", error.to_string()))?;
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
    };
    #[cfg(not(feature = "platform-verifier"))]
    let builder = {
        let mut roots = rustls::RootCertStore::empty();
        #[cfg(feature = "bundled-roots")]
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        for certificate in extra {
            roots
                .add(certificate)
                .map_err(|error| Error::invalid("rootCertificates", error.to_string()))?;
        }
        builder.with_root_certificates(roots)
    };
    let mut tls = builder.with_no_client_auth();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    if cfg!(feature = "http2") {
        tls.alpn_protocols.insert(0, b"h2".to_vec());
    }
    Ok(tls)
}

/// The suites with AES-GCM: every TLS 1.3 server has one of them, and ring's ChaCha20 is a fortieth
/// of a phone's library.
const CIPHER_SUITES: &[SupportedCipherSuite] = &[
    cipher_suite::TLS13_AES_256_GCM_SHA384,
    cipher_suite::TLS13_AES_128_GCM_SHA256,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
];

/// The key exchanges with NIST's curves: every TLS 1.3 server has the first one, and ring's X25519
/// is a fiftieth of a phone's library.
const KEY_EXCHANGES: &[&dyn SupportedKxGroup] = &[kx_group::SECP256R1, kx_group::SECP384R1];

/// The signature algorithms of certificates and handshakes: those that rustls has for ring, without
/// Ed25519, which no public certificate authority uses. Rustls exports its own list only together
/// with all cipher suites.
const SIGNATURES: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        webpki::ring::ECDSA_P256_SHA256,
        webpki::ring::ECDSA_P256_SHA384,
        webpki::ring::ECDSA_P384_SHA256,
        webpki::ring::ECDSA_P384_SHA384,
        webpki::ring::RSA_PKCS1_2048_8192_SHA256,
        webpki::ring::RSA_PKCS1_2048_8192_SHA384,
        webpki::ring::RSA_PKCS1_2048_8192_SHA512,
        webpki::ring::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
        webpki::ring::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
        webpki::ring::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
        webpki::ring::RSA_PKCS1_3072_8192_SHA384,
        webpki::ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        webpki::ring::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        webpki::ring::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
    ],
    mapping: &[
        (
            SignatureScheme::ECDSA_NISTP384_SHA384,
            &[
                webpki::ring::ECDSA_P384_SHA384,
                webpki::ring::ECDSA_P256_SHA384,
            ],
        ),
        (
            SignatureScheme::ECDSA_NISTP256_SHA256,
            &[
                webpki::ring::ECDSA_P256_SHA256,
                webpki::ring::ECDSA_P384_SHA256,
            ],
        ),
        (
            SignatureScheme::RSA_PSS_SHA512,
            &[webpki::ring::RSA_PSS_2048_8192_SHA512_LEGACY_KEY],
        ),
        (
            SignatureScheme::RSA_PSS_SHA384,
            &[webpki::ring::RSA_PSS_2048_8192_SHA384_LEGACY_KEY],
        ),
        (
            SignatureScheme::RSA_PSS_SHA256,
            &[webpki::ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY],
        ),
        (
            SignatureScheme::RSA_PKCS1_SHA512,
            &[webpki::ring::RSA_PKCS1_2048_8192_SHA512],
        ),
        (
            SignatureScheme::RSA_PKCS1_SHA384,
            &[webpki::ring::RSA_PKCS1_2048_8192_SHA384],
        ),
        (
            SignatureScheme::RSA_PKCS1_SHA256,
            &[webpki::ring::RSA_PKCS1_2048_8192_SHA256],
        ),
    ],
};

/// Clients have no certificates, so the code that signs with a private key stays out of the
/// program.
#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(
        &self,
        _: PrivateKeyDer<'static>,
    ) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General(
            "there are no client certificates".to_owned(),
        ))
    }
}

#[derive(Debug)]
struct Random;

impl SecureRandom for Random {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        ring::rand::SecureRandom::fill(&SystemRandom::new(), bytes).map_err(|_| GetRandomFailed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::NamedGroup;
    use rustls::crypto::ring as provider;
    use rustls::pki_types::SignatureVerificationAlgorithm;

    #[test]
    fn the_settings_equal_those_of_rustls_without_what_is_left_out() {
        let theirs = provider::default_provider();
        let suites = theirs.cipher_suites.iter().map(|suite| suite.suite());
        let suites = suites.filter(|suite| !format!("{suite:?}").contains("CHACHA20"));
        let ours = CIPHER_SUITES.iter().map(|suite| suite.suite());
        assert_eq!(ours.collect::<Vec<_>>(), suites.collect::<Vec<_>>());

        let groups = theirs.kx_groups.iter().map(|group| group.name());
        let groups = groups.filter(|name| *name != NamedGroup::X25519);
        let ours = KEY_EXCHANGES.iter().map(|group| group.name());
        assert_eq!(ours.collect::<Vec<_>>(), groups.collect::<Vec<_>>());

        let ids = |algorithms: &[&dyn SignatureVerificationAlgorithm]| {
            let ids = algorithms.iter();
            let ids = ids.map(|one| (one.public_key_alg_id(), one.signature_alg_id()));
            ids.collect::<Vec<_>>()
        };
        let signed = |algorithms: &WebPkiSupportedAlgorithms| {
            let schemes = algorithms.mapping.iter();
            let schemes = schemes.map(|(scheme, algorithms)| (*scheme, ids(algorithms)));
            schemes.collect::<Vec<_>>()
        };
        let mut theirs = signed(&theirs.signature_verification_algorithms);
        theirs.retain(|(scheme, _)| *scheme != SignatureScheme::ED25519);
        assert_eq!(signed(&SIGNATURES), theirs);
        let mut theirs = ids(webpki::ALL_VERIFICATION_ALGS);
        theirs.retain(|(_, signature)| *signature != webpki::ring::ED25519.signature_alg_id());
        assert_eq!(ids(SIGNATURES.all), theirs);
    }
}
