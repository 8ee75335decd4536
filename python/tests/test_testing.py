"""The module `skiplino.testing`: the sandbox, its control, and the fixtures."""

from __future__ import annotations

import asyncio
import json
import os
import select
import subprocess
import sys
import textwrap
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conftest import CASH, LAYLA, STRICT, posix
from skiplino import Client, NotFoundError, RateLimitedError, RejectedError, SecretKeyRequiredError, ServerError
from skiplino.testing import Sandbox, SandboxError

SERVICE = CASH[0]
TICKET = "k7m2p9x4q1"
ACCOUNT = "c4d5e6f708"


def test_staff_serves(sandbox: Sandbox, client: Client) -> None:
    ticket = client.tickets.book(*CASH)
    sandbox.walk_ins(SERVICE, 3)
    assert client.tickets.get(ticket).queue_size == 7
    assert sandbox.call_next(SERVICE).status == "serving"
    assert client.tickets.get(ticket).queue_size == 6
    assert sandbox.call(ticket).status == "serving"
    assert sandbox.serve(ticket) == client.tickets.get(ticket)
    assert client.tickets.get(ticket).status == "served"
    assert sandbox.no_show(TICKET).status == "noShow"
    sandbox.fault("cancelTicket", "refuse")
    other = client.tickets.book(*CASH)
    assert sandbox.cancel(other) == client.tickets.get(other)
    assert client.tickets.get(other).status == "cancelled"
    with pytest.raises(SandboxError, match="409") as rejected:
        sandbox.serve(ticket)
    assert rejected.value.status == 409


def test_there_is_a_page_for_people(sandbox: Sandbox) -> None:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sandbox.page_url) as response:
        assert response.headers["Content-Type"].startswith("text/html")


def test_an_appointment_is_checked_in_and_its_slot_filled(sandbox: Sandbox, client: Client) -> None:
    slot, other = client.services.slots(ACCOUNT, datetime(2026, 7, 1, tzinfo=UTC).date())[:2]
    ticket = client.tickets.book(ACCOUNT, "91be44d0aa", time=slot.time, customer=LAYLA)
    assert sandbox.check_in(ticket).status == "waiting"
    sandbox.fill_slot(ACCOUNT, other.time)
    with pytest.raises(RejectedError):
        client.tickets.book(ACCOUNT, "91be44d0aa", time=other.time, customer=LAYLA)
    with pytest.raises(ValueError, match="time zone"):
        sandbox.fill_slot(ACCOUNT, other.time.replace(tzinfo=None))


def test_places_open_and_close(sandbox: Sandbox, client: Client) -> None:
    branch = client.branches.list()[0]
    sandbox.set_branch(branch, open=not branch.is_open)
    assert client.branches.list()[0].is_open is not branch.is_open
    sandbox.set_branch(branch, active=False)
    with pytest.raises(NotFoundError):
        client.branches.tree(branch)
    sandbox.set_service(SERVICE, open=False)
    with pytest.raises(RejectedError):
        client.tickets.book(*CASH)


def test_the_clock_is_set_and_moved(sandbox: Sandbox) -> None:
    start = datetime(2026, 6, 23, 11, 10, tzinfo=UTC)
    assert sandbox.now == start
    sandbox.advance(30)
    sandbox.advance(timedelta(minutes=1))
    assert sandbox.now == start + timedelta(seconds=90)
    sandbox.set_clock(datetime(2030, 1, 1, tzinfo=UTC), freeze=True)
    assert sandbox.now.year == 2030
    sandbox.set_clock()
    assert abs(sandbox.now - datetime.now(UTC)) < timedelta(minutes=1)
    sandbox.reset()
    assert sandbox.now == start


def test_faults_are_set_counted_and_taken_back(sandbox: Sandbox, client: Client) -> None:
    once = client.with_options(max_attempts=1)
    fault = sandbox.fault("listBranches", "status", status=500, first=2)
    for _ in range(2):
        with pytest.raises(ServerError):
            once.branches.list()
    assert once.branches.list()
    sandbox.clear(fault)
    sandbox.fault("*", "empty_503", probability=1)
    with pytest.raises(ServerError):
        once.branches.list()
    sandbox.clear()
    assert once.branches.list()
    sandbox.limit_rate(0.001, burst=1)
    # The sandbox now limits the rate of all later requests, so a second client without retries is
    # used.
    with sandbox.client(max_attempts=1) as slowed:
        slowed.branches.list()
        with pytest.raises(RateLimitedError):
            slowed.branches.list()
    sandbox.limit_rate(None)
    assert sandbox.received("listBranches") == 7
    assert [request["status"] for request in sandbox.requests("listBranches")] == [500, 500, 200, 503, 200, 200, 429]
    assert client.tickets.book(*CASH)
    assert (sandbox.committed("bookTicket"), sandbox.committed("listBranches")) == (1, 0)
    assert len(sandbox.requests()) == 8


def test_both_keys_and_both_clients(sandbox: Sandbox) -> None:
    with sandbox.client(sandbox.public_key) as public, pytest.raises(SecretKeyRequiredError):
        public.customers.get(LAYLA)

    async def get() -> str:
        async with sandbox.async_client() as client:
            return (await client.customers.get(LAYLA)).id

    assert asyncio.run(get()) == LAYLA


def test_state_is_kept_in_a_file(tmp_path: Path) -> None:
    for _ in range(2):
        with Sandbox(data=tmp_path / "demo.sqlite") as sandbox, sandbox.client() as client:
            found = client.customers.find(external_id="kept")
            if found is None:
                client.customers.create(external_id="kept")
    assert found is not None
    # Closing again has no effect.
    sandbox.close()


def test_a_failure_to_start_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="did not start: skiplino: sandbox: "):
        Sandbox(data=tmp_path / "no folder" / "demo.sqlite")
    with pytest.raises(ValueError, match="time zone"):
        Sandbox(now=datetime(2026, 6, 23, 11, 10))


@posix
def test_it_ends_with_its_process_even_if_that_is_killed() -> None:
    script = """
        import sys
        from skiplino.testing import Sandbox
        sandbox = Sandbox()
        print(sandbox._process.pid, flush=True)
        sys.stdin.read()
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        sandbox = os.pidfd_open(int(process.stdout.readline()))
        process.kill()
    # Readable when the sandbox has ended.
    assert select.select([sandbox], [], [], 10)[0]
    os.close(sandbox)


def test_the_fixtures_are_found_without_an_import(tmp_path: Path) -> None:
    tests = tmp_path / "test_mine.py"
    tests.write_text(
        textwrap.dedent("""
            def test_first(skiplino_sandbox, skiplino_client):
                skiplino_client.tickets.book("6fe8fb8b12", "7c1f9a3b2d")
                assert skiplino_sandbox.committed("bookTicket") == 1

            def test_second(skiplino_sandbox):
                assert skiplino_sandbox.committed("bookTicket") == 0
        """)
    )
    command = [sys.executable, *STRICT, "-m", "pytest", "-p", "no:cacheprovider", str(tests)]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert "2 passed" in ran.stdout


def test_it_differs_from_the_contract(tmp_path: Path) -> None:
    differences = {"locale_ignored": True, "missing_fields": ["Ticket.queueSize"]}
    file = tmp_path / "report.json"
    file.write_text(json.dumps({"contract": differences}))
    for contract in (differences, file, str(file)):
        with Sandbox(contract=contract) as sandbox, sandbox.client() as client:
            sandbox.reset()
            assert sandbox.control("GET /contract") == differences
            assert client.tickets.get(TICKET).queue_size is None
    with pytest.raises(SandboxError, match="tree_service: unknown field"):
        Sandbox(contract={"tree_service": "items"})
