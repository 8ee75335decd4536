use clap::Args;
use skiplino::Client;

use crate::exit::Failure;
use crate::output::{Column, Output, Text};

/// List the branches
///
/// Active branches only. Open or closed is as of now, where the company is.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  skiplino branches
  skiplino branches --locale ar
  skiplino branches --json | jq -r 'select(.branchStatus.isBranchOpen).name'")]
pub(crate) struct Branches {}

impl Branches {
    pub(crate) fn run(&self, client: &Client, out: &mut Output) -> Result<(), Failure> {
        let branches = client.branches().list().wait()?;
        if out.json {
            return Ok(out.objects(&branches)?);
        }
        if branches.is_empty() {
            return Ok(out.line("There is no active branch.")?);
        }
        let columns = [Column::id("ID"), Column::text("NAME"), Column::text("NOW")];
        let rows = branches.iter().map(|branch| {
            [
                branch.id().into(),
                branch.name().into(),
                Text::open(branch.is_open()),
            ]
        });
        Ok(out.table(columns, rows)?)
    }
}
