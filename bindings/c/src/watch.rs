//! A watch, which follows one ticket.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::time::Duration;

use bindings_common::ForkGuarded;
use skiplino::{BlockingWatch, Operation};

use crate::argument::{self, StringArg};
use crate::boundary;
use crate::call::{CallOptionsArg, PendingCall};
use crate::client::skiplino_client;
use crate::code::skiplino_code;
use crate::error::{Failure, skiplino_error};
use crate::log::Log;
use crate::tickets::skiplino_ticket;

/// Follows the state of a ticket. One thread at a time.
pub struct skiplino_watch {
    watch: ForkGuarded<BlockingWatch>,
    log: Log,
}

/// Receives a ticket after each change. `data` is the argument of skiplino_watch_each(). `ticket`
/// is valid only during the callback. Returns true to continue watching, or false to stop. The
/// callback may make other calls, but must not use this watch. It must return: it must not throw a
/// C++ exception or call longjmp().
pub type skiplino_watch_callback =
    Option<extern "C" fn(data: *mut c_void, ticket: &skiplino_ticket) -> bool>;

/// Creates a watch: it returns the current state of a ticket, and the new state after each change,
/// until the ticket is served or cancelled. Sends nothing before skiplino_watch_next(). The watch
/// polls at intervals from `min_ms` to `max_ms`, which are shorter the closer the ticket is to the
/// front of the queue. It tolerates failures of the network or the server for `give_up_after_ms`.
/// These three arguments are in milliseconds; -1 selects the default. `options` may be NULL; the
/// locale and the deadline apply to each poll, and the cancellation token ends the watch. Free the
/// watch with skiplino_watch_free(), before or after the client. Thread-safe.
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
        out.write(Box::new(skiplino_watch {
            watch: ForkGuarded::new(watch.wait()),
            log: pending.log().clone(),
        }));
        Ok(())
    })
}

impl skiplino_watch {
    fn next_within(&mut self, limit: Duration) -> Result<Option<skiplino_ticket>, Failure> {
        let watch = self.watch.get_mut().ok_or_else(skiplino_error::forked)?;
        let ticket = self.log.capture(|| watch.next_within(limit))?;
        Ok(ticket.as_ref().map(Into::into))
    }

    fn is_over(&self) -> bool {
        self.watch.get().is_some_and(BlockingWatch::is_over)
    }
}

/// Waits up to `deadline_ms` milliseconds (-1 for no limit) for the next change, and returns the
/// new state of the ticket, which the caller frees with skiplino_ticket_free(). Returns
/// SKIPLINO_NO_CHANGE if nothing changed in that time: call again. Returns SKIPLINO_END after the
/// last state. The limit also aborts a running poll, so choose a limit that is longer than a
/// response takes. After any other error the watch has ended. One thread at a time.
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

/// Calls `on_change` for every change, on this thread, and blocks until the last state, until
/// `on_change` returns false, or until an error. Returns SKIPLINO_OK in the first two cases; after
/// `on_change` returned false the watch can be used again. Run it on a thread of its own, and end
/// it with a cancellation token (SKIPLINO_CANCELLED). One thread at a time.
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
