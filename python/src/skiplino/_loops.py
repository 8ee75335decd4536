"""How calls are made from event loops."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from ._native import Bridge

if TYPE_CHECKING:
    from collections.abc import Callable

_bridges: WeakKeyDictionary[asyncio.AbstractEventLoop, Bridge] = WeakKeyDictionary()

# The loops of the parent are not to be woken by a forked child.
os.register_at_fork(after_in_child=_bridges.clear)


def _bridge(loop: asyncio.AbstractEventLoop) -> Bridge:
    bridge = _bridges.get(loop)
    if bridge is None:
        bridge = Bridge()
        loop.add_reader(bridge.fileno(), bridge.drain)
        _bridges[loop] = bridge
    return bridge


async def send(start: Callable[..., Any], *args: Any) -> Any:
    """Starts a call, which takes whom to reply to as its last argument, and waits for its end. Cancelling this stops the call."""
    loop = asyncio.get_running_loop()
    bridge = _bridge(loop)
    future: asyncio.Future[Any] = loop.create_future()
    number = start(*args, (bridge, future))
    try:
        return await future
    except BaseException:
        # Of no effect where this is the call's own error.
        bridge.cancel(number)
        raise
