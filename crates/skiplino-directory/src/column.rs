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

/// A set of fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FieldSet(u8);

impl FieldSet {
    /// Whether the field is in the set.
    #[must_use]
    pub fn contains(self, field: Field) -> bool {
        self.0 & Self::bit(field) != 0
    }

    /// Adds a field. Returns whether it is new in the set.
    pub fn insert(&mut self, field: Field) -> bool {
        let is_new = !self.contains(field);
        self.0 |= Self::bit(field);
        is_new
    }

    pub(crate) fn remove(&mut self, field: Field) {
        self.0 &= !Self::bit(field);
    }

    fn bit(field: Field) -> u8 {
        1 << field as u8
    }
}

impl FromIterator<Field> for FieldSet {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        let mut set = Self::default();
        for field in fields {
            set.insert(field);
        }
        set
    }
}

/// The meaning of a column, or of a key of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// A field that can be written.
    Field(Field),
    /// One key of the metadata: the column `metadata.KEY`.
    MetadataKey(String),
    /// A field that only the server writes. Exported files have it, so reading ignores it.
    ReadOnly,
}

impl Column {
    /// The column of this name, or None if customers have no such field. Capitals, `_`, `-` and
    /// blanks make no difference: `External ID` is `externalId`. A metadata key is taken literally.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        // Some spreadsheets write more than one byte order mark.
        let name = name.trim_matches(|char: char| char.is_whitespace() || char == '\u{feff}');
        if let Some((start, key)) = name.split_once('.') {
            let is_metadata = start.eq_ignore_ascii_case(Field::Metadata.name());
            return (is_metadata && !key.is_empty()).then(|| Self::MetadataKey(key.to_owned()));
        }
        // Not without its underscore: a column `ID` is more likely to hold the caller's own ids.
        if name.eq_ignore_ascii_case("_id") {
            return Some(Self::ReadOnly);
        }
        let is_separator = |char: char| char.is_whitespace() || matches!(char, '_' | '-');
        let letters: String = name.chars().filter(|char| !is_separator(*char)).collect();
        let is = |other: &&str| letters.eq_ignore_ascii_case(other);
        if let Some(field) = Field::ALL.into_iter().find(|field| is(&field.name())) {
            return Some(Self::Field(field));
        }
        let server = ["companyId", "createdAt", "updatedAt"];
        server.iter().any(is).then_some(Self::ReadOnly)
    }

    /// The usual name of the column; None if only the server writes it.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        match self {
            Self::Field(field) => Some(field.name().to_owned()),
            Self::MetadataKey(key) => Some(format!("metadata.{key}")),
            Self::ReadOnly => None,
        }
    }
}

/// The columns of these names. Rejects columns whose values would be lost without notice.
pub(crate) fn parse_columns(names: &[&str]) -> Result<Vec<Column>, HeadingError> {
    if let Some(index) = names.iter().position(|name| name.trim().is_empty()) {
        return Err(HeadingError::UnnamedColumn(index + 1));
    }
    let mut columns = Vec::new();
    let mut unknown = Vec::new();
    for name in names {
        match Column::parse(name) {
            Some(column) => columns.push(column),
            None => unknown.push((*name).to_owned()),
        }
    }
    if !unknown.is_empty() {
        return Err(HeadingError::UnknownColumns(unknown));
    }
    for (index, (name, column)) in names.iter().zip(&columns).enumerate() {
        let is_same = |other| *column != Column::ReadOnly && column == other;
        if names[..index].contains(name) || columns[..index].iter().any(is_same) {
            let name = column.name().unwrap_or_else(|| (*name).to_owned());
            return Err(HeadingError::DuplicateColumn(name));
        }
    }
    let has = |field| columns.contains(&Column::Field(field));
    if !has(Field::ExternalId) {
        return Err(HeadingError::NoExternalId);
    }
    let is_key = |column: &Column| matches!(column, Column::MetadataKey(_));
    if has(Field::Metadata) && columns.iter().any(is_key) {
        return Err(HeadingError::MetadataTwice);
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_known_by_their_letters() {
        for name in [
            "externalId",
            "external_id",
            " External ID",
            "\u{feff}EXTERNAL-ID\u{a0}",
        ] {
            assert_eq!(
                Column::parse(name),
                Some(Column::Field(Field::ExternalId)),
                "{name:?}"
            );
        }
        assert_eq!(Column::parse("E-mail"), Some(Column::Field(Field::Email)));
        assert_eq!(Column::parse("Created At"), Some(Column::ReadOnly));
        let key = |key: &str| Some(Column::MetadataKey(key.to_owned()));
        assert_eq!(Column::parse(" Metadata.VIP_level "), key("VIP_level"));
        assert_eq!(Column::parse("metadata.a.b"), key("a.b"));
        for name in [
            "ID",
            "id",
            "phone",
            "metadata.",
            "name.first",
            "",
            "e mails",
        ] {
            assert_eq!(Column::parse(name), None, "{name:?}");
        }
    }
}
