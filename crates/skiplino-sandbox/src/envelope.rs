//! Responses of the API before they are serialised: success, page, failure.

use axum::http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use crate::{
    locale::{Locale, Reason},
    pagination::Page,
};

/// A response before it is serialised.
#[derive(Debug)]
pub(crate) struct ApiResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) form: BodyForm,
    pub(crate) body: Value,
}

/// How the body of a response is serialised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyForm {
    Json,
    /// The reason alone.
    Text,
    /// The reason on a page.
    Html,
    Empty,
}

impl ApiResponse {
    pub(crate) fn new(status: StatusCode, body: Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            form: BodyForm::Json,
            body,
        }
    }

    pub(crate) fn ok(message: &str, data: Value) -> Self {
        let body = envelope([("message", message.into()), ("data", data)]);
        Self::new(StatusCode::OK, body)
    }

    pub(crate) fn created(message: &str, data: Value) -> Self {
        Self {
            status: StatusCode::CREATED,
            ..Self::ok(message, data)
        }
    }

    pub(crate) fn page(message: &str, data: Vec<Value>, page: Page, total: i64) -> Self {
        let pages = (total + page.limit - 1) / page.limit;
        let pagination = json!({
            "total": total,
            "totalPages": pages,
            "page": page.number,
            "limit": page.limit,
            "hasNextPage": page.number < pages,
            "hasPrevPage": page.number > 1,
        });
        let body = envelope([
            ("message", message.into()),
            ("data", data.into()),
            ("pagination", pagination),
        ]);
        Self::new(StatusCode::OK, body)
    }
}

/// An object with the fields in this order. Unlike `json!`, it moves the data instead of copying
/// it.
fn envelope<const N: usize>(fields: [(&str, Value); N]) -> Value {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Why a request fails.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A business rule of booking.
    Rejected(Reason),
    Unauthorized(Reason),
    Forbidden(Reason),
    NotFound(Option<Reason>),
    MethodNotAllowed,
    Conflict(Reason),
    Invalid(Vec<(String, Reason)>),
    /// The database failed, for example because the disk is full.
    Store(rusqlite::Error),
}

impl Failure {
    pub(crate) fn field(name: &str, reason: Reason) -> Self {
        Self::Invalid(vec![(name.to_owned(), reason)])
    }

    pub(crate) fn into_response(self, locale: Locale) -> ApiResponse {
        let reason = |reason: Reason| Value::from(reason.text(locale));
        let (status, message, error) = match self {
            Self::Rejected(why) => (StatusCode::BAD_REQUEST, "Booking failed.", reason(why)),
            Self::Unauthorized(why) => (StatusCode::UNAUTHORIZED, "Unauthorized.", reason(why)),
            Self::Forbidden(why) => (StatusCode::FORBIDDEN, "Forbidden.", reason(why)),
            Self::NotFound(why) => (
                StatusCode::NOT_FOUND,
                "Not found.",
                why.map_or(Value::Null, reason),
            ),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "Method not allowed.",
                reason(Reason::MethodNotAllowed),
            ),
            Self::Conflict(why) => (StatusCode::CONFLICT, "Conflict.", reason(why)),
            Self::Invalid(fields) => {
                let fields: Map<String, Value> = fields
                    .into_iter()
                    .map(|(name, why)| (name, reason(why)))
                    .collect();
                (
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "Validation failed.",
                    Value::Object(fields),
                )
            }
            Self::Store(error) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong.",
                Value::from(error.to_string()),
            ),
        };
        ApiResponse::new(
            status,
            envelope([("message", message.into()), ("error", error)]),
        )
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error)
    }
}
