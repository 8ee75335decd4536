//! Differences of the sandbox from the published contract, to test against servers that differ.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

mod rewrite;
mod schemas;

use crate::routes::OPERATIONS;

/// The key of the contract in a report of `skiplino doctor`.
const REPORT_KEY: &str = "contract";
/// The field that `tree_services` renames.
const TREE_SERVICES: &str = "BranchTreeGroup.services";
/// The published `Content-Type`.
const JSON_TYPE: &str = "application/json";

/// Differences of the sandbox from the published contract, as a real server may have them.
///
/// The default of each field is the published or assumed behaviour, so that JSON needs to contain
/// only the differences. The name of a schema's field consists of the schema in the OpenAPI document
/// and the path of the field, as in `Ticket.branch.name`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Contract {
    /// The name of the field that has the services of a group, in the tree of a branch.
    pub tree_services: String,
    /// Whether `pagination` has `page` and `limit`.
    pub pagination_page_limit: bool,
    /// Renamed fields: `{"Branch.name": "title"}`.
    pub renamed_fields: BTreeMap<String, String>,
    /// Fields that the server does not send.
    pub missing_fields: BTreeSet<String>,
    /// Additional fields, with their values.
    pub extra_fields: BTreeMap<String, Value>,
    /// Fields whose values are sent as another type.
    pub field_types: BTreeMap<String, JsonType>,
    /// How optional fields of tickets and customers are sent if they have no value.
    pub optional_fields: Absent,
    /// How the customer of an anonymous walk-in is sent.
    pub anonymous_customer: Absent,
    /// Other values of a ticket's `status`, by the documented one: `{"serving": "called"}`.
    pub ticket_statuses: BTreeMap<String, String>,
    /// Other values of a ticket's `type`, by the documented one.
    pub ticket_types: BTreeMap<String, String>,
    /// The format of times.
    pub timestamps: TimestampForm,
    /// The `data` in the response to a deletion.
    pub delete_data: DeleteData,

    /// The status of a success, by the id of the operation: 200, 201, 202, or 204 without a body.
    pub success_statuses: BTreeMap<String, u16>,
    /// The status for an unknown id, in operations whose documentation says 422: 422 or 404.
    pub unknown_id_status: u16,
    /// The status for an unknown branch in `getBranchTree` and an unknown ticket in `getTicket`:
    /// 404 or 422.
    pub unknown_path_id_status: u16,
    /// The status for a missing or unknown key: 401 or 403.
    pub unknown_key_status: u16,
    /// The status for a public key in operations that need a secret key: 401 or 403.
    pub public_key_status: u16,
    /// The ids of further operations that need a secret key.
    pub public_key_refused: BTreeSet<String>,
    /// The type of the reasons in a 422.
    pub reasons: Reasons,
    /// The shape of an error.
    pub error_envelope: ErrorShape,
    /// The shape of an error about the key.
    pub auth_envelope: AuthShape,

    /// The order of both lists.
    pub list_order: ListOrder,
    /// The largest `limit` of a list, by the operation's id.
    pub max_limits: BTreeMap<String, u32>,
    /// The response to a larger `limit`.
    pub oversized_limit: OversizedLimit,
    /// The value of `pagination.total`. `totalPages` follows from it.
    pub total: Total,

    /// Whether the server ignores `X-Locale` and answers in English.
    pub locale_ignored: bool,
    /// Whether responses have `X-RateLimit-Limit`, `-Remaining` and `-Reset`.
    pub rate_limit_headers: bool,
    /// The name of a response header with an id of the request.
    pub request_id_header: Option<String>,
    /// Whether responses have an `ETag`.
    pub etag: bool,
    /// The `Content-Type` of JSON bodies.
    pub content_type: String,
    /// Whether the server keeps a connection open after a response.
    pub keep_alive: bool,
}

/// A type of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JsonType {
    /// A text.
    Text,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// Null.
    Null,
    /// A list of the value.
    List,
    /// An object with the value.
    Object,
}

/// How a field without a value is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Absent {
    /// Not at all.
    Missing,
    /// As null.
    Null,
}

/// The format of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TimestampForm {
    /// `2026-06-23T11:00:00.000Z`.
    Milliseconds,
    /// `2026-06-23T11:00:00Z`.
    Seconds,
    /// `2026-06-23T11:00:00.000000Z`.
    Microseconds,
    /// `2026-06-23T14:00:00.000+03:00`.
    Offset,
    /// Milliseconds since 1970, as a number.
    Epoch,
}

/// The `data` in the response to a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeleteData {
    /// Null.
    Null,
    /// The field is missing.
    Missing,
    /// An object.
    Object,
}

/// The type of the reasons in a 422.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reasons {
    /// One text for each field.
    Text,
    /// A list of texts for each field.
    Array,
}

/// The shape of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorShape {
    /// `{message, error}`.
    Published,
    /// `{error: {message, reason or fields}}`.
    Nested,
    /// `{type, title, status, detail or errors}`, as in RFC 9457.
    Problem,
}

/// The shape of an error about the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuthShape {
    /// The shape of other errors.
    Error,
    /// `{message}`.
    Message,
    /// A text that is not JSON.
    Text,
    /// An HTML page.
    Html,
    /// No body.
    Empty,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ListOrder {
    /// The newest record first.
    NewestFirst,
    /// The oldest record first.
    OldestFirst,
}

/// The response to a `limit` that is too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OversizedLimit {
    /// A 422.
    Rejected,
    /// A page of the largest size.
    Capped,
}

/// The total of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Total {
    /// The number of records.
    Exact,
    /// Missing; `totalPages` is missing, too.
    Missing,
    /// Rounded up to the next hundred.
    TooHigh,
    /// The number of records on this page.
    TooLow,
}

impl Default for Contract {
    fn default() -> Self {
        Self {
            tree_services: "services".to_owned(),
            pagination_page_limit: true,
            renamed_fields: BTreeMap::new(),
            missing_fields: BTreeSet::new(),
            extra_fields: BTreeMap::new(),
            field_types: BTreeMap::new(),
            optional_fields: Absent::Missing,
            anonymous_customer: Absent::Null,
            ticket_statuses: BTreeMap::new(),
            ticket_types: BTreeMap::new(),
            timestamps: TimestampForm::Milliseconds,
            delete_data: DeleteData::Null,
            success_statuses: BTreeMap::new(),
            unknown_id_status: 422,
            unknown_path_id_status: 404,
            unknown_key_status: 401,
            public_key_status: 401,
            public_key_refused: BTreeSet::new(),
            reasons: Reasons::Text,
            error_envelope: ErrorShape::Published,
            auth_envelope: AuthShape::Error,
            list_order: ListOrder::NewestFirst,
            max_limits: BTreeMap::new(),
            oversized_limit: OversizedLimit::Rejected,
            total: Total::Exact,
            locale_ignored: false,
            rate_limit_headers: false,
            request_id_header: None,
            etag: false,
            content_type: JSON_TYPE.to_owned(),
            keep_alive: true,
        }
    }
}

/// Why a contract cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ContractError {
    /// The text is not JSON.
    #[error("this is not JSON: {0}")]
    NotJson(serde_json::Error),
    /// A key is unknown, or has a wrong value.
    #[error("{key}: {reason}")]
    Key {
        /// The key, with its path, such as `renamed_fields.Branch.nam`.
        key: String,
        /// Why the key or its value is wrong.
        reason: String,
    },
}

impl Contract {
    /// Reads a contract from JSON, or from a report of `skiplino doctor`, which has a contract under
    /// the key `contract`.
    ///
    /// # Errors
    /// If a key is unknown or has a wrong value. The error names the key.
    pub fn from_value(mut value: Value) -> Result<Self, ContractError> {
        let value = match value.get_mut(REPORT_KEY) {
            Some(contract) => contract.take(),
            None => value,
        };
        if !value.is_object() {
            return Err(invalid("$", "must be a JSON object"));
        }
        let contract: Self = serde_path_to_error::deserialize(value)
            .map_err(|error| invalid(&error.path().to_string(), error.inner().to_string()))?;
        contract.check()?;
        Ok(contract)
    }

    /// The keys whose value is not the default.
    #[must_use]
    pub fn differences(&self) -> Map<String, Value> {
        let fields = |contract: &Self| match serde_json::to_value(contract) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        let defaults = fields(&Self::default());
        let mut differences = fields(self);
        differences.retain(|key, value| defaults.get(key) != Some(value));
        differences
    }

    /// Checks the rules that the types do not express.
    fn check(&self) -> Result<(), ContractError> {
        let fields: [(&str, Vec<&String>); 3] = [
            ("renamed_fields", self.renamed_fields.keys().collect()),
            ("missing_fields", self.missing_fields.iter().collect()),
            ("field_types", self.field_types.keys().collect()),
        ];
        for (key, names) in fields {
            for name in names {
                schemas::check_known(name)
                    .map_err(|reason| invalid(&format!("{key}.{name}"), reason.to_string()))?;
            }
        }
        for (name, new) in &self.renamed_fields {
            schemas::check_renamed(name, new)
                .map_err(|reason| invalid(&format!("renamed_fields.{name}"), reason.to_string()))?;
        }
        if self.tree_services != Self::default().tree_services {
            schemas::check_renamed(TREE_SERVICES, &self.tree_services)
                .map_err(|reason| invalid("tree_services", reason.to_string()))?;
        }
        for name in self.extra_fields.keys() {
            schemas::check_new(name)
                .map_err(|reason| invalid(&format!("extra_fields.{name}"), reason.to_string()))?;
        }
        let operations: [(&str, Vec<&String>); 3] = [
            ("success_statuses", self.success_statuses.keys().collect()),
            (
                "public_key_refused",
                self.public_key_refused.iter().collect(),
            ),
            ("max_limits", self.max_limits.keys().collect()),
        ];
        for (key, ids) in operations {
            for id in ids {
                if !OPERATIONS.iter().any(|operation| operation.id == id) {
                    let key = format!("{key}.{id}");
                    return Err(invalid(&key, "no operation has this id"));
                }
            }
        }
        for id in self.max_limits.keys() {
            if !OPERATIONS.iter().any(|it| it.id == id && it.has_pages()) {
                let key = format!("max_limits.{id}");
                return Err(invalid(&key, "this operation returns no pages"));
            }
        }
        let statuses = [
            ("unknown_id_status", self.unknown_id_status, [422, 404]),
            (
                "unknown_path_id_status",
                self.unknown_path_id_status,
                [404, 422],
            ),
            ("unknown_key_status", self.unknown_key_status, [401, 403]),
            ("public_key_status", self.public_key_status, [401, 403]),
        ];
        for (key, status, [published, other]) in statuses {
            if ![published, other].contains(&status) {
                return Err(invalid(
                    key,
                    format!("must be {published} or {other}, not {status}"),
                ));
            }
        }
        for (id, status) in &self.success_statuses {
            if ![200, 201, 202, 204].contains(status) {
                let key = format!("success_statuses.{id}");
                return Err(invalid(
                    &key,
                    format!("must be 200, 201, 202 or 204, not {status}"),
                ));
            }
        }
        if let Some((id, _)) = self.max_limits.iter().find(|(_, limit)| **limit == 0) {
            return Err(invalid(&format!("max_limits.{id}"), "must be at least 1"));
        }
        let names = [
            ("content_type", Some(&self.content_type)),
            ("request_id_header", self.request_id_header.as_ref()),
        ];
        for (key, text) in names {
            let is_name = |text: &String| match key {
                "content_type" => HeaderValue::from_str(text).is_ok(),
                _ => HeaderName::from_bytes(text.as_bytes()).is_ok(),
            };
            if !text.is_none_or(is_name) {
                return Err(invalid(key, "this text is not valid in a header"));
            }
        }
        Ok(())
    }
}

impl std::str::FromStr for Contract {
    type Err = ContractError;

    fn from_str(text: &str) -> Result<Self, ContractError> {
        Self::from_value(serde_json::from_str(text).map_err(ContractError::NotJson)?)
    }
}

fn invalid(key: &str, reason: impl Into<String>) -> ContractError {
    ContractError::Key {
        key: key.to_owned(),
        reason: reason.into(),
    }
}
