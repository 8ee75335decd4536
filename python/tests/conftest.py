from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from skiplino import Client
from skiplino.testing import Sandbox

ROOT = Path(__file__).parents[2]
SECRET = "sk_sandbox_secret"
PUBLIC = "pk_sandbox_public"
LAYLA = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b"
CASH = ("6fe8fb8b12", "7c1f9a3b2d")
#: Nobody has time for the pauses between attempts.
SWIFT: dict[str, Any] = {"backoff": (0.001, 0.001)}


@pytest.fixture(scope="session")
def skiplino_sandbox_settings() -> dict[str, Any]:
    """The moment of the published examples."""
    return {"seed": 1, "now": datetime(2026, 6, 23, 11, 10, tzinfo=UTC), "freeze": True}


@pytest.fixture
def sandbox(skiplino_sandbox: Sandbox) -> Sandbox:
    return skiplino_sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with sandbox.client(**SWIFT) as client:
        yield client
