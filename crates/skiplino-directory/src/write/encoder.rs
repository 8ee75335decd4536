//! The interface of the formats that are written.

use std::io;

use skiplino::Customer;

/// Encodes customers into a writer.
pub(super) trait Encoder {
    fn write(&mut self, customers: &[Customer]) -> io::Result<()>;
    /// From now on, writes formulas of spreadsheets as text. Only CSV can contain formulas.
    fn escape_formulas(&mut self) {}
    /// Writes the end of the file.
    fn finish(self: Box<Self>) -> io::Result<()>;
}
