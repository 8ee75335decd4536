"""Event loops of several libraries, many in one process, and their shutdown."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from conftest import SWIFT, TICKET, left, library, start
from skiplino._native import CompletionQueue
from skiplino.testing import Sandbox

if TYPE_CHECKING:
    import trio
else:
    trio = library("trio")

Work = Callable[[], Coroutine[Any, Any, None]]


class WithoutReaders(asyncio.SelectorEventLoop):
    """A loop that cannot watch sockets, as the default loop of Windows."""

    def add_reader(self, *_: object) -> None:
        raise NotImplementedError


# The loops, and the options of anyio that select them.
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
OPTIONS: dict[str, dict[str, Any]] = {"asyncio": {}}
if sys.platform == "win32":
    LOOPS["selector"] = asyncio.SelectorEventLoop
    OPTIONS["selector"] = {"loop_factory": asyncio.SelectorEventLoop}
else:
    import uvloop

    LOOPS["without readers"] = WithoutReaders
    LOOPS["uvloop"] = uvloop.new_event_loop
    OPTIONS["uvloop"] = {"use_uvloop": True}


def with_loop(new: Callable[[], asyncio.AbstractEventLoop]) -> Callable[[Work], None]:
    def run(work: Work) -> None:
        with asyncio.Runner(loop_factory=new) as runner:
            runner.run(work())

    return run


def with_anyio(options: dict[str, Any]) -> Callable[[Work], None]:
    return lambda work: anyio.run(work, backend_options=options)


RUNS = {name: with_loop(new) for name, new in LOOPS.items()} | {
    f"anyio on {name}": with_anyio(options) for name, options in OPTIONS.items()
}


@pytest.fixture(params=RUNS)
def run(request: pytest.FixtureRequest) -> Callable[[Work], None]:
    return RUNS[request.param]


@pytest.fixture(autouse=True)
def nothing_open() -> None:
    # The tracebacks of earlier tests may keep clients alive.
    gc.collect()


def test_calls_lists_and_watches_work(run: Callable[[Work], None], sandbox: Sandbox) -> None:
    sandbox.generate(97)

    async def work() -> None:
        async with sandbox.async_client(**SWIFT) as client:
            tickets = await asyncio.gather(*(client.tickets.get(TICKET) for _ in range(64)))
            assert {ticket.id for ticket in tickets} == {TICKET}
            assert len([customer async for customer in client.customers.list(limit=10)]) == 100
            assert (await anext(client.tickets.watch(TICKET))).id == TICKET

    run(work)


def test_cancelling_ends_the_request(run: Callable[[Work], None], sandbox: Sandbox) -> None:
    fault = sandbox.hold("getTicket")

    async def work() -> None:
        client = sandbox.async_client(**SWIFT)
        call = asyncio.ensure_future(client.tickets.get(TICKET))
        await asyncio.get_running_loop().run_in_executor(None, sandbox.held, 1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        left(sandbox, fault)
        await client.close()

    run(work)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_cancel_scope_of_anyio_ends_a_call(sandbox: Sandbox, options: dict[str, Any]) -> None:
    fault = sandbox.hold("getTicket")

    async def work() -> None:
        client = sandbox.async_client(**SWIFT)
        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(client.tickets.get, TICKET)
            await anyio.to_thread.run_sync(sandbox.held, 4)
            group.cancel_scope.cancel()
        left(sandbox, fault, 4)
        await client.close()

    anyio.run(work, backend_options=options)


def test_a_loop_of_trio_asyncio_works_inside_trio(sandbox: Sandbox) -> None:
    assert trio.__name__ == "trio"
    sandbox.generate(97)
    fault = sandbox.hold("bookTicket")
    # In a process of its own, because importing trio-asyncio replaces the event loop of the
    # process.
    script = f"""
        import asyncio, sys, trio, trio_asyncio
        from skiplino import AsyncClient

        TICKET = {TICKET!r}

        async def with_asyncio(client):
            tickets = await asyncio.gather(*(client.tickets.get(TICKET) for _ in range(64)))
            assert {{ticket.id for ticket in tickets}} == {{TICKET}}
            assert len([customer async for customer in client.customers.list(limit=10)]) == 100
            assert (await anext(client.tickets.watch(TICKET))).id == TICKET

        async def work():
            async with trio_asyncio.open_loop():
                client = AsyncClient()
                await trio_asyncio.aio_as_trio(with_asyncio)(client)
                await trio_asyncio.aio_as_trio(client.close)()
                client = AsyncClient()
                with trio.CancelScope() as scope:
                    async with trio.open_nursery() as nursery:
                        nursery.start_soon(trio_asyncio.aio_as_trio(client.tickets.book), "6fe8fb8b12", "7c1f9a3b2d")
                        print("booking", flush=True)
                        await trio.to_thread.run_sync(sys.stdin.readline)
                        scope.cancel()
                print("cancelled", flush=True)
                await trio.to_thread.run_sync(sys.stdin.read)

        trio.run(work)
    """
    with start(sandbox, script, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "booking\n"
        sandbox.held(1)
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "cancelled\n"
        left(sandbox, fault)
        assert process.communicate("") == ("", "")
    assert process.returncode == 0


@pytest.mark.parametrize(
    "run_it", [lambda work: trio.run(work), lambda work: anyio.run(work, backend=trio.__name__)], ids=["trio", "anyio"]
)
def test_under_trio_alone_the_error_says_what_is_missing(sandbox: Sandbox, run_it: Callable[[Work], None]) -> None:
    async def work() -> None:
        client = sandbox.async_client(**SWIFT)
        calls: list[Awaitable[Any]] = [client.tickets.get(TICKET), anext(client.customers.list())]
        for call in calls:
            with pytest.raises(RuntimeError, match=r"no asyncio event loop is running.*trio-asyncio"):
                await call

    run_it(work)
    assert sandbox.received("getTicket") == 0


def test_a_client_serves_loops_of_many_threads(sandbox: Sandbox) -> None:
    client = sandbox.async_client(**SWIFT)
    fault = sandbox.hold("getTicket")
    seen: list[str] = []

    async def work() -> None:
        tickets = await asyncio.gather(*(client.tickets.get(TICKET) for _ in range(4)))
        seen.extend(ticket.id for ticket in tickets)

    threads = [threading.Thread(target=run, args=[work]) for run in list(RUNS.values()) * 2]
    for thread in threads:
        thread.start()
    # The four calls of each loop are held at once.
    calls = 4 * len(threads)
    sandbox.held(calls)
    sandbox.release(fault)
    for thread in threads:
        thread.join()
    assert seen == [TICKET] * calls


def files() -> int:
    """The number of open files, on Windows of the sockets of loops and of what they belong to."""
    gc.collect()
    if sys.platform == "win32":
        return sum(isinstance(found, (socket.socket, CompletionQueue)) for found in gc.get_objects())
    return len(os.listdir("/dev/fd"))


def test_loops_that_are_gone_leave_nothing_open(run: Callable[[Work], None], sandbox: Sandbox) -> None:
    client = sandbox.async_client(**SWIFT)

    async def work() -> None:
        await client.branches.list()

    run(work)
    before = files()
    for _ in range(20):
        run(work)
    # The client may keep one idle connection.
    assert files() <= before + 1


@pytest.mark.parametrize("new", LOOPS.values(), ids=LOOPS)
def test_loops_closed_with_calls_pending_leave_nothing_open(
    new: Callable[[], asyncio.AbstractEventLoop], sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    client = sandbox.async_client(**SWIFT)

    def leave() -> None:
        fault = sandbox.hold("getTicket")
        loop = new()
        calls = [loop.create_task(client.tickets.get(TICKET)) for _ in range(3)]
        loop.run_until_complete(loop.run_in_executor(None, sandbox.held, 3))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        del calls, loop
        gc.collect()
        # The requests ended with the loop.
        left(sandbox, fault, 3)
        sandbox.control("DELETE /faults")

    with caplog.at_level(logging.CRITICAL, "asyncio"):
        leave()
        before = files()
        for _ in range(10):
            leave()
        assert files() <= before
    # Only asyncio logs the destroyed tasks.
    assert {record.name for record in caplog.records} <= {"asyncio"}
    # The client still works.
    assert asyncio.run(client.branches.list())
