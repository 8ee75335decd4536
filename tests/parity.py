"""Which host does what: `parity.py FOLDER PAGE [--write]`. Ends with 1 on a hole, or if the table in PAGE differs. And
`parity.py --scenarios`, which prints a table of the scenarios for the site.

The runners of `tests/scenarios` leave a file in the folder for each host, with the names of the scenarios that passed there. This prints
scenario by host, and call by host as the number of passed scenarios that make it. With `--write` the latter goes into PAGE.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HOSTS = {
    "rust-await": "Rust, `.await`",
    "rust-wait": "Rust, `.wait()`",
    "python-sync": "Python",
    "python-async": "Python, asyncio",
    "swift": "Swift",
    "kotlin": "Kotlin",
    "c": "C",
}
# The table stands between these two lines of the page.
BEGIN, END = "<!-- ANCHOR: parity -->", "<!-- ANCHOR_END: parity -->"
SCENARIOS = Path(__file__).with_name("scenarios")


def scenarios() -> dict[str, set[str]]:
    """By name, the calls that each makes."""
    found: dict[str, set[str]] = {}
    for path in sorted(SCENARIOS.glob("*.json")):
        if path.name != "schema.json":
            for scenario in json.loads(path.read_text(encoding="utf-8"))["scenarios"]:
                steps = scenario.get("steps", [])
                found[scenario["name"]] = {step["call"] for step in steps if "call" in step}
    return found


def markdown(counts: dict[str, list[int]]) -> str:
    rows = [["call", *HOSTS.values()], ["---"] + [":---:"] * len(HOSTS)]
    rows += [[f"`{call}`", *("yes" if count else "no" for count in row)] for call, row in counts.items()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def told() -> str:
    rows = [["scenario", "calls"], ["---", "---"]]
    rows += [[name, ", ".join(f"`{call}`" for call in sorted(made))] for name, made in scenarios().items()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def main() -> int:
    if sys.argv[1:] == ["--scenarios"]:
        print(told())
        return 0
    folder = Path(sys.argv[1])
    known = scenarios()
    passed: dict[str, set[str]] = {}
    for host in HOSTS:
        file = folder / host
        names = set(file.read_text(encoding="utf-8").splitlines()) if file.is_file() else set()
        passed[host] = names & known.keys()
        for name in sorted(names - known.keys()):
            print(f"{host} tells of a scenario that there is not: {name}")
    # As the format names them, so that one without a scenario is a hole, too.
    schema = json.loads((SCENARIOS / "schema.json").read_text(encoding="utf-8"))
    calls = schema["$defs"]["call"]["properties"]["call"]["enum"]

    for name in known:
        print("".join("  x" if name in passed[host] else "  -" for host in HOSTS), name)
    counts = {}
    for call in calls:
        makes_it = {name for name, made in known.items() if call in made}
        counts[call] = [len(makes_it & passed[host]) for host in HOSTS]
    print()
    for call, row in [*counts.items(), ("scenarios", [len(passed[host]) for host in HOSTS])]:
        print("".join(f"{count:5}" for count in row), call)
    print("Columns:", ", ".join(HOSTS))

    holes = [f"{host} has not passed: {name}" for host in HOSTS for name in known if name not in passed[host]]
    holes += [f"{host} never calls {call}" for call, row in counts.items() for host, count in zip(HOSTS, row, strict=True) if not count]
    if holes:
        print(f"{len(holes)} holes:", *holes[:50], sep="\n  ")
        return 1
    page = Path(sys.argv[2])
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    wanted = f"{before}{BEGIN}\n{markdown(counts)}\n{END}{after}"
    if not (begin and end):
        print(f"{page} has no {BEGIN} … {END}")
        return 1
    if "--write" in sys.argv:
        page.write_text(wanted, encoding="utf-8")
    elif text != wanted:
        print(f"{page} shows another table: make parity")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
