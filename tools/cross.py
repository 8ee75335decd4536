"""Builds the Rust crates for other platforms than this one."""

from __future__ import annotations

from tools.parts import run
from tools.workspace import ROOT

# Shared by all platforms, which need the same build scripts and macros.
TARGET = "target/platforms"
RUST_SOURCE = ROOT / "target/tools/rust-source/rustc"


def build(platform: str, *arguments: str, **environment: str) -> str:
    """Runs `cargo build` for a platform, its standard library included, of which no registry has a
    compiled one. Returns the folder of the results.

    This needs unstable options of the compiler; nothing that is published is built with them.
    """
    command = ["cargo", "build", "--locked", "--target-dir", TARGET, "--target", platform]
    command += ["-Zbuild-std=std,panic_unwind", *arguments]
    variables = {"RUSTC": str(RUST_SOURCE), "RUSTC_BOOTSTRAP": "1"}
    # Less to compile, and to write.
    variables["CARGO_PROFILE_DEV_DEBUG"] = "0"
    run(*command, **variables, **environment)
    return f"{TARGET}/{platform}/debug"
