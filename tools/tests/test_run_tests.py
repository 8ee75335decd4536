"""The test runner's results for parts that pass, fail or cannot run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import parts, platforms, run_tests
from tools.parts import Part, PartFailed, Summary, run_parts, select
from tools.workspace import ROOT


def fails() -> None:
    parts.run("sh", "-c", "echo it is broken; exit 1")


def fails_with_a_reason() -> None:
    raise PartFailed("the reason")


@pytest.fixture(autouse=True)
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "OUTPUT", tmp_path)


def test_a_failure_does_not_stop_the_other_parts(capfd: pytest.CaptureFixture[str]) -> None:
    ran: list[str] = []
    failing = [
        Part("one", "rust", fails),
        Part("two", "rust", fails_with_a_reason),
        Part("three", "rust", lambda: parts.run("no-such-program")),
        Part("four", "missing", lambda: ran.append("four")),
        Part("five", "rust", lambda: ran.append("five")),
    ]
    summary = run_parts(failing, provide=lambda needs: needs != "missing")
    assert [row[:2] for row in summary.rows] == [
        ("one", "FAILED"),
        ("two", "FAILED"),
        ("three", "FAILED"),
        ("four", "skipped"),
        ("five", "passed"),
    ]
    assert ran == ["five"]
    printed = capfd.readouterr()
    assert "the reason" in printed.err and "no-such-program" in printed.err
    assert "\n== five\n" in printed.out
    assert parts.last_lines("one").endswith("\nit is broken")


def test_parity_is_left_out_once_a_part_was_skipped() -> None:
    host, parity = Part("c", "c", lambda: None), Part("parity", "", lambda: None, True)
    assert [row[0] for row in run_parts([host, parity], lambda needs: True).rows] == ["c", "parity"]
    assert [row[0] for row in run_parts([host, parity], lambda needs: needs != "c").rows] == ["c"]


@pytest.mark.parametrize(
    ("results", "allowed", "forbidden"),
    [
        (["passed"], 0, 0),
        (["passed", "skipped"], 0, 1),
        (["FAILED", "passed"], 1, 1),
        ([], 0, 0),
    ],
)
def test_exit_status(results: list[str], allowed: int, forbidden: int) -> None:
    summary = Summary([("name", result, 1) for result in results])
    assert summary.exit_status(forbid_skips=False) == allowed
    assert summary.exit_status(forbid_skips=True) == forbidden


def test_the_table() -> None:
    summary = Summary(
        [("rust", "passed", 7), ("schemathesis", "FAILED", 1234), ("c", "skipped", 0)]
    )
    assert summary.text().splitlines() == [
        "rust       passed      7 s",
        "schemathesis FAILED   1234 s",
        "c          skipped     0 s",
        "1 passed, 1 failed, 1 skipped",
    ]


def test_selection_keeps_the_order_and_rejects_unknown_names() -> None:
    assert [part.name for part in select(run_tests.PARTS, ["fuzz", "rust"])] == ["rust", "fuzz"]
    assert len(select(run_tests.PARTS, [])) == len(run_tests.PARTS)
    with pytest.raises(SystemExit, match="no such part: packge"):
        select(run_tests.PARTS, ["rust", "packge"])


def test_every_need_is_a_function_of_setup() -> None:
    setup = (ROOT / "scripts/setup").read_text(encoding="utf-8")
    for part in (*run_tests.PARTS, *platforms.PARTS):
        for need in part.needs.split():
            assert f"\n{need}() {{" in setup, f"part {part.name}: scripts/setup has no {need}"
