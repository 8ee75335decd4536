//! Tables for people.

use std::fmt;
use std::io;

use comfy_table::{
    Attribute, CellAlignment, Color, ColumnConstraint, ContentArrangement, Row, Table, Width,
    presets,
};

use crate::output::stream::Output;
use skiplino_directory::printable;

use crate::output::text::isolated;

/// A column of a table.
#[derive(Clone, Copy)]
pub(crate) struct Column {
    title: &'static str,
    is_number: bool,
    /// The width that the column needs to be of use, if its content is that wide.
    min_width: u16,
    /// On a narrow terminal, the columns with the highest priority are hidden first. Columns of
    /// priority 0 are always shown.
    hide_priority: u8,
}

/// Spaces between two columns.
const GAP: u16 = 2;

impl Column {
    /// Text that is truncated on a narrow terminal.
    pub(crate) const fn text(title: &'static str) -> Self {
        Self {
            min_width: 8,
            ..Self::id(title)
        }
    }

    /// Text that is never truncated, so that it can be copied.
    pub(crate) const fn id(title: &'static str) -> Self {
        Self {
            title,
            is_number: false,
            min_width: u16::MAX,
            hide_priority: 0,
        }
    }

    pub(crate) const fn number(title: &'static str) -> Self {
        Self {
            is_number: true,
            ..Self::id(title)
        }
    }

    /// The width from which the column is of use.
    pub(crate) const fn min_width(self, width: u16) -> Self {
        Self {
            min_width: width,
            ..self
        }
    }

    /// On a narrow terminal, the columns with the highest priority are hidden first.
    pub(crate) const fn hide_priority(self, priority: u8) -> Self {
        Self {
            hide_priority: priority,
            ..self
        }
    }
}

/// The width of each column, or `None` for a hidden column. `content` holds the widths of the
/// content, and `previous` the widths on the previous page. A page keeps the previous widths, and
/// widens columns only into the space that the previous page left free.
fn column_widths(
    columns: &[Column],
    content: &[u16],
    previous: Option<Vec<Option<u16>>>,
    terminal_width: u16,
) -> Vec<Option<u16>> {
    let previous = previous.unwrap_or_else(|| vec![Some(0); columns.len()]);
    let wanted = columns.iter().zip(content);
    let mut widths: Vec<Option<u16>> = wanted
        .zip(previous)
        .map(|((column, content), previous)| Some(previous?.max(column.min_width.min(*content))))
        .collect();
    let left = |widths: &[Option<u16>]| {
        let taken = widths
            .iter()
            .flatten()
            .map(|width| u32::from(*width) + u32::from(GAP));
        (u32::from(terminal_width) + u32::from(GAP)).checked_sub(taken.sum())
    };
    while left(&widths).is_none() {
        let shown = columns.iter().zip(&mut widths);
        let next_hidden = shown
            .filter(|(column, width)| width.is_some() && column.hide_priority > 0)
            .max_by_key(|(column, _)| column.hide_priority);
        match next_hidden {
            Some((_, width)) => *width = None,
            None => break,
        }
    }
    // One character at a time, so that the long texts share the room that the short ones leave.
    while left(&widths).is_some_and(|left| left > 0) {
        let growing = widths.iter_mut().zip(content);
        let narrowest = growing
            .filter_map(|(width, content)| width.as_mut().filter(|width| **width < *content))
            .min();
        match narrowest {
            Some(width) => *width += 1,
            None => break,
        }
    }
    widths
}

/// The text of a cell and its colour.
pub(crate) struct Cell {
    text: String,
    colour: Option<Color>,
}

impl Cell {
    /// A good state, in green.
    pub(crate) fn success(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            colour: Some(Color::Green),
        }
    }

    /// Any other state, in yellow.
    pub(crate) fn warning(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            colour: Some(Color::Yellow),
        }
    }

    pub(crate) fn open(is_open: bool) -> Self {
        if is_open {
            Self::success("open")
        } else {
            Self::warning("closed")
        }
    }
}

impl<T: fmt::Display> From<T> for Cell {
    fn from(text: T) -> Self {
        Self {
            text: text.to_string(),
            colour: None,
        }
    }
}

/// Prints a table at once.
pub(crate) fn print_table<const N: usize>(
    out: &mut Output,
    columns: [Column; N],
    rows: impl IntoIterator<Item = [Cell; N]>,
) -> io::Result<()> {
    Listing::new(columns).print(out, rows)
}

/// A table that is printed page by page. The first page sets the widths: a directory of a million
/// records must not be held in memory to be aligned. On a terminal every record is one line: long
/// texts are truncated, and columns without room are hidden.
pub(crate) struct Listing<const N: usize> {
    columns: [Column; N],
    widths: Option<Vec<Option<u16>>>,
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
        rows: impl IntoIterator<Item = [Cell; N]>,
    ) -> io::Result<()> {
        let is_first = self.widths.is_none();
        for line in self.lines(out.terminal_width(), out.has_colour(), rows) {
            out.raw(line.trim_end().as_bytes())?;
            out.raw(b"\n")?;
        }
        if is_first {
            self.note_hidden_columns(out)?;
        }
        Ok(())
    }

    fn lines(
        &mut self,
        terminal_width: Option<u16>,
        use_colour: bool,
        rows: impl IntoIterator<Item = [Cell; N]>,
    ) -> Vec<String> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Disabled);
        // Texts are truncated within a word, and right-to-left text is isolated there as well.
        table.set_delimiter('\0');
        table.set_truncation_indicator("…\u{200e}");
        if !use_colour {
            table.force_no_tty();
        }
        if self.widths.is_none() {
            let titles = self.columns.map(|column| column.title);
            let mut header = Row::from(
                titles.map(|title| comfy_table::Cell::new(title).add_attribute(Attribute::Bold)),
            );
            header.max_height(1);
            table.set_header(header);
        }
        for row in rows {
            table.add_row(row.map(|Cell { text, colour }| {
                let text = printable(&text);
                let cell = comfy_table::Cell::new(isolated(&text, terminal_width.is_some()));
                match colour {
                    Some(colour) => cell.fg(colour),
                    None => cell,
                }
            }));
        }
        let content = table.column_max_content_widths();
        // Without a terminal there is room for everything.
        let widths = column_widths(
            &self.columns,
            &content,
            self.widths.take(),
            terminal_width.unwrap_or(u16::MAX),
        );
        let last = widths.iter().rposition(Option::is_some);
        let columns = table.column_iter_mut().enumerate();
        for ((index, column), (definition, width)) in columns.zip(self.columns.iter().zip(&widths))
        {
            let Some(width) = *width else {
                column.set_constraint(ColumnConstraint::Hidden);
                continue;
            };
            // Spaces after the last column could make the line too wide.
            let gap = if Some(index) == last { 0 } else { GAP };
            column.set_padding((0, gap));
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(
                width.saturating_add(gap),
            )));
            if definition.is_number {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self.widths = Some(widths);
        if terminal_width.is_some() {
            table.row_iter_mut().for_each(|row| {
                row.max_height(1);
            });
        }
        table.lines().collect()
    }

    fn note_hidden_columns(&self, out: &mut Output) -> io::Result<()> {
        let widths = self.widths.iter().flatten();
        let hidden: Vec<_> = self
            .columns
            .iter()
            .zip(widths)
            .filter_map(|(column, width)| width.is_none().then_some(column.title))
            .collect();
        if !hidden.is_empty() {
            out.flush()?;
            out.note(format_args!(
                "no room for the columns {}: --json prints all",
                hidden.join(", ")
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_gets_fewer_columns_and_shorter_texts_but_whole_ids() {
        let columns = [
            Column::id("ID"),
            Column::text("NAME"),
            Column::text("EMAIL").min_width(20).hide_priority(2),
            Column::number("N").hide_priority(1),
        ];
        let content = [32, 30, 25, 3];
        for (terminal_width, widths) in [
            (96, [Some(32), Some(30), Some(25), Some(3)]),
            (80, [Some(32), Some(19), Some(20), Some(3)]),
            (60, [Some(32), Some(21), None, Some(3)]),
            (44, [Some(32), Some(10), None, None]),
            // Columns of priority 0 are always shown.
            (20, [Some(32), Some(8), None, None]),
            (0, [Some(32), Some(8), None, None]),
        ] {
            assert_eq!(
                column_widths(&columns, &content, None, terminal_width),
                widths,
                "{terminal_width}"
            );
        }
        let endless = column_widths(&columns, &[u16::MAX; 4], None, u16::MAX);
        assert_eq!(endless.iter().flatten().count(), 2, "{endless:?}");
    }

    #[test]
    fn on_a_terminal_a_record_is_a_line_of_its_width() {
        let long = "Layla Hassan of the longest name in the directory";
        let columns = [
            Column::id("ID"),
            Column::text("A LONG HEADING OF A COLUMN"),
            Column::text("EMAIL").min_width(20).hide_priority(1),
        ];
        let rows = |name: &str| [["9f2c8b7a4e", name, "layla@example.com"].map(Cell::from)];
        for terminal_width in [30, 40, 60, 200] {
            let mut listing = Listing::new(columns);
            let first = listing.lines(Some(terminal_width), false, rows(long));
            // A later page keeps the widths of the first.
            let second = listing.lines(Some(terminal_width), false, rows(&long.repeat(2)));
            assert_eq!(
                (first.len(), second.len()),
                (2, 1),
                "{terminal_width}: {first:?}"
            );
            for line in first.iter().chain(&second) {
                let cells = line.chars().filter(|c| *c != '\u{200e}').count();
                assert!(cells <= terminal_width.into(), "{terminal_width}: {line:?}");
            }
            assert!(
                second
                    .iter()
                    .all(|line| line.starts_with("9f2c8b7a4e  Layla")),
                "{second:?}"
            );
        }
        // A page of longer texts uses the room that the first one left.
        let mut listing = Listing::new(columns);
        listing.lines(Some(120), false, rows("Layla"));
        let longer = listing.lines(Some(120), false, rows(long));
        assert!(longer.iter().any(|line| line.contains(long)), "{longer:?}");

        let mut listing = Listing::new(columns);
        let whole = listing.lines(None, false, rows(long));
        assert!(whole.iter().any(|line| line.contains(long)), "{whole:?}");
    }
}
