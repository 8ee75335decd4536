//! One module a command.

pub(crate) mod book;
pub(crate) mod branches;
pub(crate) mod completions;
pub(crate) mod customers;
mod customers_export;
mod customers_import;
mod customers_table;
mod import_report;
pub(crate) mod sandbox;
pub(crate) mod slots;
pub(crate) mod ticket;
mod ticket_view;
mod ticket_watch;
pub(crate) mod tree;
mod whoami;

use std::io::{self, BufRead, IsTerminal as _, Write};

use serde_json::json;
use skiplino::Call;

use crate::cli::{Cli, Command};
use crate::context::Context;
use crate::exit::{self, Advise as _, Failure};
use crate::host::Host;
use crate::output::{Output, printable};

/// Does what was typed.
pub(crate) fn run(cli: Cli, host: &dyn Host) -> Result<(), Failure> {
    let Cli { globals, command } = cli;
    let mut out = Output::new(globals.json);
    let out = &mut out;
    match command {
        Command::Completions(args) => args.run(out),
        Command::ExitCodes => exit_codes(out),
        Command::Sandbox(args) => args.run(host, out),
        command => {
            let context = Context::new(globals, host)?;
            let client = &context.client;
            match command {
                Command::Branches(args) => args.run(client, out),
                Command::Tree(args) => args.run(client, out),
                Command::Slots(args) => args.run(client, out),
                Command::Book(args) => args.run(client, out),
                Command::Ticket(command) => command.run(client, out),
                Command::Customers(command) => command.run(client, out),
                Command::Whoami => whoami::run(&context, out),
                Command::Completions(_) | Command::ExitCodes | Command::Sandbox(_) => Ok(()),
            }
        }
    }?;
    Ok(out.flush()?)
}

fn exit_codes(out: &mut Output) -> Result<(), Failure> {
    for (code, meaning) in exit::CODES {
        if out.json {
            out.object(&json!({"code": code, "meaning": meaning}))?;
        } else {
            out.line(format_args!("{code:>5}  {meaning}"))?;
        }
    }
    Ok(())
}

/// Makes a change, and says so if its answer was lost on the way. The advice is for when it cannot be found out whether it happened.
fn change<T: Send + 'static>(
    call: Call<T>,
    advice: impl Into<String>,
    out: &Output,
) -> Result<T, Failure> {
    let response = call.with_response().wait().advise(advice)?;
    if response.recovered() {
        out.note("the answer was lost on the way; this is what was found by looking");
    }
    Ok(response.into_data())
}

/// Asks before something that cannot be undone. `what` is looked up only if there is somebody to read it.
fn confirm(yes: bool, what: impl FnOnce() -> Result<String, Failure>) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    let (stdin, mut stderr) = (io::stdin(), io::stderr());
    if !stdin.is_terminal() || !stderr.is_terminal() {
        return Err(Failure::Usage(
            "this cannot be undone, and there is no terminal to ask on: say --yes".to_owned(),
        ));
    }
    let question = what()?;
    match ask(&question, &mut stdin.lock(), &mut stderr) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::Declined("not done".to_owned())),
        Err(error) => Err(Failure::Io("asking".to_owned(), error)),
    }
}

/// Puts a question whose answer is no unless it is yes.
fn ask(question: &str, from: &mut impl BufRead, to: &mut impl Write) -> io::Result<bool> {
    write!(to, "{} [y/N] ", printable(question))?;
    to.flush()?;
    let mut answer = String::new();
    from.read_line(&mut answer)?;
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
            let mut asked = Vec::new();
            let answer = ask("Delete \u{1b}[2J?", &mut typed.as_bytes(), &mut asked);
            assert_eq!(answer.ok(), Some(meant), "{typed:?}");
            assert_eq!(
                String::from_utf8_lossy(&asked),
                "Delete \u{fffd}[2J? [y/N] "
            );
        }
    }
}
