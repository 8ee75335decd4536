//! Reads a stream one step at a time, for hosts that request and cancel each step on its own.

use std::fmt;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;

/// The result of one step.
#[derive(Debug)]
pub enum Step<T> {
    /// The next item of the stream.
    Item(T),
    /// The stream has ended.
    Finished,
    /// An earlier step was cancelled and the stream cannot start again.
    Interrupted,
}

/// A stream that a host reads step by step.
///
/// Cancelling a step, by dropping its future, drops the stream. This ends the requests that the
/// stream has in flight and releases every lock that it holds.
pub struct StreamSteps<T> {
    /// Absent after [`Self::close`].
    start: Option<Box<dyn FnMut() -> Option<BoxStream<'static, T>> + Send>>,
    /// Absent before the first step, during a step, and after a cancelled step.
    stream: Option<BoxStream<'static, T>>,
}

impl<T> StreamSteps<T> {
    /// `start` makes the stream at the first step, and again after a cancelled step. It returns
    /// `None` if the stream must not start a second time, for example because it would repeat
    /// items.
    pub fn new(start: impl FnMut() -> Option<BoxStream<'static, T>> + Send + 'static) -> Self {
        Self {
            start: Some(Box::new(start)),
            stream: None,
        }
    }

    /// Waits for the next item.
    pub async fn next(&mut self) -> Step<T> {
        let current = self.stream.take();
        let current = current.or_else(|| self.start.as_mut().and_then(|start| start()));
        let Some(mut stream) = current else {
            return Step::Interrupted;
        };
        let item = stream.next().await;
        self.stream = Some(stream);
        match item {
            Some(item) => Step::Item(item),
            None => Step::Finished,
        }
    }

    /// Drops the stream permanently. Connections in flight return to a pool that needs the runtime:
    /// call this inside the runtime's context.
    pub fn close(&mut self) {
        self.stream = None;
        self.start = None;
    }
}

impl<T> fmt::Debug for StreamSteps<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamSteps").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use futures_util::future::FutureExt as _;
    use futures_util::stream;

    use super::*;

    #[test]
    fn a_stream_that_starts_once_is_interrupted_by_a_cancelled_step() {
        let mut first = Some(stream::iter([1]).chain(stream::once(pending())).boxed());
        let mut steps = StreamSteps::new(move || first.take());
        assert!(matches!(steps.next().now_or_never(), Some(Step::Item(1))));
        assert!(steps.next().now_or_never().is_none());
        assert!(matches!(
            steps.next().now_or_never(),
            Some(Step::Interrupted)
        ));
    }

    #[test]
    fn a_stream_that_may_restart_repeats_after_a_cancelled_step() {
        let start = || Some(stream::iter([1]).chain(stream::once(pending())).boxed());
        let mut steps = StreamSteps::new(start);
        assert!(matches!(steps.next().now_or_never(), Some(Step::Item(1))));
        assert!(steps.next().now_or_never().is_none());
        assert!(matches!(steps.next().now_or_never(), Some(Step::Item(1))));
        steps.close();
        assert!(matches!(
            steps.next().now_or_never(),
            Some(Step::Interrupted)
        ));
    }

    #[test]
    fn a_stream_reports_its_end() {
        let mut steps = StreamSteps::new(|| Some(stream::empty::<u8>().fuse().boxed()));
        assert!(matches!(steps.next().now_or_never(), Some(Step::Finished)));
        assert!(matches!(steps.next().now_or_never(), Some(Step::Finished)));
    }
}
