"""Adapts the Kotlin code that UniFFI generates to the package `com.skiplino`.

    python3 -m tools.kotlin_bindings GENERATED-FOLDER SOURCES-FOLDER

The generator makes every declaration public; here all become internal, because the package has an API
of its own. Explicit API mode fails the build if one is missed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

PACKAGE = "com/skiplino/internal"
MODIFIERS = "abstract|open|sealed|data|enum|inline"
REPLACEMENTS = [
    # Declarations of the file.
    (
        rf"^(?:public )?(?:(?:{MODIFIERS}) )*(?:class|interface|object|fun|typealias) ",
        r"internal \g<0>",
    ),
    (r"^internal public ", "internal "),
    # Members that only the package or its tests call.
    (r"(?:suspend )?fun `testing[A-Za-z]*`", r"internal \g<0>"),
    # Two structures are created often: see PooledStructure.kt.
    (
        r"^(internal open class (?:RustBuffer|UniffiRustCallStatus) ?: )Structure\(\)",
        r"\1PooledStructure()",
    ),
]
# UniFFI's futures are not used, because Kotlin's calls have functions of their own, and JNA looks
# up every function that is declared.
UNUSED = re.compile(r"^ *external fun ffi_skiplino_uniffi_rust_future_")
END_OF_DECLARATION = re.compile(r"^ *\)")


def adapted(lines: Iterable[str]) -> Iterator[str]:
    """The lines of a generated file, adapted."""
    unused = False
    for line in lines:
        if unused:
            unused = END_OF_DECLARATION.match(line) is None
            continue
        for pattern, replacement in REPLACEMENTS:
            line = re.sub(pattern, replacement, line, count=1)
        if UNUSED.match(line):
            unused = True
        else:
            yield line


def main() -> int:
    """Adapts all files of the package."""
    generated, sources = map(Path, sys.argv[1:])
    files = sorted((generated / PACKAGE).glob("*.kt"))
    if not files:
        sys.exit(f"there is no Kotlin code in {generated / PACKAGE}")
    for file in files:
        lines = file.read_text(encoding="utf-8").split("\n")
        (sources / file.name).write_text("\n".join(adapted(lines)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
