"""Signals during a blocking call, above all that of Ctrl-C."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from conftest import ROOT, SECRET, TICKET, left, posix, start
from skiplino import Client
from skiplino.testing import Sandbox

# The call, the operation whose requests are held, and the number of the first held request.
CALLS = {
    "get": ("client.tickets.get(TICKET)", "getTicket", 1),
    "book": ("client.tickets.book('6fe8fb8b12', '7c1f9a3b2d')", "bookTicket", 1),
    "list": ("list(client.customers.list(limit=1))", "listCustomers", 1),
    "list, second page": ("list(client.customers.list(limit=1))", "listCustomers", 2),
    "to_arrow": ("client.customers.to_arrow()", "listCustomers", 1),
    "export": ("client.customers.export(print)", "listCustomers", 1),
    "sync": ("client.customers.sync([{'external_id': 'a'}])", "getCustomer", 1),
    "watch": ("list(client.tickets.watch(TICKET))", "getTicket", 1),
    "watch, second poll": ("list(client.tickets.watch(TICKET, min=0.01, max=0.01))", "getTicket", 2),
    "asyncio.run": ("asyncio.run(calls(other.tickets.get(TICKET)))", "getTicket", 1),
    "asyncio.run, list": ("asyncio.run(calls(anext(other.customers.list())))", "listCustomers", 1),
    "asyncio.run, watch": ("asyncio.run(calls(anext(other.tickets.watch(TICKET))))", "getTicket", 1),
}


# Windows sends no signals between processes, but calls the handlers on another thread of the process.
# There the scripts take a signal's number from standard input.
TAKE_SIGNAL = """
        import signal, sys, threading

        if sys.platform == "win32":
            threading.Thread(target=lambda: signal.raise_signal(int(sys.stdin.readline()))).start()
"""


def send(process: subprocess.Popen[str], number: int) -> None:
    """Sends a signal to a script that begins with TAKE_SIGNAL."""
    if sys.platform == "win32":
        assert process.stdin is not None
        process.stdin.write(f"{number}\n")
        process.stdin.flush()
    else:
        process.send_signal(number)


def interrupted(call: str) -> str:
    """A script that reports when Ctrl-C has ended the call, and then keeps running, so that the
    request must end with the call.
    """
    return f"""
        {TAKE_SIGNAL}
        import asyncio
        from skiplino import AsyncClient, Client

        TICKET = {TICKET!r}
        client, other = Client(), AsyncClient()

        async def calls(call):
            await asyncio.gather(call)

        print("ready", flush=True)
        try:
            {call}
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            sys.stdin.read()
    """


def interrupt(process: subprocess.Popen[str]) -> None:
    """Sends Ctrl-C, which must end the call within a second."""
    assert process.stdout is not None
    began = time.monotonic()
    send(process, signal.SIGINT)
    assert process.stdout.readline() == "interrupted\n"
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("name", CALLS)
def test_ctrl_c_ends_a_call_and_its_request(sandbox: Sandbox, name: str) -> None:
    # The tracebacks of earlier tests may keep clients alive.
    gc.collect()
    call, operation, nth = CALLS[name]
    fault = sandbox.hold(operation, nth=nth)
    with start(sandbox, interrupted(call), stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        sandbox.held(1)
        interrupt(process)
        left(sandbox, fault)
        assert process.communicate("") == ("", "")
    assert process.returncode == 0


@posix
def test_ctrl_c_ends_the_pause_of_a_watch(sandbox: Sandbox) -> None:
    call = "watch = client.tickets.watch(TICKET, min=60, max=60); next(watch); print('seen', flush=True); next(watch)"
    with start(sandbox, interrupted(call), stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["ready\n", "seen\n"]
        # The process sleeps when it waits for the next poll.
        while Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "S":
            os.sched_yield()
        interrupt(process)
        assert process.communicate("") == ("", "")
    assert process.returncode == 0
    assert sandbox.received("getTicket") == 1


def test_a_signal_that_is_handled_does_not_end_a_call(client: Client, sandbox: Sandbox) -> None:
    fault = sandbox.hold("getTicket")
    came: list[int] = []
    if sys.platform == "win32":
        sent = signal.SIGBREAK
    else:
        sent = signal.SIGUSR1

    def release(number: int, _frame: object) -> None:
        came.append(number)
        sandbox.release(fault)

    def send() -> None:
        sandbox.held(1)
        if sys.platform == "win32":
            signal.raise_signal(sent)
        else:
            os.kill(os.getpid(), sent)

    before = signal.signal(sent, release)
    thread = threading.Thread(target=send)
    try:
        thread.start()
        assert client.tickets.get(TICKET).id == TICKET
    finally:
        thread.join()
        signal.signal(sent, before)
    assert came == [sent]


RESETS = """
    import asyncio, os, signal
    from pathlib import Path
    from skiplino import AsyncClient, Client, TransportError

    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    options = dict(
        base_url=os.environ["SKIPLINO_RESET_SERVER_URL"],
        root_certificates=Path(os.environ["SKIPLINO_RESET_SERVER_CERTIFICATE"]).read_bytes(),
        backoff=(0.001, 0.001),
    )

    def blocking(client):
        try:
            client.branches.list()
        except TransportError:
            return
        raise AssertionError("no failure")

    async def awaiting():
        async with AsyncClient(**options) as client:
            calls = [client.branches.list() for _ in range(20)]
            for result in await asyncio.gather(*calls, return_exceptions=True):
                assert isinstance(result, TransportError), result

    with Client(**options) as client:
        for _ in range(10):
            blocking(client)
    asyncio.run(awaiting())
    assert signal.SIGPIPE not in signal.pthread_sigmask(signal.SIG_BLOCK, ()) | signal.sigpending()
    print("done")
"""


@posix
def test_a_reset_does_not_kill_a_program_with_the_default_sigpipe() -> None:
    program = [sys.executable, "-W", "error", "-c", textwrap.dedent(RESETS)]
    server = [sys.executable, str(ROOT / "tests/reset_server.py")]
    environment = {**os.environ, "SKIPLINO_API_KEY": SECRET}
    ended = subprocess.run(
        [*server, *program], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")


@pytest.mark.parametrize("name", [name for name in CALLS if "asyncio" not in name])
def test_a_signal_handler_makes_calls_while_a_call_waits(sandbox: Sandbox, name: str) -> None:
    call, operation, nth = CALLS[name]
    script = f"""
        {TAKE_SIGNAL}
        from skiplino import Client, InvalidRequestError

        TICKET = {TICKET!r}
        client = Client()

        def handle(*_):
            print(client.branches.list()[0].id, client.tickets.cancel(TICKET).status, flush=True)
            print(len(list(client.customers.list(limit=2))), flush=True)

        signal.signal(signal.SIGTERM, handle)
        print("ready", flush=True)
        {call}
    """
    fault = sandbox.hold(operation, nth=nth)
    with start(sandbox, script, stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        sandbox.held(1)
        send(process, signal.SIGTERM)
        assert process.stdout.readline() == "802b33af66 cancelled\n"
        assert process.stdout.readline() == "3\n"
        sandbox.release(fault)
        output, errors = process.communicate()
        assert errors == "", output
    assert process.returncode == 0


def test_an_exception_of_a_call_in_a_signal_handler_ends_the_call(sandbox: Sandbox) -> None:
    script = (
        TAKE_SIGNAL
        + """
        from skiplino import Client, NotFoundError, SkiplinoError

        client = Client()
        signal.signal(signal.SIGTERM, lambda *_: client.tickets.get("nonesuch01"))
        print("ready", flush=True)
        try:
            client.branches.list()
        except SkiplinoError as error:
            print(error.operation, flush=True)
    """
    )
    fault = sandbox.hold("listBranches")
    with start(sandbox, script, stdin=subprocess.PIPE) as process:
        sandbox.held(1)
        send(process, signal.SIGTERM)
        output, errors = process.communicate()
        assert (output, errors) == ("ready\ngetTicket\n", "")
    sandbox.release(fault)


def test_a_signal_handler_cannot_read_the_iterator_that_waits(sandbox: Sandbox) -> None:
    script = f"""
        {TAKE_SIGNAL}
        from skiplino import Client, InvalidRequestError

        watch = Client().tickets.watch({TICKET!r})

        def handle(*_):
            try:
                next(watch)
            except InvalidRequestError as error:
                print(error, flush=True)

        signal.signal(signal.SIGTERM, handle)
        print(next(watch).status, flush=True)
    """
    fault = sandbox.hold("getTicket")
    with start(sandbox, script, stdin=subprocess.PIPE) as process:
        sandbox.held(1)
        send(process, signal.SIGTERM)
        assert process.stdout is not None
        text = "invalid input: next: this thread is already waiting for the next item of this iterator\n"
        assert process.stdout.readline() == text
        sandbox.release(fault)
        assert process.communicate() == ("waiting\n", "")
