//! `skiplino ticket watch`: one line that is updated on a terminal, a line for each change
//! elsewhere.

use std::time::Duration;

use skiplino::{Client, Ticket, TicketStatus};

use super::ticket_view;
use crate::failure::Failure;
use crate::output::Output;

/// Characters of the bar.
const BAR_WIDTH: u32 = 20;

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
    let mut most_ahead = 0;
    let mut last = None;
    for state in watch.wait() {
        // Otherwise the error would be printed over the live line.
        let ticket = state.inspect_err(|_| drop(out.end_live_line()))?;
        if out.json {
            out.object(&ticket)?;
        } else {
            most_ahead = most_ahead.max(ticket.queue_size().unwrap_or(0));
            out.live_line(line(&ticket, most_ahead))?;
        }
        out.flush()?;
        last = Some(ticket);
    }
    out.end_live_line()?;
    match last {
        Some(ticket) if *ticket.status() == TicketStatus::Cancelled => {
            Err(Failure::TicketCancelled(ticket.ticket_number().to_owned()))
        }
        _ => Ok(()),
    }
}

fn line(ticket: &Ticket, most_ahead: u32) -> String {
    let (number, status) = (ticket.ticket_number(), ticket.status());
    let waits =
        ticket_view::queue_position(ticket).or_else(|| Some(format!("for {}", ticket.time()?)));
    match (ticket.queue_size(), waits) {
        (Some(ahead), Some(position)) => {
            let done = BAR_WIDTH
                - (ahead * BAR_WIDTH)
                    .div_ceil(most_ahead.max(1))
                    .min(BAR_WIDTH);
            let bar: String = (0..BAR_WIDTH)
                .map(|part| if part < done { '█' } else { '░' })
                .collect();
            format!("{number}  {status}  {bar}  {position}")
        }
        (None, Some(waits)) if *status == TicketStatus::Upcoming => {
            format!("{number}  {status}  {waits}")
        }
        _ => format!("{number}  {status}"),
    }
}
