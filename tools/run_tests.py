"""Runs the tests of every host language, or the parts that are named, and prints a summary.

    python3 -m tools.run_tests [PART...]

A part that needs tools which `scripts/setup` cannot install on this machine is skipped. Exits with 1
if a part failed; with SKIPLINO_FORBID_SKIPS=1 also if a part was skipped.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools.parts import Part, PartFailed, build_command, run, run_and_report, select
from tools.workspace import ROOT, SKIPLINO

# Every sandbox of the run records its responses here; part `answers` checks them against the
# contract.
EXCHANGES = ROOT / "target/exchanges"
# The scenario runners record here which scenarios passed; part `parity` looks for holes.
PARITY = ROOT / "target/parity"


def rust() -> None:
    """Every test of the Rust workspace."""
    build_command()
    run("cargo", "test", "--locked")


def features() -> None:
    """The optional features of the core: the rest compiles without them."""
    core = ("cargo", "check", "--locked", "-p", "skiplino")
    run(*core, "--no-default-features", "--features", "bundled-roots")
    run(*core, "--features", "platform-verifier")
    run("cargo", "check", "--locked", "-p", "skiplino-benches", "--benches")


def journey() -> None:
    """The booking journey of `make demo`."""
    run("python3", "tests/journey.py", SKIPLINO)


def transcript(document: str) -> None:
    """Runs the `console` blocks of a document and compares what they print."""
    run(
        "scripts/with-sandbox",
        SKIPLINO,
        "python3",
        "-m",
        "tools.transcript",
        document,
        "target/debug",
    )


def readme() -> None:
    """The first program of the README and the console output it shows, as a newcomer runs them."""
    run("cargo", "build", "--locked", "-p", "skiplino", "--example", "first")
    first = subprocess.run(
        ["scripts/with-sandbox", "--env", SKIPLINO, "target/debug/examples/first"],
        cwd=ROOT,
        env=os.environ | {"SKIPLINO_API_KEY": "pk_sandbox_public"},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    print(first.stdout, end="", flush=True)
    if "it is now cancelled" not in first.stdout.splitlines():
        raise PartFailed("the first program of the README did not cancel its ticket")
    transcript("README.md")


def docs() -> None:
    """The pages of the site: their code is run by some part, and their console output is run here."""
    run("python3", "tests/site/check.py")
    build_command()
    for page in sorted((ROOT / "docs/src").glob("*.md")):
        if re.search(r"^```console$", page.read_text(encoding="utf-8"), re.MULTILINE):
            transcript(str(page.relative_to(ROOT)))


def python() -> None:
    """The Python packages."""
    build_command()
    run("scripts/python-test")


def spark() -> None:
    """The data source for Apache Spark."""
    build_command()
    run("scripts/spark-test")


def kotlin() -> None:
    """The Kotlin package."""
    build_command()
    run("scripts/kotlin-test")


def swift() -> None:
    """The Swift package."""
    build_command()
    run("scripts/swift-test")


def parity() -> None:
    """Every host passes every scenario, and the published table says so."""
    run("python3", "-m", "tools.parity", str(PARITY))


def pytest(folder: str) -> None:
    """The tests in a folder, with the packages of part `contract`."""
    run(".venv/bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider", folder)


def schemathesis() -> None:
    """The sandbox under requests that Schemathesis generates from the contract."""
    run("scripts/with-sandbox", SKIPLINO, ".venv/bin/python", "tests/python/run_schemathesis.py")


def answers() -> None:
    """All recorded responses of all sandboxes, against the contract."""
    run(".venv/bin/python", "tests/python/check_exchanges.py", str(EXCHANGES))


def prism() -> None:
    """All recorded requests of all hosts, against Prism's reading of the contract."""
    run("python3", "tests/prism/replay.py", "target/prism/node_modules/.bin/prism", str(EXCHANGES))


PARTS = [
    Part("rust", "rust", rust),
    Part("features", "rust", features),
    Part("journey", "rust python", journey),
    Part("readme", "rust python transfer", readme),
    Part("docs", "rust python transfer", docs),
    Part("c", "rust python c", lambda: run("scripts/c-test")),
    Part("races", "rust python c rust_source", lambda: run("scripts/c-races")),
    Part("python", "rust python_packages transfer", python),
    Part("spark", "rust spark", spark),
    Part("page", "rust page", lambda: run("scripts/page-test")),
    Part("kotlin", "rust python kotlin", kotlin),
    Part("swift", "rust python swift", swift),
    Part("soak", "rust python_packages c kotlin", lambda: run("scripts/soak", "0.2", "--testing")),
    Part("parity", "python", parity, unless_skipped=True),
    Part("tools", "contract c workflows", lambda: pytest("tools/tests")),
    Part("contract", "contract", lambda: pytest("tests/python")),
    Part("schemathesis", "rust contract", schemathesis),
    Part("answers", "contract", answers),
    Part("prism", "prism", prism),
    Part("fuzz", "fuzz", lambda: run("scripts/fuzz", "20")),
]


def empty(folder: Path) -> str:
    """Makes an empty folder and returns its path."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return str(folder)


def main() -> int:
    """Runs the parts that the command line names."""
    parts = select(PARTS, sys.argv[1:])
    os.environ["SKIPLINO_SANDBOX_EXCHANGES"] = empty(EXCHANGES)
    os.environ["SKIPLINO_PARITY"] = empty(PARITY)
    return run_and_report(parts)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
