"""Builds the Rust crates for other platforms than this machine's."""

from __future__ import annotations

import shlex

from tools.parts import run
from tools.workspace import ROOT

# Shared by all platforms, which need the same build scripts and macros.
TARGET = "target/platforms"
RUST_SOURCE = ROOT / "target/tools/rust-source/rustc"
STANDARD_LIBRARIES = RUST_SOURCE.parent / "usr/lib/rustlib"


def environment(platform: str) -> dict[str, str]:
    """The environment of Cargo for a platform, also when maturin calls Cargo. Cargo also builds the
    standard library, unless `scripts/setup` has found a compiled one.

    Building it needs unstable options of the compiler. No published artifact is built with them.
    """
    values = {
        "RUSTC": str(RUST_SOURCE),
        "RUSTC_BOOTSTRAP": "1",
        "CARGO_TARGET_DIR": str(ROOT / TARGET),
        # Less to compile and to write.
        "CARGO_PROFILE_DEV_DEBUG": "0",
    }
    if not (STANDARD_LIBRARIES / platform).exists():
        values["CARGO_UNSTABLE_BUILD_STD"] = "std,panic_unwind"
    return values


def launcher(path: str, *command: str) -> str:
    """Writes a program that runs a command with the program's arguments. Returns its path."""
    file = ROOT / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', encoding="utf-8")
    file.chmod(0o755)
    return path


def build(platform: str, *arguments: str, **others: str) -> str:
    """Runs `cargo build` for a platform. Returns the folder of the results."""
    command = ["cargo", "build", "--locked", "--target", platform, *arguments]
    run(*command, **environment(platform), **others)
    return f"{TARGET}/{platform}/debug"
