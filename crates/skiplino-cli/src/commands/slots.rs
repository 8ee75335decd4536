//! `skiplino slots`: lists free appointment times.

use clap::Args;
use skiplino::Client;

use crate::failure::Failure;
use crate::output::{Column, Output, print_table};
use crate::resolve;
use crate::values::{self, Day};

/// List the free appointment times of a service on a day
///
/// An empty list means that the day is full or closed. The times are in UTC, as `skiplino book
/// --time` takes them.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  skiplino slots 6fe8fb8b12
  skiplino slots \"Open an Account\" --date 2026-07-01
  skiplino slots \"cash w\" --branch seef --json | head -1")]
pub(crate) struct Slots {
    /// The service: its id or name
    service: String,

    /// The branch in which to look up the service: its id or name. All branches unless given
    #[arg(long)]
    branch: Option<String>,

    /// The day in the company's time zone: YYYY-MM-DD, or today
    #[arg(long, value_name = "DAY", default_value = "today", value_parser = values::day)]
    date: Day,
}

impl Slots {
    pub(crate) fn run(&self, client: &Client, out: &mut Output) -> Result<(), Failure> {
        let service = resolve::service(client, self.branch.as_deref(), &self.service)?;
        let date = match self.date {
            Day::Today => None,
            Day::On(date) => Some(date),
        };
        let slots = client.services().slots(service, date).wait()?;
        if out.json {
            return Ok(out.objects(&slots)?);
        }
        if slots.is_empty() {
            return Ok(out.line("No time is free: the day is full or closed.")?);
        }
        let rows = slots
            .iter()
            .map(|slot| [slot.time().into(), slot.remaining().into()]);
        Ok(print_table(
            out,
            [Column::id("TIME"), Column::number("FREE")],
            rows,
        )?)
    }
}
