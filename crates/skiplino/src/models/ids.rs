//! The id types, so that a branch's id cannot be passed as a ticket's.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::sanitize::is_invisible;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        ///
        /// Not checked on construction: a call with an empty id fails before anything is sent.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The id as text, if it is valid.
            pub(crate) fn checked(&self) -> Result<&str, Error> {
                checked($field, &self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), &self.0)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.into())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id.into())
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }
    };
}

id!(
    /// A branch's id: 10 alphanumeric characters in the published examples.
    BranchId, "branchId"
);
id!(
    /// The id of a service group (`groupOfServiceId`): 10 alphanumeric characters in the published
    /// examples.
    GroupId, "groupOfServiceId"
);
id!(
    /// A service's id: 10 alphanumeric characters.
    ServiceId, "serviceId"
);
id!(
    /// A ticket's id: 10 alphanumeric characters.
    TicketId, "ticketId"
);
id!(
    /// A customer's id (`_id`), made by the server: 32 hexadecimal characters.
    CustomerId, "customerId"
);
id!(
    /// Your own id of a customer, unique in the company.
    ExternalId, "externalId"
);

// A proxy or framework would trim an id of white space, and dot segments are removed from every
// URL, encoded or not. Either way the request would reach a record or an operation that the caller
// did not name. Invisible characters would create a second customer whose id looks the same.
fn checked<'a>(field: &str, id: &'a str) -> Result<&'a str, Error> {
    if id.chars().all(is_invisible) {
        return Err(Error::invalid(field, "must not be empty"));
    }
    if id == "." || id == ".." {
        return Err(Error::invalid(field, "must not be a path segment of dots"));
    }
    if let Some(points) = invisible_ends(id, is_invisible) {
        let reason = format!("must not begin or end with blanks or invisible characters: {points}");
        return Err(Error::invalid(field, reason));
    }
    Ok(id)
}

/// The code points of this kind at the ends of a text, such as `U+00A0, U+200B`.
#[must_use]
pub fn invisible_ends(text: &str, is_kind: fn(char) -> bool) -> Option<String> {
    let ends = text.chars().take_while(|char| is_kind(*char));
    let ends = ends.chain(text.chars().rev().take_while(|char| is_kind(*char)));
    let mut points: Vec<_> = ends.map(u32::from).collect();
    points.sort_unstable();
    points.dedup();
    let points = points.iter().map(|point| format!("U+{point:04X}"));
    let points: Vec<_> = points.collect();
    (!points.is_empty()).then(|| points.join(", "))
}

/// The customer of an operation, by exactly one of the server's id and your own.
///
/// Serializes as bodies write it: a field `customerId` or a field `customerExternalId`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CustomerRef {
    /// The server's id.
    #[serde(rename = "customerId")]
    Id(CustomerId),
    /// Your own id.
    #[serde(rename = "customerExternalId")]
    ExternalId(ExternalId),
}

impl CustomerRef {
    /// The customer that the server knows by this id (`_id`).
    pub fn id(id: impl Into<CustomerId>) -> Self {
        Self::Id(id.into())
    }

    /// The customer that you know by this id.
    pub fn external_id(id: impl Into<ExternalId>) -> Self {
        Self::ExternalId(id.into())
    }

    pub(crate) fn checked(&self) -> Result<&str, Error> {
        match self {
            Self::Id(id) => id.checked(),
            Self::ExternalId(id) => id.checked(),
        }
    }
}

impl From<CustomerId> for CustomerRef {
    fn from(id: CustomerId) -> Self {
        Self::Id(id)
    }
}

impl From<&CustomerId> for CustomerRef {
    fn from(id: &CustomerId) -> Self {
        Self::Id(id.clone())
    }
}

impl From<ExternalId> for CustomerRef {
    fn from(id: ExternalId) -> Self {
        Self::ExternalId(id)
    }
}

impl From<&ExternalId> for CustomerRef {
    fn from(id: &ExternalId) -> Self {
        Self::ExternalId(id.clone())
    }
}

impl From<&CustomerRef> for CustomerRef {
    fn from(customer: &CustomerRef) -> Self {
        customer.clone()
    }
}
