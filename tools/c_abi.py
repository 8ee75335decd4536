"""Compares the ABI of the C header with that of the last release.

    python3 -m tools.c_abi

Functions must keep their types, and a struct may only grow at its end. abidiff compares libraries,
so this program makes a library of empty functions from each header. c_header and scripts/c-test
check that the real library has the same functions and types. First the program tests abidiff itself:
it must report changes that break programs, and accept other changes. bindings/c/codes.txt lists the
numbers of error codes.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.workspace import ROOT, file_at, last_release

HEADER = "bindings/c/include/skiplino.h"
STRUCT = re.compile(r"^typedef struct \{\n(.*?)^\} (\w+);", re.MULTILINE | re.DOTALL)
FUNCTION = re.compile(r"^[a-z][\w ]*?[ *]+skiplino_\w+\([^;{]*\)(?=;)", re.MULTILINE)

# Pattern and replacement: changes that break programs, and changes that do not.
BREAKING = [
    (r"^void skiplino_watch_free.*\n", ""),
    (r"^(size_t skiplino_branch_list_count\().*", r"\1int list);"),
    (r"^int32_t (skiplino_response_status)", r"int64_t \1"),
    (r"^  const char \*locale;$", "  const char *region; const char *locale;"),
    (r"^  int64_t backoff_ms;$", "  int32_t backoff_ms;"),
    (r"^  int32_t log_level;$", ""),
    (r"^  void \*log_data;$", "  void *data; int64_t more;"),
    (r"^typedef int32_t skiplino_outcome;", "typedef int64_t skiplino_outcome;"),
]
HARMLESS = [
    (r"^\} skiplino_options;", "  int64_t more;\n} skiplino_options;"),
    (r"^(void skiplino_watch_)(free.*)", r"\1\2 \1more(void);"),
]


def changed(header: str, pattern: str, replacement: str) -> str:
    """The header after a change; fails if the change has no effect."""
    other = re.sub(pattern, replacement, header, flags=re.MULTILINE)
    if other == header:
        sys.exit(f"tools/c_abi.py: {pattern} changes nothing in {HEADER}")
    return other


def empty_functions(header: str, before: str) -> str:
    """A C source with an empty function for each that the header declares.

    A struct that `before` also has keeps only as many members as it has there: structs contain
    their size, so a longer struct breaks no program.
    """
    header, before = (re.sub(r"//[^\n]*", "", text) for text in (header, before))
    members = {name: body.count(";") for body, name in STRUCT.findall(before)}

    def cut(struct: re.Match[str]) -> str:
        body, name = struct.groups()
        kept = "".join(re.findall("[^;]*;", body)[: members.get(name)])
        return f"typedef struct {{\n{kept}\n}} {name};"

    header = STRUCT.sub(cut, header)
    functions = [f"{declared} {{ __builtin_trap(); }}" for declared in FUNCTION.findall(header)]
    return "\n".join([header, *functions, ""])


def library(folder: Path, name: str, source: str) -> Path:
    """Compiles a source into a library."""
    code, made = folder / f"{name}.c", folder / f"{name}.so"
    code.write_text(source, encoding="utf-8")
    compiler = ["gcc", "-std=c99", "-g", "-shared", "-fPIC", str(code), "-o", str(made)]
    subprocess.run(compiler, check=True)
    return made


def difference(before: str, now: str) -> str | None:
    """abidiff's report of changes that break programs compiled with the header `before`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        libraries = [
            library(folder, "before", empty_functions(before, before)),
            library(folder, "now", empty_functions(now, before)),
        ]
        command = ["abidiff", "--no-added-syms", *map(str, libraries)]
        compared = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    # Bits 1 and 2 of the status are errors of abidiff itself.
    if compared.returncode & 3:
        sys.exit(f"abidiff failed: {compared.stdout}")
    return (compared.stdout or "changed") if compared.returncode else None


def main() -> int:
    """Checks abidiff, then the header."""
    now = (ROOT / HEADER).read_text(encoding="utf-8")
    for pattern, replacement in BREAKING:
        if difference(now, changed(now, pattern, replacement)) is None:
            sys.exit(f"tools/c_abi.py: abidiff does not report the change of {pattern}")
    for pattern, replacement in HARMLESS:
        found = difference(now, changed(now, pattern, replacement))
        if found:
            sys.exit(f"{found}\ntools/c_abi.py: abidiff reports the change of {pattern}")
    tag = last_release()
    released = file_at(tag, HEADER) if tag else None
    if tag is None or released is None:
        print(f"{len(BREAKING)} breaking changes are detected; there is no release to compare with")
        return 0
    found = difference(released, now)
    if found:
        sys.exit(f"{found}\nprograms for {tag} do not run with this library")
    print(f"programs for {tag} run with this library")
    return 0


if __name__ == "__main__":
    sys.exit(main())
