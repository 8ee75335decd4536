//! The signals that end the command: its unfinished files are removed first.
#![allow(
    unsafe_code,
    reason = "no library tells whether a signal has its default action"
)]

use std::io;

use skiplino_directory::remove_unfinished_files;

use crate::failure::Failure;

#[cfg(unix)]
use {
    libc::{SIG_DFL, SIGHUP, SIGINT, SIGTERM, c_int, sigaction},
    signal_hook::{flag, iterator::Signals, low_level::emulate_default_handler},
    std::mem::MaybeUninit,
    std::sync::Arc,
    std::sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};
#[cfg(windows)]
use {
    std::sync::atomic::{AtomicBool, Ordering},
    windows_sys::Win32::Foundation::{FALSE, STATUS_CONTROL_C_EXIT, TRUE},
    windows_sys::Win32::System::Console::SetConsoleCtrlHandler,
    windows_sys::core::BOOL,
};

/// From now on, Ctrl-C, SIGTERM and SIGHUP remove unfinished files before they end the process as
/// usual. Signals that are ignored, as under `nohup`, or that the program itself handles are left
/// alone. On Windows, Ctrl-C, Ctrl-Break, the closing of the console, logoff and shutdown do so.
pub(crate) fn remove_unfinished_files_first() -> Result<(), Failure> {
    install().map_err(|error| Failure::io("signals", error))
}

/// A request to stop, which a command notices and ends by itself. A second signal ends the process
/// at once.
#[cfg(unix)]
pub(crate) struct StopRequest {
    is_made: Arc<AtomicBool>,
    signal: Arc<AtomicUsize>,
}

#[cfg(unix)]
impl StopRequest {
    /// From now on, Ctrl-C, SIGTERM and SIGHUP request a stop, under the same rules.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let request = Self {
            is_made: Arc::default(),
            signal: Arc::default(),
        };
        let register = |signal: c_int| {
            flag::register_conditional_default(signal, Arc::clone(&request.is_made))?;
            let number = usize::try_from(signal).unwrap_or_default();
            flag::register_usize(signal, Arc::clone(&request.signal), number)?;
            flag::register(signal, Arc::clone(&request.is_made)).map(drop)
        };
        let result = ending_signals().into_iter().try_for_each(register);
        result.map_err(|error| Failure::io("signals", error))?;
        Ok(request)
    }

    pub(crate) fn is_made(&self) -> bool {
        self.is_made.load(Ordering::SeqCst)
    }

    /// Ends the process as the signal does, if there was one.
    pub(crate) fn end_process(&self) {
        if let Ok(signal @ 1..) = c_int::try_from(self.signal.load(Ordering::SeqCst)) {
            // Fails only for an unknown signal.
            let _ = emulate_default_handler(signal);
        }
    }
}

/// The signals that end the process.
#[cfg(unix)]
fn ending_signals() -> Vec<c_int> {
    let signals = [SIGHUP, SIGINT, SIGTERM];
    signals.into_iter().filter(|it| ends_process(*it)).collect()
}

/// A request to stop, which a command notices and ends by itself. A second one ends the process at
/// once.
#[cfg(windows)]
pub(crate) struct StopRequest;

#[cfg(windows)]
static IS_STOPPING: AtomicBool = AtomicBool::new(false);

#[cfg(windows)]
impl StopRequest {
    /// From now on, Ctrl-C and Ctrl-Break request a stop.
    pub(crate) fn listen() -> Result<Self, Failure> {
        // SAFETY: the code of the handler stays loaded until the process ends.
        match unsafe { SetConsoleCtrlHandler(Some(request_stop), TRUE) } {
            FALSE => Err(Failure::io("signals", io::Error::last_os_error())),
            _ => Ok(Self),
        }
    }

    pub(crate) fn is_made(&self) -> bool {
        IS_STOPPING.load(Ordering::SeqCst)
    }

    /// Ends the process as Ctrl-C does, if there was one.
    pub(crate) fn end_process(&self) {
        if self.is_made() {
            std::process::exit(STATUS_CONTROL_C_EXIT);
        }
    }
}

/// Windows calls this on a thread of its own. A second request gets the default action.
#[cfg(windows)]
unsafe extern "system" fn request_stop(_: u32) -> BOOL {
    match IS_STOPPING.swap(true, Ordering::SeqCst) {
        true => FALSE,
        false => TRUE,
    }
}

#[cfg(unix)]
fn install() -> io::Result<()> {
    let signals = ending_signals();
    if signals.is_empty() {
        return Ok(());
    }
    // A second signal ends the process at once: a file server that does not answer can delay the
    // removal.
    let is_ending = Arc::new(AtomicBool::new(false));
    for signal in &signals {
        flag::register_conditional_default(*signal, Arc::clone(&is_ending))?;
        flag::register(*signal, Arc::clone(&is_ending))?;
    }
    let mut signals = Signals::new(signals)?;
    let wait = move || {
        for signal in signals.forever() {
            remove_unfinished_files(|| {
                // Fails only for an unknown signal.
                let _ = emulate_default_handler(signal);
            });
        }
    };
    let thread = std::thread::Builder::new().name("skiplino-signals".to_owned());
    thread.spawn(wait).map(drop)
}

#[cfg(windows)]
fn install() -> io::Result<()> {
    // SAFETY: the code of the handler stays loaded until the process ends.
    match unsafe { SetConsoleCtrlHandler(Some(end), TRUE) } {
        FALSE => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Windows calls this on a thread of its own.
#[cfg(windows)]
unsafe extern "system" fn end(_: u32) -> BOOL {
    // The exit code is that of a process that does not handle Ctrl-C.
    remove_unfinished_files(|| std::process::exit(STATUS_CONTROL_C_EXIT));
    FALSE
}

/// Whether the signal has its default action.
#[cfg(unix)]
fn ends_process(signal: c_int) -> bool {
    let mut action = MaybeUninit::<sigaction>::uninit();
    // SAFETY: NULL leaves the action unchanged, and `action` is valid for writing.
    let found = unsafe { sigaction(signal, std::ptr::null(), action.as_mut_ptr()) } == 0;
    // SAFETY: the call was successful, so it has written the action.
    found && unsafe { action.assume_init() }.sa_sigaction == SIG_DFL
}
