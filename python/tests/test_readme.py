"""The first program of the README runs as shown."""

from __future__ import annotations

import os
import subprocess
import sys

from conftest import ROOT, STRICT, library
from skiplino.testing import Sandbox

PROGRAM = ROOT / "python/examples/first.py"


def test_it_is_what_the_readme_shows() -> None:
    program = PROGRAM.read_text(encoding="utf-8")
    assert f"```python\n{program}```\n" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert len([line for line in program.splitlines() if line]) <= 10


def test_it_goes_from_a_dataframe_to_a_ticket_that_is_watched(sandbox: Sandbox) -> None:
    assert library("polars").__name__ == "polars"
    env = {**os.environ, "SKIPLINO_API_KEY": sandbox.secret_key, "SKIPLINO_BASE_URL": sandbox.base_url}
    command = [sys.executable, *STRICT, str(PROGRAM)]
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
    table, waiting, cancelled = ran.stdout.rsplit("\n", 3)[:3]
    assert "shape: (3, " in table
    assert "crm-7741" in table
    assert waiting == "Q018 waiting 7"
    assert cancelled == "Q018 cancelled None"
