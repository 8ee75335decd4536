"""Checks that the code and the links on the pages of `docs` are right: `check.py [ROOT]`

Every code block of a page is an include of a tested file (TESTED), or a transcript, which
`tools/transcript.py` runs. Every include has its file and anchor, every anchor is shown on a page,
and every link within the site has a target. Exits with 1 at a violation. Needs only Python.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

#: The files with shown code, the script or test that runs each, and its name there.
TESTED = {
    "crates/skiplino/examples/first.rs": ("tools/run_tests.py", '"--example", "first"'),
    "tests/rust/guides.rs": ("tests/rust/main.rs", "mod guides;"),
    "python/examples/first.sh": ("scripts/python-test", "python/examples/first.sh"),
    "python/examples/first.py": ("python/tests/test_readme.py", "python/examples/first.py"),
    "python/examples/fleet.sh": ("scripts/spark-test", "python/examples/fleet.sh"),
    "python/examples/fleet.py": ("python/tests/spark/test_guide.py", '"fleet.py"'),
    "python/examples/nightly.sh": ("python/tests/spark/test_guide.py", '"nightly.sh"'),
    "python/tests/spark/test_guide.py": ("scripts/spark-test", "python/tests/spark"),
    "python/tests/test_guides.py": ("scripts/python-test", "pytest python/tests"),
    "swift/Tests/SkiplinoTests/GuideTests.swift": ("scripts/swift-test", "swift test"),
    "kotlin/skiplino/src/test/kotlin/guides/GuidesTest.kt": ("scripts/kotlin-test", "kotlin/pom.xml package"),
    "kotlin/skiplino/src/test/java/guides/JavaGuidesTest.java": ("scripts/kotlin-test", "kotlin/pom.xml package"),
    "bindings/c/examples/first.c": ("tools/c_test.py", '    "first",'),
    "bindings/c/examples/kiosk.c": ("tools/c_test.py", '    "kiosk",'),
    "bindings/c/examples/kiosk_input.c": ("tools/c_test.py", "kiosk_input.c"),
    "bindings/c/tests/guides.c": ("tools/c_test.py", '    "guides",'),
}
#: Included texts with code blocks of their own, and the program that writes or runs each.
TEXTS = {
    "README.md:c": ("scripts/c-installed", "README.md"),
    "README.md:terminal": ("tools/run_tests.py", 'transcript("README.md")'),
    "benches/README.md": ("Makefile", "benches/README.md"),
    # Written from tests/scenarios at each build of the site.
    "target/docs/scenarios.md": ("scripts/docs", "target/docs/scenarios.md"),
}
#: The folder that `scripts/docs` adds to the pages.
MADE = "reference/"
INCLUDE = re.compile(r"\{\{#include ([^}:]+)(?::([^}]+))?\}\}")
BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)")
#: The name of a defined function; in C the name before the first bracket.
NAME = re.compile(r"\b(?:fn|def|func|fun) (\w+)|^static (?:\w+ )+\*?(\w+)\(", re.M)


def anchored(text: str, anchor: str) -> str | None:
    found = re.search(rf"ANCHOR: {anchor}\b[^\n]*\n(.*?)(?:^[^\n]*ANCHOR_END: {anchor}\b|\Z)", text, re.M | re.S)
    return found and found[1]


def slug(heading: str) -> str:
    """The anchor that mdBook gives a heading."""
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading.strip().lower()))


def slugs(text: str) -> set[str]:
    return {slug(heading) for heading in re.findall(r"^#+ (.+)$", BLOCK.sub("", text), re.M)}


class Check:
    def __init__(self, root: Path) -> None:
        self.root, self.source = root, root / "docs/src"
        self.violations: list[str] = []
        self.shown: dict[str, set[str]] = {}

    def include(self, page: Path, path: str, anchor: str | None, listed: set[str]) -> None:
        file = (page.parent / path).resolve().relative_to(self.root).as_posix()
        whole = f"{file}:{anchor}" if anchor else file
        if file not in listed and whole not in listed:
            self.report(page, f"includes {whole}, which is not in TESTED or TEXTS")
        elif not file.startswith("target/"):
            text = self.read(file)
            if text is None:
                self.report(page, f"includes {file}, which does not exist")
            elif anchor and not anchored(text, anchor):
                self.report(page, f"includes {whole}, whose anchor is missing or empty")
            self.shown.setdefault(file, set()).add(anchor or "")

    def page(self, page: Path) -> None:
        text = page.read_text(encoding="utf-8")
        for kind, block in BLOCK.findall(text):
            included = INCLUDE.fullmatch(block.strip())
            if included:
                self.include(page, *included.groups(), TESTED.keys())
            elif kind != "console":
                self.report(page, f"has a block ({kind or 'of no language'}) that is not an include: {block.splitlines()[:1]}")
            elif not block.startswith("$ "):
                self.report(page, "has a transcript without a command")
        prose = BLOCK.sub("", text)
        for path, anchor in INCLUDE.findall(prose):
            self.include(page, path, anchor or None, TEXTS.keys())
        if re.search(r"^(```|~~~)|<pre|<code|\n\n(    |\t)", prose, re.M):
            self.report(page, "has code outside a fenced block")
        for link in LINK.findall(prose):
            target, _, heading = link.partition("#")
            if ":" in target or target.startswith(MADE):
                continue
            other = page.parent / target if target else page
            if not other.is_file():
                self.report(page, f"links to {link}, which does not exist")
            elif heading and heading not in slugs(other.read_text(encoding="utf-8")):
                self.report(page, f"links to {link}, a heading that does not exist")

    def run(self) -> int:
        pages = sorted(self.source.glob("**/*.md"))
        summary = (self.source / "SUMMARY.md").read_text(encoding="utf-8")
        for page in pages:
            self.page(page)
            if page.name != "SUMMARY.md" and page.relative_to(self.source).as_posix() not in LINK.findall(summary):
                self.report(page, "is not in the table of contents")
        for of, (by, called) in [*TESTED.items(), *TEXTS.items()]:
            if called not in (self.read(by) or ""):
                self.violations.append(f"{by} does not contain {called!r}, which runs {of}")
        for file in TESTED:
            self.calls(file, self.read(file) or "")
        print("\n".join(self.violations) or f"{len(pages)} pages: all shown code is tested")
        return bool(self.violations)

    def calls(self, file: str, text: str) -> None:
        """Every anchor is shown on a page, and its function is called in the rest of the file."""
        for anchor in re.findall(r"ANCHOR: (\w+)", text):
            code = anchored(text, anchor) or ""
            if anchor not in self.shown.get(file, set()):
                self.violations.append(f"{file} has the anchor {anchor}, which no page shows")
            names = [a or b for a, b in NAME.findall(code)]
            if names and names[0] != "main" and not any(name.startswith("test_") for name in names) and "#[test]" not in code:
                if not re.search(rf"\b{names[0]}\b", text.replace(code, "")):
                    self.violations.append(f"{file}: {names[0]} is never called")

    def report(self, page: Path, text: str) -> None:
        self.violations.append(f"{page.relative_to(self.root)} {text}")

    def read(self, file: str) -> str | None:
        path = self.root / file
        return path.read_text(encoding="utf-8") if path.is_file() else None


if __name__ == "__main__":
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2]
    sys.exit(Check(root.resolve()).run())
