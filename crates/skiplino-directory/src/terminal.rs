//! Text of a server, made safe for a terminal: without characters that control it, or that change the
//! direction of what follows.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;
use skiplino::is_control_like;

/// The text with U+FFFD in place of characters that could control a terminal: control characters,
/// and overrides of the writing direction.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.contains(is_control_like) {
        let replaced = |char| match is_control_like(char) {
            true => '\u{fffd}',
            false => char,
        };
        Cow::Owned(text.chars().map(replaced).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Writes a value as JSON on a line of its own. Characters that could control a terminal are escaped,
/// which JSON requires for some of them only.
///
/// # Errors
/// If it cannot be written, or the value cannot be JSON.
pub fn write_json_line(mut writer: impl Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut writer, Escaping))?;
    writer.write_all(b"\n")
}

struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_control_like) {
            let (before, found) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            let mut chars = found.chars();
            if let Some(char) = chars.next() {
                // All of them are below U+10000.
                write!(writer, "\\u{:04x}", u32::from(char))?;
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first failure")]
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
    fn json_escapes_what_controls_a_terminal_and_is_read_back() {
        let text = "فرع \u{1b}[2J\u{9b}2J\u{202e}\u{2066}\u{7f}\"\n";
        let mut line = Vec::new();
        write_json_line(&mut line, &text).unwrap();
        let line = String::from_utf8(line).unwrap();
        assert_eq!(
            line,
            "\"فرع \\u001b[2J\\u009b2J\\u202e\\u2066\\u007f\\\"\\n\"\n"
        );
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }
}
