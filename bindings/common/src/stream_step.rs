//! Reads a stream one step at a time, for hosts that request and cancel each step on its own.

use std::fmt;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;

/// The result of one step.
#[derive(Debug)]
pub enum Step<T, E> {
    /// The next item of the stream, or the error that ends it.
    Item(Result<T, E>),
    /// The stream has ended.
    Finished,
    /// An earlier step was cancelled and the stream cannot start again.
    Interrupted,
}

/// A stream that a host reads step by step. The first error ends it.
///
/// Cancelling a step, by dropping its future, drops the stream. This ends the requests that the
/// stream has in flight and releases every lock that it holds. So does the end of the stream, even
/// if the host still refers to it.
pub struct StreamSteps<T, E> {
    /// Absent after the end and after [`Self::close`].
    start: Option<StartFn<T, E>>,
    /// Absent before the first step, during a step, after a cancelled step and after the end.
    stream: Option<ItemStream<T, E>>,
    has_ended: bool,
}

type ItemStream<T, E> = BoxStream<'static, Result<T, E>>;
type StartFn<T, E> = Box<dyn FnMut() -> Option<ItemStream<T, E>> + Send>;

impl<T, E> StreamSteps<T, E> {
    /// `start` makes the stream at the first step, and again after a cancelled step. It returns
    /// `None` if the stream must not start a second time, for example because it would repeat
    /// items.
    pub fn new(start: impl FnMut() -> Option<ItemStream<T, E>> + Send + 'static) -> Self {
        Self {
            start: Some(Box::new(start)),
            stream: None,
            has_ended: false,
        }
    }

    /// Waits for the next item.
    pub async fn next(&mut self) -> Step<T, E> {
        if self.has_ended {
            return Step::Finished;
        }
        let current = self.stream.take();
        let current = current.or_else(|| self.start.as_mut().and_then(|start| start()));
        let Some(mut stream) = current else {
            return Step::Interrupted;
        };
        let item = stream.next().await;
        if let Some(Ok(_)) = item {
            self.stream = Some(stream);
        } else {
            self.start = None;
            self.has_ended = true;
        }
        item.map_or(Step::Finished, Step::Item)
    }

    /// Drops the stream permanently. Connections in flight return to a pool that needs the runtime:
    /// call this inside the runtime's context.
    pub fn close(&mut self) {
        self.stream = None;
        self.start = None;
    }
}

impl<T, E> fmt::Debug for StreamSteps<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamSteps").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::Arc;
    use std::task::Poll;

    use futures_util::future::FutureExt as _;
    use futures_util::stream;

    use super::*;

    fn one_then_pending() -> ItemStream<u8, ()> {
        stream::iter([Ok(1)]).chain(stream::once(pending())).boxed()
    }

    #[test]
    fn a_stream_that_starts_once_is_interrupted_by_a_cancelled_step() {
        let mut first = Some(one_then_pending());
        let mut steps = StreamSteps::new(move || first.take());
        assert!(matches!(
            steps.next().now_or_never(),
            Some(Step::Item(Ok(1)))
        ));
        assert!(steps.next().now_or_never().is_none());
        assert!(matches!(
            steps.next().now_or_never(),
            Some(Step::Interrupted)
        ));
    }

    #[test]
    fn a_stream_that_may_restart_repeats_after_a_cancelled_step() {
        let mut steps = StreamSteps::new(|| Some(one_then_pending()));
        assert!(matches!(
            steps.next().now_or_never(),
            Some(Step::Item(Ok(1)))
        ));
        assert!(steps.next().now_or_never().is_none());
        assert!(matches!(
            steps.next().now_or_never(),
            Some(Step::Item(Ok(1)))
        ));
        steps.close();
        assert!(matches!(
            steps.next().now_or_never(),
            Some(Step::Interrupted)
        ));
    }

    #[test]
    fn the_end_and_an_error_drop_the_stream() {
        for last in [None, Some(Err(()))] {
            let held = Arc::new(());
            let copy = Arc::clone(&held);
            let items = move || {
                let copy = Arc::clone(&copy);
                stream::iter(last).chain(stream::poll_fn(move |_| {
                    let _ = &copy;
                    Poll::<Option<Result<u8, ()>>>::Ready(None)
                }))
            };
            let mut steps = StreamSteps::new(move || Some(items().boxed()));
            let step = steps.next().now_or_never();
            match last {
                Some(_) => assert!(matches!(step, Some(Step::Item(Err(()))))),
                None => assert!(matches!(step, Some(Step::Finished))),
            }
            assert_eq!(Arc::strong_count(&held), 1);
            assert!(matches!(steps.next().now_or_never(), Some(Step::Finished)));
        }
    }
}
