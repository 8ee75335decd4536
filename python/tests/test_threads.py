"""Many threads with one blocking client."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from conftest import SECRET, TICKET
from skiplino import AsyncClient, CancellationToken, CancelledError, Client, InvalidRequestError
from skiplino.testing import Sandbox


def test_threads_overlap(client: Client, sandbox: Sandbox) -> None:
    fault = sandbox.hold("getTicket")
    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(client.tickets.get, TICKET) for _ in range(8)]
        # All calls are in progress at once, and this thread is not blocked.
        sandbox.held(8)
        sandbox.release(fault)
        assert {call.result(timeout=30).id for call in calls} == {TICKET}


def test_one_list_may_be_read_by_many_threads(client: Client, sandbox: Sandbox) -> None:
    sandbox.generate(97)
    pages = client.customers.list(limit=10).pages()
    with ThreadPoolExecutor(4) as threads:
        seen = [customer.id for page in threads.map(lambda _: next(pages), range(10)) for customer in page]
    assert len(seen) == len(set(seen)) == 100


def test_closing_a_client_lets_pending_calls_finish(client: Client, sandbox: Sandbox) -> None:
    fault = sandbox.hold("getTicket")
    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(client.tickets.get, TICKET) for _ in range(8)]
        sandbox.held(8)
        client.close()
        sandbox.release(fault)
        assert {call.result(timeout=30).id for call in calls} == {TICKET}


def test_a_cancellation_token_ends_its_calls(client: Client, sandbox: Sandbox) -> None:
    cancellation_token = CancellationToken()
    ended = client.with_options(cancellation_token=cancellation_token)
    sandbox.hold("*")
    with ThreadPoolExecutor(8) as threads:
        # with_options keeps the token of earlier options.
        calls: list[Future[Any]] = [
            threads.submit(ended.with_options(locale="ar").tickets.get, TICKET) for _ in range(4)
        ]
        calls.append(threads.submit(ended.customers.to_arrow))
        sandbox.held(5)
        cancellation_token.cancel()
        assert {type(call.exception(timeout=30)) for call in calls} == {CancelledError}
    assert cancellation_token.is_cancelled
    sandbox.control("DELETE /faults")
    with pytest.raises(CancelledError):
        next(ended.tickets.watch(TICKET))
    # The original client is not affected.
    assert client.tickets.get(TICKET).id == TICKET


def test_a_cancellation_token_ends_an_awaited_call_with_its_outcome(sandbox: Sandbox) -> None:
    async def book() -> None:
        cancellation_token = CancellationToken()
        async with AsyncClient(SECRET, base_url=sandbox.base_url) as client:
            ended = client.with_options(cancellation_token=cancellation_token)
            sandbox.hold("bookTicket")
            call = asyncio.ensure_future(ended.tickets.book("6fe8fb8b12", "7c1f9a3b2d"))
            await asyncio.to_thread(sandbox.held, 1)
            cancellation_token.cancel()
            with pytest.raises(CancelledError) as caught:
                await call
            assert caught.value.outcome == "Unknown"
            with pytest.raises(CancelledError):
                await anext(ended.tickets.watch(TICKET))

    asyncio.run(book())


def test_a_sync_takes_no_cancellation_token(client: Client) -> None:
    with pytest.raises(InvalidRequestError, match="a sync takes no token"):
        client.with_options(cancellation_token=CancellationToken()).customers.sync([])
