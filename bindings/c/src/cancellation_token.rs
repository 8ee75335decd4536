//! A token that cancels calls from another thread.

use std::mem::MaybeUninit;

use bindings_common::ForkGuarded;
use skiplino::CancellationToken;

use crate::boundary;
use crate::code::skiplino_code;
use crate::error::skiplino_error;

/// Cancels calls from another thread. Pass it to the calls in their skiplino_call_options.
pub struct skiplino_cancellation_token(pub(crate) ForkGuarded<CancellationToken>);

/// Creates a cancellation token. Free it with skiplino_cancellation_token_free(). Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_cancellation_token_new(
    cancellation_token: Option<&mut MaybeUninit<Box<skiplino_cancellation_token>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let out = skiplino_error::require(cancellation_token, "cancellation_token")?;
        out.write(Box::new(skiplino_cancellation_token(ForkGuarded::new(
            CancellationToken::new(),
        ))));
        Ok(())
    })
}

/// Cancels every call, pager and watch that has this cancellation token, permanently. Running calls
/// return SKIPLINO_CANCELLED at once. Later calls return it before they send anything. Thread-safe,
/// but not safe in a signal handler: wait for the signal in a thread, as examples/kiosk_input.c
/// does. NULL is ignored, and so is a token from before fork().
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_cancel(cancellation_token: Option<&skiplino_cancellation_token>) {
    boundary::get(cancellation_token, (), |cancellation_token| {
        if let Some(cancellation_token) = cancellation_token.0.get() {
            cancellation_token.cancel();
        }
    });
}

/// Frees a cancellation token. Does not cancel anything: calls that have the token continue. NULL
/// is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_cancellation_token_free(
    cancellation_token: Option<Box<skiplino_cancellation_token>>,
) {
    boundary::free(cancellation_token);
}
