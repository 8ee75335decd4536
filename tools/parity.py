"""Prints which host passes which scenario and makes which call.

    python3 -m tools.parity FOLDER [--write]
    python3 -m tools.parity --scenarios

The runners of `tests/scenarios` leave a file in FOLDER for each host, with the names of the scenarios
that passed there. The first form prints scenario by host and call by host. It exits with 1 if a host
lacks a scenario or a call, or if PAGE shows another table; `--write` writes the table into PAGE. The
second form prints a table of the scenarios for the site.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.workspace import ROOT

HOSTS = {
    "rust-await": "Rust, `.await`",
    "rust-wait": "Rust, `.wait()`",
    "python-sync": "Python",
    "python-async": "Python, asyncio",
    "swift": "Swift",
    "kotlin": "Kotlin",
    "c": "C",
}
# The page with the table, which stands between two lines.
PAGE = ROOT / "docs/src/behaviour.md"
BEGIN, END = "<!-- ANCHOR: parity -->", "<!-- ANCHOR_END: parity -->"
SCENARIOS = ROOT / "tests/scenarios"


def scenarios() -> dict[str, set[str]]:
    """By name, the calls that each scenario makes."""
    found: dict[str, set[str]] = {}
    for path in sorted(SCENARIOS.glob("*.json")):
        if path.name != "schema.json":
            for scenario in json.loads(path.read_text(encoding="utf-8"))["scenarios"]:
                steps = scenario.get("steps", [])
                found[scenario["name"]] = {step["call"] for step in steps if "call" in step}
    return found


def calls() -> list[str]:
    """Every call of the scenario format, so that a call without a scenario is a hole, too."""
    schema = json.loads((SCENARIOS / "schema.json").read_text(encoding="utf-8"))
    names: list[str] = schema["$defs"]["call"]["properties"]["call"]["enum"]
    return names


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, of which the second row is the line under the headings."""
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def scenario_table() -> str:
    """The scenarios and the calls of each, as Markdown."""
    rows = [["scenario", "calls"], ["---", "---"]]
    for name, made in scenarios().items():
        rows.append([name, ", ".join(f"`{call}`" for call in sorted(made))])
    return markdown(rows)


def parity_table(counts: dict[str, list[int]]) -> str:
    """Call by host, as Markdown."""
    rows = [["call", *HOSTS.values()], ["---"] + [":---:"] * len(HOSTS)]
    for call, row in counts.items():
        rows.append([f"`{call}`", *("yes" if count else "no" for count in row)])
    return markdown(rows)


def passed_scenarios(folder: Path, known: set[str]) -> dict[str, set[str]]:
    """By host, the names of the scenarios that passed there."""
    passed: dict[str, set[str]] = {}
    for host in HOSTS:
        file = folder / host
        names = set(file.read_text(encoding="utf-8").splitlines()) if file.is_file() else set()
        passed[host] = names & known
        for name in sorted(names - known):
            print(f"{host} reports a scenario that does not exist: {name}")
    return passed


def print_tables(
    known: dict[str, set[str]], passed: dict[str, set[str]], counts: dict[str, list[int]]
) -> None:
    """Scenario by host, and call by host as the number of passed scenarios that make the call."""
    for name in known:
        print("".join("  x" if name in passed[host] else "  -" for host in HOSTS), name)
    print()
    totals = [len(passed[host]) for host in HOSTS]
    for call, row in [*counts.items(), ("scenarios", totals)]:
        print("".join(f"{count:5}" for count in row), call)
    print("Columns:", ", ".join(HOSTS))


def holes(
    known: dict[str, set[str]], passed: dict[str, set[str]], counts: dict[str, list[int]]
) -> list[str]:
    """Scenarios that a host has not passed, and calls that it never makes."""
    found = [
        f"{host} has not passed: {name}"
        for host in HOSTS
        for name in known
        if name not in passed[host]
    ]
    found += [
        f"{host} never calls {call}"
        for call, row in counts.items()
        for host, count in zip(HOSTS, row, strict=True)
        if not count
    ]
    return found


def with_table(text: str, table: str) -> str | None:
    """The page with this table in it, if it has the place for it."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table}\n{END}{after}" if begin and end else None


def main() -> int:
    """Checks the parity, or prints the table of the scenarios."""
    if sys.argv[1:] == ["--scenarios"]:
        print(scenario_table())
        return 0
    known = scenarios()
    passed = passed_scenarios(Path(sys.argv[1]), set(known))
    counts: dict[str, list[int]] = {}
    for call in calls():
        makes_it = {name for name, made in known.items() if call in made}
        counts[call] = [len(makes_it & passed[host]) for host in HOSTS]
    print_tables(known, passed, counts)
    found = holes(known, passed, counts)
    if found:
        print(f"{len(found)} holes:", *found[:50], sep="\n  ")
        return 1
    text = PAGE.read_text(encoding="utf-8")
    wanted = with_table(text, parity_table(counts))
    if wanted is None:
        print(f"{PAGE} has no {BEGIN} … {END}")
        return 1
    if "--write" in sys.argv:
        PAGE.write_text(wanted, encoding="utf-8")
    elif text != wanted:
        print(f"{PAGE} shows another table: run make parity")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
