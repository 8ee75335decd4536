"""Forks: each process has its own connections and threads, whatever the parent was doing."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import urllib.request
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from conftest import SECRET, SWIFT, TICKET, posix
from skiplino import CancellationToken, Client, ClosedError
from skiplino.testing import Sandbox

# Python warns about forks in multi-threaded processes, which these tests need.
pytestmark = [posix, pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")]


def in_child(work: Callable[[], object]) -> None:
    """Does the work in a forked child, which must succeed within 20 seconds."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0


def get_at_once(client: Client) -> None:
    with ThreadPoolExecutor(4) as threads:
        assert {ticket.id for ticket in threads.map(client.tickets.get, [TICKET] * 12)} == {TICKET}


@contextlib.contextmanager
def load(client: Client) -> Generator[None]:
    """Makes calls in four threads. All of them must succeed."""
    stop = threading.Event()
    counts = [0] * 4
    failures: list[BaseException] = []

    def call(index: int) -> None:
        try:
            while not stop.is_set():
                client.tickets.get(TICKET)
                counts[index] += 1
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=call, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures
    assert all(counts)


def test_a_fork_under_load_leaves_child_and_parent_working(client: Client, sandbox: Sandbox) -> None:
    def work() -> None:
        get_at_once(client)
        assert len(list(client.customers.list(limit=1))) == 3
        assert next(client.tickets.watch(TICKET)).id == TICKET
        for inherited in (customers, watch):
            with pytest.raises(ClosedError, match="before the fork"):
                list(inherited)
        client.close()

    with load(client):
        customers = client.customers.list(limit=1)
        watch = client.tickets.watch(TICKET)
        assert next(customers)
        assert next(watch)
        for _ in range(20):
            in_child(work)
    # The children did not affect the parent.
    assert len(list(customers)) == 2
    assert len(list(client.customers.list())) == 3


@pytest.mark.parametrize("operation", ["getTicket", "bookTicket", "listCustomers"])
def test_a_fork_while_a_call_waits_leaves_it_to_the_parent(client: Client, sandbox: Sandbox, operation: str) -> None:
    fault = sandbox.hold(operation, nth=1)
    calls: dict[str, Callable[[], Any]] = {
        "getTicket": lambda: client.tickets.get(TICKET).id,
        "bookTicket": lambda: client.tickets.book("6fe8fb8b12", "7c1f9a3b2d").status,
        "listCustomers": lambda: len(list(client.customers.list())),
    }
    with ThreadPoolExecutor(1) as thread:
        call = thread.submit(calls[operation])
        sandbox.held(1)
        in_child(calls[operation])
        assert not call.done()
        sandbox.release(fault)
        assert call.result(timeout=30)
    assert sandbox.received(operation) == 2


def test_a_cancellation_token_belongs_to_its_process(client: Client, sandbox: Sandbox) -> None:
    cancellation_token = CancellationToken()
    ended = client.with_options(cancellation_token=cancellation_token)

    def work() -> None:
        for use in (
            cancellation_token.cancel,
            lambda: ended.tickets.get(TICKET),
            lambda: cancellation_token.is_cancelled,
        ):
            with pytest.raises(ClosedError, match="before the fork"):
                use()
        assert client.tickets.get(TICKET).id == TICKET

    in_child(work)
    assert not cancellation_token.is_cancelled
    assert ended.tickets.get(TICKET).id == TICKET


shared: Client


def get_in_process(_: int) -> tuple[int, str]:
    return os.getpid(), shared.tickets.get(TICKET).id


def test_processes_of_multiprocessing_share_a_client(client: Client, sandbox: Sandbox) -> None:
    global shared
    shared = client
    with load(client), multiprocessing.get_context("fork").Pool(3) as pool:
        seen = pool.map(get_in_process, range(60), chunksize=1)
    assert {ticket for _, ticket in seen} == {TICKET}
    assert os.getpid() not in {pid for pid, _ in seen}


def test_workers_of_a_prefork_server_share_a_client(sandbox: Sandbox, tmp_path: Path) -> None:
    application = """
        import os
        from skiplino import Client

        client = Client()
        # Opens a connection of the parent, which the workers must not use.
        client.branches.list()

        def app(environ, start_response):
            ticket = client.tickets.get("k7m2p9x4q1")
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [f"{os.getpid()} {ticket.id}".encode()]
    """
    (tmp_path / "shop.py").write_text(textwrap.dedent(application), encoding="utf-8")
    options = ["--preload", "--workers=3", "--threads=4", "--bind=127.0.0.1:0", "--no-control-socket"]
    command = [sys.executable, "-X", "dev", "-m", "gunicorn", *options, "shop:app"]
    env = {**os.environ, "SKIPLINO_API_KEY": SECRET, "SKIPLINO_BASE_URL": sandbox.base_url}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            listening = None
            while listening is None:
                line = server.stderr.readline()
                assert line, "the server ended"
                listening = re.search(r"Listening at: (http://\S+)", line)
            # Keeps reading, so that the server does not block on a full pipe.
            rest = threading.Thread(target=server.stderr.read)
            rest.start()

            def get(_: int) -> str:
                with opener.open(listening[1], timeout=30) as response:
                    text: str = response.read().decode()
                return text

            with ThreadPoolExecutor(12) as threads:
                seen = [text.split() for text in threads.map(get, range(120))]
            assert {ticket for _, ticket in seen} == {TICKET}
            assert str(server.pid) not in {pid for pid, _ in seen}
        finally:
            server.terminate()
        rest.join()
    assert server.returncode == 0


def test_a_fork_among_awaited_calls_works_in_the_child(sandbox: Sandbox) -> None:
    client = sandbox.async_client(**SWIFT)

    async def get() -> None:
        assert (await client.tickets.get(TICKET)).id == TICKET

    async def in_new_loop(inherited: list[Any]) -> None:
        for iterator in inherited:
            with pytest.raises(ClosedError, match="before the fork"):
                await anext(iterator)
        await asyncio.gather(*(get() for _ in range(8)))

    async def work() -> None:
        iterators: list[Any] = [client.customers.list(limit=1), client.tickets.watch(TICKET)]
        for iterator in iterators:
            await anext(iterator)
        calls = [asyncio.create_task(get()) for _ in range(200)]

        def child() -> None:
            # A new thread with a loop of its own, as in multiprocessing.
            thread = threading.Thread(target=lambda: asyncio.run(get()))
            thread.start()
            thread.join()
            asyncio.events._set_running_loop(None)
            asyncio.run(in_new_loop(iterators))

        for _ in range(10):
            await get()
            in_child(child)
        await asyncio.gather(*calls)
        # The iterators still work in the parent.
        await anext(iterators[0])

    asyncio.run(work())


def test_a_child_that_goes_on_with_its_parents_loop_does_not_wait_for_the_parents_calls(sandbox: Sandbox) -> None:
    client = sandbox.async_client(**SWIFT)
    fault = sandbox.hold("getTicket")

    async def work() -> None:
        call = asyncio.create_task(client.tickets.get(TICKET))
        await asyncio.to_thread(sandbox.held, 1)
        pid = os.fork()
        if pid == 0:
            signal.alarm(20)
            try:
                with pytest.raises(ClosedError, match="before the fork"):
                    await call
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(pid, 0)[1] == 0
        assert not call.done()
        sandbox.release(fault)
        assert (await call).id == TICKET

    asyncio.run(work())
