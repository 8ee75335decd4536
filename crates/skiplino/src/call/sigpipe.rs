//! SIGPIPE, which ends a process that writes to a connection after its reset.
//!
//! Rust programs ignore SIGPIPE. Programs in other languages may not, and neither rustls nor tokio
//! can send without the signal. Apple's systems never send it for the sockets of Rust's libraries.
#![allow(unsafe_code, reason = "no library in use offers signal masks")]

use std::fmt;
use std::marker::PhantomData;

/// Blocks SIGPIPE on this thread until it is dropped. A blocked signal that was caused in the
/// meantime is discarded.
pub struct SigpipeGuard {
    _mask: mask::Mask,
    /// A signal mask belongs to its thread.
    _not_send: PhantomData<*const ()>,
}

impl SigpipeGuard {
    /// Blocks SIGPIPE.
    #[expect(clippy::new_without_default, reason = "the effect should be visible")]
    pub fn new() -> Self {
        Self {
            _mask: mask::Mask::block(),
            _not_send: PhantomData,
        }
    }
}

impl SigpipeGuard {
    /// Blocks SIGPIPE unless the program ignores it. To ask takes one system call, to block it three.
    pub(crate) fn unless_ignored() -> Option<Self> {
        (!mask::is_ignored()).then(Self::new)
    }
}

impl fmt::Debug for SigpipeGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigpipeGuard")
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod mask {
    use std::mem::MaybeUninit;
    use std::ptr;
    use std::sync::atomic::{AtomicBool, Ordering};

    use libc::{SIG_BLOCK, SIG_IGN, SIG_UNBLOCK, SIGPIPE, pthread_sigmask, sigset_t};

    /// Whether the program ignores SIGPIPE. One that did not is not asked again.
    pub(super) fn is_ignored() -> bool {
        static MAYBE_IGNORED: AtomicBool = AtomicBool::new(true);
        if !MAYBE_IGNORED.load(Ordering::Relaxed) {
            return false;
        }
        let mut action = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: the pointer is valid for the call, and NULL means to change nothing.
        let asked = unsafe { libc::sigaction(SIGPIPE, ptr::null(), action.as_mut_ptr()) };
        // SAFETY: zeroes are a valid value, which the call may have replaced.
        let is_ignored = asked == 0 && unsafe { action.assume_init() }.sa_sigaction == SIG_IGN;
        MAYBE_IGNORED.store(is_ignored, Ordering::Relaxed);
        is_ignored
    }

    pub(super) struct Mask {
        was_blocked: bool,
        /// Whether a signal of the program itself was pending. It stays pending.
        was_pending: bool,
    }

    impl Mask {
        pub(super) fn block() -> Self {
            let was_blocked = contains_sigpipe(|before| {
                // SAFETY: both sets are valid for the call.
                unsafe { pthread_sigmask(SIG_BLOCK, &only_sigpipe(), before) }
            });
            // SAFETY: the set is valid for the call.
            let is_pending = || contains_sigpipe(|set| unsafe { libc::sigpending(set) });
            Self {
                was_blocked,
                was_pending: was_blocked && is_pending(),
            }
        }
    }

    impl Drop for Mask {
        fn drop(&mut self) {
            let sigpipe = only_sigpipe();
            if !self.was_pending {
                let no_wait = libc::timespec {
                    tv_sec: 0,
                    tv_nsec: 0,
                };
                // SAFETY: the arguments are valid for the call, and NULL means no details. The
                // call fails if the signal is not pending.
                unsafe { libc::sigtimedwait(&sigpipe, ptr::null_mut(), &no_wait) };
            }
            if !self.was_blocked {
                // SAFETY: the set is valid for the call, and NULL means not to return the old one.
                unsafe { pthread_sigmask(SIG_UNBLOCK, &sigpipe, ptr::null_mut()) };
            }
        }
    }

    fn only_sigpipe() -> sigset_t {
        let mut set = MaybeUninit::uninit();
        // SAFETY: `sigemptyset` initialises the set, and cannot fail for a valid pointer.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            libc::sigaddset(set.as_mut_ptr(), SIGPIPE);
            set.assume_init()
        }
    }

    /// Whether SIGPIPE is in the set that `write` writes.
    fn contains_sigpipe(write: impl FnOnce(&mut sigset_t) -> libc::c_int) -> bool {
        let mut set = only_sigpipe();
        // SAFETY: the set is initialised.
        write(&mut set) == 0 && unsafe { libc::sigismember(&set, SIGPIPE) } == 1
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod mask {
    pub(super) struct Mask;

    impl Mask {
        pub(super) fn block() -> Self {
            Self
        }
    }

    pub(super) fn is_ignored() -> bool {
        true
    }
}
