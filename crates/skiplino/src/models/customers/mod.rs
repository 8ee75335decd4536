//! Customers, and the requests that create or update one.

mod stored_metadata;

use std::fmt;
use std::ops::Range;

use jiff::Timestamp;
use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind};
use crate::models::cow_str::CowStr;
use crate::models::ids::{CustomerId, CustomerRef, ExternalId};
use crate::models::json::same_json;
use crate::models::{check_object, timestamp};

/// A record of the customer directory, as of operations 8 to 11.
///
/// All its strings share one allocation, and `metadata` stays JSON until it is read: directories
/// can hold millions of customers.
#[derive(Clone, PartialEq, Eq)]
pub struct Customer {
    id: CustomerId,
    texts: StringPool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Concatenated strings. `ends[i]` is the end of string `i` and the start of the next; `present`
/// has a bit for each string.
#[derive(Clone, PartialEq, Eq)]
struct StringPool {
    all: Box<str>,
    ends: [u32; FIELDS],
    present: u8,
}

const FIELDS: usize = 6;
const COMPANY_ID: usize = 0;
const EXTERNAL_ID: usize = 1;
const NAME: usize = 2;
const EMAIL: usize = 3;
const MOBILE: usize = 4;
const METADATA: usize = 5;

impl StringPool {
    fn new(texts: [Option<&str>; FIELDS]) -> Self {
        let length = texts.iter().flatten().map(|text| text.len()).sum();
        let mut all = String::with_capacity(length);
        let mut ends = [0; FIELDS];
        let mut present = 0;
        for (index, text) in texts.into_iter().enumerate() {
            if let Some(text) = text {
                all.push_str(text);
                present |= 1 << index;
            }
            // A response is limited to far less than 4 GiB, see
            // `ClientBuilder::max_response_bytes`.
            ends[index] = all.len() as u32;
        }
        Self {
            all: all.into_boxed_str(),
            ends,
            present,
        }
    }

    fn get(&self, index: usize) -> Option<&str> {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        let range: Range<usize> = start as usize..self.ends[index] as usize;
        (self.present & (1 << index) != 0)
            .then(|| self.all.get(range))
            .flatten()
    }
}

impl Customer {
    /// The server's id (`_id`).
    pub fn id(&self) -> &CustomerId {
        &self.id
    }

    /// Your own id, unique in the company.
    pub fn external_id(&self) -> Option<&str> {
        self.texts.get(EXTERNAL_ID)
    }

    /// The company that the record belongs to.
    pub fn company_id(&self) -> &str {
        self.texts.get(COMPANY_ID).unwrap_or_default()
    }

    /// The customer's name.
    pub fn name(&self) -> Option<&str> {
        self.texts.get(NAME)
    }

    /// The customer's e-mail address.
    pub fn email(&self) -> Option<&str> {
        self.texts.get(EMAIL)
    }

    /// The customer's mobile number.
    pub fn mobile(&self) -> Option<&str> {
        self.texts.get(MOBILE)
    }

    /// Your own free object, as JSON text.
    pub fn metadata_json(&self) -> Option<&str> {
        self.texts.get(METADATA)
    }

    /// Your own free object, read into your type or into `serde_json::Value`. Parses the JSON at
    /// each call.
    ///
    /// # Errors
    /// `Decode` if it does not match the type.
    pub fn metadata<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        self.metadata_json()
            .map(serde_json::from_str)
            .transpose()
            .map_err(|_| {
                Error::new(ErrorKind::Decode).edit(|inner| {
                    inner.path = Some("metadata".to_owned());
                    inner.reason =
                        Some("the metadata does not match the requested type".to_owned());
                })
            })
    }

    /// When the record was created.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When the record was last changed.
    pub fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
}

impl From<&Customer> for CustomerRef {
    fn from(customer: &Customer) -> Self {
        Self::Id(customer.id.clone())
    }
}

impl From<&Customer> for CustomerId {
    fn from(customer: &Customer) -> Self {
        customer.id.clone()
    }
}

impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Customer({})", self.id)
    }
}

/// A text as the API stores it: an empty one is not stored.
pub(crate) fn filled_text(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// Metadata as the API stores it: an empty object is not stored.
pub(crate) fn filled_object(metadata: Option<&Value>) -> Option<&Value> {
    let is_empty = |value: &&Value| value.as_object().is_some_and(serde_json::Map::is_empty);
    metadata.filter(|value| !is_empty(value))
}

/// The JSON form of a customer.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CustomerJson<'a> {
    #[serde(rename = "_id")]
    id: CustomerId,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    external_id: Option<CowStr<'a>>,
    #[serde(borrow)]
    company_id: CowStr<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    name: Option<CowStr<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    email: Option<CowStr<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    mobile: Option<CowStr<'a>>,
    #[serde(
        borrow,
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "stored_metadata::read"
    )]
    metadata: Option<&'a RawValue>,
    #[serde(
        serialize_with = "timestamp::write",
        deserialize_with = "timestamp::parse"
    )]
    created_at: Timestamp,
    #[serde(
        serialize_with = "timestamp::write",
        deserialize_with = "timestamp::parse"
    )]
    updated_at: Timestamp,
}

impl<'de> Deserialize<'de> for Customer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = CustomerJson::deserialize(deserializer)?;
        Ok(Self {
            texts: StringPool::new([
                Some(&json.company_id),
                json.external_id.as_deref(),
                json.name.as_deref(),
                json.email.as_deref(),
                json.mobile.as_deref(),
                json.metadata.map(RawValue::get),
            ]),
            id: json.id,
            created_at: json.created_at,
            updated_at: json.updated_at,
        })
    }
}

impl Serialize for Customer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let metadata = self.metadata_json().map(serde_json::from_str).transpose();
        CustomerJson {
            id: self.id.clone(),
            external_id: self.external_id().map(CowStr::from),
            company_id: self.company_id().into(),
            name: self.name().map(CowStr::from),
            email: self.email().map(CowStr::from),
            mobile: self.mobile().map(CowStr::from),
            metadata: metadata.map_err(serde::ser::Error::custom)?,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
        .serialize(serializer)
    }
}

/// A new customer, the input of operation 8. Every field is optional; empty ones are not stored.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomerWriteRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<ExternalId>,
    #[serde(flatten)]
    fields: CustomerFields,
}

/// A change to a customer, the input of operation 11. Unset fields stay unchanged.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerUpdateRequest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<CustomerId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    external_id: Option<ExternalId>,
    #[serde(flatten)]
    fields: CustomerFields,
    /// The request identifies the customer by `externalId` and also changes it. The API has one
    /// field for both, so this is an error.
    #[serde(skip)]
    renamed: bool,
}

/// The writable fields of a customer. Bindings fill in all at once; Rust programs have setters.
#[doc(hidden)]
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomerFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
}

// The values are personal data.
impl fmt::Debug for CustomerFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomerFields").finish_non_exhaustive()
    }
}

macro_rules! customer_setters {
    () => {
        /// Sets all fields at once.
        #[doc(hidden)]
        #[must_use]
        pub fn fields(mut self, fields: CustomerFields) -> Self {
            self.fields = fields;
            self
        }

        /// The customer's name.
        #[must_use]
        pub fn name(mut self, name: impl Into<String>) -> Self {
            self.fields.name = Some(name.into());
            self
        }

        /// The customer's e-mail address.
        #[must_use]
        pub fn email(mut self, email: impl Into<String>) -> Self {
            self.fields.email = Some(email.into());
            self
        }

        /// The customer's mobile number.
        #[must_use]
        pub fn mobile(mut self, mobile: impl Into<String>) -> Self {
            self.fields.mobile = Some(mobile.into());
            self
        }

        /// Your own free JSON object. It replaces the stored one as a whole.
        #[must_use]
        pub fn metadata(mut self, metadata: Value) -> Self {
            self.fields.metadata = Some(metadata);
            self
        }
    };
}

impl CustomerWriteRequest {
    /// A request without any field.
    pub fn new() -> Self {
        Self::default()
    }

    /// Your own id, unique in the company. Recommended: with it a retry cannot make a second
    /// customer.
    #[must_use]
    pub fn external_id(mut self, id: impl Into<ExternalId>) -> Self {
        self.external_id = Some(id.into());
        self
    }

    customer_setters!();

    /// The key that makes a creation safe to repeat.
    pub(crate) fn key(&self) -> Option<&ExternalId> {
        self.external_id.as_ref()
    }

    pub(crate) fn set_fields(&self) -> &CustomerFields {
        &self.fields
    }

    /// The update of `customer` that writes these fields of the request, by their names in the API.
    pub(crate) fn update(
        &self,
        customer: CustomerRef,
        names: &[&'static str],
    ) -> CustomerUpdateRequest {
        let Self { fields, .. } = self;
        let is_named = |name: &str| names.contains(&name);
        CustomerUpdateRequest::new(customer).fields(CustomerFields {
            name: fields.name.clone().filter(|_| is_named("name")),
            email: fields.email.clone().filter(|_| is_named("email")),
            mobile: fields.mobile.clone().filter(|_| is_named("mobile")),
            metadata: fields.metadata.clone().filter(|_| is_named("metadata")),
        })
    }

    /// Whether the API stores this request as `customer`.
    pub(crate) fn is_stored_as(&self, customer: &Customer) -> bool {
        let fields = &self.fields;
        let texts = [
            (&fields.name, customer.name()),
            (&fields.email, customer.email()),
            (&fields.mobile, customer.mobile()),
        ];
        let Ok(metadata) = customer.metadata::<Value>() else {
            return false;
        };
        let metadata = (
            filled_object(fields.metadata.as_ref()),
            filled_object(metadata.as_ref()),
        );
        texts
            .iter()
            .all(|(ours, theirs)| filled_text(ours.as_deref()) == filled_text(*theirs))
            && match metadata {
                (Some(ours), Some(theirs)) => same_json(ours, theirs),
                (ours, theirs) => ours.is_none() && theirs.is_none(),
            }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if let Some(id) = &self.external_id {
            id.checked()?;
        }
        check_object("metadata", self.fields.metadata.as_ref())
    }
}

impl CustomerUpdateRequest {
    /// A change to this customer.
    pub fn new(customer: impl Into<CustomerRef>) -> Self {
        let (id, external_id) = match customer.into() {
            CustomerRef::Id(id) => (Some(id), None),
            CustomerRef::ExternalId(id) => (None, Some(id)),
        };
        Self {
            id,
            external_id,
            fields: CustomerFields::default(),
            renamed: false,
        }
    }

    /// A new `externalId`, for a record located by the server's id.
    #[must_use]
    pub fn external_id(mut self, id: impl Into<ExternalId>) -> Self {
        self.renamed = self.id.is_none();
        self.external_id = Some(id.into());
        self
    }

    customer_setters!();

    /// The customer that is changed.
    pub(crate) fn customer(&self) -> Option<CustomerRef> {
        let id = self.id.as_ref().map(CustomerRef::from);
        id.or_else(|| self.external_id.as_ref().map(CustomerRef::from))
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.renamed {
            return Err(Error::invalid(
                "externalId",
                "can only be changed on a record located by id",
            ));
        }
        match (&self.id, &self.external_id) {
            (None, None) => return Err(Error::invalid("id", "id or externalId must be given")),
            (id, external_id) => {
                id.as_ref().map(CustomerId::checked).transpose()?;
                external_id.as_ref().map(ExternalId::checked).transpose()?;
            }
        }
        check_object("metadata", self.fields.metadata.as_ref())
    }
}

impl fmt::Debug for CustomerWriteRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomerWriteRequest")
            .field("external_id", &self.external_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CustomerUpdateRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomerUpdateRequest")
            .field("id", &self.id)
            .field("external_id", &self.external_id)
            .finish_non_exhaustive()
    }
}
