//! The OpenAPI document, which is compiled in, and its differences from a response.

use std::collections::BTreeMap;
#[cfg(test)]
use std::collections::BTreeSet;

use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::LocationSegment;
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::{Value, json};
use skiplino::Operation;

use crate::error::DoctorError;

const DOCUMENT: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

/// The document, and a validator for each kind of response that was checked.
pub(crate) struct Document {
    components: Value,
    /// The schema of each response: operation, then status.
    responses: BTreeMap<(&'static str, u16), Value>,
    validators: BTreeMap<(&'static str, u16), Validator>,
}

/// A difference between a response and the document. All records of a list share one difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Difference {
    /// The schema that the field belongs to, as in `Ticket`.
    pub(crate) schema: String,
    /// The path of the field below its schema, as in `customer.name`. Empty for the whole value.
    pub(crate) field: String,
    pub(crate) kind: DifferenceKind,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DifferenceKind {
    Missing,
    Extra,
    /// The field has another name.
    Renamed(String),
    /// The field has another type than the document says.
    Type {
        expected: String,
        found: &'static str,
    },
    /// A value that the document does not list.
    UnknownValue(String),
    /// A time or an id has another format.
    Format,
    /// Another rule of JSON Schema.
    Rule(String),
}

impl Difference {
    /// The field with its schema, as in `Ticket.customer.name`.
    pub(crate) fn name(&self) -> String {
        match self.field.is_empty() {
            true => self.schema.clone(),
            false => format!("{}.{}", self.schema, self.field),
        }
    }

    fn rename(self, kind: DifferenceKind) -> Self {
        Self { kind, ..self }
    }
}

impl Document {
    /// # Errors
    /// If the document is invalid. This is a bug that no server can cause.
    pub(crate) fn new() -> Result<Self, DoctorError> {
        let internal = |reason: &str| DoctorError::Document(reason.to_owned());
        let mut document: Value =
            serde_json::from_str(DOCUMENT).map_err(|error| internal(&error.to_string()))?;
        let mut responses = BTreeMap::new();
        for operation in Operation::ALL {
            let method = operation.method().to_lowercase();
            let found = &document["paths"][operation.path()][method]["responses"];
            let found = found
                .as_object()
                .ok_or_else(|| internal("an operation is missing"))?;
            for (status, response) in found {
                let response = resolve(&document, response);
                let mut schema = response["content"]["application/json"]["schema"].clone();
                make_strict(&mut schema);
                let status = status
                    .parse()
                    .map_err(|_| internal("a status is no number"))?;
                responses.insert((operation.id(), status), schema);
            }
        }
        let mut components = document["components"]["schemas"].take();
        if let Some(schemas) = components.as_object_mut() {
            for (name, schema) in schemas {
                // Envelopes are parts of other schemas, which are strict themselves.
                if !["SuccessEnvelope", "PaginatedEnvelope"].contains(&name.as_str()) {
                    make_strict(schema);
                }
            }
        }
        Ok(Self {
            components: json!({"components": {"schemas": components}}),
            responses,
            validators: BTreeMap::new(),
        })
    }

    /// Whether the document has this status for the operation.
    pub(crate) fn has(&self, operation: Operation, status: u16) -> bool {
        self.responses.contains_key(&(operation.id(), status))
    }

    /// The differences between a body and the document.
    ///
    /// # Errors
    /// If the schema cannot be compiled. This is a bug that no server can cause.
    pub(crate) fn differences(
        &mut self,
        operation: Operation,
        status: u16,
        body: &Value,
    ) -> Result<Vec<Difference>, DoctorError> {
        let key = (operation.id(), status);
        let Some(schema) = self.responses.get(&key) else {
            return Ok(Vec::new());
        };
        if !self.validators.contains_key(&key) {
            let mut whole = schema.clone();
            whole["components"] = self.components["components"].clone();
            let validator = jsonschema::options()
                .with_draft(Draft::Draft202012)
                .should_validate_formats(true)
                .build(&whole)
                .map_err(|error| DoctorError::Document(error.to_string()))?;
            self.validators.insert(key, validator);
        }
        let mut found = Vec::new();
        if let Some(validator) = self.validators.get(&key) {
            for error in validator.iter_errors(body) {
                self.read(schema, body, &error, &mut found);
            }
        }
        found.sort();
        found.dedup();
        Ok(find_renamed(&self.components, found, body))
    }

    /// Translates an error of the validator.
    fn read(
        &self,
        schema: &Value,
        body: &Value,
        error: &ValidationError<'_>,
        found: &mut Vec<Difference>,
    ) {
        let path: Vec<String> = error
            .instance_path()
            .into_iter()
            .map(|segment| match segment {
                LocationSegment::Property(name) => name.into_owned(),
                LocationSegment::Index(index) => index.to_string(),
            })
            .collect();
        let mut add = |inner: Option<&str>, kind: DifferenceKind| {
            let (schema, field) = self.owner(schema, &path, inner);
            found.push(Difference {
                schema,
                field,
                kind,
            });
        };
        match error.kind() {
            ValidationErrorKind::Required { property } => {
                add(property.as_str(), DifferenceKind::Missing);
            }
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                // If a part of a schema does not match, the validator reports all its fields as
                // unexpected.
                for name in unexpected {
                    if !self.is_known(schema, &path, name) {
                        add(Some(name), DifferenceKind::Extra);
                    }
                }
            }
            ValidationErrorKind::Type { .. } => {
                let (expected, value) = (self.expected(schema, &path), at(body, &path));
                add(
                    None,
                    DifferenceKind::Type {
                        expected,
                        found: type_name(value),
                    },
                );
            }
            ValidationErrorKind::Enum { .. } => {
                let value = at(body, &path).as_str().unwrap_or_default();
                add(None, DifferenceKind::UnknownValue(value.to_owned()));
            }
            ValidationErrorKind::Pattern { .. } | ValidationErrorKind::Format { .. } => {
                add(None, DifferenceKind::Format);
            }
            other => add(None, DifferenceKind::Rule(other.keyword().to_owned())),
        }
    }

    /// The schema at a path of the response, the name of the component that contains this schema,
    /// and the path inside the component.
    fn walk<'a>(&'a self, schema: &'a Value, path: &[String]) -> (&'a Value, String, Vec<String>) {
        let (mut name, mut inner) = ("Answer".to_owned(), Vec::new());
        let mut current = self.enter(schema, &mut name, &mut inner);
        for segment in path {
            let parts = current["allOf"].as_array();
            let parts = parts.map_or_else(|| vec![current], |parts| parts.iter().rev().collect());
            let mut next = &Value::Null;
            for part in parts {
                let (mut of_part, mut below) = (name.clone(), inner.clone());
                let part = self.enter(part, &mut of_part, &mut below);
                if let Some(property) = part["properties"].get(segment) {
                    below.push(segment.clone());
                    (next, name, inner) = (property, of_part, below);
                    break;
                }
                if segment.parse::<usize>().is_ok() && !part["items"].is_null() {
                    (next, name, inner) = (&part["items"], of_part, below);
                    break;
                }
            }
            if next.is_null() {
                inner.push(segment.clone());
            }
            current = self.enter(next, &mut name, &mut inner);
        }
        (current, name, inner)
    }

    fn enter<'a>(
        &'a self,
        mut schema: &'a Value,
        name: &mut String,
        inner: &mut Vec<String>,
    ) -> &'a Value {
        while let Some(reference) = schema["$ref"].as_str() {
            reference
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .clone_into(name);
            inner.clear();
            schema = resolve(&self.components, schema);
        }
        if name == "Answer"
            && let Some(first) = schema["allOf"][0]["$ref"].as_str()
        {
            first
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .clone_into(name);
        }
        schema
    }

    fn owner(&self, schema: &Value, path: &[String], inner: Option<&str>) -> (String, String) {
        let (_, name, mut field) = self.walk(schema, path);
        field.extend(inner.map(str::to_owned));
        (name, field.join("."))
    }

    fn is_known(&self, schema: &Value, path: &[String], name: &str) -> bool {
        let path: Vec<String> = path.iter().cloned().chain([name.to_owned()]).collect();
        !self.walk(schema, &path).0.is_null()
    }

    fn expected(&self, schema: &Value, path: &[String]) -> String {
        match &self.walk(schema, path).0["type"] {
            Value::Array(types) => {
                let types: Vec<_> = types.iter().filter_map(Value::as_str).collect();
                types.join(" or ")
            }
            one => one.as_str().unwrap_or("another type").to_owned(),
        }
    }
}

/// Finds renamed fields: if one field of an object is missing, and exactly one additional field of
/// the object has its type, the server uses another name.
fn find_renamed(components: &Value, mut found: Vec<Difference>, body: &Value) -> Vec<Difference> {
    let missing: Vec<_> = found
        .iter()
        .filter(|difference| difference.kind == DifferenceKind::Missing)
        .cloned()
        .collect();
    for lost in missing {
        let (parent, _) = lost.field.rsplit_once('.').unwrap_or_default();
        let mut schema = &components["components"]["schemas"][&lost.schema];
        for segment in lost.field.split('.') {
            schema = &schema["properties"][segment];
        }
        let fits = |other: &&Difference| {
            let (of, name) = other.field.rsplit_once('.').unwrap_or(("", &other.field));
            let values = values_of(body, name);
            other.kind == DifferenceKind::Extra
                && (&other.schema, of) == (&lost.schema, parent)
                && !values.is_empty()
                && values.iter().all(|value| has_type(schema, value))
        };
        let mut candidates = found.iter().filter(fits);
        let (Some(only), None) = (candidates.next().cloned(), candidates.next()) else {
            continue;
        };
        let (_, new) = only.field.rsplit_once('.').unwrap_or(("", &only.field));
        let kind = DifferenceKind::Renamed(new.to_owned());
        found.retain(|other| *other != only && *other != lost);
        found.push(lost.rename(kind));
    }
    found.sort();
    found
}

/// The values of all fields of this name.
fn values_of<'a>(value: &'a Value, name: &str) -> Vec<&'a Value> {
    match value {
        Value::Array(items) => items
            .iter()
            .flat_map(|item| values_of(item, name))
            .collect(),
        Value::Object(fields) => {
            let inner = fields.values().flat_map(|value| values_of(value, name));
            fields.get(name).into_iter().chain(inner).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether the value has the type of the schema, without checking the content.
fn has_type(schema: &Value, value: &Value) -> bool {
    let found = type_name(value);
    let is = |expected: &Value| expected == found || (expected == "number" && found == "integer");
    match &schema["type"] {
        Value::Array(types) => types.iter().any(is),
        // Every schema that is referenced is an object.
        Value::Null => found == "object",
        one => is(one),
    }
}

pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn at<'a>(body: &'a Value, path: &[String]) -> &'a Value {
    path.iter().fold(body, |value, segment| match value {
        Value::Array(items) => segment
            .parse()
            .ok()
            .and_then(|index: usize| items.get(index))
            .unwrap_or(&Value::Null),
        other => other.get(segment).unwrap_or(&Value::Null),
    })
}

fn resolve<'a>(document: &'a Value, node: &'a Value) -> &'a Value {
    node["$ref"]
        .as_str()
        .and_then(|path| document.pointer(path.trim_start_matches('#')))
        .unwrap_or(node)
}

/// Makes a schema reject unknown fields and values: clients accept them, and doctor reports them.
fn make_strict(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else {
        return;
    };
    if let Some(known) = fields.get("x-known-values").cloned() {
        fields.insert("enum".to_owned(), known);
    }
    if let Some(Value::Array(parts)) = fields.get_mut("allOf") {
        for part in parts {
            if let Some(Value::Object(properties)) = part.get_mut("properties") {
                properties.values_mut().for_each(make_strict);
            }
        }
        fields.insert("unevaluatedProperties".to_owned(), false.into());
    }
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        properties.values_mut().for_each(make_strict);
        fields
            .entry("additionalProperties")
            .or_insert_with(|| false.into());
    }
    if let Some(items) = fields.get_mut("items") {
        make_strict(items);
    }
}

/// The names of all schemas, fields and parameters, and the name of an answer without a schema.
#[cfg(test)]
pub(crate) fn names() -> BTreeSet<String> {
    fn collect(node: &Value, names: &mut BTreeSet<String>) {
        match node {
            Value::Object(fields) => {
                for key in ["properties", "schemas"] {
                    let named = fields.get(key).and_then(Value::as_object);
                    names.extend(named.into_iter().flat_map(serde_json::Map::keys).cloned());
                }
                if fields.contains_key("in") {
                    names.extend(fields["name"].as_str().map(str::to_owned));
                }
                fields.values().for_each(|value| collect(value, names));
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
            _ => {}
        }
    }
    let mut found = BTreeSet::from(["Answer".to_owned()]);
    if let Ok(document) = serde_json::from_str(DOCUMENT) {
        collect(&document, &mut found);
    }
    found
}
