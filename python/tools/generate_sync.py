"""Generates the blocking client from the client for event loops.

Usage: python python/tools/generate_sync.py [--check]

With ``--check`` the program writes nothing, and fails if a generated file is out of date. It needs
ruff, for the format.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).parents[1] / "src" / "skiplino"
FILES = {"_async_client.py": "_client.py", "_async_lists.py": "_lists.py"}
HEADER = "# generated from {} by python/tools/generate_sync.py: edit that file, then regenerate\n"

#: Patterns for code, applied in order.
CODE = [
    # `await call(f, x)` is `f(x)`, and `await next_item(iterator)` is `iterator.next()`.
    (r"await call\(\s*([\w.]+),\s*", r"\1("),
    (r"await next_item\(([\w.]+)\)", r"\1.next()"),
    (r"from \._event_loop import .*\n", ""),
    # The blocking list does not publish the classes of its iterators.
    (r"-> AsyncPages\[T\]", "-> Iterator[Page[T]]"),
    (r"__aiter__\(self\) -> AsyncList\[T\]", "__iter__(self) -> Iterator[T]"),
    (r"\bAwaitable\[(\w+)\]", r"\1"),
    (r"\b(?:async|await) ", ""),
    (r"\b(_?)async_", r"\1"),
    (r"\b(Native)?Async(?=[A-Z])", r"\1"),
    (r"\bStopAsyncIteration\b", "StopIteration"),
    (r"__a(enter|exit|iter|next)__", r"__\1__"),
]
#: Texts in documentation, for the sentences that differ.
TEXTS = {
    "The client for event loops. ``_client.py``, the blocking client, is generated from this file.": "The blocking client.",
    "Lists and watches, for event loops.": "Lists and watches that block.",
    "Many event loops may use it at once.": "Many threads may use it at once.",
    "an asynchronous iterator": "an iterator",
    "\n\n        If the function returns an awaitable, the export awaits it.": "",
    "An iterable is read completely before the first request.": "An iterable is read as the sync proceeds.",
    "(await client.with_response(client.tickets.book, service, group)).": (
        "client.with_response(client.tickets.book, service, group)."
    ),
}


def _ruff(code: str, name: str, *arguments: str) -> str:
    """Runs ruff on the code and returns its output."""
    options = ["--quiet", "--no-cache", f"--stdin-filename={SOURCES / name}", "-"]
    command = [sys.executable, "-m", "ruff", *arguments, *options]
    return subprocess.run(command, input=code, capture_output=True, check=True, text=True).stdout


def generate(source: str) -> str:
    """The generated text of a source file's counterpart."""
    code = (SOURCES / source).read_text(encoding="utf-8")
    for text, replacement in TEXTS.items():
        code = code.replace(text, replacement)
    for pattern, replacement in CODE:
        code = re.sub(pattern, replacement, code)
    code = _ruff(code, FILES[source], "check", "--select=F401,I001", "--fix-only")
    return HEADER.format(source) + _ruff(code, FILES[source], "format")


def main() -> None:
    """Writes the generated files, or checks them."""
    for source, target in FILES.items():
        code, path = generate(source), SOURCES / target
        if sys.argv[1:] != ["--check"]:
            path.write_text(code, encoding="utf-8")
        elif path.read_text(encoding="utf-8") != code:
            sys.exit(f"{target} is out of date: run python python/tools/generate_sync.py")


if __name__ == "__main__":
    main()
