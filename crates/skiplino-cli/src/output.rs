//! What goes to standard output: lines for people, JSON for programs.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use comfy_table::Table;
use serde::Serialize;

pub(crate) use self::meter::Meter;
pub(crate) use self::table::{Column, Listing, Text};

mod meter;
mod table;

/// Standard output, in the form that was asked for.
///
/// It is written to and not printed to, so that a reader that leaves early is an error that can be answered, not a panic.
pub(crate) struct Output {
    to: BufWriter<StdoutLock<'static>>,
    pub(crate) json: bool,
    /// How wide the terminal is, if it is one.
    room: Option<u16>,
    colour: bool,
    is_live: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        let stdout = io::stdout();
        Self {
            room: stdout.is_terminal().then(width),
            colour: colour(&stdout),
            to: BufWriter::new(stdout.lock()),
            json,
            is_live: false,
        }
    }

    /// One JSON value on a line of its own.
    pub(crate) fn object(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.to, value)?;
        self.to.write_all(b"\n")
    }

    /// JSON lines.
    pub(crate) fn objects<T: Serialize>(&mut self, values: &[T]) -> io::Result<()> {
        values.iter().try_for_each(|value| self.object(value))
    }

    /// A line for people.
    pub(crate) fn line(&mut self, text: impl fmt::Display) -> io::Result<()> {
        writeln!(self.to, "{}", printable(&text.to_string()))
    }

    /// A line that takes the place of the last one on a terminal, and follows it elsewhere.
    pub(crate) fn live(&mut self, text: impl fmt::Display) -> io::Result<()> {
        let Some(room) = self.room else {
            return self.line(text);
        };
        // A line that wraps could not be taken back.
        let text: String = printable(&text.to_string())
            .chars()
            .take(room.into())
            .collect();
        self.is_live = true;
        write!(self.to, "\r\u{1b}[K{text}")
    }

    /// Leaves the live line where it is.
    pub(crate) fn end_live(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.is_live) {
            self.to.write_all(b"\n")?;
        }
        self.to.flush()
    }

    /// Text as it is.
    pub(crate) fn raw(&mut self, text: &[u8]) -> io::Result<()> {
        self.to.write_all(text)
    }

    /// A record: a name and a value on each line. Values that are empty are left out.
    pub(crate) fn record(&mut self, fields: &[(&str, String)]) -> io::Result<()> {
        let widest = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
            writeln!(self.to, "{name:widest$}  {}", printable(value))?;
        }
        Ok(())
    }

    /// A remark for people that is no part of the output.
    pub(crate) fn note(&self, text: impl fmt::Display) {
        // What was asked for has been printed: that the remark cannot be is no failure.
        let _ = writeln!(io::stderr(), "{}", printable(&text.to_string()));
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }

    /// A table that is printed at once.
    pub(crate) fn table<const N: usize>(
        &mut self,
        columns: [Column; N],
        rows: impl IntoIterator<Item = [Text; N]>,
    ) -> io::Result<()> {
        let mut listing = Listing::new(columns);
        listing.print(self, rows)
    }
}

/// How wide the terminal is: some say 0 where they do not know.
fn width() -> u16 {
    Table::new()
        .width()
        .filter(|width| *width > 0)
        .unwrap_or(80)
}

/// Whether colour is welcome there.
pub(crate) fn colour(stream: &impl IsTerminal) -> bool {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    stream.is_terminal() && !no_colour && !dumb
}

/// A server's text, or a user's, without what would command the terminal: control characters and overrides of the writing direction.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let commands =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.contains(commands) {
        Cow::Owned(
            text.chars()
                .map(|c| if commands(c) { '\u{fffd}' } else { c })
                .collect(),
        )
    } else {
        Cow::Borrowed(text)
    }
}

/// Ends right-to-left text with a left-to-right mark, without which a terminal that reorders would take the next column for part of it.
fn isolated(text: &str, terminal: bool) -> Cow<'_, str> {
    let right_to_left = |c: char| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}');
    if terminal && text.contains(right_to_left) {
        Cow::Owned(format!("{text}\u{200e}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_command_the_terminal() {
        assert_eq!(
            printable("a\u{1b}[2Jb\u{202e}c\nd"),
            "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d"
        );
        assert!(matches!(printable("فرع السيف مول"), Cow::Borrowed(_)));
    }

    #[test]
    fn right_to_left_text_is_closed_off_on_a_terminal_only() {
        assert_eq!(isolated("فرع", true), "فرع\u{200e}");
        assert_eq!(isolated("فرع", false), "فرع");
        assert_eq!(isolated("Seef", true), "Seef");
    }
}
