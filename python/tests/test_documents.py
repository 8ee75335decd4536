"""All public names have docstrings, and the stub has the same docstrings as the native module."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from types import ModuleType

import pytest

import skiplino
from skiplino import testing

MEMBERS = (staticmethod, classmethod, property)


def public(of: type) -> list[str]:
    """The members of a class that can have a docstring."""
    return [
        name
        for name, member in vars(of).items()
        if not name.startswith("_")
        and (callable(member) or isinstance(member, MEMBERS) or inspect.isdatadescriptor(member))
        # Slots of Python classes cannot.
        and not (inspect.ismemberdescriptor(member) and of.__module__ != "skiplino._native")
    ]


@pytest.mark.parametrize("module", [skiplino, testing])
def test_all_of_it_is_documented(module: ModuleType) -> None:
    classes = [getattr(module, name) for name in module.__all__ if inspect.isclass(getattr(module, name))]
    assert classes
    for of in classes:
        assert inspect.getdoc(of), of
        for name in public(of):
            assert inspect.getdoc(getattr(of, name)), f"{of.__name__}.{name}"


def test_the_stub_says_the_same() -> None:
    stub = ast.parse(Path(skiplino.__file__).with_name("_native.pyi").read_text(encoding="utf-8"))
    classes = [node for node in stub.body if isinstance(node, ast.ClassDef) and node.name in skiplino.__all__]
    assert len(classes) > 10
    for node in classes:
        of = getattr(skiplino, node.name)
        assert ast.get_docstring(node) == inspect.getdoc(of), node.name
        for member in node.body:
            if isinstance(member, ast.FunctionDef) and not member.name.startswith("_"):
                text = inspect.getdoc(getattr(of, member.name))
                assert ast.get_docstring(member) == text, f"{node.name}.{member.name}"
