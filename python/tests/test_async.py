"""What goes on around a call that is awaited: other calls, cancellation, loops, forks, and the end of the interpreter."""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import skiplino
from conftest import LAYLA, SWIFT
from skiplino import AsyncClient, Client, ClosedError, _base
from skiplino.testing import Sandbox

TICKET = "k7m2p9x4q1"


def test_calls_overlap(sandbox: Sandbox) -> None:
    fault = sandbox.hold("getTicket")

    async def work() -> None:
        async with sandbox.async_client(**SWIFT) as client:
            calls = [asyncio.create_task(client.tickets.get(TICKET)) for _ in range(64)]
            await asyncio.to_thread(sandbox.held, 64)
            assert not any(call.done() for call in calls)
            sandbox.release(fault)
            assert {ticket.id for ticket in await asyncio.gather(*calls)} == {TICKET}

    asyncio.run(work())


@pytest.mark.parametrize("what", ["get", "list", "watch", "page"])
def test_cancelling_ends_the_request(sandbox: Sandbox, what: str) -> None:
    gc.collect()
    fault = sandbox.hold("listCustomers" if what in ("list", "page") else "getTicket")

    async def work() -> None:
        client = sandbox.async_client(**SWIFT)
        calls: dict[str, Callable[[], Any]] = {
            "get": lambda: client.tickets.get(TICKET),
            "list": lambda: anext(client.customers.list()),
            "page": lambda: client.customers.list().page(1),
            "watch": lambda: anext(client.tickets.watch(TICKET)),
        }

        async def one() -> object:
            return await calls[what]()

        call = asyncio.create_task(one())
        await asyncio.to_thread(sandbox.held, 1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        # The client is still open: the connection went with its request.
        sandbox.release(fault)
        idle = await asyncio.to_thread(sandbox.idle)
        assert idle == {"connections": 0, "requests": 0}
        assert await client.branches.list()
        await client.close()

    asyncio.run(work())


def test_a_deadline_of_asyncio_ends_a_call(sandbox: Sandbox) -> None:
    sandbox.hold("getTicket")

    async def work() -> None:
        async with sandbox.async_client(**SWIFT) as client:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await client.tickets.get(TICKET)

    asyncio.run(work())


def test_a_list_whose_step_was_cancelled_is_not_taken_for_a_short_one(sandbox: Sandbox) -> None:
    sandbox.generate(25)
    fault = sandbox.hold("listCustomers", nth=2)

    async def work() -> None:
        async with sandbox.async_client(**SWIFT) as client:
            customers = client.customers.list(limit=10)
            assert len([await anext(customers) for _ in range(10)]) == 10
            step = asyncio.ensure_future(anext(customers))
            await asyncio.to_thread(sandbox.held, 1)
            step.cancel()
            with pytest.raises(asyncio.CancelledError):
                await step
            sandbox.release(fault)
            with pytest.raises(ClosedError, match="was cancelled: begin it again"):
                await anext(customers)

    asyncio.run(work())


def test_one_client_serves_many_loops_at_once(sandbox: Sandbox) -> None:
    client = sandbox.async_client(**SWIFT)
    fault = sandbox.hold("getTicket")
    seen: list[str] = []

    async def work() -> None:
        seen.append((await client.tickets.get(TICKET)).id)

    threads = [threading.Thread(target=lambda: asyncio.run(work())) for _ in range(4)]
    for thread in threads:
        thread.start()
    sandbox.held(4)
    sandbox.release(fault)
    sandbox.clear()
    for thread in threads:
        thread.join()
    for _ in range(20):
        asyncio.run(work())
    assert seen == [TICKET] * 24


def test_loops_that_are_gone_leave_nothing_open(sandbox: Sandbox) -> None:
    client = sandbox.async_client(**SWIFT)

    async def work() -> None:
        await client.branches.list()

    def files() -> int:
        gc.collect()
        return len(os.listdir("/dev/fd"))

    asyncio.run(work())
    before = files()
    for _ in range(20):
        asyncio.run(work())
    assert files() <= before + 1


def test_a_watch_that_was_cancelled_holds_up_nobody(sandbox: Sandbox) -> None:
    fault = sandbox.hold("getTicket")

    async def work() -> None:
        async with sandbox.async_client(**SWIFT) as client:
            watch = client.tickets.watch(TICKET)
            step = asyncio.ensure_future(anext(watch))
            await asyncio.to_thread(sandbox.held, 1)
            step.cancel()
            with pytest.raises(asyncio.CancelledError):
                await step
            sandbox.release(fault)
            sandbox.clear()
            async with asyncio.timeout(5):
                assert (await anext(client.tickets.watch(TICKET))).id == TICKET
                # And it goes on itself.
                assert (await anext(watch)).id == TICKET

    asyncio.run(work())


def test_watching_tells_each_change(sandbox: Sandbox) -> None:
    async def work() -> list[str]:
        async with sandbox.async_client(**SWIFT) as client:
            seen = []
            async for ticket in client.tickets.watch(TICKET, min=0.01, max=0.01):
                seen.append(ticket.status)
                step = {"waiting": "call", "serving": "serve"}.get(ticket.status)
                if step:
                    await asyncio.to_thread(sandbox.control, f"POST /tickets/{TICKET}/{step}", {})
            return seen

    assert asyncio.run(work()) == ["waiting", "serving", "served"]


def test_watching_tells_each_change_when_waited_for(client: Client, sandbox: Sandbox) -> None:
    seen = []
    for ticket in client.tickets.watch(TICKET, min=0.01, max=0.01):
        seen.append(ticket.status)
        step = {"waiting": "call", "serving": "serve"}.get(ticket.status)
        if step:
            sandbox.control(f"POST /tickets/{TICKET}/{step}", {})
    assert seen == ["waiting", "serving", "served"]


# Python itself warns of forks among threads, which is what is tried here.
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_fork_with_calls_in_flight_works_in_the_child(sandbox: Sandbox) -> None:
    client = sandbox.async_client(**SWIFT)

    async def get() -> None:
        assert (await client.tickets.get(TICKET)).id == TICKET

    async def work() -> None:
        load = [asyncio.create_task(get()) for _ in range(200)]
        for _ in range(10):
            await get()
            pid = os.fork()
            if pid == 0:
                signal.alarm(20)
                code = 1
                try:
                    # As multiprocessing does: a new thread of work, with a loop of its own.
                    thread = threading.Thread(target=lambda: asyncio.run(get()))
                    thread.start()
                    thread.join()
                    asyncio.events._set_running_loop(None)
                    asyncio.run(get())
                    code = 0
                finally:
                    os._exit(code)
            assert os.waitpid(pid, 0)[1] == 0
        await asyncio.gather(*load)

    asyncio.run(work())


def test_the_end_of_the_interpreter_is_clean(sandbox: Sandbox) -> None:
    sandbox.hold("getTicket")
    script = """
        import asyncio
        from skiplino import AsyncClient

        client = AsyncClient()

        async def work():
            await client.branches.list()
            asyncio.create_task(client.tickets.get("k7m2p9x4q1"))
            await asyncio.sleep(0.05)

        asyncio.run(work())
        loop = asyncio.new_event_loop()
        loop.run_until_complete(client.branches.list())
        loop.close()
        print("bye")
    """
    env = {**os.environ, "SKIPLINO_API_KEY": "sk_sandbox_secret", "SKIPLINO_BASE_URL": sandbox.base_url}
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(script)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "bye\n", "")


def public(of: object) -> Iterator[tuple[str, Any]]:
    for name in dir(of):
        if not name.startswith("_"):
            yield name, inspect.getattr_static(of, name)


TWINS = [(Client, AsyncClient), (skiplino.List, skiplino.AsyncList), (skiplino.Watch, skiplino.AsyncWatch)]


@pytest.mark.parametrize(("one", "other"), TWINS)
def test_each_client_has_what_the_other_has(one: type, other: type) -> None:
    compare(one, other)


def test_each_resource_has_what_the_other_has() -> None:
    key = "sk_x"
    one, other = Client(key), AsyncClient(key)
    resources = [name for name, value in vars(one).items() if isinstance(value, _base.Resource)]
    assert resources == ["branches", "services", "tickets", "customers"]
    methods = 0
    for name in resources:
        methods += compare(type(getattr(one, name)), type(getattr(other, name)))
    assert methods == 18


def compare(one: type, other: type) -> int:
    names, others = dict(public(one)), dict(public(other))
    assert names.keys() == others.keys()
    methods = 0
    for name, value in names.items():
        twin = others[name]
        if not inspect.isfunction(value):
            assert type(value) is type(twin), name
            continue
        methods += 1
        first, second = inspect.signature(value), inspect.signature(twin)
        assert list(first.parameters) == list(second.parameters), name
        for mine, its in zip(first.parameters.values(), second.parameters.values(), strict=True):
            assert (mine.kind, mine.default) == (its.kind, its.default), name
            if name != "with_response":
                assert mine.annotation == its.annotation, name
        returned = str(second.return_annotation)
        lazy = "Async" in returned
        assert inspect.iscoroutinefunction(twin) != (lazy or name == "with_options"), name
        if name not in ("pages", "with_options"):
            assert first.return_annotation == returned.replace("Async", ""), name
        assert value.__doc__, name
        assert twin.__doc__, name
    return methods


def test_arguments_are_refused_when_awaited(sandbox: Sandbox) -> None:
    async def work() -> None:
        async with sandbox.async_client(**SWIFT) as client:
            response = await client.with_response(client.customers.find, LAYLA)
            assert response.data is not None
            assert response.status == 200
            with pytest.raises(TypeError, match="not both"):
                await client.customers.get(LAYLA, external_id="crm-7741")

    asyncio.run(work())
