//! The options that every command takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser as _};

use crate::secret::Secret;
use crate::values;

/// The options that every command takes.
#[derive(Debug, Args)]
pub(crate) struct Globals {
    /// Print JSON: one object, or one line for each record of a list
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) json: bool,

    /// The API key. Other users of the machine can see command lines: prefer the variable or a file
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

    /// A file that holds only the API key; - is standard input. Takes precedence over --api-key and
    /// the variable
    #[arg(long, global = true, value_name = "FILE", help_heading = "Connection")]
    pub(crate) api_key_file: Option<PathBuf>,

    /// The URL of the API; the development environment unless set
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "SKIPLINO_BASE_URL",
        hide_env_values = true,
        help_heading = "Connection"
    )]
    pub(crate) base_url: Option<String>,

    /// A PEM file of certificate authorities to trust beside the usual ones, such as that of a
    /// company proxy
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "SKIPLINO_CA_FILE",
        hide_env_values = true,
        help_heading = "Connection"
    )]
    pub(crate) ca_file: Option<PathBuf>,

    /// The language of names and messages, such as en or ar
    #[arg(
        long,
        global = true,
        value_name = "TAG",
        env = "SKIPLINO_LOCALE",
        hide_env_values = true,
        help_heading = "Connection"
    )]
    pub(crate) locale: Option<String>,

    /// The timeout of each call, including its retries [default: 30]
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        value_parser = values::seconds,
        help_heading = "Connection"
    )]
    pub(crate) timeout: Option<Duration>,

    /// How often a call is retried, if a retry is safe [default: 2]
    #[arg(long, global = true, value_name = "N", help_heading = "Connection")]
    pub(crate) retries: Option<u32>,
}
