use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::exit::Failure;
use crate::output::Output;

/// Print the completions of a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  skiplino completions bash > ~/.local/share/bash-completion/completions/skiplino
  skiplino completions zsh > \"${fpath[1]}/_skiplino\"
  skiplino completions fish > ~/.config/fish/completions/skiplino.fish")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self, out: &mut Output) -> Result<(), Failure> {
        // Into memory first: the generator panics when it cannot write.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "skiplino", &mut script);
        Ok(out.raw(&script)?)
    }
}
