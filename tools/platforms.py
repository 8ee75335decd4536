"""Builds for other platforms than this machine's, and runs the results. With PART only those parts run.

    python3 -m tools.platforms [PART...]

The parts are like those of `make test`, see tools/parts.py.
"""

from __future__ import annotations

import sys

from tools import arm, cpython, musl, windows, windows_python
from tools.parts import Part, run_and_report, select

PARTS = [
    Part("windows", "rust python_packages windows", windows.x86_64),
    Part("windows-i686", "rust python_packages windows_i686", windows.i686),
    Part("aarch64", "rust python_packages aarch64", arm.aarch64),
    Part("armv7", "rust python armv7", arm.armv7),
    Part("musl", "rust python_packages musl", musl.all_systems),
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
