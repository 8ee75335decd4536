//! Runs the command that the user typed.

use clap::CommandFactory as _;

use crate::cli::{Cli, Command};
use crate::commands::{exit_codes, whoami};
use crate::context::Context;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::host::Host;
use crate::output::Output;

/// Runs a command.
pub(crate) fn run(cli: Cli, host: &dyn Host) -> Result<(), Failure> {
    let Cli { globals, command } = cli;
    let mut out = Output::new(globals.json);
    let out = &mut out;
    run_command(command, globals, host, out)?;
    out.flush()?;
    match out.lost() {
        Some(error) => Err(Failure::OutputLost(error)),
        None => Ok(()),
    }
}

fn run_command(
    command: Command,
    globals: Globals,
    host: &dyn Host,
    out: &mut Output,
) -> Result<(), Failure> {
    match command {
        Command::Completions(args) => args.run(Cli::command(), out),
        Command::ExitCodes => exit_codes::run(out),
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
                Command::Doctor(args) => args.run(&context, out),
                Command::Whoami => whoami::run(&context, out),
                Command::Completions(_) | Command::ExitCodes | Command::Sandbox(_) => Ok(()),
            }
        }
    }
}
