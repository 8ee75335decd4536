//! Customers as JSON lines.

use std::io::{self, Write};

use skiplino::Customer;

use super::encoder::Encoder;
use crate::terminal::write_json_line;

pub(super) struct JsonLinesEncoder<W> {
    writer: W,
}

impl<W> JsonLinesEncoder<W> {
    pub(super) fn new(writer: W) -> Self {
        Self { writer }
    }
}

impl<W: Write> Encoder for JsonLinesEncoder<W> {
    fn write(&mut self, customers: &[Customer]) -> io::Result<()> {
        for customer in customers {
            write_json_line(&mut self.writer, customer)?;
        }
        // A reader of standard output gets each page at once.
        self.writer.flush()
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.writer.flush()
    }
}
