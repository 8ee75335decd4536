"""The gaps that the parity table shows, and where the table is published."""

from __future__ import annotations

from tools import parity


def test_holes() -> None:
    known = {"books": {"tickets.create"}}
    passed = {host: {"books"} for host in parity.HOSTS}
    counts = {"tickets.create": [1] * len(parity.HOSTS)}
    assert parity.holes(known, passed, counts) == []
    passed["c"] = set()
    counts["tickets.create"][-1] = 0
    assert parity.holes(known, passed, counts) == [
        "c has not passed: books",
        "c never calls tickets.create",
    ]


def test_every_call_has_a_scenario() -> None:
    made = set[str]().union(*parity.scenarios().values())
    assert made == set(parity.calls())


def test_the_table_goes_between_the_anchors() -> None:
    text = f"before\n{parity.BEGIN}\nold\n{parity.END}\nafter\n"
    assert parity.with_table(text, "new") == f"before\n{parity.BEGIN}\nnew\n{parity.END}\nafter\n"
    assert parity.with_table("no anchors", "new") is None


def test_a_table_names_every_host() -> None:
    table = parity.parity_table({"branches.list": [1, 0, 1, 1, 1, 1, 1]}).splitlines()
    assert len(table) == 3
    assert table[2] == "| `branches.list` | yes | no | yes | yes | yes | yes | yes |"
