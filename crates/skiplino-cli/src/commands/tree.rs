//! `skiplino tree`: shows the groups and services of a branch.

use clap::Args;
use skiplino::Client;

use crate::failure::Failure;
use crate::output::{Cell, Column, Output, print_table};
use crate::resolve;

/// Show a branch's groups and services
///
/// Active services only: whether each is open now, and whether it takes appointments as well as
/// walk-ins.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  skiplino tree 802b33af66
  skiplino tree seef                 the start of the name, if no other branch's name starts the same way
  skiplino tree seef --json | jq -r '.services[] | select(.isAppointment).id'")]
pub(crate) struct Tree {
    /// The branch: its id or name
    branch: String,
}

impl Tree {
    pub(crate) fn run(&self, client: &Client, out: &mut Output) -> Result<(), Failure> {
        let branch = resolve::branch(client, &self.branch)?;
        let groups = client.branches().tree(branch).wait()?;
        if out.json {
            return Ok(out.objects(&groups)?);
        }
        if groups.is_empty() {
            return Ok(out.line("The branch has no active service.")?);
        }
        let columns = [
            Column::text("GROUP / SERVICE"),
            Column::id("ID"),
            Column::text("NOW"),
            Column::text("TAKES"),
        ];
        let mut rows: Vec<[Cell; 4]> = Vec::new();
        for group in &groups {
            rows.push([group.name().into(), group.id().into(), "".into(), "".into()]);
            let last = group.services().len().saturating_sub(1);
            for (index, service) in group.services().iter().enumerate() {
                let branch = if index == last { "└─" } else { "├─" };
                let takes = if service.is_appointment() {
                    "walk-ins, appointments"
                } else {
                    "walk-ins"
                };
                rows.push([
                    format!("{branch} {}", service.name()).into(),
                    service.id().into(),
                    Cell::open(service.is_open()),
                    takes.into(),
                ]);
            }
        }
        Ok(print_table(out, columns, rows)?)
    }
}
