//! A ticket as text: a row, a line, or all its fields.

use skiplino::{Ticket, TicketStatus};

use crate::failure::Failure;
use crate::output::{Cell, Column, Output};

pub(super) const COLUMNS: [Column; 6] = [
    Column::id("TICKET"),
    Column::text("NUMBER"),
    Column::text("STATUS"),
    Column::id("TIME"),
    Column::text("SERVICE").hide_priority(1),
    Column::text("BRANCH").hide_priority(2),
];

pub(super) fn row(ticket: &Ticket) -> [Cell; 6] {
    [
        ticket.id().into(),
        ticket.ticket_number().into(),
        status(ticket.status()),
        ticket.time().unwrap_or(ticket.booked_at()).into(),
        ticket.service().name().into(),
        ticket.branch().name().into(),
    ]
}

fn status(status: &TicketStatus) -> Cell {
    match status {
        TicketStatus::Waiting | TicketStatus::Upcoming | TicketStatus::Serving => {
            Cell::success(status.as_str())
        }
        _ => Cell::warning(status.as_str()),
    }
}

/// One line that says what was done with the ticket, or the ticket as JSON.
pub(super) fn outcome(ticket: &Ticket, done: &str, out: &mut Output) -> Result<(), Failure> {
    if out.json {
        return Ok(out.object(ticket)?);
    }
    let mut line = format!(
        "{} {done}: {} at {}",
        ticket.ticket_number(),
        ticket.service().name(),
        ticket.branch().name()
    );
    if *ticket.status() != TicketStatus::Cancelled {
        for part in [
            ticket.time().map(|time| time.to_string()),
            queue_position(ticket),
        ]
        .into_iter()
        .flatten()
        {
            line.push_str(", ");
            line.push_str(&part);
        }
    }
    line.push_str(", id ");
    line.push_str(ticket.id().as_str());
    Ok(out.line(line)?)
}

/// All fields of a ticket.
pub(super) fn details(ticket: &Ticket, out: &mut Output) -> Result<(), Failure> {
    if out.json {
        return Ok(out.object(ticket)?);
    }
    let named = |name: &str, id: &dyn std::fmt::Display| format!("{name} ({id})");
    let customer = ticket.customer().map_or_else(String::new, |customer| {
        customer.name().map_or_else(
            || customer.id().to_string(),
            |name| named(name, customer.id()),
        )
    });
    Ok(out.record(&[
        ("Ticket", named(ticket.ticket_number(), ticket.id())),
        (
            "Status",
            format!("{} since {}", ticket.status(), ticket.status_at()),
        ),
        ("Place", queue_position(ticket).unwrap_or_default()),
        ("Type", ticket.ticket_type().to_string()),
        (
            "Time",
            ticket
                .time()
                .map(|time| time.to_string())
                .unwrap_or_default(),
        ),
        (
            "Service",
            named(ticket.service().name(), ticket.service().id()),
        ),
        (
            "Group",
            named(
                ticket.group_of_service().name(),
                ticket.group_of_service().id(),
            ),
        ),
        (
            "Branch",
            named(ticket.branch().name(), ticket.branch().id()),
        ),
        ("Customer", customer),
        ("Booked", ticket.booked_at().to_string()),
    ])?)
}

/// The place in the queue, as far as the server reports it.
pub(super) fn queue_position(ticket: &Ticket) -> Option<String> {
    let ahead = ticket.queue_size().map(|ahead| match ahead {
        0 => "nobody ahead".to_owned(),
        1 => "1 person ahead".to_owned(),
        _ => format!("{ahead} people ahead"),
    });
    let minutes = ticket
        .waiting_time()
        // For the next in the queue, "about 0 min" adds nothing.
        .filter(|minutes| *minutes > 0 || ticket.queue_size() != Some(0))
        .map(|minutes| format!("about {minutes} min"));
    match (ahead, minutes) {
        (Some(ahead), Some(minutes)) => Some(format!("{ahead}, {minutes}")),
        (ahead, minutes) => ahead.or(minutes),
    }
}
