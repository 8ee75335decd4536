"""Makes bindings/c/include/skiplino.h, or checks it.

    python3 -m tools.c_header [--check]

With --check the program writes nothing. It fails unless the header is the one that cbindgen makes,
its numbers are those of codes.txt, no number has ever changed, and the body of every exported
function is one call of the panic guard.
"""

from __future__ import annotations

import difflib
import re
import sys

from tools.workspace import ROOT, file_at, last_release, output

BINDING = ROOT / "bindings/c"
HEADER = BINDING / "include/skiplino.h"
CODES = BINDING / "codes.txt"
# Sources whose functions panic for the tests, and are in no header.
FOR_TESTS = ("test_panics.rs",)
# Every export is one call of a function of this module, which catches panics.
GUARD = re.compile(r"boundary::(?:guard|call|get|free)\(")


def made() -> str:
    """The header from cbindgen, with pointers in the style of the C code."""
    command = ["target/tools/bin/cbindgen", "--quiet", "--config", "bindings/c/cbindgen.toml"]
    header = output(*command, "bindings/c")
    return re.sub(r"const (char|skiplino_[a-z_]+) \* ", r"const \1 *", header)


def diff(before: str, now: str, before_name: str, now_name: str) -> str:
    """The difference of two texts, as `diff -u` prints it."""
    lines = before.splitlines(), now.splitlines()
    return "\n".join(difflib.unified_diff(*lines, before_name, now_name, lineterm=""))


def listed_codes(text: str) -> list[str]:
    """The codes of codes.txt."""
    return [line for line in text.splitlines() if not line.startswith("#")]


def header_codes(header: str) -> list[str]:
    """The codes of the header, as codes.txt has them."""
    found = re.findall(r"^  (SKIPLINO_[A-Z0-9_]+) = ([0-9]+),$", header, re.MULTILINE)
    return [f"{name} {number}" for name, number in found]


def changed_numbers(codes: list[str], history: str) -> list[str]:
    """Codes that had another number in some commit of a history."""
    numbers = dict(code.split() for code in codes)
    removed: list[tuple[str, str]] = re.findall(r"^-(SKIPLINO_\w+) (\d+)$", history, re.MULTILINE)
    return [
        f"{name} was {number}" for name, number in removed if numbers.get(name, number) != number
    ]


def check_codes(codes: list[str]) -> None:
    """No name ever changes its number, and no code of a release is removed."""
    history = output("git", "log", "--format=", "-p", "--", str(CODES))
    wrong = changed_numbers(codes, history)
    tag = last_release()
    released = file_at(tag, CODES.relative_to(ROOT).as_posix()) if tag else None
    for code in listed_codes(released or ""):
        if code not in codes:
            wrong.append(f"{code} was removed since {tag}")
    if wrong:
        sys.exit("\n".join(f"{CODES}: {line}" for line in wrong))


def bodies(source: str) -> list[str]:
    """The first line of the body of every exported function of a Rust source."""
    found: list[str] = []
    lines = iter(source.splitlines())
    for line in lines:
        if line == "#[unsafe(no_mangle)]":
            # The signature ends with the line that opens the body.
            while not line.endswith("{"):
                line = next(lines, "{")
            found.append(next(lines, "").strip())
    return found


def unguarded(exports: list[str]) -> list[str]:
    """Functions whose body does not begin with the guard."""
    return [body for body in exports if not GUARD.match(body)]


def declared(header: str) -> list[str]:
    """The functions that the header declares."""
    return re.findall(r"^[a-z].*\b(skiplino_[a-z0-9_]+)\(", header, re.MULTILINE)


def check() -> str:
    """Checks the committed header; says what was checked."""
    header = HEADER.read_text(encoding="utf-8")
    changes = diff(header, made(), "skiplino.h", "as cbindgen makes it")
    if changes:
        sys.exit(f"{changes}\n{HEADER} is not what cbindgen makes: run scripts/c-header")
    codes = listed_codes(CODES.read_text(encoding="utf-8"))
    if codes != header_codes(header):
        sys.exit(f"{CODES} and the header differ")
    check_codes(codes)
    sources = [
        path for path in sorted((BINDING / "src").rglob("*.rs")) if path.name not in FOR_TESTS
    ]
    exports = [body for path in sources for body in bodies(path.read_text(encoding="utf-8"))]
    without = unguarded(exports)
    if without or not exports:
        sys.exit("\n".join([*without, f"{len(without)} exports do not begin with the guard"]))
    if len(exports) != len(declared(header)):
        sys.exit(f"the header declares {len(declared(header))} functions of {len(exports)}")
    return f"{len(exports)} exports, all guarded"


def main() -> int:
    """Makes or checks the header."""
    if sys.argv[1:] == ["--check"]:
        print(check())
    else:
        HEADER.write_text(made(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
