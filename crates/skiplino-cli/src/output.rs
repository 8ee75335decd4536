//! What goes to standard output: tables for people, JSON for programs.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, Table, Width,
    presets,
};
use serde::Serialize;

/// Standard output, in the form that was asked for.
///
/// It is written to and not printed to, so that a reader that leaves early is an error that can be answered, not a panic.
pub(crate) struct Output {
    to: BufWriter<StdoutLock<'static>>,
    pub(crate) json: bool,
    terminal: bool,
    colour: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        let stdout = io::stdout();
        Self {
            terminal: stdout.is_terminal(),
            colour: colour(&stdout),
            to: BufWriter::new(stdout.lock()),
            json,
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

/// Whether colour is welcome there.
pub(crate) fn colour(stream: &impl IsTerminal) -> bool {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    stream.is_terminal() && !no_colour && !dumb
}

/// A column of a table.
#[derive(Clone, Copy)]
pub(crate) enum Column {
    Text(&'static str),
    /// Never broken into lines, so that it can be copied.
    Id(&'static str),
    Number(&'static str),
}

impl Column {
    fn title(self) -> &'static str {
        match self {
            Self::Text(title) | Self::Id(title) | Self::Number(title) => title,
        }
    }
}

/// The content of a cell.
pub(crate) struct Text(String, Option<Color>);

impl Text {
    /// Something good, in green.
    pub(crate) fn good(text: &str) -> Self {
        Self(text.to_owned(), Some(Color::Green))
    }

    /// Something that is not so, in yellow.
    pub(crate) fn off(text: &str) -> Self {
        Self(text.to_owned(), Some(Color::Yellow))
    }

    pub(crate) fn open(open: bool) -> Self {
        if open {
            Self::good("open")
        } else {
            Self::off("closed")
        }
    }
}

impl<T: fmt::Display> From<T> for Text {
    fn from(text: T) -> Self {
        Self(text.to_string(), None)
    }
}

/// A table that can be printed piece by piece. The first piece sets the widths, and the later ones keep to them where they fit:
/// a directory of a million records must not be held in memory to be aligned.
pub(crate) struct Listing<const N: usize> {
    columns: [Column; N],
    widths: Option<Vec<u16>>,
}

impl<const N: usize> Listing<N> {
    pub(crate) fn new(columns: [Column; N]) -> Self {
        Self {
            columns,
            widths: None,
        }
    }

    pub(crate) fn print(
        &mut self,
        out: &mut Output,
        rows: impl IntoIterator<Item = [Text; N]>,
    ) -> io::Result<()> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(if out.terminal {
            ContentArrangement::Dynamic
        } else {
            ContentArrangement::Disabled
        });
        // Where colour is unwelcome the table is told that it is not on a terminal, so its width is set by hand before.
        if let Some(width) = table.width() {
            table.set_width(width);
        }
        if !out.colour {
            table.force_no_tty();
        }
        if self.widths.is_none() {
            table.set_header(
                self.columns
                    .map(|column| Cell::new(column.title()).add_attribute(Attribute::Bold)),
            );
        }
        for row in rows {
            table.add_row(row.map(|Text(text, colour)| {
                let cell = Cell::new(isolated(&printable(&text), out.terminal));
                match colour {
                    Some(colour) => cell.fg(colour),
                    None => cell,
                }
            }));
        }
        let natural = table.column_max_content_widths();
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            let kind = self.columns.get(index);
            if matches!(kind, Some(Column::Number(_))) {
                column.set_cell_alignment(CellAlignment::Right);
            }
            if matches!(kind, Some(Column::Id(_))) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
            if let Some(width) = self.widths.as_ref().and_then(|widths| widths.get(index)) {
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(
                    width.saturating_add(2),
                )));
            }
        }
        self.widths.get_or_insert(natural);
        for line in table.lines() {
            writeln!(out.to, "{}", line.trim_end())?;
        }
        Ok(())
    }
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
