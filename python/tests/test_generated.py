"""The blocking client is generated from the client for event loops."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from conftest import ROOT, library


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_sync", ROOT / "python/tools/generate_sync.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("source", "target"), generator().FILES.items())
def test_the_file_is_what_the_generator_writes(source: str, target: str) -> None:
    # The generator runs it.
    assert library("ruff").__name__ == "ruff"
    text = (ROOT / "python/src/skiplino" / target).read_text(encoding="utf-8")
    assert text == generator().generate(source), "run python python/tools/generate_sync.py"
    assert text.startswith(f"# generated from {source} by ")


def test_each_text_of_the_generator_occurs_in_a_source() -> None:
    module = generator()
    sources = "".join((module.SOURCES / source).read_text(encoding="utf-8") for source in module.FILES)
    assert [text for text in module.TEXTS if text not in sources] == []
