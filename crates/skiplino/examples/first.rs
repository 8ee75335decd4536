//! The first program of the README.
#![allow(clippy::print_stdout, clippy::print_stderr)]

// ANCHOR: program
use skiplino::{ApiKey, BookTicketRequest, Client, Error};

fn main() -> Result<(), Error> {
    let setting = |name| std::env::var(name).unwrap_or_default();
    let client = Client::builder(ApiKey::new(setting("SKIPLINO_API_KEY"))?)
        .base_url(setting("SKIPLINO_BASE_URL"))
        .build()?;

    for branch in client.branches().list().wait()? {
        println!(
            "{} ({})",
            branch.name(),
            if branch.is_open() { "open" } else { "closed" }
        );
    }

    // Join the queue of a service. A booking names the service and its group by id.
    let request = BookTicketRequest::walk_in("6fe8fb8b12", "7c1f9a3b2d");
    let ticket = client.tickets().book(&request).wait()?;
    println!(
        "your number is {}, {} ahead of you",
        ticket.ticket_number(),
        ticket.queue_size().unwrap_or(0)
    );

    match client.tickets().cancel(ticket.id()).wait() {
        Ok(ticket) => println!("it is now {}", ticket.status()),
        Err(error) => eprintln!("{error}"),
    }
    Ok(())
}
