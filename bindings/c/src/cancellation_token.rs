//! A token that cancels calls from another thread.

use std::mem::MaybeUninit;

use skiplino::CancellationToken;

use crate::boundary;
use crate::code::skiplino_code;
use crate::error::skiplino_error;
use bindings_common::ForkGuarded;

/// Ends calls from another thread. Give it to them in their `skiplino_call_options`.
pub struct skiplino_cancellation_token(pub(crate) ForkGuarded<CancellationToken>);

/// Makes a cancellation token. Free it with skiplino_cancellation_token_free(). Any thread.
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

/// Ends every call, walk and watch that has this cancellation token, now and for good: those under way return SKIPLINO_CANCELLED at once,
/// later ones before anything is sent. Any thread; not from a signal handler (wait for the signal in a thread, as the kiosk does).
/// NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_cancel(cancellation_token: Option<&skiplino_cancellation_token>) {
    boundary::get(cancellation_token, (), |cancellation_token| {
        if let Some(cancellation_token) = cancellation_token.0.get() {
            cancellation_token.cancel();
        }
    });
}

/// Frees a cancellation token; what has it goes on undisturbed. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_cancellation_token_free(
    cancellation_token: Option<Box<skiplino_cancellation_token>>,
) {
    boundary::free(cancellation_token);
}
