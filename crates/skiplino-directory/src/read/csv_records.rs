//! The records of CSV text, as RFC 4180 defines them: fields between commas or another separator,
//! quoted where they hold a separator, a quote or the end of a line.
//!
//! The common readers accept any text and lose rows without notice: after an unclosed quote, the
//! rows that follow become part of a field. This reader reports such a quote, and knows the line of
//! each record.

use std::io::{self, BufRead};

use crate::error::RowError;

/// The separators of fields that are recognised by the heading. The first is the usual one.
pub(super) const SEPARATORS: &[u8] = b",;\t|";

/// The text of a record, and the error in it.
pub(super) struct Record {
    /// The first and the last line, from 1.
    pub(super) line: u64,
    pub(super) last_line: u64,
    pub(super) text: Vec<u8>,
    pub(super) error: Option<RowError>,
}

impl Record {
    /// Whether each line of the text alone has the fields of a row, as after an unclosed quote.
    pub(super) fn is_rows(&self, separator: u8, fields: usize) -> bool {
        let lines = self.text.split(|byte| matches!(byte, b'\n' | b'\r'));
        let mut lines = lines.filter(|line| !line.trim_ascii().is_empty());
        lines.all(|line| line.iter().filter(|byte| **byte == separator).count() + 1 >= fields)
    }

    /// Splits the text into its fields, without their quotes.
    pub(super) fn fields(&self, separator: u8) -> Vec<Vec<u8>> {
        let mut fields = vec![Vec::new()];
        let mut state = State::FieldStart;
        for &byte in &self.text {
            let before = state;
            state = before.after(byte, &[separator]);
            let is_syntax = match state {
                State::FieldStart | State::Quote => true,
                State::Quoted => matches!(before, State::FieldStart | State::Blank),
                State::Plain | State::Blank => false,
            };
            if state == State::FieldStart {
                fields.push(Vec::new());
            } else if !is_syntax && let Some(field) = fields.last_mut() {
                field.push(byte);
            }
        }
        fields
    }
}

/// The state of the parser within a record.
#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    FieldStart,
    /// After blanks at the start of a field.
    Blank,
    Plain,
    Quoted,
    /// After a quote in a quoted field: the field ends there, or two quotes stand for one.
    Quote,
}

impl State {
    fn after(self, byte: u8, separators: &[u8]) -> Self {
        match (self, byte) {
            // Many programs write a blank after each separator. Such a quote opens the field.
            (Self::FieldStart | Self::Blank | Self::Quote, b'"') => Self::Quoted,
            (Self::Quoted, b'"') => Self::Quote,
            (Self::Quoted, _) => Self::Quoted,
            (_, byte) if separators.contains(&byte) => Self::FieldStart,
            (Self::FieldStart | Self::Blank, b' ' | b'\t') => Self::Blank,
            _ => Self::Plain,
        }
    }
}

/// Reads records one by one.
pub(super) struct Records<R> {
    reader: R,
    line: u64,
    max_bytes: usize,
    /// The bytes that separate fields. All that are possible, while the separator is unknown.
    separators: Vec<u8>,
    /// Bytes that were read, but not yet returned as part of a record.
    buffer: Vec<u8>,
}

impl<R: BufRead> Records<R> {
    pub(super) fn new(reader: R, max_bytes: usize) -> Self {
        Self {
            reader,
            line: 1,
            max_bytes,
            separators: SEPARATORS.to_vec(),
            buffer: Vec::new(),
        }
    }

    /// Sets the separator, which the heading shows.
    pub(super) fn set_separator(&mut self, separator: u8) {
        self.separators = vec![separator];
    }

    /// The next record. Empty lines are skipped.
    pub(super) fn next(&mut self) -> io::Result<Option<Record>> {
        loop {
            let record = self.read_record()?;
            match record {
                Some(record) if record.text.is_empty() && record.error.is_none() => {}
                record => return Ok(record),
            }
        }
    }

    /// The byte at this index of the buffer. Reads one more byte if the index is the buffer's end.
    fn byte(&mut self, at: usize) -> io::Result<Option<u8>> {
        if let Some(byte) = self.buffer.get(at) {
            return Ok(Some(*byte));
        }
        let byte = self.reader.fill_buf()?.first().copied();
        if let Some(byte) = byte {
            self.reader.consume(1);
            self.buffer.push(byte);
        }
        Ok(byte)
    }

    fn read_record(&mut self) -> io::Result<Option<Record>> {
        let line = self.line;
        let (mut at, mut state, mut error) = (0, State::FieldStart, None);
        let mut lines = 0;
        let mut has_blank_before_quote = false;
        // The end of the first line: after an unclosed quote, reading continues from there.
        let mut first_line = None;
        while let Some(byte) = self.byte(at)? {
            at += 1;
            if at > self.max_bytes {
                if state == State::Quoted && first_line.is_some() {
                    break;
                }
                error = Some(RowError::TooLong);
            }
            if matches!(byte, b'\n' | b'\r') {
                // CR LF is one end of a line.
                if byte == b'\r' && self.byte(at)? == Some(b'\n') {
                    at += 1;
                }
                lines += 1;
                first_line.get_or_insert(at);
                if state == State::Quoted && error.is_none() {
                    continue;
                }
                break;
            }
            if at > self.max_bytes {
                // The rest of a long record is read, but not kept.
                self.buffer.pop();
                at -= 1;
            }
            let before = state;
            state = before.after(byte, &self.separators);
            has_blank_before_quote |= before == State::Blank && state == State::Quoted;
            if before == State::Quote && state == State::Plain {
                error = Some(RowError::TextAfterQuote);
            }
        }
        if at == 0 {
            return Ok(None);
        }
        if state == State::Quoted && error.is_none() {
            error = Some(RowError::UnclosedQuote);
            // Most likely the lines that follow are ordinary rows.
            at = first_line.unwrap_or(at);
            lines = 1;
        }
        if has_blank_before_quote {
            error.get_or_insert(RowError::BlankBeforeQuote);
        }
        let rest = self.buffer.split_off(at);
        let mut text = std::mem::replace(&mut self.buffer, rest);
        self.line += lines;
        while text
            .last()
            .is_some_and(|byte| matches!(byte, b'\n' | b'\r'))
        {
            text.pop();
        }
        Ok(Some(Record {
            line,
            last_line: line + lines.max(1) - 1,
            text,
            error,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str) -> Vec<(u64, u64, String, bool)> {
        let mut records = Records::new(text.as_bytes(), 40);
        records.set_separator(b',');
        let mut all = Vec::new();
        while let Ok(Some(record)) = records.next() {
            let text = String::from_utf8_lossy(&record.text).trim_end().to_owned();
            all.push((record.line, record.last_line, text, record.error.is_some()));
        }
        all
    }

    fn record(line: u64, text: &str) -> (u64, u64, String, bool) {
        (line, line, text.to_owned(), false)
    }

    fn invalid_record(line: u64, last: u64, text: &str) -> (u64, u64, String, bool) {
        (line, last, text.to_owned(), true)
    }

    #[test]
    fn a_record_ends_at_any_kind_of_line_end() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "c,d", "", "e", ""].join(end);
            let expected = [record(1, "a,b"), record(2, "c,d"), record(4, "e")];
            assert_eq!(records(&text), expected, "{end:?}");
            assert_eq!(records(text.trim_end()), expected);
        }
        assert_eq!(records(""), []);
        assert_eq!(records("\n\n"), []);
    }

    #[test]
    fn quoted_fields_hold_anything() {
        let text = "\"a\nb\",c\nd,\"\"\"e\r\n,\"\"\"\n\",\",\"\"\nf\"g,h\n";
        let mut expected = [
            record(1, "\"a\nb\",c"),
            record(3, "d,\"\"\"e\r\n,\"\"\""),
            record(5, "\",\",\"\""),
            record(6, "f\"g,h"),
        ];
        expected[0].1 = 2;
        expected[1].1 = 4;
        assert_eq!(records(text), expected);
    }

    #[test]
    fn fields_are_read_as_a_csv_writer_wrote_them() {
        let written = [
            "",
            "a",
            "a,b",
            "\"",
            "a\nb",
            "a\r\n\"b\"",
            " a ",
            "\u{feff}a",
            "فرع",
            "",
        ];
        let mut writer = csv::Writer::from_writer(Vec::new());
        for at in 0..written.len() {
            let mut row = written;
            row.rotate_left(at);
            assert!(writer.write_record(row).is_ok());
        }
        let text = writer.into_inner().unwrap_or_default();
        let mut records = Records::new(&*text, 1 << 20);
        records.set_separator(b',');
        for at in 0..written.len() {
            let mut row = written;
            row.rotate_left(at);
            let record = records.next().ok().flatten();
            let record = record.filter(|record| record.error.is_none());
            let fields = record.map(|record| record.fields(b','));
            assert_eq!(
                fields,
                Some(row.map(|field| field.as_bytes().to_vec()).to_vec())
            );
        }
        assert!(matches!(records.next(), Ok(None)));
    }

    #[test]
    fn an_unclosed_quote_spoils_only_its_own_row() {
        let text = "a,\"b\nc,d\ne,f\n";
        let rest = [record(2, "c,d"), record(3, "e,f")];
        assert_eq!(records(text)[0], invalid_record(1, 1, "a,\"b"));
        assert_eq!(records(text)[1..], rest);
        let long = format!("a,\"b\n{}", "c,d\n".repeat(20));
        let records = records(&long);
        assert_eq!(records.len(), 21);
        assert!(records[0].3 && records[1..].iter().all(|record| !record.3));
    }

    #[test]
    fn a_quote_closed_by_another_rows_quote_is_an_error() {
        let text = "a,\"b\nc,\"d\"\ne,f\n";
        assert_eq!(
            records(text),
            [invalid_record(1, 2, "a,\"b\nc,\"d\""), record(3, "e,f")]
        );
    }

    #[test]
    fn a_blank_before_an_opening_quote_is_an_error() {
        for text in ["a, \"b, c\"\ne,f\n", "a,\t\"b\"\ne,f\n", " \"a\",b\ne,f\n"] {
            let records = records(text);
            assert!(records[0].3, "{text:?}");
            assert_eq!(records[1..], [record(2, "e,f")], "{text:?}");
        }
        let lines = "a, \"b\nc\"\ne,f\n";
        let expected = [invalid_record(1, 2, "a, \"b\nc\""), record(3, "e,f")];
        assert_eq!(records(lines), expected);
        assert_eq!(records("a, b \"c\"\n"), [record(1, "a, b \"c\"")]);
    }

    #[test]
    fn a_row_that_is_too_long_is_an_error() {
        let text = format!("{}\na,b\n", "x".repeat(50));
        assert_eq!(records(&text).len(), 2);
        assert!(records(&text)[0].3);
    }
}
