//! A watch, which follows one ticket.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::time::Duration;

use skiplino::{BlockingWatch, Operation};

use crate::argument::{self, StringArg};
use crate::boundary;
use crate::call::{CallOptionsArg, PendingCall};
use crate::client::skiplino_client;
use crate::code::skiplino_code;
use crate::error::{Failure, skiplino_error};
use crate::log::Log;
use crate::tickets::skiplino_ticket;
use bindings_common::ForkGuarded;

/// Follows a ticket. One thread at a time.
pub struct skiplino_watch(ForkGuarded<BlockingWatch>, Log);

/// Is handed a ticket after a change, which lives during the call; `data` is what skiplino_watch_each() was given. Returns whether to go
/// on. It may make other calls, but not of this watch.
pub type skiplino_watch_callback =
    Option<extern "C" fn(data: *mut c_void, ticket: &skiplino_ticket) -> bool>;

/// Follows a ticket: its state now, and again each time that it changes, until it is served or cancelled. Nothing is sent before
/// skiplino_watch_next(). It looks at the pace of the queue: at least `min_ms`, at most `max_ms` apart. Failures of the network or the
/// server are ridden out for `give_up_after_ms`. Each may be -1 for the default. `options`, which may be NULL, are those of each look:
/// locale and deadline; the cancellation token ends the watch. Free the watch with skiplino_watch_free(), before or after the client. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_tickets_watch(
    client: Option<&skiplino_client>,
    ticket_id: StringArg,
    min_ms: i64,
    max_ms: i64,
    give_up_after_ms: i64,
    options: CallOptionsArg<'_>,
    watch: Option<&mut MaybeUninit<Box<skiplino_watch>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let (pending, out) =
            PendingCall::with_output(Operation::GetTicket, client, &options, watch, "watch")?;
        let options = pending.call_options()?;
        let cancellation_token = pending.cancellation_token()?;
        let mut watch = pending
            .client()?
            .tickets()
            .watch(ticket_id.required("ticket_id")?)
            .options(options);
        if let Some(min) = argument::optional_duration(min_ms, "min_ms")? {
            watch = watch.min(min);
        }
        if let Some(max) = argument::optional_duration(max_ms, "max_ms")? {
            watch = watch.max(max);
        }
        if let Some(limit) = argument::optional_duration(give_up_after_ms, "give_up_after_ms")? {
            watch = watch.give_up_after(limit);
        }
        if let Some(cancellation_token) = cancellation_token {
            watch = watch.cancelled_by(cancellation_token);
        }
        out.write(Box::new(skiplino_watch(
            ForkGuarded::new(watch.wait()),
            pending.log().clone(),
        )));
        Ok(())
    })
}

impl skiplino_watch {
    fn next_within(&mut self, limit: Duration) -> Result<Option<skiplino_ticket>, Failure> {
        let watch = self.0.get_mut().ok_or_else(skiplino_error::forked)?;
        let ticket = self.1.capture(|| watch.next_within(limit))?;
        Ok(ticket.as_ref().map(Into::into))
    }

    fn is_over(&self) -> bool {
        self.0.get().is_some_and(BlockingWatch::is_over)
    }
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
    boundary::call(error, || {
        let watch = skiplino_error::require(watch, "watch")?;
        let out = skiplino_error::require(ticket, "ticket")?;
        let limit =
            argument::optional_duration(deadline_ms, "deadline_ms")?.unwrap_or(Duration::MAX);
        let ticket = watch.next_within(limit)?;
        let ticket = ticket.ok_or_else(|| match watch.is_over() {
            true => skiplino_error::end(),
            false => skiplino_error::nothing_yet(),
        })?;
        out.write(Box::new(ticket));
        Ok(())
    })
}

/// Hands every change to `on_change`, on this thread, which it keeps until the last state, until `on_change` returns false, or until an
/// error: SKIPLINO_OK in the first two cases, and after the second it can go on. For a thread of its own, and a cancellation token to end it
/// (SKIPLINO_CANCELLED). One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_watch_each(
    watch: Option<&mut skiplino_watch>,
    on_change: skiplino_watch_callback,
    data: *mut c_void,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let watch = skiplino_error::require(watch, "watch")?;
        let on_change = skiplino_error::require(on_change, "on_change")?;
        loop {
            match watch.next_within(Duration::MAX)? {
                Some(ticket) if !on_change(data, &ticket) => return Ok(()),
                None if watch.is_over() => return Ok(()),
                _ => {}
            }
        }
    })
}

/// Frees a watch. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_watch_free(watch: Option<Box<skiplino_watch>>) {
    boundary::free(watch);
}
