"""How calls are made from event loops."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from ._native import Bridge

if TYPE_CHECKING:
    from collections.abc import Callable

# A bridge belongs to its loop, which watches it, and goes with it: what is under way on a bridge leads back to the loop.
_bridges: WeakKeyDictionary[asyncio.AbstractEventLoop, ref[Bridge]] = WeakKeyDictionary()


def _forked() -> None:
    # The loops of the parent are not to be woken by a child. One that goes on with its copy of a loop is not to wait for ever.
    for known in list(_bridges.values()):
        bridge = known()
        if bridge is not None:
            bridge.forsake()
    _bridges.clear()


os.register_at_fork(after_in_child=_forked)


def _bridge(loop: asyncio.AbstractEventLoop) -> Bridge:
    known = _bridges.get(loop)
    bridge = None if known is None else known()
    if bridge is None:
        bridge = Bridge()
        loop.add_reader(bridge.fileno(), bridge.drain)
        _bridges[loop] = ref(bridge)
    return bridge


def _running() -> asyncio.AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        text = "no event loop of asyncio runs here, which an AsyncClient needs (under trio, trio-asyncio has one)"
        raise RuntimeError(text) from None


async def send(start: Callable[..., Any], *args: Any) -> Any:
    """Starts a call, which takes whom to reply to as its last argument, and waits for its end. Cancelling this stops the call."""
    loop = _running()
    bridge = _bridge(loop)
    future: asyncio.Future[Any] = loop.create_future()
    number = start(*args, (bridge, future))
    try:
        return await future
    except BaseException:
        # Of no effect where this is the call's own error.
        bridge.cancel(number)
        raise
