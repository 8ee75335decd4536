"""Fixtures and helpers of the tests."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest

from skiplino import AsyncClient, Client
from skiplino.testing import Sandbox

ROOT = Path(__file__).parents[2]
SECRET = "sk_sandbox_secret"
PUBLIC = "pk_sandbox_public"
LAYLA = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b"
TICKET = "k7m2p9x4q1"
CASH = ("6fe8fb8b12", "7c1f9a3b2d")
#: Settings that keep the pauses between attempts short.
SWIFT: dict[str, Any] = {"backoff": (0.001, 0.001)}

# Options of the interpreter for programs that the tests start. On Windows without -X dev, whose asyncio logs each
# slow callback: Wine is slow.
STRICT = ["-W", "error"] if sys.platform == "win32" else ["-X", "dev", "-W", "error"]
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows does not have it")


def library(name: str) -> Any:
    """Imports a library of tables. Where Windows does not have it, the tests that use it are skipped."""
    if sys.platform == "win32" and importlib.util.find_spec(name.partition(".")[0]) is None:
        return Missing(name)
    return importlib.import_module(name)


class Missing:
    """A library that is not installed."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, _: str) -> NoReturn:
        pytest.skip(f"{self._name} is not installed")


# A background job ignores Ctrl-C, and the programs that the tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def skiplino_sandbox_settings() -> dict[str, Any]:
    """A clock frozen at the time of the published examples."""
    return {"seed": 1, "now": datetime(2026, 6, 23, 11, 10, tzinfo=UTC), "freeze": True}


@pytest.fixture
def sandbox(skiplino_sandbox: Sandbox) -> Sandbox:
    return skiplino_sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with sandbox.client(**SWIFT) as client:
        yield client


def left(sandbox: Sandbox, fault: int, requests: int = 1) -> None:
    """Waits until the client has closed the connections of its held requests, and releases the
    requests.
    """
    assert sandbox.control(f"GET /idle?requests={requests}") == {"connections": 0, "requests": requests}
    sandbox.release(fault)
    assert sandbox.idle() == {"connections": 0, "requests": 0}


def start(sandbox: Sandbox, script: str, *, stdin: int | None = None) -> subprocess.Popen[str]:
    """Starts a script in a new process, as strict as the tests, with the sandbox in its
    environment.
    """
    command = [sys.executable, *STRICT, "-c", textwrap.dedent(script)]
    env = {**os.environ, "SKIPLINO_API_KEY": SECRET, "SKIPLINO_BASE_URL": sandbox.base_url}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=env, stdin=stdin, stdout=pipe, stderr=pipe, text=True)


def ended(sandbox: Sandbox, script: str) -> tuple[int, str, str]:
    """Runs a script as `start` does, and returns its exit code, standard output and standard error."""
    with start(sandbox, script) as process:
        try:
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return process.returncode, out, err


class Both:
    """The customers of either client, as blocking methods."""

    def __init__(self, settings: dict[str, Any], *, is_async: bool) -> None:
        self._settings = settings
        self._is_async = is_async

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if self._is_async:

                async def run() -> Any:
                    async with AsyncClient(**self._settings) as client:
                        return await getattr(client.customers, name)(*args, **kwargs)

                return asyncio.run(run())
            with Client(**self._settings) as client:
                return getattr(client.customers, name)(*args, **kwargs)

        return call


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def customers(request: pytest.FixtureRequest, sandbox: Sandbox) -> Both:
    return Both(sandbox.settings(), is_async=request.param)


@pytest.fixture
def stored(client: Client) -> Callable[[], dict[str | None, dict[str, Any]]]:
    return lambda: {customer.external_id: customer.to_dict() for customer in client.customers.list()}


def writes(sandbox: Sandbox) -> int:
    return sandbox.received("createCustomer") + sandbox.received("updateCustomer")
