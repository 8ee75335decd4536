"""Builds for other platforms than this one and runs the results, or only for those that are named.

    python3 -m tools.platforms [PART...]

The parts are like those of `make test`, see tools/parts.py.
"""

from __future__ import annotations

import shutil
import sys

from tools import cpython, cross, windows_python
from tools.parts import Part, run, run_and_report, select
from tools.workspace import ROOT

SKIPLINO = "target/debug/skiplino"
OUT = "target/platforms"


def windows() -> None:
    """The C library for Windows, with the first program of its guide."""
    run("cargo", "build", "--locked", "-p", "skiplino-cli")
    built = cross.build("x86_64-pc-windows-gnu", "-p", "skiplino-c")
    out = ROOT / OUT / "windows"
    out.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / built / "skiplino_c.dll", out)
    program = f"{OUT}/windows/first.exe"
    include, library = "-Ibindings/c/include", f"{built}/libskiplino_c.dll.a"
    run(
        "x86_64-w64-mingw32-gcc",
        "-std=c99",
        include,
        "bindings/c/examples/first.c",
        library,
        "-o",
        program,
    )
    sandbox = ["scripts/with-sandbox", "--env", SKIPLINO]
    run(*sandbox, "wine", program, SKIPLINO_API_KEY="pk_sandbox_public")


PARTS = [
    Part("windows", "rust python windows", windows),
    Part("windows-python", "rust windows_python", windows_python.x86_64),
    Part("cpython", "rust cpythons", cpython.linux),
]


def main() -> int:
    """Runs the parts that the command line names."""
    return run_and_report(select(PARTS, sys.argv[1:]))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
