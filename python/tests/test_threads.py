"""Many threads with one client that waits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from conftest import TICKET
from skiplino import Client
from skiplino.testing import Sandbox


def test_threads_overlap(client: Client, sandbox: Sandbox) -> None:
    fault = sandbox.hold("getTicket")
    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(client.tickets.get, TICKET) for _ in range(8)]
        # All of them are there at once, and this thread goes on.
        sandbox.held(8)
        sandbox.release(fault)
        assert {call.result(timeout=30).id for call in calls} == {TICKET}


def test_one_list_may_be_read_by_many_threads(client: Client, sandbox: Sandbox) -> None:
    sandbox.generate(97)
    pages = client.customers.list(limit=10).pages()
    with ThreadPoolExecutor(4) as threads:
        seen = [customer.id for page in threads.map(lambda _: next(pages), range(10)) for customer in page]
    assert len(seen) == len(set(seen)) == 100


def test_a_client_that_is_closed_meanwhile_lets_calls_end(client: Client, sandbox: Sandbox) -> None:
    fault = sandbox.hold("getTicket")
    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(client.tickets.get, TICKET) for _ in range(8)]
        sandbox.held(8)
        client.close()
        sandbox.release(fault)
        assert {call.result(timeout=30).id for call in calls} == {TICKET}
