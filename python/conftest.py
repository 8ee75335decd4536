"""Runs the programs of the README."""

from __future__ import annotations

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from skiplino.testing import Sandbox


@pytest.fixture
def environment(skiplino_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment variables that the sandbox prints for newcomers."""
    monkeypatch.setenv("SKIPLINO_BASE_URL", skiplino_sandbox.base_url)
    monkeypatch.setenv("SKIPLINO_API_KEY", skiplino_sandbox.secret_key)


pytest_collect_file = Sybil([PythonCodeBlockParser()], patterns=["README.md"], fixtures=["environment"]).pytest()
