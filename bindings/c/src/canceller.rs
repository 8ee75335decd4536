use std::mem::MaybeUninit;

use skiplino::Canceller;

use crate::code::skiplino_code;
use crate::error::skiplino_error;
use crate::guard;
use crate::process::Owned;

/// Ends calls from another thread. Give it to them in their `skiplino_call_options`.
pub struct skiplino_canceller(pub(crate) Owned<Canceller>);

/// Makes a canceller. Free it with skiplino_canceller_free(). Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_canceller_new(
    canceller: Option<&mut MaybeUninit<Box<skiplino_canceller>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    guard::call(error, || {
        let out = skiplino_error::unless_null(canceller, "canceller")?;
        out.write(Box::new(skiplino_canceller(Owned::new(Canceller::new()))));
        Ok(())
    })
}

/// Ends every call, walk and watch that has this canceller, now and for good: those under way return SKIPLINO_CANCELLED at once,
/// later ones before anything is sent. Any thread; not from a signal handler (wait for the signal in a thread, as the kiosk does).
/// NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_cancel(canceller: Option<&skiplino_canceller>) {
    guard::get(canceller, (), |canceller| {
        if let Ok(canceller) = canceller.0.get() {
            canceller.cancel();
        }
    });
}

/// Frees a canceller; what has it goes on undisturbed. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_canceller_free(canceller: Option<Box<skiplino_canceller>>) {
    guard::free(canceller);
}
