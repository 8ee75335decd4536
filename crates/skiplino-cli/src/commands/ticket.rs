//! `skiplino ticket`: shows, watches, cancels and reschedules tickets.

use std::time::Duration;

use clap::Subcommand;
use skiplino::jiff::Timestamp;
use skiplino::{ChangeTimeRequest, Client, CustomerRef, ExternalId};

use super::confirm::confirm;
use super::send_write::send_write;
use super::{ticket_view, ticket_watch};
use crate::failure::{Failure, UsageError};
use crate::output::Output;
use crate::values;

/// Show, watch, cancel or reschedule a ticket
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  skiplino ticket get k7m2p9x4q1
  skiplino ticket watch k7m2p9x4q1
  skiplino ticket cancel k7m2p9x4q1 --yes
  skiplino ticket reschedule k7m2p9x4q1 --time 2026-07-01T10:00:00Z")]
pub(crate) enum Ticket {
    /// Show a ticket as it is now
    ///
    /// While it waits: the number of people ahead, and the estimated minutes.
    #[command(after_help = "Examples:
  skiplino ticket get k7m2p9x4q1
  skiplino ticket get k7m2p9x4q1 --json | jq .queueSize")]
    Get {
        /// The ticket's id (not its number)
        id: String,
    },
    /// Watch a ticket until it is served or cancelled
    ///
    /// On a terminal the command updates one line; elsewhere it prints a line for each change. It
    /// polls every 2 seconds near the front of the queue, and every 30 seconds far from it. The
    /// exit code is 0 if the ticket is served, and 15 if it is cancelled. A state that is not known,
    /// such as noShow, does not end the watch: stop it with Ctrl-C.
    #[command(after_help = "Examples:
  skiplino ticket watch k7m2p9x4q1
  skiplino ticket watch k7m2p9x4q1 --json | while read -r change; do ...; done")]
    Watch {
        /// The ticket's id (not its number)
        id: String,
        /// A fixed time between two polls; by default the time depends on the queue
        #[arg(long, value_name = "SECONDS", value_parser = values::seconds)]
        every: Option<Duration>,
        /// How long to retry failures of the network or the server [default: 600]
        #[arg(long, value_name = "SECONDS", value_parser = values::seconds)]
        give_up_after: Option<Duration>,
    },
    /// Cancel a ticket that is waiting or upcoming
    ///
    /// Asks for confirmation on a terminal; elsewhere --yes is needed. In any other state the exit
    /// code is 6.
    #[command(after_help = "Examples:
  skiplino ticket cancel k7m2p9x4q1
  skiplino ticket cancel k7m2p9x4q1 --yes --json")]
    Cancel {
        /// The ticket's id (not its number)
        id: String,
        /// Do not ask for confirmation
        #[arg(long, short)]
        yes: bool,
    },
    /// Move a waiting appointment to another time
    ///
    /// The API requires the customer of the ticket. Unless given, the command looks it up.
    #[command(after_help = "Examples:
  skiplino ticket reschedule k7m2p9x4q1 --time 2026-07-01T10:00:00Z
  skiplino ticket reschedule k7m2p9x4q1 --time 2026-07-01T13:00:00+03:00 --customer ext:crm-7741")]
    Reschedule {
        /// The ticket's id (not its number)
        id: String,
        /// The new time, from `skiplino slots`, with Z or an offset
        #[arg(long, value_parser = values::time)]
        time: Timestamp,
        /// The customer of the ticket: its id, or ext: and your own id
        #[arg(long, value_parser = values::customer, conflicts_with = "external_id")]
        customer: Option<CustomerRef>,
        /// The customer of the ticket, by your own id
        #[arg(long, value_name = "ID", value_parser = values::external_id)]
        external_id: Option<ExternalId>,
    },
}

impl Ticket {
    pub(crate) fn run(self, client: &Client, out: &mut Output) -> Result<(), Failure> {
        match self {
            Self::Get { id } => ticket_view::details(&client.tickets().get(id).wait()?, out),
            Self::Watch {
                id,
                every,
                give_up_after,
            } => ticket_watch::run(client, &id, every, give_up_after, out),
            Self::Cancel { id, yes } => {
                confirm(yes, || {
                    let ticket = client.tickets().get(&*id).wait()?;
                    let (number, service) = (ticket.ticket_number(), ticket.service().name());
                    let (branch, status) = (ticket.branch().name(), ticket.status());
                    Ok(format!(
                        "Cancel {number} ({status}; {service} at {branch})?"
                    ))
                })?;
                let ticket = send_write(client.tickets().cancel(&*id), write_advice(&id), out)?;
                ticket_view::outcome(&ticket, ticket.status().as_str(), out)
            }
            Self::Reschedule {
                id,
                time,
                customer,
                external_id,
            } => {
                let customer = match customer.or(external_id.map(CustomerRef::from)) {
                    Some(customer) => customer,
                    None => customer_of(client, &id)?,
                };
                let request = ChangeTimeRequest::new(time, customer);
                let call = client.tickets().reschedule(&*id, request);
                ticket_view::outcome(
                    &send_write(call, write_advice(&id), out)?,
                    "rescheduled",
                    out,
                )
            }
        }
    }
}

fn write_advice(id: &str) -> String {
    format!("`skiplino ticket get {id}` shows whether it was applied")
}

fn customer_of(client: &Client, ticket: &str) -> Result<CustomerRef, Failure> {
    let ticket = client.tickets().get(ticket).wait()?;
    match ticket.customer() {
        Some(customer) => Ok(customer.id().into()),
        None => Err(UsageError::NoAppointment.into()),
    }
}
