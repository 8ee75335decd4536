//! A call of any operation, whose result is bytes for Kotlin.

use std::pin::Pin;
use std::task::{Context, Poll};

use bindings_common::catch_panic;
use uniffi::Lower;

use crate::UniFfiTag;
use crate::errors::SkiplinoError;
use crate::pending_call::PendingCall;
use crate::runtime::{ErasedFuture, ErasedResult};

/// A result as Kotlin reads it: 0 and the data, or 1 and the error, as written by UniFFI's
/// converters.
pub(crate) type EncodedResult = Vec<u8>;

fn encode<R: Lower<UniFfiTag>>(result: Result<R, SkiplinoError>) -> EncodedResult {
    let mut encoded = Vec::new();
    match result {
        Ok(data) => {
            encoded.push(0);
            R::write(data, &mut encoded);
        }
        Err(error) => {
            encoded.push(1);
            <SkiplinoError as Lower<UniFfiTag>>::write(error, &mut encoded);
        }
    }
    encoded
}

pub(crate) fn encode_error(error: SkiplinoError) -> EncodedResult {
    encode::<bool>(Err(error))
}

/// A future that ends with an encoded result. A panic becomes an error.
pub(crate) struct ErasedCall {
    future: ErasedFuture,
    encode: fn(ErasedResult) -> EncodedResult,
}

impl<R: Lower<UniFfiTag> + 'static> From<PendingCall<R>> for ErasedCall {
    fn from(call: PendingCall<R>) -> Self {
        Self {
            future: call.into_future(),
            encode: |result| encode(PendingCall::<R>::downcast(result)),
        }
    }
}

impl Future for ErasedCall {
    type Output = EncodedResult;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<EncodedResult> {
        let polled = catch_panic(|| self.future.as_mut().poll(context));
        polled
            .unwrap_or_else(|| Poll::Ready(Err(SkiplinoError::internal())))
            .map(self.encode)
    }
}
