"""Event loops of every make, many of them in one process, and how they end."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import anyio
import pytest
import trio
import trio_asyncio
import uvloop

from skiplino import AsyncClient
from skiplino.testing import Sandbox

TICKET = "k7m2p9x4q1"
Work = Callable[[], Coroutine[Any, Any, None]]


def with_uvloop(work: Work) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work())


RUNS: dict[str, Callable[[Work], None]] = {
    "asyncio": lambda work: asyncio.run(work()),
    "uvloop": with_uvloop,
    "anyio": lambda work: anyio.run(work),
    "anyio on uvloop": lambda work: anyio.run(work, backend_options={"use_uvloop": True}),
    # Tasks of asyncio, on the event loop that trio-asyncio runs inside trio's own.
    "trio-asyncio": lambda work: trio_asyncio.run(trio_asyncio.aio_as_trio(work)),
}


@pytest.fixture(params=RUNS)
def run(request: pytest.FixtureRequest) -> Callable[[Work], None]:
    return RUNS[request.param]


@pytest.fixture(autouse=True)
def nothing_open(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    # Errors of tests before keep what was around them, clients included.
    gc.collect()


def test_calls_lists_and_watches_work(run: Callable[[Work], None], sandbox: Sandbox) -> None:
    sandbox.generate(97)

    async def work() -> None:
        async with AsyncClient(**sandbox.settings()) as client:
            tickets = await asyncio.gather(*(client.tickets.get(TICKET) for _ in range(64)))
            assert {ticket.id for ticket in tickets} == {TICKET}
            assert len([customer async for customer in client.customers.list(limit=10)]) == 100
            assert (await anext(client.tickets.watch(TICKET))).id == TICKET

    run(work)


def test_cancelling_ends_the_request(run: Callable[[Work], None], sandbox: Sandbox) -> None:
    fault = sandbox.hold("getTicket")

    async def work() -> None:
        client = AsyncClient(**sandbox.settings())
        call = asyncio.ensure_future(client.tickets.get(TICKET))
        await asyncio.get_running_loop().run_in_executor(None, sandbox.held, 1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        sandbox.release(fault)
        assert sandbox.control("GET /idle") == {"connections": 0, "requests": 0}
        await client.close()

    run(work)


@pytest.mark.parametrize("options", [{}, {"use_uvloop": True}], ids=["asyncio", "uvloop"])
def test_a_cancel_scope_of_anyio_ends_a_call(sandbox: Sandbox, options: dict[str, Any]) -> None:
    fault = sandbox.hold("getTicket")

    async def work() -> None:
        client = AsyncClient(**sandbox.settings())
        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(client.tickets.get, TICKET)
            await anyio.to_thread.run_sync(sandbox.held, 4)
            group.cancel_scope.cancel()
        sandbox.release(fault)
        assert sandbox.control("GET /idle") == {"connections": 0, "requests": 0}
        await client.close()

    anyio.run(work, backend_options=options)


def test_a_cancel_scope_of_trio_ends_a_call_of_trio_asyncio(sandbox: Sandbox) -> None:
    fault = sandbox.hold("getTicket")

    async def work() -> None:
        async with trio_asyncio.open_loop():
            client = AsyncClient(**sandbox.settings())
            get = trio_asyncio.aio_as_trio(client.tickets.get)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(get, TICKET)
                await trio.to_thread.run_sync(sandbox.held, 1)
                nursery.cancel_scope.cancel()
            sandbox.release(fault)
            assert sandbox.control("GET /idle") == {"connections": 0, "requests": 0}
            sandbox.control("DELETE /faults")
            assert (await get(TICKET)).id == TICKET
            await trio_asyncio.aio_as_trio(client.close)()

    trio.run(work)


@pytest.mark.parametrize("run_it", [trio.run, lambda work: anyio.run(work, backend="trio")], ids=["trio", "anyio"])
def test_trio_alone_is_told_what_is_missing(sandbox: Sandbox, run_it: Callable[[Work], None]) -> None:
    async def work() -> None:
        client = AsyncClient(**sandbox.settings())
        calls: list[Awaitable[Any]] = [client.tickets.get(TICKET), anext(client.customers.list())]
        for call in calls:
            with pytest.raises(RuntimeError, match=r"no event loop of asyncio runs here.*trio-asyncio"):
                await call

    run_it(work)
    assert sandbox.received("getTicket") == 0


def test_a_client_serves_loops_of_many_threads(sandbox: Sandbox) -> None:
    client = AsyncClient(**sandbox.settings())
    fault = sandbox.hold("getTicket")
    seen: list[str] = []

    async def work() -> None:
        tickets = await asyncio.gather(*(client.tickets.get(TICKET) for _ in range(4)))
        seen.extend(ticket.id for ticket in tickets)

    threads = [threading.Thread(target=run, args=[work]) for run in list(RUNS.values())[:4] * 2]
    for thread in threads:
        thread.start()
    # All 32 calls of the eight loops are there at once.
    sandbox.held(32)
    sandbox.release(fault)
    for thread in threads:
        thread.join()
    assert seen == [TICKET] * 32


def files() -> int:
    gc.collect()
    return len(os.listdir("/dev/fd"))


def test_loops_that_are_gone_leave_nothing_open(run: Callable[[Work], None], sandbox: Sandbox) -> None:
    client = AsyncClient(**sandbox.settings())

    async def work() -> None:
        await client.branches.list()

    run(work)
    before = files()
    for _ in range(20):
        run(work)
    # The client's own connection may be open or not.
    assert files() <= before + 1


@pytest.mark.parametrize("new", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_loops_closed_with_calls_pending_leave_nothing_open(
    new: Callable[[], asyncio.AbstractEventLoop], sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    client = AsyncClient(**sandbox.settings())

    def leave() -> None:
        fault = sandbox.hold("getTicket")
        loop = new()
        calls = [loop.create_task(client.tickets.get(TICKET)) for _ in range(3)]
        loop.run_until_complete(loop.run_in_executor(None, sandbox.held, 3))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        del calls, loop
        gc.collect()
        # The requests went with the loop.
        sandbox.release(fault)
        assert sandbox.control("GET /idle")["requests"] == 0
        sandbox.control("DELETE /faults")

    with caplog.at_level(logging.CRITICAL, "asyncio"):
        leave()
        before = files()
        for _ in range(10):
            leave()
        assert files() <= before
    # Asyncio has its say of each task that was left; nobody else has one.
    assert {record.name for record in caplog.records} <= {"asyncio"}
    # And the client goes on.
    assert asyncio.run(client.branches.list())
