//! The command line and its help. The arguments of each command are beside its code.

use clap::{Parser, Subcommand};

use crate::commands::{
    book::Book, branches::Branches, completions::Completions, customers::Customers,
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
  export SKIPLINO_API_KEY=sk_…                     the key, once for all commands
  skiplino branches                                which branches are there?
  skiplino tree \"Seef Mall\"                        which services does one have?
  skiplino slots \"Open an Account\"                 which appointments are free today?
  skiplino book --branch Seef --service \"Cash W\"   join the queue
  skiplino ticket get k7m2p9x4q1                   how many are ahead?
  skiplino customers list --all --json > all.jsonl the whole directory, a line for each customer
  skiplino sandbox                                 a local server to try all this on

Every command has examples of its own: skiplino help COMMAND.
The meaning of the exit codes: skiplino help exit-codes.";

/// Queues, tickets, appointments and customers of Skiplino, from the command line.
///
/// Prints tables for people. With --json it prints one object, or one line for each record of a list, with the field names of
/// the API. Wherever an id of a branch, group or service is expected, its name works too: in any case, and only the start of
/// it if no other name starts the same.
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
    Sandbox(Sandbox),
    /// Show the class of the API key, and whether the server accepts it
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
