"""Calls from event loops: they start on the native runtime, and the loop awaits their results."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary, ref

from ._native import CompletionQueue

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._native import NativeAsyncIterator

P = ParamSpec("P")
T = TypeVar("T")

# The loop watches its queue and so keeps it alive. A strong reference here would keep the loop
# alive, through the futures of the queue.
_queues: WeakKeyDictionary[asyncio.AbstractEventLoop, ref[CompletionQueue]] = WeakKeyDictionary()


def _abandon_after_fork() -> None:
    # A child must not wake the loops of its parent. A child that keeps running its copy of a loop
    # must not wait forever.
    for known in list(_queues.values()):
        queue = known()
        if queue is not None:
            queue.abandon_after_fork()
    _queues.clear()


os.register_at_fork(after_in_child=_abandon_after_fork)


def _queue_of(loop: asyncio.AbstractEventLoop) -> CompletionQueue:
    known = _queues.get(loop)
    queue = None if known is None else known()
    if queue is None:
        queue = CompletionQueue()
        loop.add_reader(queue.fileno(), queue.drain)
        _queues[loop] = ref(queue)
    return queue


async def call(start: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Starts a native call and awaits its result. Cancelling this stops the call.

    ``start`` also takes ``reply_to``, and with it returns the number of the pending call.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        text = "no asyncio event loop is running, and an AsyncClient needs one (under trio, use trio-asyncio)"
        raise RuntimeError(text) from None
    queue = _queue_of(loop)
    future: asyncio.Future[T] = loop.create_future()
    native: Callable[..., Any] = start
    number = native(*args, **kwargs, reply_to=(queue, future))
    try:
        return await future
    except BaseException:
        # Has no effect if the call itself failed.
        queue.cancel(number)
        raise


async def next_item(iterator: NativeAsyncIterator[T]) -> T | None:
    """The next item of a native iterator; None after the last."""
    start: Callable[..., T | None] = iterator.next
    return await call(start)
