//! The tokio runtime: one runtime with one thread for all clients. Calls mostly wait for the
//! network, and one thread serves thousands of calls a second; a second thread would only add
//! hand-overs.

use std::any::Any;
use std::pin::Pin;

use crate::errors::SkiplinoError;

/// The data of a call, type-erased: the code that runs calls is compiled once and not once for each
/// operation.
pub(crate) type ErasedData = Box<dyn Any + Send>;

/// The result of a call.
pub(crate) type ErasedResult = Result<ErasedData, SkiplinoError>;

/// A call as a future.
pub(crate) type ErasedFuture = Pin<Box<dyn Future<Output = ErasedResult> + Send>>;

#[cfg(all(feature = "testing", not(feature = "kotlin")))]
pub(crate) use host::alive_tasks;
pub(crate) use host::run;

/// Swift: a thread of this library drives the runtime.
#[cfg(not(feature = "kotlin"))]
mod host {
    use std::future::pending;
    use std::io;
    use std::pin::Pin;
    use std::sync::{Mutex, OnceLock, PoisonError};
    use std::task::{Context, Poll};
    use std::thread;

    use skiplino::SigpipeGuard;
    use tokio::runtime::{Builder, Handle};
    use tokio::task::JoinHandle;

    use super::{ErasedFuture, ErasedResult};
    use crate::errors::SkiplinoError;

    static RUNTIME: OnceLock<Handle> = OnceLock::new();

    /// The runtime of this process, whose thread drives it until the process ends.
    fn runtime() -> io::Result<&'static Handle> {
        static STARTING: Mutex<()> = Mutex::new(());
        if let Some(runtime) = RUNTIME.get() {
            return Ok(runtime);
        }
        let _starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = RUNTIME.get() {
            return Ok(runtime);
        }
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let thread = thread::Builder::new().name("skiplino".to_owned());
        thread.spawn(move || {
            let _no_sigpipe = SigpipeGuard::new();
            runtime.block_on(pending::<()>());
        })?;
        Ok(RUNTIME.get_or_init(|| handle))
    }

    /// The number of tasks: calls in flight and connections.
    #[cfg(feature = "testing")]
    pub(crate) fn alive_tasks() -> usize {
        RUNTIME
            .get()
            .map_or(0, |runtime| runtime.metrics().num_alive_tasks())
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
