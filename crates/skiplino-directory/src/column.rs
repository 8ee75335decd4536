//! The fields of a customer, and the columns of a file that may hold them.

use crate::error::HeadingError;

/// A field of a customer that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The caller's own id, by which rows and customers are matched.
    ExternalId,
    /// The customer's name.
    Name,
    /// The e-mail address.
    Email,
    /// The mobile number.
    Mobile,
    /// A JSON object of the caller's own.
    Metadata,
}

impl Field {
    /// The fields in the order in which files have them.
    pub const ALL: [Self; 5] = [
        Self::ExternalId,
        Self::Name,
        Self::Email,
        Self::Mobile,
        Self::Metadata,
    ];

    /// The name of the field in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ExternalId => "externalId",
            Self::Name => "name",
            Self::Email => "email",
            Self::Mobile => "mobile",
            Self::Metadata => "metadata",
        }
    }
}

/// The meaning of a column, or of a key of a JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column<'a> {
    /// A field that can be written.
    Field(Field),
    /// One key of the metadata: the column `metadata.KEY`.
    MetadataKey(&'a str),
    /// A field that only the server writes. Exported files have it, so reading ignores it.
    ReadOnly,
}

impl<'a> Column<'a> {
    /// The column of this name, or None if customers have no such field.
    #[must_use]
    pub fn parse(name: &'a str) -> Option<Self> {
        if let Some(field) = Field::ALL.into_iter().find(|field| field.name() == name) {
            return Some(Self::Field(field));
        }
        match name {
            "_id" | "companyId" | "createdAt" | "updatedAt" => Some(Self::ReadOnly),
            _ => {
                let key = name.strip_prefix("metadata.")?;
                (!key.is_empty()).then_some(Self::MetadataKey(key))
            }
        }
    }
}

/// Rejects columns whose values would be lost without notice.
pub(crate) fn check_columns<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), HeadingError> {
    let names: Vec<_> = names.collect();
    let columns: Vec<_> = names.iter().map(|name| Column::parse(name)).collect();
    let unknown = names
        .iter()
        .zip(&columns)
        .filter(|(_, column)| column.is_none());
    let unknown: Vec<_> = unknown.map(|(name, _)| (*name).to_owned()).collect();
    if !unknown.is_empty() {
        return Err(HeadingError::UnknownColumns(unknown));
    }
    let mut numbered = names.iter().enumerate();
    if let Some((_, name)) = numbered.find(|(index, name)| names[..*index].contains(name)) {
        return Err(HeadingError::DuplicateColumn((*name).to_owned()));
    }
    let has = |field| columns.contains(&Some(Column::Field(field)));
    if !has(Field::ExternalId) {
        return Err(HeadingError::NoExternalId);
    }
    let is_key = |column: &Option<Column<'_>>| matches!(column, Some(Column::MetadataKey(_)));
    if has(Field::Metadata) && columns.iter().any(is_key) {
        return Err(HeadingError::MetadataTwice);
    }
    Ok(())
}
