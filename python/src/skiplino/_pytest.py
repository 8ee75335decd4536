"""The fixtures that pytest finds by itself. Only pytest imports this."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from skiplino import Client
    from skiplino.testing import Sandbox


@pytest.fixture(scope="session")
def skiplino_sandbox_settings() -> dict[str, Any]:
    """What ``skiplino.testing.Sandbox`` is given. To be overridden."""
    return {}


@pytest.fixture(scope="session")
def _skiplino_sandbox(skiplino_sandbox_settings: dict[str, Any]) -> Iterator[Sandbox]:
    # Not needed by those who only have it installed.
    from skiplino.testing import Sandbox

    with Sandbox(**skiplino_sandbox_settings) as sandbox:
        yield sandbox


@pytest.fixture
def skiplino_sandbox(_skiplino_sandbox: Sandbox) -> Sandbox:
    """A sandbox as new: the demo company, no faults, nothing received."""
    _skiplino_sandbox.reset()
    return _skiplino_sandbox


@pytest.fixture
def skiplino_client(skiplino_sandbox: Sandbox) -> Iterator[Client]:
    """A client of that sandbox, with its secret key."""
    with skiplino_sandbox.client() as client:
        yield client
