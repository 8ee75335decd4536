//! Notices: differences from the usual form of a file that a reader accepts.

use std::fmt;

use crate::column::Column;

/// A difference from the usual form of a file, which the reader has accepted. Show it to the user
/// once.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The fields are not separated by commas.
    Separator(char),
    /// Columns whose names are spelt differently: the name in the file, and the usual one.
    ColumnNames(Vec<(String, String)>),
    /// Columns at the end that have no name. They are ignored while they hold no values.
    UnnamedColumns(usize),
}

impl Notice {
    /// The notice about names that are spelt differently, if there are any.
    pub(super) fn column_names(names: &[&str], columns: &[Column]) -> Option<Self> {
        let both = names.iter().zip(columns);
        let spelt = both.filter_map(|(name, column)| {
            let usual = column.name().filter(|usual| usual != name)?;
            Some(((*name).to_owned(), usual))
        });
        let spelt: Vec<_> = spelt.collect();
        (!spelt.is_empty()).then_some(Self::ColumnNames(spelt))
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Separator('\t') => f.write_str("the fields are separated by tabs"),
            Self::Separator(separator) => {
                write!(f, "the fields are separated by {separator:?}")
            }
            Self::ColumnNames(names) => {
                for (index, (name, usual)) in names.iter().enumerate() {
                    let before = if index > 0 { ", " } else { "" };
                    write!(f, "{before}the column {name:?} is read as {usual}")?;
                }
                Ok(())
            }
            Self::UnnamedColumns(1) => {
                f.write_str("the last column has no name and is ignored while it is empty")
            }
            Self::UnnamedColumns(count) => write!(
                f,
                "the last {count} columns have no name and are ignored while they are empty"
            ),
        }
    }
}
