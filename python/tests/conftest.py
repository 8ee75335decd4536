from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from skiplino import Client

ROOT = Path(__file__).parents[2]
NOW = "2026-06-23T11:10:00.000Z"
SECRET = "sk_sandbox_secret"
PUBLIC = "pk_sandbox_public"
LAYLA = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b"
CASH = ("6fe8fb8b12", "7c1f9a3b2d")


class Sandbox:
    """A sandbox, its clock frozen, and its control API."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._control = base_url.removesuffix("/external/v1") + "/_sandbox"
        # The proxy of the environment is not for this machine.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def control(self, request: str, body: object = None) -> Any:
        """A request to the control API, which must succeed, as in ``POST /faults``."""
        method, path = request.split(" ", 1)
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        ready = urllib.request.Request(self._control + path, data, headers, method=method)
        with self._opener.open(ready, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def reset(self) -> None:
        self.control("POST /reset", {"seed": 1, "now": NOW, "freeze": True})

    def fault(self, operation: str, kind: str, **rest: object) -> Any:
        return self.control("POST /faults", {"operation": operation, "kind": kind, **rest})

    def hold(self, operation: str, **rest: object) -> int:
        fault: int = self.fault(operation, "hold", then="commit", **rest)["id"]
        return fault

    def held(self, at_least: int) -> None:
        """Waits until so many requests are held."""
        assert self.control(f"GET /held?atLeast={at_least}")["held"] >= at_least

    def release(self, fault: int) -> None:
        self.control(f"POST /faults/{fault}/release", {})

    def idle(self) -> None:
        """Waits until no request is open; the connections may be."""
        assert self.control("GET /idle")["requests"] == 0

    def received(self, operation: str) -> int:
        count: int = self.control("GET /requests/counts").get(operation, {}).get("received", 0)
        return count

    def generate(self, count: int) -> None:
        self.control("POST /customers/generate", {"count": count})

    def settings(self, **others: Any) -> dict[str, Any]:
        return {"api_key": SECRET, "base_url": self.base_url, "backoff": (0.001, 0.001), **others}


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[Sandbox]:
    command = os.environ.get("SKIPLINO_COMMAND", str(ROOT / "target/debug/skiplino"))
    with subprocess.Popen([command, "sandbox", "--json", "--seed", "1"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Sandbox(json.loads(process.stdout.readline())["baseUrl"])
        process.terminate()


@pytest.fixture
def sandbox(_sandbox: Sandbox) -> Sandbox:
    _sandbox.reset()
    return _sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with Client(**sandbox.settings()) as client:
        yield client
