//! A row of any source as the request that the sync sends.

use std::borrow::Borrow;

use serde_json::{Map, Value};
use skiplino::{CustomerWriteRequest, is_invisible};

use crate::column::{Column, Field, FieldSet};
use crate::error::{RowError, TextError};
use crate::metadata::parse_metadata;
use crate::spreadsheet;

/// A row of a file that is longer is rejected: the server accepts no request of that size.
pub(crate) const MAX_ROW_BYTES: usize = 1 << 20;

/// A row of a source as a customer, or the error that rejects the row.
///
/// A rejected row has an empty request. The sync rejects an empty request before sending anything,
/// and reports the row as failed.
#[derive(Debug)]
pub struct CustomerRow<E> {
    request: CustomerWriteRequest,
    external_id: Option<String>,
    /// The fields that the row has, but without a value.
    empty: FieldSet,
    error: Option<E>,
}

impl<E> Default for CustomerRow<E> {
    fn default() -> Self {
        Self {
            request: CustomerWriteRequest::new(),
            external_id: None,
            empty: FieldSet::default(),
            error: None,
        }
    }
}

impl<E> CustomerRow<E> {
    /// A row without any field.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a field. Metadata is given as the text of a JSON object. An empty text is no value, as
    /// in [`Self::set_empty`], and so is a text of blanks and invisible characters, except as an id.
    ///
    /// # Errors
    /// If the text is not metadata, or if a spreadsheet has damaged it.
    pub fn set_text(&mut self, field: Field, text: impl Into<String>) -> Result<(), TextError> {
        let text = text.into();
        if text.is_empty() || (field != Field::ExternalId && is_blank(&text)) {
            self.set_empty(field);
            return Ok(());
        }
        if field == Field::ExternalId {
            self.external_id = Some(text.clone());
        }
        if field != Field::Metadata {
            spreadsheet::check(field, &text)?;
        }
        match field {
            Field::ExternalId => self.update(|request| request.external_id(text)),
            Field::Name => self.update(|request| request.name(text)),
            Field::Email => self.update(|request| request.email(text)),
            Field::Mobile => self.update(|request| request.mobile(text)),
            Field::Metadata => self.set_metadata(parse_metadata(&text)?.into()),
        }
        Ok(())
    }

    /// Sets the metadata.
    pub fn set_metadata(&mut self, metadata: Value) {
        self.update(|request| request.metadata(metadata));
    }

    /// Says that the row has the field, but no value for it. The customer keeps the stored value,
    /// unless [`Self::erase`] names the field.
    pub fn set_empty(&mut self, field: Field) {
        self.empty.insert(field);
    }

    /// Erases the stored value of each of these fields that the row has without a value. The id of
    /// a row cannot be erased.
    pub fn erase(&mut self, fields: FieldSet) {
        let is_erased = |field: &Field| self.empty.contains(*field) && fields.contains(*field);
        for field in Field::ALL.into_iter().filter(is_erased).collect::<Vec<_>>() {
            match field {
                Field::ExternalId => {}
                Field::Name => self.update(|request| request.name("")),
                Field::Email => self.update(|request| request.email("")),
                Field::Mobile => self.update(|request| request.mobile("")),
                Field::Metadata => self.set_metadata(Value::Object(Map::new())),
            }
        }
    }

    fn update(&mut self, set: impl FnOnce(CustomerWriteRequest) -> CustomerWriteRequest) {
        if self.error.is_none() {
            self.request = set(std::mem::take(&mut self.request));
        }
    }

    /// Rejects the row. The first error is kept.
    pub fn reject(&mut self, error: E) {
        self.request = CustomerWriteRequest::new();
        self.error.get_or_insert(error);
    }

    /// The id that the row names, as far as it was read.
    #[must_use]
    pub fn external_id(&self) -> Option<&str> {
        self.external_id.as_deref()
    }

    /// Why the row was rejected.
    #[must_use]
    pub fn error(&self) -> Option<&E> {
        self.error.as_ref()
    }
}

/// Whether nothing of a text can be seen.
fn is_blank(text: &str) -> bool {
    text.chars().all(is_invisible)
}

impl<E> Borrow<CustomerWriteRequest> for CustomerRow<E> {
    fn borrow(&self) -> &CustomerWriteRequest {
        &self.request
    }
}

/// A row of a file.
#[derive(Debug)]
pub struct FileRow {
    line: u64,
    size: u64,
    customer: CustomerRow<RowError>,
}

impl FileRow {
    /// A row that has been read. Without an external id it is rejected.
    pub(crate) fn new(line: u64, mut customer: CustomerRow<RowError>) -> Self {
        let id = customer.external_id.as_deref();
        if id.is_none_or(|id| id.trim().is_empty()) {
            customer.external_id = None;
            customer.reject(RowError::NoExternalId);
        }
        Self {
            line,
            size: 0,
            customer,
        }
    }

    /// A row that cannot be read. The id is for the report.
    pub(crate) fn rejected(line: u64, external_id: Option<String>, error: RowError) -> Self {
        let customer = CustomerRow {
            external_id,
            error: Some(error),
            ..CustomerRow::default()
        };
        Self {
            line,
            size: 0,
            customer,
        }
    }

    pub(crate) fn with_size(self, size: u64) -> Self {
        Self { size, ..self }
    }

    /// How much of the file the row takes, with the empty lines before it: bytes, or in Parquet 1.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Where the row begins, from 1: its line, or in Parquet its row.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The id that the row names, as far as it was read.
    #[must_use]
    pub fn external_id(&self) -> Option<&str> {
        self.customer.external_id()
    }

    /// Why the row was rejected.
    #[must_use]
    pub fn error(&self) -> Option<&RowError> {
        self.customer.error()
    }

    pub(crate) fn erase(&mut self, fields: FieldSet) {
        self.customer.erase(fields);
    }
}

impl Borrow<CustomerWriteRequest> for FileRow {
    fn borrow(&self) -> &CustomerWriteRequest {
        self.customer.borrow()
    }
}

/// A row of a table, read column by column. `metadata.KEY` columns are collected into one object.
#[derive(Debug, Default)]
pub(crate) struct TableRow {
    customer: CustomerRow<RowError>,
    metadata: Map<String, Value>,
}

impl TableRow {
    pub(crate) fn set(&mut self, column: &Column, text: &str) -> Result<(), RowError> {
        match column {
            Column::Field(field) => {
                let set = self.customer.set_text(*field, text);
                let field = field.name();
                return set.map_err(|error| RowError::Text { field, error });
            }
            Column::MetadataKey(_) if is_blank(text) => self.set_empty(column),
            Column::MetadataKey(key) => {
                self.metadata.insert(key.clone(), Value::from(text));
            }
            Column::ReadOnly => {}
        }
        Ok(())
    }

    /// Says that the row has no value in this column.
    pub(crate) fn set_empty(&mut self, column: &Column) {
        match column {
            Column::Field(field) => self.customer.set_empty(*field),
            Column::MetadataKey(_) => self.customer.set_empty(Field::Metadata),
            Column::ReadOnly => {}
        }
    }

    pub(crate) fn finish(mut self, line: u64) -> FileRow {
        if !self.metadata.is_empty() {
            self.customer.set_metadata(self.metadata.into());
            self.customer.empty.remove(Field::Metadata);
        }
        FileRow::new(line, self.customer)
    }

    /// Rejects the row after an error in one of its fields; the fields after it are ignored.
    pub(crate) fn reject(self, line: u64, error: RowError) -> FileRow {
        FileRow::rejected(line, self.customer.external_id, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_text_is_no_value() {
        let text = |customer: &CustomerRow<()>| {
            let request: &CustomerWriteRequest = customer.borrow();
            serde_json::to_string(request).unwrap_or_default()
        };
        for blank in ["", " ", "\t", "\u{a0}", "\u{200b} \u{feff}"] {
            let mut row = CustomerRow::<()>::new();
            for field in [Field::Name, Field::Email, Field::Mobile, Field::Metadata] {
                assert_eq!(row.set_text(field, blank), Ok(()), "{blank:?}");
            }
            assert_eq!(text(&row), text(&CustomerRow::new()), "{blank:?}");
            let mut name = FieldSet::default();
            name.insert(Field::Name);
            row.erase(name);
            assert_ne!(text(&row), text(&CustomerRow::new()), "{blank:?}");
        }
    }

    #[test]
    fn a_rejected_row_has_an_empty_request_and_its_first_error() {
        let mut row = CustomerRow::new();
        assert_eq!(row.set_text(Field::ExternalId, "crm-1"), Ok(()));
        row.reject("first");
        row.reject("second");
        assert_eq!(row.set_text(Field::Name, "Layla"), Ok(()));
        let request: &CustomerWriteRequest = row.borrow();
        assert_eq!(
            format!("{request:?}"),
            format!("{:?}", CustomerWriteRequest::new())
        );
        assert_eq!(
            (row.error(), row.external_id()),
            (Some(&"first"), Some("crm-1"))
        );
    }
}
