"""Holds the pages of `docs` against what the tests run: `check.py [ROOT]`. Ends with 1 where a page shows what nobody runs.

Every code block of a page is an include of a file in TESTED, or a transcript, which `tools/transcript.py` runs. Every include finds its
file and its anchor, every anchor is shown, every link within the site leads somewhere. Nothing but Python is needed.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

#: What pages show, the script or test that runs it, and what that calls it.
TESTED = {
    "crates/skiplino/examples/first.rs": ("tools/run_tests.py", '"--example", "first"'),
    "tests/rust/guides.rs": ("tests/rust/main.rs", "mod guides;"),
    "python/examples/first.sh": ("scripts/python-test", "python/examples/first.sh"),
    "python/examples/first.py": ("python/tests/test_first.py", "python/examples/first.py"),
    "python/tests/test_guides.py": ("scripts/python-test", "pytest python/tests"),
    "swift/Tests/SkiplinoTests/GuideTests.swift": ("scripts/swift-test", "swift test"),
    "kotlin/skiplino/src/test/kotlin/guides/GuidesTest.kt": ("scripts/kotlin-test", "kotlin/pom.xml package"),
    "bindings/c/examples/first.c": ("tools/c_test.py", '    "first",'),
    "bindings/c/examples/kiosk.c": ("tools/c_test.py", '    "kiosk",'),
    "bindings/c/tests/guides.c": ("tools/c_test.py", '    "guides",'),
}
#: Whole texts, code blocks and all: what is included, and what writes or runs it.
TEXTS = {
    "README.md:c": ("scripts/c-installed", "README.md"),
    "README.md:terminal": ("tools/run_tests.py", 'transcript("README.md")'),
    "benches/README.md": ("Makefile", "benches/README.md"),
    # Written for each site, from tests/scenarios.
    "target/docs/scenarios.md": ("scripts/docs", "target/docs/scenarios.md"),
}
#: What `scripts/docs` puts beside the pages.
MADE = "reference/"
INCLUDE = re.compile(r"\{\{#include ([^}:]+)(?::([^}]+))?\}\}")
BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)")
#: The name of a function that is defined; a C function's stands before its first bracket.
NAME = re.compile(r"\b(?:fn|def|func|fun) (\w+)|^static (?:\w+ )+\*?(\w+)\(", re.M)


def anchored(text: str, anchor: str) -> str | None:
    found = re.search(rf"ANCHOR: {anchor}\b[^\n]*\n(.*?)(?:^[^\n]*ANCHOR_END: {anchor}\b|\Z)", text, re.M | re.S)
    return found and found[1]


def slug(heading: str) -> str:
    """As mdBook names a heading."""
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading.strip().lower()))


def slugs(text: str) -> set[str]:
    return {slug(heading) for heading in re.findall(r"^#+ (.+)$", BLOCK.sub("", text), re.M)}


class Check:
    def __init__(self, root: Path) -> None:
        self.root, self.source = root, root / "docs/src"
        self.faults: list[str] = []
        self.shown: dict[str, set[str]] = {}

    def include(self, page: Path, path: str, anchor: str | None, listed: set[str]) -> None:
        file = (page.parent / path).resolve().relative_to(self.root).as_posix()
        whole = f"{file}:{anchor}" if anchor else file
        if file not in listed and whole not in listed:
            self.fault(page, f"includes {whole}, which no test is known to run")
        elif not file.startswith("target/"):
            text = self.read(file)
            if text is None:
                self.fault(page, f"includes {file}, which is not there")
            elif anchor and not anchored(text, anchor):
                self.fault(page, f"includes {whole}, which has no such anchor, or nothing in it")
            self.shown.setdefault(file, set()).add(anchor or "")

    def page(self, page: Path) -> None:
        text = page.read_text(encoding="utf-8")
        for kind, block in BLOCK.findall(text):
            included = INCLUDE.fullmatch(block.strip())
            if included:
                self.include(page, *included.groups(), TESTED.keys())
            elif kind != "console":
                self.fault(page, f"has a block ({kind or 'of no language'}) that is no include: {block.splitlines()[:1]}")
            elif not block.startswith("$ "):
                self.fault(page, "has a transcript without a command")
        prose = BLOCK.sub("", text)
        for path, anchor in INCLUDE.findall(prose):
            self.include(page, path, anchor or None, TEXTS.keys())
        if re.search(r"^(```|~~~)|<pre|<code|\n\n(    |\t)", prose, re.M):
            self.fault(page, "has code in another form than a fenced block")
        for link in LINK.findall(prose):
            target, _, heading = link.partition("#")
            if ":" in target or target.startswith(MADE):
                continue
            other = page.parent / target if target else page
            if not other.is_file():
                self.fault(page, f"links to {link}, which is not there")
            elif heading and heading not in slugs(other.read_text(encoding="utf-8")):
                self.fault(page, f"links to {link}: there is no such heading")

    def run(self) -> int:
        pages = sorted(self.source.glob("**/*.md"))
        summary = (self.source / "SUMMARY.md").read_text(encoding="utf-8")
        for page in pages:
            self.page(page)
            if page.name != "SUMMARY.md" and page.relative_to(self.source).as_posix() not in LINK.findall(summary):
                self.fault(page, "is in no table of contents")
        for of, (by, called) in [*TESTED.items(), *TEXTS.items()]:
            if called not in (self.read(by) or ""):
                self.faults.append(f"{by} says nothing of {called!r}, so who runs {of}?")
        for file in TESTED:
            self.calls(file, self.read(file) or "")
        print("\n".join(self.faults) or f"{len(pages)} pages: all that they show is run")
        return bool(self.faults)

    def calls(self, file: str, text: str) -> None:
        """All that can be shown is, and is called by the rest of its file."""
        for anchor in re.findall(r"ANCHOR: (\w+)", text):
            code = anchored(text, anchor) or ""
            if anchor not in self.shown.get(file, set()):
                self.faults.append(f"{file} has the anchor {anchor}, which no page shows")
            names = [a or b for a, b in NAME.findall(code)]
            if names and names[0] != "main" and not any(name.startswith("test_") for name in names) and "#[test]" not in code:
                if not re.search(rf"\b{names[0]}\b", text.replace(code, "")):
                    self.faults.append(f"{file}: nobody calls {names[0]}")

    def fault(self, page: Path, what: str) -> None:
        self.faults.append(f"{page.relative_to(self.root)} {what}")

    def read(self, file: str) -> str | None:
        path = self.root / file
        return path.read_text(encoding="utf-8") if path.is_file() else None


if __name__ == "__main__":
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2]
    sys.exit(Check(root.resolve()).run())
