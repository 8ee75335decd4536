use axum::http::{HeaderMap, header};

use crate::{envelope::Failure, locale::Reason, routes::KeyClass};

/// The secret key of the demo company.
pub const DEMO_SECRET_KEY: &str = "sk_sandbox_secret";
/// The public key of the demo company.
pub const DEMO_PUBLIC_KEY: &str = "pk_sandbox_public";

/// What a request showed for a key.
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

    /// How logs name it; the key itself is never written down.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Public => "public",
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }

    pub(crate) fn opens(self, class: KeyClass) -> Result<(), Failure> {
        match (self, class) {
            (Self::Secret, _) | (Self::Public, KeyClass::Any) => Ok(()),
            (Self::Public, KeyClass::Secret) => Err(Failure::Unauthorized(Reason::KeyNotSecret)),
            (Self::None | Self::Unknown, _) => Err(Failure::Unauthorized(Reason::KeyInvalid)),
        }
    }
}
