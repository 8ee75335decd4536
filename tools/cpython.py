"""Tests the Python packages with other versions of CPython than this machine's: one wheel serves all."""

from __future__ import annotations

import shutil

from tools import cross
from tools.parts import run
from tools.workspace import ROOT, pinned

OUT = f"{cross.TARGET}/cpython"
VERSIONS = ("3.13", "3.14")
# The packages that these tests need, of those that `scripts/setup python_packages` installs.
LIBRARIES = {"duckdb", "numpy", "pandas", "polars", "pyarrow", "pytest", "sybil", "tqdm"}
TESTS = [
    f"python/tests/test_{name}.py"
    for name in ("async", "directory", "scenarios", "shutdown", "threads")
]


def wheels() -> list[str]:
    """Builds the wheels with the files that part `python` of the tests has compiled."""
    shutil.rmtree(ROOT / OUT, ignore_errors=True)
    command = ["target/python/bin/pip", "wheel", "--quiet", "--no-deps"]
    command += ["--wheel-dir", f"{OUT}/wheels"]
    options = {
        "CARGO_TARGET_DIR": str(ROOT / "target"),
        "MATURIN_PEP517_ARGS": "--profile dev --strip true",
    }
    run(*command, "./python", "./python/sandbox", **options)
    return [str(path) for path in (ROOT / OUT / "wheels").glob("*.whl")]


def linux() -> None:
    """The wheels of this machine under each version."""
    built = wheels()
    for version in VERSIONS:
        home = f"{OUT}/{version}"
        run(f"target/tools/cpython/linux-x86_64-{version}/bin/python{version}", "-m", "venv", home)
        python = f"{home}/bin/python"
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run(*pip, "--only-binary", ":all:", *pinned(LIBRARIES), *built)
        run(f"{home}/bin/skiplino", "--version")
        run(python, "-X", "dev", "-W", "error", "-m", "pytest", *TESTS)
