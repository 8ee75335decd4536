"""Facts about this repository, its Cargo workspace and its releases that several tools need."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# The command `skiplino` as `parts.build_command` builds it, whose sandbox most tests use.
SKIPLINO = "target/debug/skiplino"


def output(*command: str | Path) -> str:
    """The standard output of a command. If the command fails, this raises an exception."""
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def version() -> str:
    """The version that is set in Cargo.toml."""
    manifest = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "(.*)"', manifest, re.MULTILINE)
    if found is None:
        raise ValueError("Cargo.toml has no version")
    return found[1]


def pinned(names: Container[str]) -> list[str]:
    """These packages of the Python package's tests, with their versions."""
    text = (ROOT / "python/tests/requirements.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.partition("==")[0] in names]


def last_release() -> str | None:
    """The newest tag `v…` before this commit, if this clone has one."""
    command = ["git", "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"]
    described = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return described.stdout.strip() if described.returncode == 0 else None


def file_at(revision: str, path: str) -> str | None:
    """The text of a file as it was at a revision, if it was there."""
    command = ["git", "show", f"{revision}:{path}"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return shown.stdout if shown.returncode == 0 else None


def host() -> str:
    """The target triple of this machine's Rust."""
    for line in output("rustc", "-vV").splitlines():
        if line.startswith("host: "):
            return line.removeprefix("host: ")
    raise ValueError("rustc -vV names no host")


def packages_in_build(package: str, edges: str, options: Sequence[str]) -> set[tuple[str, str]]:
    """Name and version of every package that a build of `package` for this machine contains.

    `edges` are the kinds of dependencies as `cargo tree` names them, `options` more of its options,
    such as features.
    """
    command = ["cargo", "tree", "--locked", "--package", package, "--target", host()]
    command += ["--edges", edges, "--prefix", "none", "--format", "{p}", *options]
    # A line is `name v1.2.3 (path or URL)`.
    lines = [line.split() for line in output(*command).splitlines() if line.strip()]
    return {(words[0], words[1].removeprefix("v")) for words in lines}


def metadata() -> Any:
    """The output of `cargo metadata`, as JSON."""
    return json.loads(output("cargo", "metadata", "--locked", "--format-version", "1"))
