//! The tokio runtime of the process: one runtime with one thread for all clients. Calls mostly wait
//! for the network, and one thread serves thousands of calls a second; a second thread would only
//! add hand-overs.

use std::any::Any;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, OnceLock, PoisonError};

use tokio::runtime::{Builder, Runtime};

use crate::errors::SkiplinoError;

/// The runtime of this process. It lives until the process ends.
pub(crate) fn runtime() -> io::Result<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    static INITIALIZING: Mutex<()> = Mutex::new(());
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let _initializing = INITIALIZING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    Ok(RUNTIME.get_or_init(|| runtime))
}

/// The data of a call, type-erased: the code that runs calls is compiled once and not once for each
/// operation.
pub(crate) type ErasedData = Box<dyn Any + Send>;

/// The result of a call.
pub(crate) type ErasedResult = Result<ErasedData, SkiplinoError>;

/// A call as a future.
pub(crate) type ErasedFuture = Pin<Box<dyn Future<Output = ErasedResult> + Send>>;

pub(crate) use host::run;

/// Swift: a thread of this library drives the runtime.
#[cfg(not(feature = "kotlin"))]
mod host {
    use std::future::pending;
    use std::io;
    use std::pin::Pin;
    use std::sync::{Mutex, PoisonError};
    use std::task::{Context, Poll};
    use std::thread;

    use skiplino::SigpipeGuard;
    use tokio::runtime::Runtime;
    use tokio::task::JoinHandle;

    use super::{ErasedFuture, ErasedResult};
    use crate::errors::SkiplinoError;

    /// The runtime, after its thread was started.
    fn runtime() -> io::Result<&'static Runtime> {
        static HAS_THREAD: Mutex<bool> = Mutex::new(false);
        let runtime = super::runtime()?;
        let mut has_thread = HAS_THREAD.lock().unwrap_or_else(PoisonError::into_inner);
        if !*has_thread {
            thread::Builder::new()
                .name("skiplino".to_owned())
                .spawn(|| {
                    let _no_sigpipe = SigpipeGuard::new();
                    runtime.block_on(pending::<()>());
                })?;
            *has_thread = true;
        }
        Ok(runtime)
    }

    /// A task that is aborted when its handle is dropped.
    struct AbortOnDrop(JoinHandle<ErasedResult>);

    impl Future for AbortOnDrop {
        type Output = ErasedResult;

        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<ErasedResult> {
            Pin::new(&mut self.0)
                .poll(context)
                .map(|joined| joined.unwrap_or_else(|_| Err(SkiplinoError::internal())))
        }
    }

    impl Drop for AbortOnDrop {
        fn drop(&mut self) {
            self.0.abort();
        }
    }

    /// Runs a call on the runtime's thread. A panic in the call becomes an error.
    pub(crate) fn run(call: ErasedFuture) -> ErasedFuture {
        match runtime() {
            Ok(runtime) => Box::pin(AbortOnDrop(runtime.spawn(call))),
            Err(_) => Box::pin(async { Err(SkiplinoError::internal()) }),
        }
    }
}

/// Kotlin: a thread of the JVM drives the runtime, see `kotlin/call_driver.rs`.
#[cfg(feature = "kotlin")]
mod host {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use tokio::runtime::Handle;

    use super::{ErasedFuture, ErasedResult};

    /// A call that makes progress only inside the runtime.
    struct RuntimeBound(ErasedFuture);

    impl Future for RuntimeBound {
        type Output = ErasedResult;

        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<ErasedResult> {
            match Handle::try_current() {
                Ok(_) => self.0.as_mut().poll(context),
                Err(_) => Poll::Pending,
            }
        }
    }

    /// Binds a call to the runtime. The call driver spawns it there and turns a panic into an
    /// error.
    pub(crate) fn run(call: ErasedFuture) -> ErasedFuture {
        Box::pin(RuntimeBound(call))
    }
}
