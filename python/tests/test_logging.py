"""The records of the logger `skiplino`."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys

import pytest

from conftest import CASH, SECRET, STRICT
from skiplino import AsyncClient, Client, InvalidRequestError, OutcomeUnknownError
from skiplino.testing import Sandbox

LAYLA = "crm-7741"
RETRIED = "getCustomer: the attempt failed; retrying (attempt=1, kind=Server, pause_ms="
LOST = "bookTicket: the call failed; it may have been applied (kind=OutcomeUnknown, attempts=1)"


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "skiplino"]


def use(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault("getCustomer", "status", status=503, when={"first": 1})
    client.customers.get(external_id=LAYLA)
    sandbox.fault("bookTicket", "drop_after_commit", when={"first": 1})
    client.tickets.book(*CASH, external_id=LAYLA)
    sandbox.fault("bookTicket", "drop_after_commit", when={"first": 1})
    with pytest.raises(OutcomeUnknownError):
        client.tickets.book(*CASH)


def test_levels_are_honoured(sandbox: Sandbox, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "skiplino"):
        use(client, sandbox)
    retried, lost = messages(caplog)
    assert retried.startswith(RETRIED)
    assert lost == LOST
    caplog.clear()
    with caplog.at_level(logging.INFO, "skiplino"):
        use(client, sandbox)
    lines = messages(caplog)
    assert lines[0].startswith(RETRIED)
    assert lines[1:] == ["bookTicket: response lost; the write was confirmed by a lookup (attempt=1)", LOST]
    caplog.clear()
    with caplog.at_level(logging.CRITICAL, "skiplino"):
        use(client, sandbox)
    assert messages(caplog) == []


def test_debug_logs_each_attempt_without_personal_data(
    sandbox: Sandbox, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "skiplino"):
        use(client, sandbox)
        client.customers.update(external_id=LAYLA, name="Very Private", email="private@example.com")
    lines = messages(caplog)
    first = [line for line in lines if line.startswith("getCustomer: attempt finished (")]
    assert len(first) == 2
    assert "attempt=1, status=503, kind=Server, elapsed_ms=" in first[0]
    assert "attempt=2, status=200, elapsed_ms=" in first[1]
    [record] = [record for record in caplog.records if record.getMessage() == first[0]]
    fields = record.__dict__["skiplino"]
    assert (fields["operation"], fields["attempt"], fields["status"], fields["kind"]) == (
        "getCustomer",
        1,
        503,
        "Server",
    )
    assert record.levelno == logging.DEBUG
    for private in (SECRET, "Private", "private", "Layla", "crm-7741", "externalId"):
        assert private not in "\n".join(lines)


def test_the_async_client_logs_the_same(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        sandbox.fault("getCustomer", "status", status=503, when={"first": 1})
        async with AsyncClient(**sandbox.settings()) as client:
            await client.customers.get(external_id=LAYLA)

    with caplog.at_level(logging.INFO, "skiplino"):
        asyncio.run(main())
    [line] = messages(caplog)
    assert line.startswith(RETRIED)


def test_a_handler_that_raises_ends_the_call(sandbox: Sandbox, client: Client) -> None:
    class Angry(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            raise LookupError(record.name)

    logger, angry = logging.getLogger("skiplino"), Angry()
    logger.addFilter(angry)
    logger.setLevel(logging.INFO)
    sandbox.fault("getCustomer", "status", status=503, when={"first": 1})
    try:
        with pytest.raises(LookupError):
            client.customers.get(external_id=LAYLA)
    finally:
        logger.removeFilter(angry)
        logger.setLevel(logging.NOTSET)
    client.customers.get(external_id=LAYLA)


@pytest.mark.parametrize("is_async", [False, True])
def test_a_handler_cannot_make_calls(sandbox: Sandbox, client: Client, is_async: bool) -> None:
    rejected: list[InvalidRequestError] = []

    class Calling(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            try:
                client.branches.list()
            except InvalidRequestError as error:
                rejected.append(error)

    async def call() -> None:
        async with AsyncClient(**sandbox.settings()) as other:
            await other.customers.get(external_id=LAYLA)

    logger, calling = logging.getLogger("skiplino"), Calling()
    logger.addHandler(calling)
    logger.setLevel(logging.INFO)
    sandbox.fault("getCustomer", "status", status=503, when={"first": 1})
    try:
        if is_async:
            asyncio.run(call())
        else:
            client.customers.get(external_id=LAYLA)
    finally:
        logger.removeHandler(calling)
        logger.setLevel(logging.NOTSET)
    [error] = rejected
    assert "would block an async runtime" in str(error)
    assert sandbox.received("listBranches") == 0


def test_nothing_is_printed_without_logging(sandbox: Sandbox) -> None:
    program = f"""
import sys, skiplino
client = skiplino.Client({SECRET!r}, base_url={sandbox.base_url!r})
client.customers.get(external_id="crm-7741")
assert "logging" not in sys.modules
try:
    client.tickets.book({CASH[0]!r}, {CASH[1]!r})
except skiplino.OutcomeUnknownError:
    pass
else:
    raise SystemExit("booked")
import logging
sys.stderr.flush()
"""
    for _ in range(2):
        sandbox.fault("bookTicket", "drop_after_commit", when={"first": 1})
        run = subprocess.run([sys.executable, *STRICT, "-c", program], check=False, capture_output=True, text=True)
        assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
        # The second time the program imports logging, but does not configure it.
        program = "import logging\n" + program.replace('assert "logging" not in sys.modules\n', "")
