//! A ticket followed until its end: a live line on a terminal, a line a change elsewhere.

use std::time::Duration;

use skiplino::{Client, Ticket, TicketStatus};

use super::ticket_view;
use crate::exit::Failure;
use crate::output::Output;

/// Parts of the bar.
const BAR: u32 = 20;

pub(super) fn run(
    client: &Client,
    id: &str,
    every: Option<Duration>,
    give_up_after: Option<Duration>,
    out: &mut Output,
) -> Result<(), Failure> {
    let mut watch = client.tickets().watch(id);
    if let Some(every) = every {
        watch = watch.min(every).max(every);
    }
    if let Some(limit) = give_up_after {
        watch = watch.give_up_after(limit);
    }
    let mut furthest = 0;
    let mut last = None;
    for state in watch.wait() {
        // An error ends the live line, or it would be written over it.
        let ticket = state.inspect_err(|_| drop(out.end_live()))?;
        if out.json {
            out.object(&ticket)?;
        } else {
            furthest = furthest.max(ticket.queue_size().unwrap_or(0));
            out.live(line(&ticket, furthest))?;
        }
        out.flush()?;
        last = Some(ticket);
    }
    out.end_live()?;
    match last {
        Some(ticket) if *ticket.status() == TicketStatus::Cancelled => {
            Err(Failure::Cancelled(ticket.ticket_number().to_owned()))
        }
        _ => Ok(()),
    }
}

fn line(ticket: &Ticket, furthest: u32) -> String {
    let (number, status) = (ticket.ticket_number(), ticket.status());
    let waits = ticket_view::place(ticket).or_else(|| Some(format!("for {}", ticket.time()?)));
    match (ticket.queue_size(), waits) {
        (Some(ahead), Some(place)) => {
            let done = BAR - (ahead * BAR).div_ceil(furthest.max(1)).min(BAR);
            let bar: String = (0..BAR)
                .map(|part| if part < done { '█' } else { '░' })
                .collect();
            format!("{number}  {status}  {bar}  {place}")
        }
        (None, Some(waits)) if *status == TicketStatus::Upcoming => {
            format!("{number}  {status}  {waits}")
        }
        _ => format!("{number}  {status}"),
    }
}
