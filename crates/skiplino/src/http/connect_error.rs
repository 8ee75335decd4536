//! The reason why no connection could be made, in words for a person.

use std::error::Error as StdError;
use std::io;

use jiff::Timestamp;
use reqwest::Url;
use rustls::pki_types::UnixTime;
use rustls::{
    AlertDescription, CertificateError, Error as TlsError, InvalidMessage, PeerIncompatible,
};

use crate::http::proxy;

/// Why no connection could be made.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("the server's certificate is not signed by a trusted certificate authority")]
    UnknownIssuer,
    #[error("the server's certificate has an invalid signature")]
    BadSignature,
    #[error("the server's certificate expired at {not_after}, and this machine's clock says {now}")]
    Expired {
        not_after: Timestamp,
        now: Timestamp,
    },
    #[error(
        "the server's certificate is not valid before {not_before}, and this machine's clock says {now}"
    )]
    NotYetValid {
        not_before: Timestamp,
        now: Timestamp,
    },
    #[error("the server's certificate is not for {0}")]
    WrongHost(String),
    #[error(
        "the server's certificate is signed with an algorithm that is not accepted, such as SHA-1"
    )]
    SignatureAlgorithm,
    #[error(
        "the server's certificate is a CA certificate, which a server must not use as its own; it is probably self-signed"
    )]
    AuthorityAsServer,
    #[error("the server supports neither TLS 1.2 nor TLS 1.3")]
    TlsVersion,
    #[error("the server does not use TLS on this port")]
    NoTls,
    #[error("the proxy requires a user name and a password, or rejected those in its URL (407)")]
    ProxyAuthorization,
    #[error("the proxy rejected the connection to the server")]
    ProxyRejected,
    #[error("the proxy did not connect to the server: {0}")]
    Proxy(String),
    #[error("the proxy {address} cannot be reached: {cause}")]
    ProxyUnreachable { address: String, cause: String },
}

/// The reason, if it says more than the error's own text.
pub(crate) fn reason(
    error: &(dyn StdError + 'static),
    proxy: Option<&Url>,
) -> Option<ConnectError> {
    let mut reached_proxy = true;
    let mut cause = error;
    let reason = loop {
        if let Some(error) = tls(cause) {
            break of_tls(error);
        }
        reached_proxy &= cause.to_string() != PROXY_UNREACHABLE;
        match cause.source() {
            Some(next) => cause = next,
            None => break of_proxy(&cause.to_string()),
        }
    };
    match proxy {
        Some(proxy) if !reached_proxy => Some(ConnectError::ProxyUnreachable {
            address: proxy::address(proxy),
            cause: reason.map_or_else(|| cause.to_string(), |reason| reason.to_string()),
        }),
        _ => reason,
    }
}

/// The text of the error for a proxy that cannot be reached. The error's type is private, so its
/// text is compared.
const PROXY_UNREACHABLE: &str = "tunnel error: failed to create underlying connection";

/// The TLS error in an error, perhaps within I/O errors, which do not return it as their source.
fn tls<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a TlsError> {
    match error.downcast_ref::<io::Error>() {
        Some(error) => tls(error.get_ref()?),
        None => error.downcast_ref(),
    }
}

fn of_tls(error: &TlsError) -> Option<ConnectError> {
    match error {
        TlsError::InvalidCertificate(error) => of_certificate(error),
        TlsError::AlertReceived(AlertDescription::ProtocolVersion)
        | TlsError::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => Some(ConnectError::TlsVersion),
        TlsError::InvalidMessage(InvalidMessage::InvalidContentType) => Some(ConnectError::NoTls),
        _ => None,
    }
}

fn of_certificate(error: &CertificateError) -> Option<ConnectError> {
    Some(match error {
        CertificateError::UnknownIssuer => ConnectError::UnknownIssuer,
        CertificateError::BadSignature => ConnectError::BadSignature,
        CertificateError::ExpiredContext { time, not_after } => ConnectError::Expired {
            not_after: timestamp(*not_after)?,
            now: timestamp(*time)?,
        },
        CertificateError::NotValidYetContext { time, not_before } => ConnectError::NotYetValid {
            not_before: timestamp(*not_before)?,
            now: timestamp(*time)?,
        },
        CertificateError::NotValidForNameContext { expected, .. } => {
            ConnectError::WrongHost(expected.to_str().into_owned())
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            ConnectError::SignatureAlgorithm
        }
        // An error of the verifier below, whose type is not public.
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            ConnectError::AuthorityAsServer
        }
        _ => return None,
    })
}

fn timestamp(time: UnixTime) -> Option<Timestamp> {
    Timestamp::from_second(time.as_secs().try_into().ok()?).ok()
}

/// The response of a proxy that does not connect. The error's type is private, so its text is read.
fn of_proxy(text: &str) -> Option<ConnectError> {
    let failure = text.strip_prefix("tunnel error: ")?;
    Some(match failure {
        "proxy authorization required" => ConnectError::ProxyAuthorization,
        "unsuccessful" => ConnectError::ProxyRejected,
        other => ConnectError::Proxy(other.to_owned()),
    })
}
