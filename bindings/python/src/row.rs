//! A row of a sync, and the reasons to reject one of its fields.

use pyo3::prelude::*;
use skiplino::Operation;
use skiplino_directory::{Column, CustomerRow, Field, MetadataError};

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
    /// A key of a dictionary in an Arrow array has no value.
    #[error("refers to a value that is not in its dictionary")]
    NoDictionaryValue,
    #[error("holds {0}, which JSON does not have")]
    NotInJson(String),
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    #[error(transparent)]
    Json(#[from] JsonError),
}

/// The field of this name, as the API or Python writes it. None if only the server writes it.
pub(crate) fn field_of(name: &str) -> Result<Option<Field>, FieldReason> {
    let api_name = match name {
        "external_id" => "externalId",
        "company_id" => "companyId",
        "created_at" => "createdAt",
        "updated_at" => "updatedAt",
        name => name,
    };
    match Column::parse(api_name) {
        Some(Column::Field(field)) => Ok(Some(field)),
        Some(Column::ReadOnly) => Ok(None),
        Some(Column::MetadataKey(_)) | None => Err(FieldReason::Unknown),
    }
}

/// Sets a field. Text that is not metadata rejects the row.
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
