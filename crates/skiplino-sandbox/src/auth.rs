//! The API keys of the demo company, and the key of a request.

use axum::http::{HeaderMap, header};

use crate::{envelope::Failure, locale::Reason, routes::KeyClass};

/// The secret key of the demo company.
pub const DEMO_SECRET_KEY: &str = "sk_sandbox_secret";
/// The public key of the demo company.
pub const DEMO_PUBLIC_KEY: &str = "pk_sandbox_public";

/// The key of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Secret,
    Public,
    None,
    Unknown,
}

impl Key {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut given = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = given.next() else {
            return Self::None;
        };
        let token = value
            .to_str()
            .ok()
            .and_then(|text| text.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        match token {
            Some(DEMO_SECRET_KEY) if given.next().is_none() => Self::Secret,
            Some(DEMO_PUBLIC_KEY) if given.next().is_none() => Self::Public,
            _ => Self::Unknown,
        }
    }

    /// The name of the key in logs. The key itself is never logged.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Public => "public",
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }

    pub(crate) fn authorize(self, class: KeyClass) -> Result<(), Failure> {
        match (self, class) {
            (Self::Secret, _) | (Self::Public, KeyClass::Any) => Ok(()),
            (Self::Public, KeyClass::Secret) => Err(Failure::Unauthorized(Reason::KeyNotSecret)),
            (Self::None | Self::Unknown, _) => Err(Failure::Unauthorized(Reason::KeyInvalid)),
        }
    }
}
