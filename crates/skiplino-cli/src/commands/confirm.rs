//! Asks for confirmation before something that cannot be undone.

use std::io::{self, BufRead, IsTerminal as _, Write};

use crate::failure::{Failure, UsageError};
use skiplino_directory::printable;

/// Asks the question on the terminal, unless `yes`. The text of the question may need calls to the
/// API, so it is built only if it will be shown.
pub(crate) fn confirm(
    yes: bool,
    question: impl FnOnce() -> Result<String, Failure>,
) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    let (stdin, mut stderr) = (io::stdin(), io::stderr());
    if !stdin.is_terminal() || !stderr.is_terminal() {
        return Err(UsageError::NoTerminal.into());
    }
    match ask(&question()?, &mut stdin.lock(), &mut stderr) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::Declined),
        Err(error) => Err(Failure::io("the prompt", error)),
    }
}

/// Whether the answer is yes. Anything else is no.
fn ask(question: &str, reader: &mut impl BufRead, writer: &mut impl Write) -> io::Result<bool> {
    write!(writer, "{} [y/N] ", printable(question))?;
    writer.flush()?;
    let mut answer = String::new();
    reader.read_line(&mut answer)?;
    let answer = answer.trim().to_lowercase();
    Ok(answer == "y" || answer == "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for (typed, meant) in [
            ("y\n", true),
            (" YES \r\n", true),
            ("n\n", false),
            ("yesterday\n", false),
            ("\n", false),
            ("", false),
        ] {
            let mut prompt = Vec::new();
            let answer = ask("Delete \u{1b}[2J?", &mut typed.as_bytes(), &mut prompt);
            assert_eq!(answer.ok(), Some(meant), "{typed:?}");
            assert_eq!(
                String::from_utf8_lossy(&prompt),
                "Delete \u{fffd}[2J? [y/N] "
            );
        }
    }
}
