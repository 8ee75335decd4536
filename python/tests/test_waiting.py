"""What goes on around a call that blocks: other threads, signals, forks, and the end of the interpreter."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from skiplino import Client, ClosedError
from skiplino.testing import Sandbox


def run(script: str, sandbox: Sandbox, *, wait: bool = True) -> subprocess.Popen[str]:
    """A script of its own process, strict as the tests are."""
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(script)]
    env = {**os.environ, "SKIPLINO_API_KEY": "sk_sandbox_secret", "SKIPLINO_BASE_URL": sandbox.base_url}
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if wait:
        process.wait(timeout=60)
    return process


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    with process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_threads_overlap(client: Client, sandbox: Sandbox) -> None:
    fault = sandbox.hold("getTicket")
    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(client.tickets.get, "k7m2p9x4q1") for _ in range(8)]
        # All of them are there at once, and this thread goes on.
        sandbox.held(8)
        sandbox.release(fault)
        assert {call.result(timeout=30).id for call in calls} == {"k7m2p9x4q1"}


def test_one_list_may_be_read_by_many_threads(client: Client, sandbox: Sandbox) -> None:
    sandbox.generate(97)
    pages = client.customers.list(limit=10).pages()
    with ThreadPoolExecutor(4) as threads:
        seen = [customer.id for page in threads.map(lambda _: next(pages), range(10)) for customer in page]
    assert len(seen) == len(set(seen)) == 100


@pytest.mark.parametrize(
    ("operation", "call"),
    [
        ("getTicket", "client.tickets.get('k7m2p9x4q1')"),
        ("bookTicket", "client.tickets.book('6fe8fb8b12', '7c1f9a3b2d')"),
        ("listCustomers", "list(client.customers.list())"),
        ("getTicket", "next(client.tickets.watch('k7m2p9x4q1'))"),
        ("listCustomers", "client.customers.to_arrow()"),
        ("listCustomers", "client.customers.export(print)"),
        ("getCustomer", "client.customers.sync([{'external_id': 'a'}])"),
    ],
)
def test_ctrl_c_ends_a_call_and_its_request(sandbox: Sandbox, operation: str, call: str) -> None:
    # Errors of tests before keep what was around them, clients included.
    gc.collect()
    fault = sandbox.hold(operation)
    script = f"""
        import sys, time
        from skiplino import Client
        client = Client()
        try:
            {call}
        except KeyboardInterrupt:
            # It goes on: the request ends with the call, and not with the process.
            print("interrupted", flush=True)
            sys.stdin.read()
    """
    process = subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(script)],
        env={**os.environ, "SKIPLINO_API_KEY": "sk_sandbox_secret", "SKIPLINO_BASE_URL": sandbox.base_url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        sandbox.held(1)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        assert time.monotonic() - began < 1
        # The sandbox holds what it received whole, whether or not somebody still waits for it.
        sandbox.release(fault)
        open_ = sandbox.idle()
        process.communicate("")
    assert open_ == {"connections": 0, "requests": 0}
    assert process.returncode == 0


def test_a_signal_that_is_handled_does_not_end_a_call(client: Client, sandbox: Sandbox) -> None:
    fault = sandbox.hold("getTicket")
    came: list[int] = []

    def release(number: int, _frame: object) -> None:
        came.append(number)
        sandbox.release(fault)

    def send() -> None:
        sandbox.held(1)
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, release)
    thread = threading.Thread(target=send)
    try:
        thread.start()
        assert client.tickets.get("k7m2p9x4q1").id == "k7m2p9x4q1"
    finally:
        thread.join()
        signal.signal(signal.SIGUSR1, before)
    assert came == [signal.SIGUSR1]


def in_child(work: Any) -> None:
    """Does it in a forked child, which must end well within its time."""
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


# Python itself warns of forks among threads, which is what is tried here.
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_fork_under_load_leaves_child_and_parent_working(client: Client, sandbox: Sandbox) -> None:
    stop = threading.Event()
    counts = [0] * 4
    failures: list[BaseException] = []

    def load(index: int) -> None:
        try:
            while not stop.is_set():
                client.tickets.get("k7m2p9x4q1")
                counts[index] += 1
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=load, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    customers = client.customers.list(limit=1)
    next(customers)

    def work() -> None:
        for _ in range(3):
            assert client.tickets.get("k7m2p9x4q1").id == "k7m2p9x4q1"
        next_page = client.customers.list(limit=1)
        assert next(next_page)
        with pytest.raises(ClosedError, match="before the fork"):
            list(customers)
        client.close()

    try:
        for _ in range(30):
            in_child(work)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures
    assert all(counts)
    # What the children did is nothing to this one.
    assert len(list(customers)) == 2


def test_the_end_of_the_interpreter_is_clean(sandbox: Sandbox) -> None:
    fault = sandbox.hold("getTicket")
    script = """
        import threading
        from skiplino import Client
        client = Client()
        customers = client.customers.list(limit=1)
        next(customers)
        threading.Thread(target=client.tickets.get, args=["k7m2p9x4q1"], daemon=True).start()
        client.branches.list()
        import json, urllib.request, os
        url = os.environ["SKIPLINO_BASE_URL"].replace("/external/v1", "/_sandbox/held?atLeast=1")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url) as answer:
            assert json.load(answer)["held"] == 1
        print("bye")
    """
    began = time.monotonic()
    assert ended(run(script, sandbox)) == (0, "bye\n", "")
    assert time.monotonic() - began < 10
    sandbox.release(fault)
