"""Calls from event loops: they start on the native runtime, and the loop awaits their results."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary, finalize, ref

from ._native import CompletionQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ._native import NativeAsyncIterator

P = ParamSpec("P")
T = TypeVar("T")

# The loop waits for its queue's socket and so keeps the queue alive. A strong reference here would keep the loop
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


# Windows has no forks.
if sys.platform != "win32":
    os.register_at_fork(after_in_child=_abandon_after_fork)


class _Receiver:
    """Drains a queue on a loop that cannot watch sockets but can receive from them, such as asyncio's
    default loop on Windows.

    This is no task, because `asyncio.run` cancels all tasks, and calls may follow.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, queue: CompletionQueue) -> None:
        self._loop = loop
        self._queue = queue
        self._socket = socket.socket(fileno=queue.duplicate_socket())
        self._socket.setblocking(False)
        self._receiving: Coroutine[Any, Any, bytes] | None = None
        # The loop keeps this object alive.
        finalize(self, self._socket.close)
        self._continue()

    def _continue(self, _received: object = None) -> None:
        if self._receiving is None:
            self._receiving = self._loop.sock_recv(self._socket, 64)
        try:
            future = self._receiving.send(None)
        except StopIteration:
            self._receiving = None
            self._loop.call_soon(self._continue)
            self._queue.drain()
        except OSError:
            # The socket was closed at the end of the interpreter.
            pass
        else:
            future.add_done_callback(self._continue)


def _queue_of(loop: asyncio.AbstractEventLoop) -> CompletionQueue:
    known = _queues.get(loop)
    queue = None if known is None else known()
    if queue is None:
        queue = CompletionQueue()
        try:
            loop.add_reader(queue.fileno(), queue.drain)
        except NotImplementedError:
            _Receiver(loop, queue)
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
