//! Changes the rules for requests and rewrites responses, as a contract says.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    mem,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use super::{
    Absent, AuthShape, Contract, DeleteData, ErrorShape, JsonType, ListOrder, OversizedLimit,
    Reasons, TimestampForm, Total, schemas,
};
use crate::{
    clock,
    envelope::{ApiResponse, BodyForm, Failure},
    locale::{Locale, Reason},
    pagination::PageRules,
    routes::{KeyClass, Operation},
};

/// The limit that the headers of a rate limit show.
const SHOWN_RATE_LIMIT: u64 = 100;

impl Contract {
    pub(crate) fn key_class(&self, operation: &Operation) -> KeyClass {
        match self.public_key_refused.contains(operation.id) {
            true => KeyClass::Secret,
            false => operation.key,
        }
    }

    pub(crate) fn locale(&self, headers: &HeaderMap) -> Locale {
        match self.locale_ignored {
            true => Locale::En,
            false => Locale::of(headers),
        }
    }

    pub(crate) fn pages(&self, operation: &Operation) -> PageRules {
        PageRules {
            max_limit: self.max_limits.get(operation.id).copied().map(i64::from),
            caps_limit: self.oversized_limit == OversizedLimit::Capped,
            oldest_first: self.list_order == ListOrder::OldestFirst,
        }
    }

    /// The failure with which the server of this contract rejects the same request.
    pub(crate) fn failure(&self, operation: &Operation, failure: Failure) -> Failure {
        match failure {
            Failure::Invalid(fields)
                if self.unknown_id_status == 404
                    && fields.iter().all(|(_, why)| *why == Reason::DoesNotExist) =>
            {
                Failure::NotFound(Some(Reason::DoesNotExist))
            }
            Failure::NotFound(Some(_))
                if self.unknown_path_id_status == 422 && operation.method == "GET" =>
            {
                let name = operation.path.split(['{', '}']).nth(1);
                Failure::field(name.unwrap_or("id"), Reason::DoesNotExist)
            }
            Failure::Unauthorized(Reason::KeyInvalid) if self.unknown_key_status == 403 => {
                Failure::Forbidden(Reason::KeyInvalid)
            }
            Failure::Unauthorized(Reason::KeyNotSecret) if self.public_key_status == 403 => {
                Failure::Forbidden(Reason::KeyNotSecret)
            }
            other => other,
        }
    }

    /// Rewrites the response to the request of this number.
    pub(crate) fn rewrite(&self, operation: &Operation, response: &mut ApiResponse, number: u64) {
        match response.status.is_success() {
            true => self.rewrite_success(operation, response),
            false => self.rewrite_error(response),
        }
        self.add_headers(response, number);
    }

    fn rewrite_success(&self, operation: &Operation, response: &mut ApiResponse) {
        let body = &mut response.body;
        if let Some(data) = body.get_mut("data") {
            self.rewrite_data(operation.data, data);
        }
        let records = body["data"].as_array().map(Vec::len);
        let envelope = match body.get_mut("pagination") {
            Some(pagination) => {
                self.rewrite_pagination(pagination, records.unwrap_or(0));
                "PaginatedEnvelope"
            }
            None => "SuccessEnvelope",
        };
        if operation.data.is_empty()
            && let Some(fields) = body.as_object_mut()
        {
            match self.delete_data {
                DeleteData::Null => {}
                DeleteData::Missing => drop(fields.shift_remove("data")),
                DeleteData::Object => drop(fields.insert("data".to_owned(), json!({}))),
            }
        }
        self.rewrite_fields(envelope, body);
        let status = self.success_statuses.get(operation.id);
        if let Some(status) = status.and_then(|status| StatusCode::from_u16(*status).ok()) {
            response.status = status;
            if status == StatusCode::NO_CONTENT {
                response.form = BodyForm::Empty;
            }
        }
    }

    /// Rewrites a record of a schema, or a list of such records.
    fn rewrite_data(&self, schema: &str, value: &mut Value) {
        let fields = match value {
            Value::Array(items) => {
                items
                    .iter_mut()
                    .for_each(|item| self.rewrite_data(schema, item));
                return;
            }
            Value::Object(fields) => fields,
            _ => return,
        };
        if let Some(services) = fields.get_mut("services") {
            self.rewrite_data("Service", services);
        }
        if self.optional_fields == Absent::Null {
            for name in schemas::optional(schema) {
                fields.entry(*name).or_insert(Value::Null);
            }
        }
        if schema == "Ticket" {
            for (name, names) in [
                ("status", &self.ticket_statuses),
                ("type", &self.ticket_types),
            ] {
                let known = fields.get(name).and_then(Value::as_str);
                if let Some(shown) = known.and_then(|known| names.get(known)) {
                    fields.insert(name.to_owned(), shown.as_str().into());
                }
            }
            let is_anonymous = fields.get("customer").is_some_and(Value::is_null);
            if is_anonymous && self.anonymous_customer == Absent::Missing {
                fields.shift_remove("customer");
            }
        }
        for name in schemas::times(schema) {
            if let Some(time) = fields.get_mut(*name) {
                self.rewrite_time(time);
            }
        }
        self.rewrite_fields(schema, value);
        if schema == "BranchTreeGroup"
            && let Value::Object(fields) = value
        {
            rename(fields, "services", &self.tree_services);
        }
    }

    fn rewrite_time(&self, time: &mut Value) {
        if self.timestamps == TimestampForm::Milliseconds {
            return;
        }
        let Some(at) = time.as_str().and_then(clock::parse) else {
            return;
        };
        *time = match self.timestamps {
            TimestampForm::Milliseconds => return,
            TimestampForm::Seconds => clock::format_utc(at, 0).into(),
            TimestampForm::Microseconds => clock::format_utc(at, 6).into(),
            TimestampForm::Offset => clock::format_local(at).into(),
            TimestampForm::Epoch => at.into(),
        };
    }

    fn rewrite_pagination(&self, pagination: &mut Value, records: usize) {
        let Some(fields) = pagination.as_object_mut() else {
            return;
        };
        let number = |fields: &Map<String, Value>, name: &str| {
            fields.get(name).and_then(Value::as_u64).unwrap_or(0)
        };
        let total = match self.total {
            Total::Exact => None,
            Total::Missing => {
                fields.shift_remove("total");
                fields.shift_remove("totalPages");
                None
            }
            Total::TooHigh => Some((number(fields, "total") / 100 + 1) * 100),
            Total::TooLow => Some(records as u64),
        };
        if let Some(total) = total {
            let pages = total.div_ceil(number(fields, "limit").max(1));
            fields.insert("total".to_owned(), total.into());
            fields.insert("totalPages".to_owned(), pages.into());
        }
        if !self.pagination_page_limit {
            fields.shift_remove("page");
            fields.shift_remove("limit");
        }
        self.rewrite_fields("Pagination", pagination);
    }

    /// Applies the rules for single fields to an object of a schema.
    fn rewrite_fields(&self, schema: &str, value: &mut Value) {
        for (path, shown) in of_schema(&self.field_types, schema) {
            if let Some((fields, name)) = parent(value, path)
                && let Some(field) = fields.get_mut(name)
            {
                *field = as_type(field.take(), *shown);
            }
        }
        for (path, extra) in of_schema(&self.extra_fields, schema) {
            if let Some((fields, name)) = parent(value, path) {
                fields.insert(name.to_owned(), extra.clone());
            }
        }
        for name in &self.missing_fields {
            if let Some(path) = path_in(name, schema)
                && let Some((fields, name)) = parent(value, path)
            {
                fields.shift_remove(name);
            }
        }
        // Inner fields first: their paths have the outer fields' old names. A path sorts before the
        // paths below it.
        for (path, shown) in of_schema(&self.renamed_fields, schema).rev() {
            if let Some((fields, name)) = parent(value, path) {
                rename(fields, name, shown);
            }
        }
    }

    fn rewrite_error(&self, response: &mut ApiResponse) {
        let envelope = match response.status.as_u16() {
            401 | 403 => "AuthErrorEnvelope",
            422 => "ValidationErrorEnvelope",
            _ => "ErrorEnvelope",
        };
        if self.reasons == Reasons::Array
            && let Some(Value::Object(fields)) = response.body.get_mut("error")
        {
            for reason in fields.values_mut() {
                *reason = json!([reason.take()]);
            }
        }
        if envelope == "AuthErrorEnvelope" {
            match self.auth_envelope {
                AuthShape::Error => {}
                AuthShape::Message => {
                    if let Some(fields) = response.body.as_object_mut() {
                        fields.shift_remove("error");
                    }
                }
                AuthShape::Text => response.form = BodyForm::Text,
                AuthShape::Html => response.form = BodyForm::Html,
                AuthShape::Empty => response.form = BodyForm::Empty,
            }
        }
        self.rewrite_fields(envelope, &mut response.body);
        if self.error_envelope == ErrorShape::Published {
            return;
        }
        let (message, error) = (
            response.body["message"].take(),
            response.body["error"].take(),
        );
        let is_fields = error.is_object();
        response.body = match self.error_envelope {
            ErrorShape::Published => return,
            ErrorShape::Nested => {
                let name = if is_fields { "fields" } else { "reason" };
                json!({"error": {"message": message, name: error}})
            }
            ErrorShape::Problem => {
                let problem = HeaderValue::from_static("application/problem+json");
                response.headers.push((header::CONTENT_TYPE, problem));
                let name = if is_fields { "errors" } else { "detail" };
                let status = response.status.as_u16();
                json!({"type": "about:blank", "title": message, "status": status, name: error})
            }
        };
    }

    fn add_headers(&self, response: &mut ApiResponse, number: u64) {
        let ApiResponse {
            headers,
            form,
            body,
            ..
        } = response;
        let has_type = headers.iter().any(|(name, _)| name == header::CONTENT_TYPE);
        if *form == BodyForm::Json
            && !has_type
            && self.content_type != super::JSON_TYPE
            && let Ok(value) = HeaderValue::from_str(&self.content_type)
        {
            headers.push((header::CONTENT_TYPE, value));
        }
        if self.rate_limit_headers {
            let left = SHOWN_RATE_LIMIT - 1 - number % SHOWN_RATE_LIMIT;
            for (name, value) in [
                ("x-ratelimit-limit", SHOWN_RATE_LIMIT),
                ("x-ratelimit-remaining", left),
                ("x-ratelimit-reset", 60),
            ] {
                headers.push((HeaderName::from_static(name), value.into()));
            }
        }
        if let Some(name) = &self.request_id_header
            && let Ok(name) = HeaderName::from_bytes(name.as_bytes())
            && let Ok(value) = HeaderValue::from_str(&format!("req_{number}"))
        {
            headers.push((name, value));
        }
        if self.etag {
            let mut hasher = DefaultHasher::new();
            body.to_string().hash(&mut hasher);
            if let Ok(value) = HeaderValue::from_str(&format!("\"{:016x}\"", hasher.finish())) {
                headers.push((header::ETAG, value));
            }
        }
        if !self.keep_alive {
            headers.push((header::CONNECTION, HeaderValue::from_static("close")));
        }
    }
}

/// The path of a field in this schema, if the name is of this schema.
fn path_in<'a>(name: &'a str, schema: &str) -> Option<&'a str> {
    name.strip_prefix(schema)?.strip_prefix('.')
}

/// The rules for the fields of a schema, by their paths.
fn of_schema<'a, V>(
    rules: &'a BTreeMap<String, V>,
    schema: &'a str,
) -> impl DoubleEndedIterator<Item = (&'a str, &'a V)> {
    rules
        .iter()
        .filter_map(move |(name, rule)| Some((path_in(name, schema)?, rule)))
}

/// The object that has the field at a path, and the name of the field.
fn parent<'a, 'p>(
    value: &'a mut Value,
    path: &'p str,
) -> Option<(&'a mut Map<String, Value>, &'p str)> {
    let (outer, name) = match path.rsplit_once('.') {
        Some((outer, name)) => (outer.split('.').collect(), name),
        None => (Vec::new(), path),
    };
    let inner = outer
        .into_iter()
        .try_fold(value, |value, name| value.get_mut(name))?;
    Some((inner.as_object_mut()?, name))
}

/// Renames a field, which keeps its place.
fn rename(fields: &mut Map<String, Value>, from: &str, to: &str) {
    if from != to && fields.contains_key(from) {
        *fields = mem::take(fields)
            .into_iter()
            .map(|(name, value)| (if name == from { to.to_owned() } else { name }, value))
            .collect();
    }
}

fn as_type(value: Value, shown: JsonType) -> Value {
    match (shown, value) {
        (JsonType::Null, _) => Value::Null,
        (JsonType::List, value) => json!([value]),
        (JsonType::Object, value) => json!({"value": value}),
        (JsonType::Text, Value::String(text)) => text.into(),
        (JsonType::Text, value) => value.to_string().into(),
        (JsonType::Number, Value::Number(number)) => number.into(),
        (JsonType::Number, Value::String(text)) => text
            .parse()
            .map_or_else(|_| text.len().into(), Value::Number),
        (JsonType::Number, value) => u64::from(value == true).into(),
        (JsonType::Boolean, Value::Bool(value)) => value.into(),
        (JsonType::Boolean, value) => (!value.is_null() && value != 0 && value != "").into(),
    }
}
