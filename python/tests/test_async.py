"""The client for event loops: concurrent calls, cancellation, and the same methods as the blocking
client.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import skiplino
from conftest import LAYLA, SWIFT, TICKET, left
from skiplino import AsyncClient, Client, ClosedError, _base
from skiplino.testing import Sandbox


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
        # The client is still open, but the connection of the request is closed.
        await asyncio.to_thread(left, sandbox, fault)
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


def test_a_list_raises_after_a_cancelled_step_instead_of_ending_early(sandbox: Sandbox) -> None:
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
            with pytest.raises(ClosedError, match="was cancelled: start again with a new list"):
                await anext(customers)

    asyncio.run(work())


def test_a_cancelled_watch_does_not_block_other_watches(sandbox: Sandbox) -> None:
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
            sandbox.control("DELETE /faults")
            async with asyncio.timeout(5):
                assert (await anext(client.tickets.watch(TICKET))).id == TICKET
                # The cancelled watch works, too.
                assert (await anext(watch)).id == TICKET

    asyncio.run(work())


def test_a_watch_returns_each_change(sandbox: Sandbox) -> None:
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


def test_a_blocking_watch_returns_each_change(client: Client, sandbox: Sandbox) -> None:
    seen = []
    for ticket in client.tickets.watch(TICKET, min=0.01, max=0.01):
        seen.append(ticket.status)
        step = {"waiting": "call", "serving": "serve"}.get(ticket.status)
        if step:
            sandbox.control(f"POST /tickets/{TICKET}/{step}", {})
    assert seen == ["waiting", "serving", "served"]


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
    # The 13 operations, find, watch, export, to_arrow and sync.
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


def test_arguments_are_rejected_when_awaited(sandbox: Sandbox) -> None:
    async def work() -> None:
        async with sandbox.async_client(**SWIFT) as client:
            response = await client.with_response(client.customers.find, LAYLA)
            assert response.data is not None
            assert response.status == 200
            with pytest.raises(TypeError, match="not both"):
                await client.customers.get(LAYLA, external_id="crm-7741")

    asyncio.run(work())
