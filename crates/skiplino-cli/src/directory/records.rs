//! The records of CSV text, as RFC 4180 has it: fields between commas, quoted where they hold one, a quote or the end of a line.
//!
//! The usual readers take whatever they get, and lose rows without a word: after a quote that is not closed, the rows that follow
//! become part of a field. Here such a quote is seen, and lines are known.

use std::io::{self, BufRead};

/// The text of a record, and what is wrong with it.
pub(super) struct Record {
    /// Where it begins and ends, from 1.
    pub(super) line: u64,
    pub(super) last_line: u64,
    pub(super) text: Vec<u8>,
    pub(super) fault: Option<&'static str>,
}

impl Record {
    /// The text field by field.
    pub(super) fn fields(&self) -> Vec<Vec<u8>> {
        let mut fields = vec![Vec::new()];
        let mut state = At::FieldStart;
        for &byte in &self.text {
            let before = state;
            state = state_after(before, byte);
            let is_syntax = match state {
                At::FieldStart | At::Quote => true,
                At::Quoted => before == At::FieldStart,
                At::Plain => false,
            };
            if state == At::FieldStart {
                fields.push(Vec::new());
            } else if !is_syntax && let Some(field) = fields.last_mut() {
                field.push(byte);
            }
        }
        fields
    }
}

/// Where in a record the reading is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum At {
    FieldStart,
    Plain,
    Quoted,
    /// After a quote in a quoted field: it ends there, or two of them stand for one.
    Quote,
}

fn state_after(state: At, byte: u8) -> At {
    match (state, byte) {
        (At::FieldStart | At::Quote, b'"') => At::Quoted,
        (At::Quoted, b'"') => At::Quote,
        (At::Quoted, _) => At::Quoted,
        (_, b',') => At::FieldStart,
        _ => At::Plain,
    }
}

pub(super) struct Records<R> {
    from: R,
    line: u64,
    longest: usize,
    /// Text that turned out not to belong to the record before.
    again: Vec<u8>,
}

impl<R: BufRead> Records<R> {
    pub(super) fn new(from: R, longest: usize) -> Self {
        Self {
            from,
            line: 1,
            longest,
            again: Vec::new(),
        }
    }

    /// The next record; lines with nothing in them are none.
    pub(super) fn next(&mut self) -> io::Result<Option<Record>> {
        loop {
            let record = self.delimit()?;
            match record {
                Some(record) if record.text.is_empty() && record.fault.is_none() => {}
                record => return Ok(record),
            }
        }
    }

    fn byte(&mut self, at: usize) -> io::Result<Option<u8>> {
        if let Some(byte) = self.again.get(at) {
            return Ok(Some(*byte));
        }
        let byte = self.from.fill_buf()?.first().copied();
        if let Some(byte) = byte {
            self.from.consume(1);
            self.again.push(byte);
        }
        Ok(byte)
    }

    fn delimit(&mut self) -> io::Result<Option<Record>> {
        let line = self.line;
        let (mut at, mut state, mut fault) = (0, At::FieldStart, None);
        let mut lines = 0;
        // The end of the first line, to go on from there.
        let mut first_line = None;
        while let Some(byte) = self.byte(at)? {
            at += 1;
            if at > self.longest {
                if state == At::Quoted && first_line.is_some() {
                    break;
                }
                fault = Some("it is longer than 1 MiB");
            }
            if matches!(byte, b'\n' | b'\r') {
                // Two bytes, one end.
                if byte == b'\r' && self.byte(at)? == Some(b'\n') {
                    at += 1;
                }
                lines += 1;
                first_line.get_or_insert(at);
                if state == At::Quoted && fault.is_none() {
                    continue;
                }
                break;
            }
            if at > self.longest {
                // It is not kept, only seen to its end.
                self.again.pop();
                at -= 1;
            }
            let before = state;
            state = state_after(before, byte);
            if before == At::Quote && state == At::Plain {
                fault = Some("a quoted field goes on after its closing quote");
            }
        }
        if at == 0 {
            return Ok(None);
        }
        if state == At::Quoted && fault.is_none() {
            fault = Some("a quote is not closed");
            // Most likely the lines that follow are rows like any other.
            at = first_line.unwrap_or(at);
            lines = 1;
        }
        let rest = self.again.split_off(at);
        let mut text = std::mem::replace(&mut self.again, rest);
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
            fault,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str) -> Vec<(u64, u64, String, bool)> {
        let mut records = Records::new(text.as_bytes(), 40);
        let mut all = Vec::new();
        while let Ok(Some(record)) = records.next() {
            let text = String::from_utf8_lossy(&record.text).trim_end().to_owned();
            all.push((record.line, record.last_line, text, record.fault.is_some()));
        }
        all
    }

    fn record(line: u64, text: &str) -> (u64, u64, String, bool) {
        (line, line, text.to_owned(), false)
    }

    fn fault(line: u64, last: u64, text: &str) -> (u64, u64, String, bool) {
        (line, last, text.to_owned(), true)
    }

    #[test]
    fn a_record_ends_with_its_line_whichever_way_lines_end() {
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
    fn fields_are_what_a_writer_of_csv_was_given() {
        let given = [
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
        for at in 0..given.len() {
            let mut row = given;
            row.rotate_left(at);
            assert!(writer.write_record(row).is_ok());
        }
        let text = writer.into_inner().unwrap_or_default();
        let mut records = Records::new(&*text, 1 << 20);
        for at in 0..given.len() {
            let mut row = given;
            row.rotate_left(at);
            let record = records.next().ok().flatten();
            let record = record.filter(|record| record.fault.is_none());
            let fields = record.map(|record| record.fields());
            assert_eq!(
                fields,
                Some(row.map(|field| field.as_bytes().to_vec()).to_vec())
            );
        }
        assert!(matches!(records.next(), Ok(None)));
    }

    #[test]
    fn a_quote_that_is_not_closed_takes_no_other_row_with_it() {
        let text = "a,\"b\nc,d\ne,f\n";
        let rest = [record(2, "c,d"), record(3, "e,f")];
        assert_eq!(records(text)[0], fault(1, 1, "a,\"b"));
        assert_eq!(records(text)[1..], rest);
        let long = format!("a,\"b\n{}", "c,d\n".repeat(20));
        let records = records(&long);
        assert_eq!(records.len(), 21);
        assert!(records[0].3 && records[1..].iter().all(|record| !record.3));
    }

    #[test]
    fn a_quote_that_another_rows_quote_closes_is_seen() {
        let text = "a,\"b\nc,\"d\"\ne,f\n";
        assert_eq!(
            records(text),
            [fault(1, 2, "a,\"b\nc,\"d\""), record(3, "e,f")]
        );
    }

    #[test]
    fn a_row_that_is_too_long_is_one_that_is_wrong() {
        let text = format!("{}\na,b\n", "x".repeat(50));
        assert_eq!(records(&text).len(), 2);
        assert!(records(&text)[0].3);
    }
}
