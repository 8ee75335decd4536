"""Prints the table of the benchmarks: `table.py README ROWS... [--write]`

Each file of rows is the output of a benchmark, one JSON object per line; README.md describes its
fields. With `--write` the table and the machine are written into README. Exits with 1 if a goal is
missed.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
HEAD = ["", "work", "ours", "peer", "theirs", "ours is", "goal", "memory, MiB", "size, MB"]


def shown(value: float, unit: str) -> str:
    if unit == "B":
        return f"{value / 1e6:.2f} MB"
    if unit == "/s":
        return f"{value:,.0f}/s"
    if unit == "µs" and value >= 1000:
        return shown(value / 1000, "ms")
    digits = 0 if unit == "" or value >= 1000 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()


def pair(values: list[float] | None, show: Callable[[float], str]) -> str:
    """Both values, if both are known."""
    return " / ".join(map(show, values)) if values and all(values) else ""


def met(row: dict[str, Any]) -> bool | None:
    """Whether the goal is reached; None without a goal. The goal is a ratio; without a peer it is
    the lowest rate, or the highest value in any other unit. A limit is the highest value beside a
    peer."""
    if "failed" in row:
        return None
    if row.get("limit") is not None:
        return bool(row["ours"] <= row["limit"])
    if row.get("goal") is None:
        return None
    if "peer" in row:
        return bool(row["ratio"] >= row["goal"])
    return bool(row["ours"] >= row["goal"] if row["unit"] == "/s" else row["ours"] <= row["goal"])


def line(row: dict[str, Any]) -> list[str]:
    if "failed" in row:
        return [row["host"], row["work"], "", row["peer"], "", "not measured", row["failed"], "", ""]
    unit, goal, reached = row["unit"], "", met(row)
    name = row.get("name")
    ours = shown(row["ours"], unit) + (f" ({name})" if name not in {None, "skiplino", "core"} else "")
    if reached is not None:
        limit = row["goal"] if row.get("limit") is None else row["limit"]
        is_ratio = "peer" in row and row.get("limit") is None
        wanted = f"{limit:.2f} ×" if is_ratio else shown(limit, unit)
        goal = f"{wanted} {'reached' if reached else '**MISSED**'}"
    peer, theirs, ratio = "", "", ""
    if "peer" in row:
        peer, theirs, ratio = row["peer"], shown(row["theirs"], unit), f"{row['ratio']:.2f} ×"
        if reached is None and row["ratio"] < 1:
            goal = "**behind**"
    memory = pair(row.get("memory"), lambda kib: f"{kib / 1024:.1f}")
    size = pair(row.get("size"), lambda size: f"{size / 1e6:.2f}")
    return [row["host"], row["work"], ours, peer, theirs, ratio, goal, memory, size]


def markdown(lines: list[list[str]]) -> str:
    lines = [[cell.replace("|", "\\|") for cell in cells] for cells in lines]
    widths = [max(len(cells[column]) for cells in [HEAD, *lines]) for column in range(len(HEAD))]
    padded = [[cell.ljust(width) for cell, width in zip(cells, widths, strict=True)] for cells in [HEAD, *lines]]
    padded.insert(1, ["-" * max(3, width) for width in widths])
    return "\n".join("| " + " | ".join(cells) + " |" for cells in padded)


def first_line(*command: str) -> str:
    """The first line that a command prints, or nothing if there is no such program."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.splitlines()[0].strip()


def machine() -> str:
    cpus = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.partition(":")[2].strip() for line in cpus if line.startswith("model name")), platform.machine())
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    cores = len(os.sched_getaffinity(0))
    tools = [
        first_line("rustc", "--version"),
        f"Python {platform.python_version()}",
        first_line("gcc", "--version"),
        first_line("java", "-version"),
        first_line("scripts/swift-toolchain", "run", "swift", "--version"),
    ]
    return f"{cores} cores of {model}, {system}; " + "; ".join(tool for tool in tools if tool) + "."


def main() -> int:
    readme, *files = [Path(argument) for argument in sys.argv[1:] if argument != "--write"]
    rows = [json.loads(text) for file in files for text in file.read_text(encoding="utf-8").splitlines()]
    missed = sum(met(row) is False for row in rows)
    failed = sum("failed" in row for row in rows)
    table = f"{machine()}\n\n{markdown([line(row) for row in rows])}"
    print(table)
    print(f"{len(rows)} rows, {missed} goals missed, {failed} not measured")
    if "--write" in sys.argv:
        text = readme.read_text(encoding="utf-8")
        before, begin, rest = text.partition(BEGIN)
        _, end, after = rest.partition(END)
        if not (begin and end):
            print(f"{readme} has no {BEGIN} … {END}")
            return 1
        readme.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
