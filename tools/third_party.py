"""Prints the licences of all third-party code in a build of a package for this machine.

    python3 -m tools.third_party PACKAGE [CARGO OPTIONS...]

The texts are read from all folders of the crates' sources: crates such as ring contain C code, whose
licences are in subfolders and not in the crate's licence expression. cargo-about prints only the
licences of that expression. cargo-bundle-licenses was not run: none of its documented options
collects licences from subfolders.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.workspace import metadata, packages_in_build

LICENCE = re.compile(r"(?i)(licen[cs]e|copying|copyright|notice|unlicense)\b[^/]*$")
NOT_A_TEXT = re.compile(r"(?i)\.(rs|c|h|py|toml|json|html|sh)$")
# Folders whose code is not compiled into the crate.
NOT_COMPILED = re.compile(r"(?i)tests?$|bench|example|fuzz|\.|target$")
# An SPDX identifier with a version, as in Apache-2.0.
IDENTIFIER = re.compile(r"[\w.-]*[\d][\w.-]*")
RULE = "\n" + "-" * 80
INTRODUCTION = """\
The third-party code in this build, with its licences. Where a licence says OR, either may be chosen.
"""


@dataclass(frozen=True)
class Crate:
    """A third-party crate, as its manifest describes it."""

    name: str
    version: str
    license: str
    authors: tuple[str, ...]
    repository: str | None
    folder: Path


def licence_texts(folder: Path) -> Iterator[str]:
    """The text of every licence file in a crate's folder, except in its tests and examples."""
    for home, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not NOT_COMPILED.match(name))
        for name in sorted(files):
            if LICENCE.match(name) and not NOT_A_TEXT.search(name):
                text = (Path(home) / name).read_text(encoding="utf-8", errors="replace")
                yield "\n".join(line.rstrip() for line in text.strip().splitlines())


def third_party_crates(package: str, options: Sequence[str]) -> list[Crate]:
    """The crates of other authors in a build of the package, by name."""
    wanted = packages_in_build(package, "normal,no-proc-macro", options)
    workspace = metadata()
    own = set(workspace["workspace_members"])
    found = [
        Crate(
            described["name"],
            described["version"],
            described["license"],
            tuple(described["authors"]),
            described["repository"],
            Path(described["manifest_path"]).parent,
        )
        for described in workspace["packages"]
        if (described["name"], described["version"]) in wanted and described["id"] not in own
    ]
    return sorted(found, key=lambda crate: (crate.name, crate.version))


def without_text(crate: Crate) -> str:
    """The licence that the manifest names, for a crate without a licence file, and its source.

    The Mozilla licence requires the address of the source.
    """
    authors = ", ".join(re.sub(r" *<.*?>", "", author) for author in crate.authors)
    identifiers = IDENTIFIER.findall(crate.license)
    links = [f"https://spdx.org/licenses/{identifier}.html" for identifier in identifiers]
    return (
        f"{crate.name} has no licence file. It is by {authors or f'the authors of {crate.name}'}, "
        f"under {crate.license}:\n"
        f"{' and '.join(links) or 'https://spdx.org/licenses'}; its source is at {crate.repository}."
    )


def notice(crates: Sequence[Crate]) -> Iterator[str]:
    """The whole notice: the list of the crates, and every licence text once."""
    users: dict[str, tuple[str, set[str]]] = {}
    bare: list[Crate] = []
    for crate in crates:
        texts = list(licence_texts(crate.folder))
        for text in texts:
            # Texts that differ in their line breaks are the same.
            users.setdefault(" ".join(text.split()), (text, set()))[1].add(crate.name)
        if not texts:
            bare.append(crate)
    yield INTRODUCTION
    for crate in crates:
        yield f"{crate.name} {crate.version}: {crate.license}"
    yield "The standard library of Rust, by the Rust project: MIT OR Apache-2.0"
    for crate in bare:
        yield f"{RULE}\n{without_text(crate)}"
    for text, names in users.values():
        yield f"{RULE}\n{', '.join(sorted(names))}\n\n{text}"


def main() -> int:
    """Prints the notice of the package that the command line names."""
    package, *options = sys.argv[1:]
    crates = third_party_crates(package, options)
    if not crates:
        sys.exit(f"{package}: no third-party crate was found")
    for paragraph in notice(crates):
        print(paragraph)
    return 0


if __name__ == "__main__":
    sys.exit(main())
