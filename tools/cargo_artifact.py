"""Prints the path of a file that Cargo has built.

    cargo build --message-format json-render-diagnostics ... |
        python3 -m tools.cargo_artifact KIND SUFFIX

KIND is the kind of the target, such as `cdylib` or `bin`. The file is one of UniFFI's packages.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable


def artifact(messages: Iterable[str], kind: str, suffix: str) -> str | None:
    """The last file of a kind whose name ends so, among Cargo's messages."""
    found: str | None = None
    for line in messages:
        message = json.loads(line)
        if message["reason"] == "compiler-artifact" and kind in message["target"]["kind"]:
            for name in message["filenames"]:
                if "uniffi" in name and name.endswith(suffix):
                    found = name
    return found


def main() -> int:
    """Reads Cargo's messages from standard input."""
    kind, suffix = sys.argv[1:]
    found = artifact(sys.stdin, kind, suffix)
    if found is None:
        sys.exit(f"Cargo has built no {kind} whose name ends in {suffix!r}")
    print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
