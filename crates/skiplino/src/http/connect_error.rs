//! Why no connection came about, in words for a person: those of the layers below are for who knows them.

use std::error::Error as StdError;
use std::io;

use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{
    AlertDescription, CertificateError, Error as TlsError, InvalidMessage, PeerIncompatible,
};

/// What is wrong, where more can be said of it than its own text says.
pub(crate) fn reason(error: &(dyn StdError + 'static)) -> Option<String> {
    let mut cause = error;
    loop {
        if let Some(error) = tls(cause) {
            return of_tls(error);
        }
        match cause.source() {
            Some(next) => cause = next,
            None => return of_proxy(&cause.to_string()),
        }
    }
}

/// The error of TLS that this is, perhaps within errors of I/O, which do not have it for their source.
fn tls<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a TlsError> {
    match error.downcast_ref::<io::Error>() {
        Some(error) => tls(error.get_ref()?),
        None => error.downcast_ref(),
    }
}

fn of_tls(error: &TlsError) -> Option<String> {
    Some(match error {
        TlsError::InvalidCertificate(error) => {
            format!("the server's certificate {}", of_certificate(error)?)
        }
        TlsError::AlertReceived(AlertDescription::ProtocolVersion)
        | TlsError::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => "the server speaks neither TLS 1.2 nor TLS 1.3".to_owned(),
        TlsError::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "the server does not speak TLS on this port".to_owned()
        }
        _ => return None,
    })
}

fn of_certificate(error: &CertificateError) -> Option<String> {
    Some(match error {
        CertificateError::UnknownIssuer => {
            "is signed by no authority that is trusted here".to_owned()
        }
        CertificateError::BadSignature => "is not signed by the authority that it names".to_owned(),
        CertificateError::ExpiredContext { time, not_after } => {
            format!(
                "was valid until {}, and here it is {}",
                told(*not_after)?,
                told(*time)?
            )
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            format!(
                "is valid from {}, and here it is {}",
                told(*not_before)?,
                told(*time)?
            )
        }
        CertificateError::NotValidForNameContext { expected, .. } => {
            format!("is not for {}", expected.to_str())
        }
        // Of the verifier underneath, whose errors are no part of the interface.
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "is an authority's own: most likely the server signed it itself".to_owned()
        }
        _ => return None,
    })
}

fn told(time: UnixTime) -> Option<Timestamp> {
    Timestamp::from_second(time.as_secs().try_into().ok()?).ok()
}

/// A proxy's refusal, of which nobody else knows the type.
fn of_proxy(text: &str) -> Option<String> {
    let refusal = text.strip_prefix("tunnel error: ")?;
    Some(match refusal {
        "proxy authorization required" => {
            "the proxy asks for a user and a password, or does not accept those given (407)"
                .to_owned()
        }
        "unsuccessful" => "the proxy refused to connect to the server".to_owned(),
        other => format!("the proxy did not connect to the server: {other}"),
    })
}
