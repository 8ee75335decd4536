"""How console blocks are read and compared."""

from __future__ import annotations

from tools.transcript import console_lines, difference, script

DOCUMENT = """\
```console
$ echo "it's"
it's
```
```sh
echo no console
```
```console
$ date
Mon … 2026
```
"""


def test_all_console_blocks_are_one_script() -> None:
    lines = console_lines(DOCUMENT)
    assert lines == ['$ echo "it\'s"', "it's", "$ date", "Mon … 2026"]
    commands = script(lines).splitlines()
    assert [line for line in commands if not line.startswith("printf")] == ['echo "it\'s"', "date"]


def test_a_gap_stands_for_any_text() -> None:
    assert difference(["a … c", "(x)"], ["a b c", "(x)"]) is None
    assert "'(x)'" in (difference(["a … c", "(x)"], ["a b c", "x"]) or "")
    assert "2 lines" in (difference(["a", "b"], ["a"]) or "")
    assert "1 lines" in (difference(["a"], ["a", "b"]) or "")
