//! `skiplino completions`: completions for shells.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::failure::Failure;
use crate::output::Output;

/// Print the completions for a shell
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
    pub(crate) fn run(&self, mut command: Command, out: &mut Output) -> Result<(), Failure> {
        // The generator panics if it cannot write, so it writes to memory.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "skiplino", &mut script);
        Ok(out.raw(&script)?)
    }
}
