//! Tables for people.

use std::fmt;
use std::io::{self, Write as _};

use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, Row, Table, Width,
    presets,
};

use super::{Output, isolated, printable};

/// A column of a table.
#[derive(Clone, Copy)]
pub(crate) struct Column {
    title: &'static str,
    is_number: bool,
    /// What it needs to be of use, if its content takes so much.
    least: u16,
    /// On a terminal that is too narrow for all, the column with the highest goes first. 0 stays.
    spare: u8,
}

/// Blanks between two columns.
const GAP: u16 = 2;

impl Column {
    /// A text that is cut off where there is no room for all of it.
    pub(crate) const fn text(title: &'static str) -> Self {
        Self {
            least: 8,
            ..Self::id(title)
        }
    }

    /// A text that is never cut off, so that it can be copied.
    pub(crate) const fn id(title: &'static str) -> Self {
        Self {
            title,
            is_number: false,
            least: u16::MAX,
            spare: 0,
        }
    }

    pub(crate) const fn number(title: &'static str) -> Self {
        Self {
            is_number: true,
            ..Self::id(title)
        }
    }

    /// Of use from this width on.
    pub(crate) const fn least(self, width: u16) -> Self {
        Self {
            least: width,
            ..self
        }
    }

    /// The columns with the highest rank are left out first where there is no room for all.
    pub(crate) const fn spare(self, rank: u8) -> Self {
        Self {
            spare: rank,
            ..self
        }
    }
}

/// The width of each column, `None` for one that is left out. `natural` is what the content takes, `room` the width of the terminal,
/// and `before` what was made of the page before: a page keeps to that, and grows into what it left.
fn fit(
    columns: &[Column],
    natural: &[u16],
    before: Option<Vec<Option<u16>>>,
    room: u16,
) -> Vec<Option<u16>> {
    let before = before.unwrap_or_else(|| vec![Some(0); columns.len()]);
    let wanted = columns.iter().zip(natural);
    let mut widths: Vec<Option<u16>> = wanted
        .zip(before)
        .map(|((column, natural), before)| Some(before?.max(column.least.min(*natural))))
        .collect();
    let left = |widths: &[Option<u16>]| {
        let taken = widths
            .iter()
            .flatten()
            .map(|width| u32::from(*width) + u32::from(GAP));
        (u32::from(room) + u32::from(GAP)).checked_sub(taken.sum())
    };
    while left(&widths).is_none() {
        let shown = columns.iter().zip(&mut widths);
        let spare = shown
            .filter(|(column, width)| width.is_some() && column.spare > 0)
            .max_by_key(|(column, _)| column.spare);
        match spare {
            Some((_, width)) => *width = None,
            None => break,
        }
    }
    // A cell at a time, so that the long texts share what the short ones leave.
    while left(&widths).is_some_and(|left| left > 0) {
        let growing = widths.iter_mut().zip(natural);
        let narrowest = growing
            .filter_map(|(width, natural)| width.as_mut().filter(|width| **width < *natural))
            .min();
        match narrowest {
            Some(width) => *width += 1,
            None => break,
        }
    }
    widths
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

/// A table that can be printed piece by piece. The first piece sets the widths: a directory of a million records must not be held in
/// memory to be aligned. On a terminal every record is one line, and what there is no room for is cut off or left out.
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
        rows: impl IntoIterator<Item = [Text; N]>,
    ) -> io::Result<()> {
        let is_first = self.widths.is_none();
        for line in self.lines(out.room, out.colour, rows) {
            writeln!(out.to, "{}", line.trim_end())?;
        }
        if is_first {
            self.tell_what_is_left_out(out)?;
        }
        Ok(())
    }

    fn lines(
        &mut self,
        room: Option<u16>,
        colour: bool,
        rows: impl IntoIterator<Item = [Text; N]>,
    ) -> Vec<String> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Disabled);
        // What is cut off is cut off within a word, and a text from right to left is closed off there as well.
        table.set_delimiter('\0');
        table.set_truncation_indicator("…\u{200e}");
        if !colour {
            table.force_no_tty();
        }
        if self.widths.is_none() {
            let titles = self.columns.map(|column| column.title);
            let mut header =
                Row::from(titles.map(|title| Cell::new(title).add_attribute(Attribute::Bold)));
            header.max_height(1);
            table.set_header(header);
        }
        for row in rows {
            table.add_row(row.map(|Text(text, colour)| {
                let cell = Cell::new(isolated(&printable(&text), room.is_some()));
                match colour {
                    Some(colour) => cell.fg(colour),
                    None => cell,
                }
            }));
        }
        let natural = table.column_max_content_widths();
        // Without a terminal there is room for everything.
        let widths = fit(
            &self.columns,
            &natural,
            self.widths.take(),
            room.unwrap_or(u16::MAX),
        );
        let last = widths.iter().rposition(Option::is_some);
        let columns = table.column_iter_mut().enumerate();
        for ((at, column), (of, width)) in columns.zip(self.columns.iter().zip(&widths)) {
            let Some(width) = *width else {
                column.set_constraint(ColumnConstraint::Hidden);
                continue;
            };
            // Blanks after the last column would be the ones that do not fit.
            let gap = if Some(at) == last { 0 } else { GAP };
            column.set_padding((0, gap));
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(
                width.saturating_add(gap),
            )));
            if of.is_number {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self.widths = Some(widths);
        if room.is_some() {
            table.row_iter_mut().for_each(|row| {
                row.max_height(1);
            });
        }
        table.lines().collect()
    }

    fn tell_what_is_left_out(&self, out: &mut Output) -> io::Result<()> {
        let widths = self.widths.iter().flatten();
        let left_out: Vec<_> = self
            .columns
            .iter()
            .zip(widths)
            .filter_map(|(column, width)| width.is_none().then_some(column.title))
            .collect();
        if !left_out.is_empty() {
            out.flush()?;
            out.note(format_args!(
                "no room for {}: --json has all",
                left_out.join(", ")
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
            Column::text("EMAIL").least(20).spare(2),
            Column::number("N").spare(1),
        ];
        let natural = [32, 30, 25, 3];
        for (room, widths) in [
            (96, [Some(32), Some(30), Some(25), Some(3)]),
            (80, [Some(32), Some(19), Some(20), Some(3)]),
            (60, [Some(32), Some(21), None, Some(3)]),
            (44, [Some(32), Some(10), None, None]),
            // What cannot be left out stays, however narrow it is.
            (20, [Some(32), Some(8), None, None]),
            (0, [Some(32), Some(8), None, None]),
        ] {
            assert_eq!(fit(&columns, &natural, None, room), widths, "{room}");
        }
        let endless = fit(&columns, &[u16::MAX; 4], None, u16::MAX);
        assert_eq!(endless.iter().flatten().count(), 2, "{endless:?}");
    }

    #[test]
    fn on_a_terminal_a_record_is_a_line_of_its_width() {
        let long = "Layla Hassan of the longest name in the directory";
        let columns = [
            Column::id("ID"),
            Column::text("A LONG HEADING OF A COLUMN"),
            Column::text("EMAIL").least(20).spare(1),
        ];
        let rows = |name: &str| [["9f2c8b7a4e", name, "layla@example.com"].map(Text::from)];
        for room in [30, 40, 60, 200] {
            let mut listing = Listing::new(columns);
            let first = listing.lines(Some(room), false, rows(long));
            // A later page keeps to the widths of the first.
            let second = listing.lines(Some(room), false, rows(&long.repeat(2)));
            assert_eq!((first.len(), second.len()), (2, 1), "{room}: {first:?}");
            for line in first.iter().chain(&second) {
                let cells = line.chars().filter(|c| *c != '\u{200e}').count();
                assert!(cells <= room.into(), "{room}: {line:?}");
            }
            assert!(
                second
                    .iter()
                    .all(|line| line.starts_with("9f2c8b7a4e  Layla")),
                "{second:?}"
            );
        }
        // A page of longer texts gets what the first one left.
        let mut listing = Listing::new(columns);
        listing.lines(Some(120), false, rows("Layla"));
        let longer = listing.lines(Some(120), false, rows(long));
        assert!(longer.iter().any(|line| line.contains(long)), "{longer:?}");

        let mut listing = Listing::new(columns);
        let whole = listing.lines(None, false, rows(long));
        assert!(whole.iter().any(|line| line.contains(long)), "{whole:?}");
    }
}
