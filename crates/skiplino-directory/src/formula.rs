//! Text that a spreadsheet would run as a formula, such as `=cmd|…`.

use std::borrow::Cow;

/// The characters with which a formula begins. Some spreadsheets also accept their full-width
/// forms, or skip white space before them.
const STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Whether the text is a formula, or a formula after one or more `'`. Such text gets another `'`,
/// so that `unescape` restores it.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(STARTS)
}

/// Puts a `'` before a formula, which makes it text.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    match is_formula(text) {
        true => format!("'{text}").into(),
        false => text.into(),
    }
}

/// The text without the `'` that [`escape`] has put before it. None if there is no such `'`.
pub(crate) fn unescape(text: &str) -> Option<&str> {
    text.strip_prefix('\'').filter(|rest| is_formula(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back() {
        for text in [
            "",
            "'",
            "''",
            "Layla",
            "'Layla",
            "O'Hara",
            "a=b",
            "=1",
            "'=1",
            "''+2",
            "-",
            "@SUM(1)",
            "\t=1",
            "+97333112233",
            "＝1",
            "'\n=1",
        ] {
            let escaped = escape(text);
            let is_marked = escaped != text;
            assert_eq!(unescape(&escaped).unwrap_or(&escaped), text);
            assert_eq!(unescape(&escaped).is_some(), is_marked, "{text:?}");
            assert!(!escaped.starts_with(STARTS), "{text:?}");
        }
    }
}
