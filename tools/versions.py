"""Checks that every file that repeats the version of Cargo.toml has the same version.

    python3 -m tools.versions [--tag TAG]

With --tag, the tag has to be that of the version, such as `v1.2.3`.
Most files take the version from Cargo.toml when they are built. The others are listed here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from tools.workspace import ROOT, output, version

NUMBER = r"(\d+\.\d+\.\d+)"


@dataclass(frozen=True)
class Place:
    """Files that repeat the version, by Git's patterns, and the text around it."""

    files: tuple[str, ...]
    pattern: str


PLACES = [
    # The crates of the workspace, as dependencies of each other.
    Place(("Cargo.toml",), rf'path = "crates/[a-z-]+", version = "{NUMBER}"'),
    # The Maven builds, and the parent that they name.
    Place(
        ("*pom.xml",), rf"<artifactId>skiplino-parent</artifactId>\s*<version>{NUMBER}</version>"
    ),
    # Files and packages that documents and scripts name.
    Place(
        ("*.md", "scripts", ":(glob)tools/*.py"), rf"\b(?:skiplino|queue-cli|benches)[-:]{NUMBER}\b"
    ),
    Place(("*.md",), rf'skiplino[a-z-]*", from: "{NUMBER}"'),
]


def repeated(text: str, pattern: str) -> Iterator[tuple[int, str, str]]:
    """Every version in a text that the pattern finds: its line, the version, and the text found."""
    for found in re.finditer(pattern, text):
        yield text.count("\n", 0, found.start(1)) + 1, found[1], found[0]


def main() -> int:
    """Prints every place with another version."""
    wanted = version()
    if sys.argv[1:2] == ["--tag"] and sys.argv[2:] != [f"v{wanted}"]:
        sys.exit(f"the tag of version {wanted} is v{wanted}, not {' '.join(sys.argv[2:])}")
    wrong: list[str] = []
    for place in PLACES:
        for file in output("git", "ls-files", "--", *place.files).splitlines():
            path = ROOT / file
            # Deleted files are listed until that is committed.
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            for line, number, found in repeated(text, place.pattern):
                if number != wanted:
                    wrong.append(f"{file}:{line}: {found}")
    if wrong:
        print("\n".join(wrong))
        print(f"Cargo.toml has version {wanted}", file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
