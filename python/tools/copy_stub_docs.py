"""Copies the docstrings of the installed native module to its stub, `_native.pyi`.

Usage: python python/tools/copy_stub_docs.py

The docstrings are written in the Rust sources, and editors read those of the stub. The program
replaces docstrings that the stub has already, and adds none.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

from skiplino import _native

STUB = Path(__file__).parents[1] / "src" / "skiplino" / "_native.pyi"


def documented(tree: ast.Module) -> Iterator[tuple[ast.stmt, object]]:
    """The docstrings of the stub, with the native objects that they describe."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            native = getattr(_native, node.name)
            yield node.body[0], native
            for member in node.body:
                if isinstance(member, ast.FunctionDef) and hasattr(native, member.name):
                    yield member.body[0], getattr(native, member.name)


def docstring(native: object, indent: str) -> list[str]:
    """The lines of an object's docstring."""
    first, *rest = (inspect.getdoc(native) or "").split("\n")
    if not rest:
        return [f'{indent}"""{first}"""']
    return [f'{indent}"""{first}', *(f"{indent}{line}".rstrip() for line in rest), f'{indent}"""']


def main() -> None:
    """Writes the stub."""
    text = STUB.read_text(encoding="utf-8")
    lines = text.split("\n")
    for node, native in reversed(list(documented(ast.parse(text)))):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines[node.lineno - 1 : node.end_lineno] = docstring(native, " " * node.col_offset)
    STUB.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
