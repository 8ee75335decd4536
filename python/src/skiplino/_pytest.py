"""Fixtures that pytest loads by itself, through the entry point of the package."""

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
    """The arguments of ``skiplino.testing.Sandbox``. Override this fixture to change them."""
    return {}


@pytest.fixture(scope="session")
def _skiplino_sandbox(skiplino_sandbox_settings: dict[str, Any]) -> Iterator[Sandbox]:
    # Imported here, because pytest loads this file even in projects that do not use the sandbox.
    from skiplino.testing import Sandbox

    with Sandbox(**skiplino_sandbox_settings) as sandbox:
        yield sandbox


@pytest.fixture
def skiplino_sandbox(_skiplino_sandbox: Sandbox) -> Sandbox:
    """A sandbox in its initial state: the demo company, no faults, no recorded requests."""
    _skiplino_sandbox.reset()
    return _skiplino_sandbox


@pytest.fixture
def skiplino_client(skiplino_sandbox: Sandbox) -> Iterator[Client]:
    """A client of that sandbox, with its secret key."""
    with skiplino_sandbox.client() as client:
        yield client
