//! The fields of the schemas, as the sandbox sends them.

use thiserror::Error;

/// The names of the schemas in the OpenAPI document, and the paths of their fields.
const SCHEMAS: [(&str, &[&str]); 12] = [
    ("SuccessEnvelope", &["message", "data"]),
    ("PaginatedEnvelope", &["message", "data", "pagination"]),
    ("ErrorEnvelope", &["message", "error"]),
    ("ValidationErrorEnvelope", &["message", "error"]),
    ("AuthErrorEnvelope", &["message", "error"]),
    (
        "Pagination",
        &[
            "total",
            "totalPages",
            "hasNextPage",
            "hasPrevPage",
            "page",
            "limit",
        ],
    ),
    (
        "Branch",
        &["id", "name", "branchStatus", "branchStatus.isBranchOpen"],
    ),
    ("BranchTreeGroup", &["id", "name", "services"]),
    ("Service", &["id", "name", "isOpen", "isAppointment"]),
    ("Slot", &["time", "remaining"]),
    (
        "Ticket",
        &[
            "id",
            "ticketNumber",
            "status",
            "statusAt",
            "type",
            "time",
            "branch",
            "branch.id",
            "branch.name",
            "service",
            "service.id",
            "service.name",
            "groupOfService",
            "groupOfService.id",
            "groupOfService.name",
            "customer",
            "customer.id",
            "customer.name",
            "bookedAt",
            "queueSize",
            "waitingTime",
        ],
    ),
    (
        "Customer",
        &[
            "_id",
            "externalId",
            "companyId",
            "name",
            "email",
            "mobile",
            "metadata",
            "createdAt",
            "updatedAt",
        ],
    ),
];

/// The optional fields of a schema.
pub(super) fn optional(schema: &str) -> &'static [&'static str] {
    match schema {
        "Ticket" => &["queueSize", "waitingTime"],
        "Customer" => &["externalId", "name", "email", "mobile", "metadata"],
        _ => &[],
    }
}

/// The fields of a schema that are times.
pub(super) fn times(schema: &str) -> &'static [&'static str] {
    match schema {
        "Slot" => &["time"],
        "Ticket" => &["statusAt", "time", "bookedAt"],
        "Customer" => &["createdAt", "updatedAt"],
        _ => &[],
    }
}

/// Why a name is not that of a field.
#[derive(Debug, Error)]
pub(super) enum FieldNameError {
    #[error("name a field as SCHEMA.FIELD")]
    Incomplete,
    #[error("there is no schema {schema:?}: there are {known}")]
    UnknownSchema { schema: String, known: String },
    #[error("{schema} has no field {path:?}: it has {known}")]
    UnknownField {
        schema: String,
        path: String,
        known: String,
    },
    #[error("{0} has this field already")]
    KnownField(String),
    #[error("{schema} has a field {path:?} already")]
    Taken { schema: String, path: String },
}

/// Fails if the name is not that of a field of a schema.
pub(super) fn check_known(name: &str) -> Result<(), FieldNameError> {
    let (schema, path, fields) = find(name)?;
    check_field(schema, path, fields)
}

/// Fails if the name is not that of a new field of a schema.
pub(super) fn check_new(name: &str) -> Result<(), FieldNameError> {
    let (schema, path, fields) = find(name)?;
    if fields.contains(&path) {
        return Err(FieldNameError::KnownField(schema.to_owned()));
    }
    match path.rsplit_once('.') {
        Some((parent, _)) => check_field(schema, parent, fields),
        None => Ok(()),
    }
}

/// Fails if another field of the same object has the new name of a field.
pub(super) fn check_renamed(name: &str, new: &str) -> Result<(), FieldNameError> {
    let (schema, path, fields) = find(name)?;
    let sibling = match path.rsplit_once('.') {
        Some((parent, _)) => format!("{parent}.{new}"),
        None => new.to_owned(),
    };
    match fields.contains(&&*sibling) {
        true => Err(FieldNameError::Taken {
            schema: schema.to_owned(),
            path: sibling,
        }),
        false => Ok(()),
    }
}

fn check_field(schema: &str, path: &str, fields: &[&str]) -> Result<(), FieldNameError> {
    if fields.contains(&path) {
        return Ok(());
    }
    Err(FieldNameError::UnknownField {
        schema: schema.to_owned(),
        path: path.to_owned(),
        known: fields.join(", "),
    })
}

/// The schema of a name, the path in it, and the schema's fields.
fn find(name: &str) -> Result<(&str, &str, &'static [&'static str]), FieldNameError> {
    let (schema, path) = name.split_once('.').ok_or(FieldNameError::Incomplete)?;
    match SCHEMAS.iter().find(|(known, _)| *known == schema) {
        Some((_, fields)) => Ok((schema, path, fields)),
        None => Err(FieldNameError::UnknownSchema {
            schema: schema.to_owned(),
            known: SCHEMAS.map(|(schema, _)| schema).join(", "),
        }),
    }
}
