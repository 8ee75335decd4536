//! A row of a sync, and the reasons to reject one of its fields.

use pyo3::prelude::*;
use pyo3::types::PyString;
use skiplino::Operation;
use skiplino_directory::{Column, CustomerRow, Field, FieldSet, TextError};

use crate::errors;
use crate::json::JsonError;

/// A row of a source.
pub(crate) type Row = CustomerRow<FieldError>;

/// A field that rejects its row.
#[derive(Debug, thiserror::Error)]
#[error("{field}: {reason}")]
pub(crate) struct FieldError {
    pub(crate) field: String,
    pub(crate) reason: FieldReason,
}

/// Why a field rejects its row. The texts follow the name of the field.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FieldReason {
    #[error("is not a field of a customer: use externalId, name, email, mobile or metadata")]
    Unknown,
    #[error("must be text, not {0}")]
    NotText(String),
    /// A str may hold surrogates, as after `open(…, errors="surrogateescape")`.
    #[error("is not Unicode text: it holds half of a surrogate pair")]
    NotUnicode,
    /// A key of a dictionary in an Arrow array has no value.
    #[error("refers to a value that is not in its dictionary")]
    NoDictionaryValue,
    #[error("holds {0}, which JSON does not have")]
    NotInJson(String),
    #[error("appears twice in the row")]
    Twice,
    /// `csv.DictReader` stores the cells after the last column under the key None.
    #[error("has more cells than the heading has columns")]
    ExtraCells,
    #[error("has a key of type {0}: keys must be str")]
    KeyNotStr(String),
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(transparent)]
    Json(#[from] JsonError),
}

/// The field of this name. None if only the server writes it.
pub(crate) fn field_of(name: &str) -> Result<Option<Field>, FieldReason> {
    match Column::parse(name) {
        Some(Column::Field(field)) => Ok(Some(field)),
        Some(Column::ReadOnly) => Ok(None),
        Some(Column::MetadataKey(_)) | None => Err(FieldReason::Unknown),
    }
}

/// The fields of these names, whose stored values an empty value erases.
pub(crate) fn erased_fields(names: &Bound<'_, PyAny>) -> PyResult<FieldSet> {
    let invalid = |reason: String| errors::invalid(names.py(), "erase", &reason);
    if names.is_instance_of::<PyString>() {
        let reason = "must be a collection of fields, such as [\"email\"]";
        return Err(invalid(reason.to_owned()));
    }
    let mut fields = FieldSet::default();
    for name in names.try_iter()? {
        let name = name?.extract::<String>()?;
        match field_of(&name) {
            Ok(Some(field)) if field != Field::ExternalId => fields.insert(field),
            _ => {
                let reason = format!("{name:?} is not one of name, email, mobile and metadata");
                return Err(invalid(reason));
            }
        };
    }
    Ok(fields)
}

/// Sets a field. Text that cannot be its value rejects the row.
pub(crate) fn set_text(row: &mut Row, field: Field, text: impl Into<String>) {
    if let Err(error) = row.set_text(field, text) {
        reject(row, field.name(), error);
    }
}

/// Rejects the row because of this field.
pub(crate) fn reject(row: &mut Row, field: &str, reason: impl Into<FieldReason>) {
    row.reject(FieldError {
        field: field.to_owned(),
        reason: reason.into(),
    });
}

/// The exception of a rejected row.
pub(crate) fn exception(row: &Row, py: Python<'_>) -> Option<PyErr> {
    let FieldError { field, reason } = row.error()?;
    let operation = Some(Operation::CreateCustomer);
    Some(errors::invalid_of(
        py,
        operation,
        field,
        &reason.to_string(),
    ))
}
