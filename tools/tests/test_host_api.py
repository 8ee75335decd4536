"""Changes of a public API that break programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.host_api import breaking_changes, kotlin, may_break, parse


@pytest.mark.parametrize(
    ("before", "now", "allowed"),
    [
        ("0.1.0", "0.1.1", False),
        ("0.1.0", "0.2.0", True),
        ("0.9.0", "1.0.0", True),
        ("1.1.0", "1.2.0", False),
        ("1.1.0", "2.0.0", True),
    ],
)
def test_which_release_may_break(before: str, now: str, allowed: bool) -> None:
    assert may_break(before, now) == allowed


def test_additions_are_no_breaking_changes() -> None:
    before = {"f -> int", "f(positional 0 a: int, required)"}
    assert breaking_changes(before, before | {"g -> str", "g(positional 0 b: int, required)"}) == []
    assert breaking_changes(before, before | {"f(keyword-only c: int = 1)"}) == []


def test_removals_and_new_required_parameters_break() -> None:
    before = {"async f -> int", "x: int"}
    now = {"async f -> int", "f(positional 0 a: int, required)"}
    assert breaking_changes(before, now) == ["- x: int", "+ f(positional 0 a: int, required)"]


def test_a_file_has_a_version_and_lines() -> None:
    assert parse("# 0.1.0\na\nb\n") == ("0.1.0", {"a", "b"})


def test_internal_declarations_of_kotlin_are_left_out(tmp_path: Path) -> None:
    dump = tmp_path / "api.txt"
    dump.write_text(
        "public final class com/skiplino/Client {\n"
        "\tpublic final fun close ()V\n"
        "\tpublic final fun raw$skiplino ()V\n"
        "}\n"
    )
    assert list(kotlin(str(dump))) == [
        "public final class com/skiplino/Client",
        "com/skiplino/Client: public final fun close ()V",
    ]
