//! Where calls run: one runtime a process, for all clients, with one thread that drives it. They wait for the network and hand answers
//! over, which one thread does for thousands of calls a second; a second one would only pass work to the first.

use std::any::Any;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, OnceLock, PoisonError};

use tokio::runtime::{Builder, Runtime};

use crate::errors::SkiplinoError;

/// The runtime of this process. It ends with the process, whatever is under way.
pub(crate) fn runtime() -> io::Result<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    static MAKING: Mutex<()> = Mutex::new(());
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    Ok(RUNTIME.get_or_init(|| runtime))
}

/// What a call gives, whatever its type: so that what runs calls is in the library once, and not once for each of them.
pub(crate) type Data = Box<dyn Any + Send>;

/// What a call comes to.
pub(crate) type Outcome = Result<Data, SkiplinoError>;

/// Work to be done.
pub(crate) type Work = Pin<Box<dyn Future<Output = Outcome> + Send>>;

pub(crate) use on::run;

#[cfg(not(feature = "kotlin"))]
mod on {
    use std::future::pending;
    use std::io;
    use std::pin::Pin;
    use std::sync::{Mutex, PoisonError};
    use std::task::{Context, Poll};
    use std::thread;

    use tokio::runtime::Runtime;
    use tokio::task::JoinHandle;

    use super::{Outcome, Work};
    use crate::errors::SkiplinoError;

    /// The runtime, with a thread that drives it.
    fn runtime() -> io::Result<&'static Runtime> {
        static DRIVEN: Mutex<bool> = Mutex::new(false);
        let runtime = super::runtime()?;
        let mut driven = DRIVEN.lock().unwrap_or_else(PoisonError::into_inner);
        if !*driven {
            thread::Builder::new()
                .name("skiplino".to_owned())
                .spawn(|| runtime.block_on(pending::<()>()))?;
            *driven = true;
        }
        Ok(runtime)
    }

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
}

#[cfg(feature = "kotlin")]
mod on {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use tokio::runtime::Handle;

    use super::{Outcome, Work};

    /// Work that stands still wherever the runtime is not.
    struct Within(Work);

    impl Future for Within {
        type Output = Outcome;

        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
            match Handle::try_current() {
                Ok(_) => self.0.as_mut().poll(context),
                Err(_) => Poll::Pending,
            }
        }
    }

    /// Does the work on the runtime's thread: whoever polls has a task for it there, and is told of a panic.
    pub(crate) fn run(work: Work) -> Work {
        Box::pin(Within(work))
    }
}
