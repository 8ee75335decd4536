//! What can be typed, and the help that teaches it. Each command's own arguments are beside its code.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand};

use crate::commands::{
    book::Book, branches::Branches, completions::Completions, customers::Customers,
    sandbox::Sandbox, slots::Slots, ticket::Ticket, tree::Tree,
};
use crate::context::Secret;
#[cfg(feature = "sandbox")]
use crate::output::Output;
use crate::{exit, values};

const EXAMPLES: &str = "\
Examples:
  export SKIPLINO_API_KEY=sk_…                     the key, once for all commands
  skiplino branches                                where can one go?
  skiplino tree \"Seef Mall\"                        which services does it have?
  skiplino slots \"Open an Account\"                 which appointments are free today?
  skiplino book --branch Seef --service \"Cash W\"   join the queue
  skiplino ticket get k7m2p9x4q1                   how many are ahead?
  skiplino customers list --all --json > all.jsonl the whole directory, a line each
  skiplino sandbox                                 a server to try all this on, on this machine

Every command has examples of its own: skiplino help COMMAND.
What the exit codes mean: skiplino help exit-codes.";

/// Queues, tickets, appointments and customers of Skiplino, from the command line.
///
/// Prints tables for people, and with --json one object, or one line for each record of a list, under the API's own
/// field names. Names of branches, groups and services can be typed where ids are asked for: in any case, and only the
/// beginning, as long as it is unambiguous.
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

/// The program of the sandbox alone.
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
    pub(crate) fn run(self) -> Result<(), exit::Failure> {
        self.sandbox.run(&(), &mut Output::new(self.json))
    }
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Globals {
    /// Print JSON: one object, or one line for each record of a list
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) json: bool,

    /// The API key. Other users of the machine can see it here: prefer the variable, or a file
    #[arg(
        long,
        global = true,
        value_name = "KEY",
        env = "SKIPLINO_API_KEY",
        hide_env_values = true,
        value_parser = OsStringValueParser::new().map(Secret::from),
        help_heading = "Connection"
    )]
    pub(crate) api_key: Option<Secret>,

    /// A file that holds the API key alone; - is standard input. Wins over the key given otherwise
    #[arg(long, global = true, value_name = "FILE", help_heading = "Connection")]
    pub(crate) api_key_file: Option<PathBuf>,

    /// Where the API is; the development environment unless set
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "SKIPLINO_BASE_URL",
        hide_env_values = true,
        help_heading = "Connection"
    )]
    pub(crate) base_url: Option<String>,

    /// The language of names and reasons, as in en or ar
    #[arg(
        long,
        global = true,
        value_name = "TAG",
        env = "SKIPLINO_LOCALE",
        hide_env_values = true,
        help_heading = "Connection"
    )]
    pub(crate) locale: Option<String>,

    /// How long each call may take, retries included [default: 30]
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        value_parser = values::seconds,
        help_heading = "Connection"
    )]
    pub(crate) timeout: Option<std::time::Duration>,

    /// How often a call is tried again where that cannot do any harm [default: 2]
    #[arg(long, global = true, value_name = "N", help_heading = "Connection")]
    pub(crate) retries: Option<u32>,
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
    /// Say whose key this is, and whether the server accepts it
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
