"""The selection of the C programs to compile and run, and their sources."""

from __future__ import annotations

import pytest

from tools import c_test
from tools.workspace import ROOT


def test_every_source_exists() -> None:
    made = {f"{c_test.OUT}/arguments.c"}
    for program in c_test.PROGRAMS:
        for source in c_test.sources(program):
            assert source.startswith("-D") or source in made or (ROOT / source).is_file(), source


def test_every_program_of_the_tests_folder_is_run() -> None:
    # Parts of other programs, and programs of other scripts.
    others = {"control", "handles", "racing", "soak", "tsan"}
    folder = ROOT / c_test.TESTS
    assert {file.stem for file in folder.glob("*.c")} - others <= set(c_test.PROGRAMS)


def test_programs_with_optional_features_use_the_full_library() -> None:
    assert f"-L{ROOT}/target/c/full" in c_test.links("panics")
    assert f"-L{ROOT}/target/c/lib" in c_test.links("first")
    assert c_test.links("unload") == ["-pthread", "-ldl"]


def test_an_unknown_program_is_rejected() -> None:
    with pytest.raises(SystemExit, match="no such program: frist"):
        c_test.main(["frist"])
