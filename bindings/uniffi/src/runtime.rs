//! Where calls run: one runtime a process, for all clients.

use std::io;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::errors::SkiplinoError;

/// The runtime of this process.
pub(crate) fn runtime() -> io::Result<&'static Runtime> {
    static RUNTIME: Mutex<Option<&'static Runtime>> = Mutex::new(None);
    let mut kept = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = *kept {
        return Ok(runtime);
    }
    let built = Builder::new_multi_thread()
        // They wait for the network, and hand answers over.
        .worker_threads(2)
        .thread_name("skiplino")
        .enable_all()
        .build()?;
    // Never ended: the process's end does that, whatever is under way.
    let runtime: &'static Runtime = Box::leak(Box::new(built));
    *kept = Some(runtime);
    Ok(runtime)
}

/// Work under way, which ends when nobody waits for it any more.
struct UnderWay<T>(JoinHandle<T>);

impl<T> Future for UnderWay<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        Pin::new(&mut self.0).poll(context).map(Result::ok)
    }
}

impl<T> Drop for UnderWay<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Does the work on the runtime's threads. A panic in it is an error.
pub(crate) async fn run<T: Send + 'static>(
    work: impl Future<Output = Result<T, SkiplinoError>> + Send + 'static,
) -> Result<T, SkiplinoError> {
    let Ok(runtime) = runtime() else {
        return Err(SkiplinoError::bug());
    };
    let under_way = UnderWay(runtime.spawn(work));
    under_way.await.unwrap_or_else(|| Err(SkiplinoError::bug()))
}
