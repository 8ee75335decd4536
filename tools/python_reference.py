"""Makes the reference of the installed Python package by pdoc, with pdoc's own options.

python_reference.py -o FOLDER MODULE...
"""

from __future__ import annotations

import importlib


def main() -> None:
    """Loads the modules that the package loads on demand, because pdoc would miss them. Runs pdoc."""
    package = importlib.import_module("skiplino")
    for name in package.__all__:
        setattr(package, name, getattr(package, name))
    importlib.import_module("pdoc.__main__").cli()


if __name__ == "__main__":
    main()
