"""Which host does what: `parity.py FOLDER [--write README]`. Ends with 1 on a hole.

The runners of `tests/scenarios` leave a file in the folder for each host, with the names of the scenarios that passed there. This prints
operation by host, as the number of passed scenarios that call it, and scenario by host. With `--write` the former goes between the marks in
a Markdown file.
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
BEGIN, END = "<!-- parity -->", "<!-- /parity -->"
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


def operations(calls: list[str], scenarios: dict[str, set[str]], passed: dict[str, set[str]]) -> list[list[str]]:
    rows = [["", *HOSTS.values()]]
    for call in calls:
        of_it = {name for name, made in scenarios.items() if call in made}
        rows.append([f"`{call}`", *(str(len(of_it & passed[host])) for host in HOSTS)])
    rows.append(["scenarios", *(f"{len(passed[host])} of {len(scenarios)}" for host in HOSTS)])
    return rows


def markdown(rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "| --- |" + " ---: |" * len(HOSTS))
    return "\n".join(lines)


def main() -> int:
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
        print("".join(" x" if name in passed[host] else " -" for host in HOSTS), name)
    print(" ".join(f"{number}: {host};" for number, host in enumerate(HOSTS, 1)))
    rows = operations(calls, known, passed)
    table = markdown(rows)
    print(f"\n{table}\n")

    holes = [f"{host}: {name}" for host in HOSTS for name in known if name not in passed[host]]
    holes += [f"{HOSTS[host]}: {row[0]}" for row in rows[1:] for host, cell in zip(HOSTS, row[1:], strict=True) if cell == "0"]
    if holes:
        print(f"{len(holes)} holes:", *holes[:50], sep="\n  ")
        return 1
    if "--write" in sys.argv:
        file = Path(sys.argv[sys.argv.index("--write") + 1])
        before, _, rest = file.read_text(encoding="utf-8").partition(BEGIN)
        _, end, after = rest.partition(END)
        if not end:
            print(f"{file} has no {BEGIN} … {END}")
            return 1
        file.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
