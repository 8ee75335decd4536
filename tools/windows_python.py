"""Builds the Python packages for Windows, and tests them with CPython for Windows in Wine."""

from __future__ import annotations

import os
import shutil
import subprocess

from tools import cross, parts, wine
from tools.workspace import ROOT

TARGET = "x86_64-pc-windows-gnu"
WHEELS = f"{cross.TARGET}/windows-python"
HOME = ROOT / "target/tools/cpython/windows-x86_64-3.14"


def build() -> list[str]:
    """Builds the wheels, and returns their paths."""
    shutil.rmtree(ROOT / WHEELS, ignore_errors=True)
    maturin = [str(ROOT / "target/python/bin/maturin"), "build", "--locked", "--profile", "dev"]
    for folder in ("python", "python/sandbox"):
        command = ["env", "-C", folder, *maturin, "--target", TARGET, "--out", str(ROOT / WHEELS)]
        parts.run(*command, **cross.environment(TARGET))
    return sorted(f"{WHEELS}/{path.name}" for path in (ROOT / WHEELS).glob("*.whl"))


def run(variables: dict[str, str], program: str, *arguments: str, **others: str) -> None:
    """Runs a program of CPython's folder. Its standard streams are pipes, because CPython does not
    start under Wine if one of them is a file of Linux.
    """
    command = ["wine", str(HOME / program), *arguments]
    subprocess.run(command, cwd=ROOT, env=os.environ | variables | others, input=b"", check=True)


def x86_64() -> None:
    """The packages of Windows: their tests, and the command that they install."""
    wheels = build()
    with wine.started("x86_64") as variables:
        pip = "-m pip install --quiet --no-index --no-deps --force-reinstall --no-warn-script-location"
        run(variables, "python.exe", *pip.split(), *wheels)
        run(variables, "Scripts/skiplino.exe", "--version")
        # Without -X dev, whose asyncio logs each slow callback: Wine is slow.
        pytest = "-W error -m pytest -rs python/tests --ignore=python/tests/spark"
        others = {"PYTHONDONTWRITEBYTECODE": "1", "SKIPLINO_SLOWNESS": "5"}
        run(variables, "python.exe", *pytest.split(), **others)
