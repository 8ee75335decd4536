use std::mem::MaybeUninit;
use std::time::Duration;

use skiplino::{Operation, WatchWait};

use crate::call::{self, CallOptionsIn, Sending};
use crate::client::skiplino_client;
use crate::code::skiplino_code;
use crate::error::skiplino_error;
use crate::guard;
use crate::process::Owned;
use crate::text::Text;
use crate::tickets::skiplino_ticket;

/// Follows a ticket. One thread at a time.
pub struct skiplino_watch(Owned<WatchWait>);

/// Follows a ticket: its state now, and again each time that it changes, until it is served or cancelled. Nothing is sent before
/// skiplino_watch_next(). It looks at the pace of the queue: at least `min_ms`, at most `max_ms` apart. Failures of the network or the
/// server are ridden out for `give_up_after_ms`. Each may be -1 for the default. Of `options`, which may be NULL, only the canceller
/// is used. Free the watch with skiplino_watch_free(), before or after the client. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_tickets_watch(
    client: Option<&skiplino_client>,
    ticket_id: Text,
    min_ms: i64,
    max_ms: i64,
    give_up_after_ms: i64,
    options: CallOptionsIn<'_>,
    watch: Option<&mut MaybeUninit<Box<skiplino_watch>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    guard::call(error, || {
        let (sending, out) =
            Sending::begin(Operation::GetTicket, client, &options, watch, "watch")?;
        sending.call_options()?;
        let canceller = sending.canceller()?;
        let mut watch = sending
            .api()?
            .tickets()
            .watch(ticket_id.required("ticket_id")?);
        if let Some(min) = call::duration(min_ms, "min_ms")? {
            watch = watch.min(min);
        }
        if let Some(max) = call::duration(max_ms, "max_ms")? {
            watch = watch.max(max);
        }
        if let Some(limit) = call::duration(give_up_after_ms, "give_up_after_ms")? {
            watch = watch.give_up_after(limit);
        }
        if let Some(canceller) = canceller {
            watch = watch.cancelled_by(canceller);
        }
        out.write(Box::new(skiplino_watch(Owned::new(watch.wait()))));
        Ok(())
    })
}

/// Waits for the next change, at most `deadline_ms` (-1: for ever), and gives the ticket as it is then, which the caller frees with
/// skiplino_ticket_free(). SKIPLINO_NOTHING_YET when nothing changed in time: ask again. SKIPLINO_END after the last state. A look that
/// is not answered in time is broken off, so give it longer than an answer takes. After any other error the watch is at its end. One
/// thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_watch_next(
    watch: Option<&mut skiplino_watch>,
    deadline_ms: i64,
    ticket: Option<&mut MaybeUninit<Box<skiplino_ticket>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    guard::call(error, || {
        let watch = skiplino_error::unless_null(watch, "watch")?;
        let out = skiplino_error::unless_null(ticket, "ticket")?;
        let limit = call::duration(deadline_ms, "deadline_ms")?.unwrap_or(Duration::MAX);
        let watch = watch.0.get_mut()?;
        let ticket = watch.next_within(limit)?;
        let ticket = ticket.ok_or_else(|| match watch.is_over() {
            true => skiplino_error::end(),
            false => skiplino_error::nothing_yet(),
        })?;
        out.write(Box::new((&ticket).into()));
        Ok(())
    })
}

/// Frees a watch. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_watch_free(watch: Option<Box<skiplino_watch>>) {
    guard::free(watch);
}
