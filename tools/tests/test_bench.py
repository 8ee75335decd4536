"""How the rows of a measurement are kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tools.bench import Part, main, measure

ROW = {"host": "Rust", "ours": 1}


def part(status: int) -> Part:
    program = f"print({json.dumps(json.dumps(ROW))}); exit({status})"
    return Part("rust", "Rust", (sys.executable, "-c", program))


def test_rows_are_printed_and_kept(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = tmp_path / "rust"
    assert measure(part(0), rows)
    assert rows.read_text() == json.dumps(ROW) + "\n" == capfd.readouterr().out


def test_a_failure_is_a_row(tmp_path: Path) -> None:
    rows = tmp_path / "rust"
    assert not measure(part(1), rows)
    first, last = map(json.loads, rows.read_text().splitlines())
    assert first == ROW
    assert last == {
        "host": "Rust",
        "work": "the rest",
        "peer": "",
        "failed": "it ended with an error",
    }


def test_an_unknown_part_is_rejected() -> None:
    with pytest.raises(SystemExit, match="no such part: rusty"):
        main(["rusty"])
