"""Runs parts of a test run one after the other, and prints a summary. The parts of `make test` are in
`run_tests.py`, those of `make platforms` in `platforms.py`.

A part that needs tools which `scripts/setup` cannot install on this machine is skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tools.workspace import ROOT

# The output of each part.
OUTPUT = ROOT / "target/test-output"
# The lines of a failed part that are repeated at the end, where a reader looks first.
REPEATED_LINES = 80

PASSED, FAILED, SKIPPED = "passed", "FAILED", "skipped"


class PartFailed(Exception):
    """A part failed for a reason that no command has printed."""


def started(*command: str) -> list[str]:
    """The command as this system starts it: Windows needs the shell that runs a script."""
    shell = shutil.which("bash") if os.name == "nt" and command[0].startswith("scripts/") else None
    return [shell, *command] if shell else [*command]


def run(*command: str, **environment: str) -> None:
    """Runs a command; its failure fails the part."""
    subprocess.run(started(*command), cwd=ROOT, env=os.environ | environment, check=True)


def build_command() -> None:
    """Builds the command `skiplino` for this machine."""
    run("cargo", "build", "--locked", "-p", "skiplino-cli")


@dataclass(frozen=True)
class Part:
    """A part of the test run: its name, what `scripts/setup` must provide, and what it does."""

    name: str
    needs: str
    action: Callable[[], None]
    # Do not run the part if another part was skipped: the parity table would lack a host.
    unless_skipped: bool = False


def set_up(needs: str) -> bool:
    """Whether `scripts/setup` provides all of the needs on this machine."""
    command = started("scripts/setup", *needs.split())
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


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
        began = time.monotonic()
        result = SKIPPED
        if provide(part.needs):
            with recorded(part.name):
                result = run_part(part)
        summary.rows.append((part.name, result, int(time.monotonic() - began)))
    return summary


def select(parts: Sequence[Part], names: Sequence[str]) -> list[Part]:
    """The named parts in the order of a whole run; all of them where none is named."""
    unknown = set(names) - {part.name for part in parts}
    if unknown:
        known = " ".join(part.name for part in parts)
        sys.exit(f"no such part: {' '.join(sorted(unknown))}; the parts are: {known}")
    return [part for part in parts if not names or part.name in names]


def run_and_report(parts: Sequence[Part]) -> int:
    """Runs the parts, prints the summary, and returns the exit status: 1 if a part failed, or with
    SKIPLINO_FORBID_SKIPS=1 also if a part was skipped."""
    summary = run_parts(parts)
    for name, result, _ in summary.rows:
        if result == FAILED:
            print(f"\n{last_lines(name)}", flush=True)
    print(f"\n{summary.text()}", flush=True)
    return summary.exit_status(os.environ.get("SKIPLINO_FORBID_SKIPS") == "1")
