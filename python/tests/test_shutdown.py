"""The interpreter exits cleanly with open clients and pending calls, and calls leak nothing."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import textwrap

import pytest

from conftest import ended, posix
from skiplino.testing import Sandbox
from test_results import TICKET


def response(status: str, body: object) -> bytes:
    text = json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    return head.encode() + text


HELD = """
        import json, os, urllib.request

        def held(count):
            # Waits until that many requests are held.
            url = os.environ["SKIPLINO_BASE_URL"].replace("/external/v1", f"/_sandbox/held?atLeast={count}")
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url) as response:
                assert json.load(response)["held"] == count
"""
ENDINGS = {
    "no pending calls": """
        client.branches.list()
        customers = client.customers.list(limit=1)
        next(customers)
        watch = client.tickets.watch(TICKET)
        next(watch)
        asyncio.run(other.branches.list())
    """,
    "threads that wait": """
        def each(items):
            for _ in items:
                pass

        customers = client.customers.list(limit=1)
        next(customers)
        for target, argument in (
            (client.tickets.get, TICKET),
            (each, customers),
            (each, client.tickets.watch(TICKET)),
        ):
            threading.Thread(target=target, args=[argument], daemon=True).start()
        held(3)
    """,
    "a watch that pauses": """
        watch = client.tickets.watch(TICKET, min=60, max=60)
        next(watch)
        threading.Thread(target=next, args=[watch], daemon=True).start()
    """,
    "tasks that asyncio cancels": """
        async def work():
            calls = [other.tickets.get(TICKET), anext(other.customers.list()), anext(other.tickets.watch(TICKET))]
            tasks = [asyncio.create_task(call) for call in calls]
            await asyncio.to_thread(held, 3)

        asyncio.run(work())
    """,
    "a loop that is closed": """
        loop = asyncio.new_event_loop()
        loop.run_until_complete(other.branches.list())
        loop.close()
    """,
    "a loop in a thread": """
        async def work():
            await asyncio.gather(other.tickets.get(TICKET), anext(other.customers.list()), anext(other.tickets.watch(TICKET)))

        threading.Thread(target=asyncio.run, args=[work()], daemon=True).start()
        held(3)
    """,
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_end_of_the_interpreter_is_clean(sandbox: Sandbox, ending: str) -> None:
    if "held" in ENDINGS[ending]:
        sandbox.hold("getTicket")
        sandbox.hold("listCustomers", nth=2 if "next(customers)" in ENDINGS[ending] else 1)
    script = """
        import asyncio, threading
        from skiplino import AsyncClient, Client

        TICKET = "k7m2p9x4q1"
        client, other = Client(), AsyncClient()
    """
    assert ended(sandbox, script + HELD + ENDINGS[ending] + "\n        print('bye')\n") == (0, "bye\n", "")


@posix
def test_a_hundred_thousand_calls_leave_nothing_behind() -> None:
    # A minimal server that returns a ticket or a 422.
    server = f"""
        import asyncio
        TICKET, REJECTION = {response("200 OK", {"message": "", "data": TICKET})!r}, {response("422 Unprocessable", {"error": {"id": "no"}})!r}

        class Canned(asyncio.Protocol):
            def connection_made(self, transport):
                self.transport = transport
            def data_received(self, request):
                self.transport.write(TICKET if b"/tickets/" in request else REJECTION)

        async def serve():
            server = await asyncio.get_running_loop().create_server(Canned, "127.0.0.1", 0)
            print(server.sockets[0].getsockname()[1], flush=True)
            await server.serve_forever()

        asyncio.run(serve())
    """
    script = """
        import asyncio, gc, sys
        from skiplino import AsyncClient, Client, ValidationError

        TICKET, WIDE = "k7m2p9x4q1", 50
        settings = {"api_key": "sk_x", "base_url": f"http://127.0.0.1:{sys.argv[1]}"}
        client, other = Client(**settings), AsyncClient(**settings)

        # Of ten calls, one fails, and one returns the full response.
        def waited(count):
            for _ in range(count // 10):
                for _ in range(8):
                    client.tickets.get(TICKET)
                client.with_response(client.tickets.get, TICKET)
                try:
                    client.customers.get(external_id="nobody")
                except ValidationError:
                    pass

        async def awaited(count):
            async def lane():
                for _ in range(count // WIDE // 10):
                    for _ in range(8):
                        await other.tickets.get(TICKET)
                    await other.with_response(other.tickets.get, TICKET)
                    try:
                        await other.customers.get(external_id="nobody")
                    except ValidationError:
                        pass

            await asyncio.gather(*(lane() for _ in range(WIDE)))

        def resident():
            gc.collect()
            with open("/proc/self/statm") as pages:
                return int(pages.read().split()[1])

        with asyncio.Runner() as runner:
            def calls(count):
                waited(count // 4)
                runner.run(awaited(count * 3 // 4))

            calls(10_000)
            before = resident()
            calls(90_000)
            print(before, resident())
    """
    # Without -X dev, whose asyncio logs each slow callback on a busy machine.
    python = [sys.executable, "-W", "error", "-c"]
    with subprocess.Popen([*python, textwrap.dedent(server)], stdout=subprocess.PIPE, text=True) as canned:
        assert canned.stdout is not None
        port = canned.stdout.readline().strip()
        done = subprocess.run([*python, textwrap.dedent(script), port], capture_output=True, text=True, check=False)
        canned.terminate()
    assert (done.returncode, done.stderr) == (0, "")
    before, after = map(int, done.stdout.split())
    assert before * 0.95 <= after <= before * 1.05


def test_a_list_keeps_no_connection_of_a_client_that_was_closed(sandbox: Sandbox) -> None:
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            with sandbox.client() as client:
                client.customers.list().page(1)
                assert next(client.customers.list()) is not None
        assert sandbox.idle() == {"connections": 0, "requests": 0}
    finally:
        gc.enable()
