//! `skiplino branches`: lists the branches.

use clap::Args;
use skiplino::Client;

use crate::failure::Failure;
use crate::output::{Cell, Column, Output, print_table};

/// List the branches
///
/// Active branches only. NOW says whether a branch is open at this moment.
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
                Cell::open(branch.is_open()),
            ]
        });
        Ok(print_table(out, columns, rows)?)
    }
}
