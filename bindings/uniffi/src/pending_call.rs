//! A call that was started and that the host waits for.

use std::marker::PhantomData;
#[cfg(not(feature = "kotlin"))]
use std::{
    pin::Pin,
    task::{Context, Poll},
};

use crate::errors::SkiplinoError;
use crate::runtime::{ErasedFuture, ErasedResult};

/// A started call that ends with an `R`. The call itself is type-erased, so that the code that runs
/// calls is compiled once and not once for each operation.
#[must_use = "a pending call does nothing unless it is polled"]
pub(crate) struct PendingCall<R> {
    future: ErasedFuture,
    result: PhantomData<fn() -> R>,
}

impl<R: 'static> PendingCall<R> {
    /// The future must end with an `R`.
    pub(crate) fn new(future: ErasedFuture) -> Self {
        Self {
            future,
            result: PhantomData,
        }
    }

    /// The untyped future. [`Self::downcast`] restores the type of its result.
    #[cfg(feature = "kotlin")]
    pub(crate) fn into_future(self) -> ErasedFuture {
        self.future
    }

    /// Restores the type of the result.
    pub(crate) fn downcast(result: ErasedResult) -> Result<R, SkiplinoError> {
        match result?.downcast() {
            Ok(data) => Ok(*data),
            Err(_) => Err(SkiplinoError::internal()),
        }
    }
}

#[cfg(not(feature = "kotlin"))]
impl<R: 'static> Future for PendingCall<R> {
    type Output = Result<R, SkiplinoError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.future.as_mut().poll(context).map(Self::downcast)
    }
}
