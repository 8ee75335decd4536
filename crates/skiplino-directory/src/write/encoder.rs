//! The interface of the formats that are written.

use std::io;

use skiplino::Customer;

/// Encodes customers into a writer.
pub(super) trait Encoder {
    fn write(&mut self, customers: &[Customer]) -> io::Result<()>;
    /// Makes formulas of spreadsheets text from now on. Other formats than CSV have no formulas.
    fn escape_formulas(&mut self) {}
    /// Writes the end of the file.
    fn finish(self: Box<Self>) -> io::Result<()>;
}
