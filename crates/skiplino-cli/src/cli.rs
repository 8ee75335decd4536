//! The command line and its help. The arguments of each command are beside its code.

use clap::{Parser, Subcommand};

use crate::commands::{
    book::Book, branches::Branches, completions::Completions, customers::Customers, doctor::Doctor,
    sandbox::Sandbox, slots::Slots, ticket::Ticket, tree::Tree,
};
use crate::exit;
#[cfg(feature = "sandbox")]
use crate::failure::Failure;
use crate::globals::Globals;
#[cfg(feature = "sandbox")]
use crate::output::Output;

const EXAMPLES: &str = "\
Examples:
  export SKIPLINO_API_KEY=sk_…                     set the key for all commands
  skiplino branches                                list the branches
  skiplino tree \"Seef Mall\"                        list the services of a branch
  skiplino slots \"Open an Account\"                 list today's free appointments
  skiplino book --branch Seef --service \"Cash W\"   join the queue
  skiplino ticket get k7m2p9x4q1                   show how many visitors are ahead
  skiplino customers list --all --json > all.jsonl export all customers, one JSON line each
  skiplino doctor                                  check whether the SDK works with the server
  skiplino sandbox                                 start a local server to try the commands on

Examples for one command: skiplino help COMMAND.
The meaning of the exit codes: skiplino help exit-codes.";

/// Queues, tickets, appointments and customers of Skiplino, from the command line.
///
/// Prints tables. With --json it prints one JSON object, or for a list one line for each record,
/// with the field names of the API. A branch, group or service can be given by its id, its name, or
/// the start of its name if no other name starts the same way. Names are not case-sensitive.
#[derive(Debug, Parser)]
#[command(
    name = "skiplino",
    version,
    after_help = EXAMPLES,
    max_term_width = 100,
    disable_help_subcommand = false,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The program `skiplino-sandbox`.
#[cfg(feature = "sandbox")]
#[derive(Debug, Parser)]
#[command(name = "skiplino-sandbox", version, max_term_width = 100)]
pub(crate) struct SandboxCli {
    /// Print JSON: one object
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    sandbox: Sandbox,
}

#[cfg(feature = "sandbox")]
impl SandboxCli {
    pub(crate) fn run(self) -> Result<(), Failure> {
        self.sandbox.run(&(), &mut Output::new(self.json))
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Branches(Branches),
    Tree(Tree),
    Slots(Slots),
    Book(Box<Book>),
    #[command(subcommand)]
    Ticket(Ticket),
    #[command(subcommand)]
    Customers(Customers),
    Doctor(Doctor),
    Sandbox(Sandbox),
    /// Show whether the API key is secret or public, and whether the server accepts it
    ///
    /// Reads the branches, and with a secret key one customer. The key itself is never printed.
    #[command(
        after_help = "Examples:\n  skiplino whoami\n  skiplino whoami --api-key-file ~/.skiplino-key --json"
    )]
    Whoami,
    Completions(Completions),
    /// List the exit codes
    #[command(
        long_about = exit::help(),
        after_help = "Examples:\n  skiplino exit-codes\n  skiplino ticket cancel k7m2p9x4q1 --yes; [ $? = 6 ] && echo 'too late'"
    )]
    ExitCodes,
}
