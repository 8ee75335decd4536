//! Text from a server or a user, made safe for a terminal.

use std::borrow::Cow;

/// Replaces characters that could control the terminal: control characters, and overrides of the
/// writing direction.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let is_control =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.contains(is_control) {
        Cow::Owned(
            text.chars()
                .map(|c| if is_control(c) { '\u{fffd}' } else { c })
                .collect(),
        )
    } else {
        Cow::Borrowed(text)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_control_the_terminal() {
        assert_eq!(
            printable("a\u{1b}[2Jb\u{202e}c\nd"),
            "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d"
        );
        assert!(matches!(printable("فرع السيف مول"), Cow::Borrowed(_)));
    }

    #[test]
    fn right_to_left_text_is_isolated_on_a_terminal_only() {
        assert_eq!(isolated("فرع", true), "فرع\u{200e}");
        assert_eq!(isolated("فرع", false), "فرع");
        assert_eq!(isolated("Seef", true), "Seef");
    }
}
