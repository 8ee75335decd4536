"""Code that the parts of `make platforms` for other Linux systems share."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from tools.cross import launcher
from tools.parts import run
from tools.workspace import ROOT, SKIPLINO, pinned

PYTHON = "target/python/bin"
# For an interpreter in an emulator. All scenarios run through the C library: here they would take
# minutes, and the timeouts of some are too short.
TICKETS = ("-k", "tickets")


@contextmanager
def step(what: str) -> Iterator[None]:
    """Prints what is done, and how long it took."""
    print(f"-- {what}", flush=True)
    started = time.monotonic()
    yield
    print(f"-- {what}: {time.monotonic() - started:.0f} s", flush=True)


def wheel(platform: str, out: str, *options: str, **environment: str) -> str:
    """Builds the wheel of `python` for a platform, in a folder of its own. Returns its path."""
    folder = ROOT / out / "wheel"
    shutil.rmtree(folder, ignore_errors=True)
    maturin = ["env", "-C", "python", f"{ROOT}/{PYTHON}/maturin", "build", "--profile", "dev"]
    to = ["--locked", "--target", platform, "--out", str(folder)]
    run(*maturin, *to, *options, **environment)
    (built,) = folder.iterdir()
    return str(built)


def python_scenarios(
    interpreter: Sequence[str], built: str, platform: str, out: str, *options: str
) -> None:
    """Runs the scenarios that pytest's options choose with both clients of a wheel, in Python 3.11
    on a platform."""
    site, path = ROOT / out / "site", ROOT / out / "path"
    shutil.rmtree(site, ignore_errors=True)
    pip = [f"{PYTHON}/pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--target", str(site), "--python-version", "3.11", "--only-binary", ":all:"]
    run(*pip, "--platform", platform, built, *pinned({"pytest"}))
    # The sandbox of this machine: the system starts programs without the emulator.
    launcher(f"{out}/path/skiplino-sandbox", str(ROOT / SKIPLINO), "sandbox")
    tests = ["-m", "pytest", "--confcutdir", "python/tests", *options]
    paths = {"PATH": f"{path}:/usr/bin:/bin", "PYTHONPATH": str(site)}

    def test(function: str) -> None:
        named = f"python/tests/test_scenarios.py::{function}"
        run(*interpreter, *tests, named, PYTHONDONTWRITEBYTECODE="1", **paths)

    # At the same time: an emulator is slow, and uses one processor.
    with ThreadPoolExecutor() as pool:
        list(pool.map(test, ("test_blocking", "test_awaited")))
