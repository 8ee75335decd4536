//! Opening the connections of the next calls.

use std::mem::MaybeUninit;

use skiplino::Operation;

use crate::boundary;
use crate::call::{CallOptionsArg, PendingCall};
use crate::client::skiplino_client;
use crate::code::skiplino_code;
use crate::error::skiplino_error;

/// Opens the connections of this thread's next call, so that the call costs one round trip, and not
/// also those of TCP and TLS. Lists the branches (operation 1, which every key may do) twice at the
/// same time: a booking for a customer uses two connections. Finds a wrong key or address at the
/// start of a program. A connection without a request stays open for 50 seconds. Threads that make
/// calls at the same time have connections of their own; a warm-up opens those of the next call.
/// `options` may be NULL. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_client_warm_up(
    client: Option<&skiplino_client>,
    options: CallOptionsArg<'_>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let pending = PendingCall::new(Operation::ListBranches, client, &options)?;
        pending.send(|client| Ok(client.warm_up())).map(drop)
    })
}
