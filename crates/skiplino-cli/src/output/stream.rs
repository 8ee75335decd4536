//! Standard output: lines for people, JSON for programs.

use std::fmt;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use comfy_table::Table;
use serde::Serialize;

use skiplino_directory::{printable, write_json_line};

/// Standard output, in the form that the user chose.
///
/// Nothing is printed with `println!`: a reader that closes the pipe early must be an error, not a
/// panic.
pub(crate) struct Output {
    writer: BufWriter<Stdout>,
    pub(crate) json: bool,
    /// The width of the terminal, if standard output is one.
    terminal_width: Option<u16>,
    use_colour: bool,
    has_live_line: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        let stdout = io::stdout();
        Self {
            terminal_width: stdout.is_terminal().then(terminal_width),
            use_colour: use_colour(&stdout),
            writer: BufWriter::new(Stdout {
                inner: stdout.lock(),
                is_optional: false,
                lost: None,
            }),
            json,
            has_live_line: false,
        }
    }

    /// From now on, a failure to write output does not end the command: the command changes
    /// something and has to finish. [`lost`](Self::lost) says afterwards whether any output was
    /// lost.
    pub(crate) fn make_optional(&mut self) {
        self.writer.get_mut().is_optional = true;
    }

    /// Why output was lost. A reader that closes the pipe, as `head` does, does not count as lost
    /// output.
    pub(crate) fn lost(&mut self) -> Option<io::Error> {
        self.writer
            .get_mut()
            .lost
            .take()
            .filter(|error| error.kind() != io::ErrorKind::BrokenPipe)
    }

    /// Whether any output was lost, even because its reader has closed the pipe.
    pub(crate) fn is_lost(&self) -> bool {
        self.writer.get_ref().lost.is_some()
    }

    /// The width of the terminal, if standard output is one.
    pub(crate) fn terminal_width(&self) -> Option<u16> {
        self.terminal_width
    }

    /// Whether colours can be used.
    pub(crate) fn has_colour(&self) -> bool {
        self.use_colour
    }

    /// One JSON value on a line of its own.
    pub(crate) fn object(&mut self, value: &impl Serialize) -> io::Result<()> {
        write_json_line(&mut self.writer, value)
    }

    /// JSON lines.
    pub(crate) fn objects<T: Serialize>(&mut self, values: &[T]) -> io::Result<()> {
        values.iter().try_for_each(|value| self.object(value))
    }

    /// A line for people.
    pub(crate) fn line(&mut self, text: impl fmt::Display) -> io::Result<()> {
        writeln!(self.writer, "{}", printable(&text.to_string()))
    }

    /// A line that replaces the last one on a terminal, and follows it elsewhere.
    pub(crate) fn live_line(&mut self, text: impl fmt::Display) -> io::Result<()> {
        let Some(width) = self.terminal_width else {
            return self.line(text);
        };
        // A line that wraps could not be replaced.
        let text: String = printable(&text.to_string())
            .chars()
            .take(width.into())
            .collect();
        self.has_live_line = true;
        write!(self.writer, "\r\u{1b}[K{text}")
    }

    /// Ends the line that is updated in place. The next output starts on a new line.
    pub(crate) fn end_live_line(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.has_live_line) {
            self.writer.write_all(b"\n")?;
        }
        self.writer.flush()
    }

    /// Bytes as they are.
    pub(crate) fn raw(&mut self, text: &[u8]) -> io::Result<()> {
        self.writer.write_all(text)
    }

    /// A record: a name and a value on each line. Empty values are left out.
    pub(crate) fn record(&mut self, fields: &[(&str, String)]) -> io::Result<()> {
        let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
            writeln!(self.writer, "{name:width$}  {}", printable(value))?;
        }
        Ok(())
    }

    /// A note for people on standard error.
    pub(crate) fn note(&self, text: impl fmt::Display) {
        // The output itself is complete: a note that cannot be printed is no failure.
        let _ = writeln!(io::stderr(), "{}", printable(&text.to_string()));
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Standard output, which may be optional.
struct Stdout {
    inner: StdoutLock<'static>,
    is_optional: bool,
    /// The first error, after which nothing is written any more.
    lost: Option<io::Error>,
}

impl Stdout {
    fn write_with(
        &mut self,
        length: usize,
        write: impl FnOnce(&mut StdoutLock<'static>) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if self.lost.is_some() {
            return Ok(length);
        }
        match write(&mut self.inner) {
            Err(error) if self.is_optional && error.kind() != io::ErrorKind::Interrupted => {
                self.lost = Some(error);
                Ok(length)
            }
            written => written,
        }
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_with(bytes.len(), |inner| inner.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_with(0, |inner| inner.flush().map(|()| 0))
            .map(drop)
    }
}

/// Some terminals report a width of 0 if they do not know it.
fn terminal_width() -> u16 {
    Table::new()
        .width()
        .filter(|width| *width > 0)
        .unwrap_or(80)
}

/// Whether colours can be used on this stream.
pub(crate) fn use_colour(stream: &impl IsTerminal) -> bool {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    stream.is_terminal() && !no_colour && !is_dumb
}
