//! Where calls run: one runtime a process, for all clients, with one thread that drives it. They wait for the network and hand answers
//! over, which one thread does for thousands of calls a second; a second one would only pass work to the first.

use std::any::Any;
use std::future::pending;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::task::JoinHandle;

use crate::errors::SkiplinoError;

/// The runtime of this process. It ends with the process, whatever is under way.
pub(crate) fn runtime() -> io::Result<Handle> {
    static RUNTIME: Mutex<Option<Handle>> = Mutex::new(None);
    let mut kept = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*kept {
        return Ok(handle.clone());
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new()
        .name("skiplino".to_owned())
        .spawn(move || runtime.block_on(pending::<()>()))?;
    *kept = Some(handle.clone());
    Ok(handle)
}

/// What a call comes to, whatever its type: so that what runs calls is in the library once, and not once for each of them.
pub(crate) type Outcome = Result<Box<dyn Any + Send>, SkiplinoError>;

/// Work to be done.
pub(crate) type Work = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Work under way, which ends when nobody waits for it any more.
struct UnderWay(JoinHandle<Outcome>);

impl Future for UnderWay {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        Pin::new(&mut self.0)
            .poll(context)
            .map(|ended| ended.unwrap_or_else(|_| Err(SkiplinoError::bug())))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Does the work on the runtime's thread. A panic in it is an error.
pub(crate) fn run(work: Work) -> Work {
    match runtime() {
        Ok(runtime) => Box::pin(UnderWay(runtime.spawn(work))),
        Err(_) => Box::pin(async { Err(SkiplinoError::bug()) }),
    }
}
