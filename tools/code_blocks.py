"""Prints the code blocks of a language in a Markdown document.

    code_blocks.py FILE LANGUAGE [--section HEADING] [--first]
    code_blocks.py NAME LANGUAGE --package --first

--section takes only the section under that heading, --first only the first block. With --package the
document is the description of a Python package that is installed for this interpreter.
"""

from __future__ import annotations

import argparse
import re
import sys
from importlib import metadata
from pathlib import Path


def section(text: str, heading: str) -> str:
    """The section under a heading, up to the next heading of its level."""
    start = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    if start is None:
        return ""
    rest = text[start.end() :]
    end = re.search(rf"^{start[1]} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def code_blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    pattern = rf"^```{re.escape(language)}\n(.*?)^```$"
    found: list[str] = re.findall(pattern, text, re.MULTILINE | re.DOTALL)
    return found


def main() -> int:
    """Prints the blocks that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("document")
    parser.add_argument("language")
    parser.add_argument("--package", action="store_true")
    parser.add_argument("--section")
    parser.add_argument("--first", action="store_true")
    options = parser.parse_args()
    if options.package:
        text = str(metadata.metadata(options.document).json["description"])
    else:
        text = Path(options.document).read_text(encoding="utf-8")
    if options.section:
        text = section(text, options.section)
    found = code_blocks(text, options.language)
    if not found:
        sys.exit(f"{options.document} has no code block of {options.language}")
    print("".join(found[:1] if options.first else found), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
