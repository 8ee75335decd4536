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
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tools.workspace import ROOT

SKIPLINO = "target/debug/skiplino"
# Every sandbox of the run records its responses here; part `answers` checks them against the
# contract.
EXCHANGES = ROOT / "target/exchanges"
# The scenario runners record here which scenarios passed; part `parity` looks for holes.
PARITY = ROOT / "target/parity"
# The output of each part.
OUTPUT = ROOT / "target/test-output"
# The lines of a failed part that are repeated at the end, where a reader looks first.
REPEATED_LINES = 80

PASSED, FAILED, SKIPPED = "passed", "FAILED", "skipped"


class PartFailed(Exception):
    """A part failed for a reason that no command has printed."""


def run(*command: str) -> None:
    """Runs a command; its failure fails the part."""
    subprocess.run(command, cwd=ROOT, check=True)


def build_command() -> None:
    """Builds the command `skiplino`, whose sandbox most parts use."""
    run("cargo", "build", "--locked", "-p", "skiplino-cli")


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


@dataclass(frozen=True)
class Part:
    """A part of the test run: its name, what `scripts/setup` must provide, and what it does."""

    name: str
    needs: str
    action: Callable[[], None]
    # Do not run the part if another part was skipped: the parity table would lack a host.
    unless_skipped: bool = False


PARTS = [
    Part("rust", "rust", rust),
    Part("features", "rust", features),
    Part("journey", "rust python", journey),
    Part("readme", "rust python transfer", readme),
    Part("docs", "rust python transfer", docs),
    Part("c", "rust python c", lambda: run("scripts/c-test")),
    Part("races", "rust python c races", lambda: run("scripts/c-races")),
    Part("python", "rust python_packages transfer", python),
    Part("page", "rust page", lambda: run("scripts/page-test")),
    Part("kotlin", "rust python kotlin", kotlin),
    Part("swift", "rust python swift", swift),
    Part("soak", "rust python_packages c kotlin", lambda: run("scripts/soak", "0.2", "--testing")),
    Part("parity", "python", parity, unless_skipped=True),
    Part("tools", "contract", lambda: pytest("tools/tests")),
    Part("contract", "contract", lambda: pytest("tests/python")),
    Part("schemathesis", "rust contract", schemathesis),
    Part("answers", "contract", answers),
    Part("prism", "prism", prism),
    Part("fuzz", "fuzz", lambda: run("scripts/fuzz", "20")),
]


def set_up(needs: str) -> bool:
    """Whether `scripts/setup` provides all of the needs on this machine."""
    return subprocess.run(["scripts/setup", *needs.split()], cwd=ROOT, check=False).returncode == 0


@dataclass
class Summary:
    """The results of the parts that ran, in their order."""

    rows: list[tuple[str, str, int]] = field(default_factory=list)

    def count(self, result: str) -> int:
        """How many parts have this result."""
        return sum(row[1] == result for row in self.rows)

    def text(self) -> str:
        """The table that is printed at the end."""
        rows = [f"{name:<10} {result:<8} {seconds:4} s" for name, result, seconds in self.rows]
        counts = [f"{self.count(result)} {result.lower()}" for result in (PASSED, FAILED, SKIPPED)]
        return "\n".join([*rows, ", ".join(counts)])

    def exit_status(self, forbid_skips: bool) -> int:
        """0 if every part passed, or was skipped where that is allowed; else 1."""
        return int(self.count(FAILED) > 0 or (forbid_skips and self.count(SKIPPED) > 0))


@contextmanager
def recorded(part: str) -> Iterator[None]:
    """Also writes the output of a part, with that of its commands, into a file."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    terminal = os.dup(1), os.dup(2)
    tee = subprocess.Popen(["tee", OUTPUT / f"{part}.log"], stdin=subprocess.PIPE)
    assert tee.stdin is not None
    os.dup2(tee.stdin.fileno(), 1)
    os.dup2(tee.stdin.fileno(), 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        for number, saved in enumerate(terminal, start=1):
            os.dup2(saved, number)
            os.close(saved)
        tee.stdin.close()
        # A process that the part left behind may keep the pipe open.
        with suppress(subprocess.TimeoutExpired):
            tee.wait(10)


def last_lines(part: str) -> str:
    """The end of what a part printed."""
    lines = (OUTPUT / f"{part}.log").read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join([f"== the end of {part}, which failed", *lines[-REPEATED_LINES:]])


def run_part(part: Part) -> str:
    """Runs a part that has all it needs, and returns its result."""
    try:
        part.action()
    except subprocess.CalledProcessError:
        # The command has printed why.
        return FAILED
    except (PartFailed, OSError) as error:
        print(error, file=sys.stderr, flush=True)
        return FAILED
    return PASSED


def run_parts(parts: Sequence[Part], provide: Callable[[str], bool] = set_up) -> Summary:
    """Runs the parts one after the other; a failed one does not stop the others."""
    summary = Summary()
    for part in parts:
        if part.unless_skipped and summary.count(SKIPPED):
            continue
        print(f"\n== {part.name}", flush=True)
        started = time.monotonic()
        result = SKIPPED
        if provide(part.needs):
            with recorded(part.name):
                result = run_part(part)
        summary.rows.append((part.name, result, int(time.monotonic() - started)))
    return summary


def select(names: Sequence[str]) -> list[Part]:
    """The named parts in the order of a whole run; all of them where none is named."""
    unknown = set(names) - {part.name for part in PARTS}
    if unknown:
        known = " ".join(part.name for part in PARTS)
        sys.exit(f"no such part: {' '.join(sorted(unknown))}; the parts are: {known}")
    return [part for part in PARTS if not names or part.name in names]


def empty(folder: Path) -> str:
    """Makes an empty folder and returns its path."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return str(folder)


def main() -> int:
    """Runs the parts that the command line names."""
    parts = select(sys.argv[1:])
    os.environ["SKIPLINO_SANDBOX_EXCHANGES"] = empty(EXCHANGES)
    os.environ["SKIPLINO_PARITY"] = empty(PARITY)
    summary = run_parts(parts)
    for name, result, _ in summary.rows:
        if result == FAILED:
            print(f"\n{last_lines(name)}", flush=True)
    print(f"\n{summary.text()}", flush=True)
    return summary.exit_status(os.environ.get("SKIPLINO_FORBID_SKIPS") == "1")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
