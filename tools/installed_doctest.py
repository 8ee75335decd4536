"""Runs the doctests of a module that is installed for this interpreter: installed_doctest.py MODULE."""

from __future__ import annotations

import doctest
import importlib
import sys


def main() -> int:
    """Runs the doctests; there has to be at least one."""
    failed, tried = doctest.testmod(importlib.import_module(sys.argv[1]))
    print(f"{sys.argv[1]}: {tried} examples, {failed} failed")
    return int(failed > 0 or tried == 0)


if __name__ == "__main__":
    sys.exit(main())
