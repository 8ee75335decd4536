//! Text for people: numbers with a noun, and right-to-left text on a terminal.

use std::borrow::Cow;

/// Ends right-to-left text with a left-to-right mark. Without it, a terminal that reorders text
/// would take the next column for part of it.
pub(crate) fn isolated(text: &str, is_terminal: bool) -> Cow<'_, str> {
    let is_right_to_left = |c: char| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}');
    if is_terminal && text.contains(is_right_to_left) {
        Cow::Owned(format!("{text}\u{200e}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A number with its noun: `1 row`, `2 rows`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_to_left_text_is_isolated_on_a_terminal_only() {
        assert_eq!(isolated("فرع", true), "فرع\u{200e}");
        assert_eq!(isolated("فرع", false), "فرع");
        assert_eq!(isolated("Seef", true), "Seef");
    }
}
