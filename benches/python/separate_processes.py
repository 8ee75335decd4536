"""Measures imports, and reading all customers into a dataframe, in separate processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from race import Contestant, Measure, race

CUSTOMERS = 100_000


def imports() -> None:
    goals = {"skiplino": None, "httpx": 4, "requests": 4}

    def turn(name: str) -> Callable[[], Sequence[float]]:
        script = f"import time; began = time.perf_counter(); import {name}; print(time.perf_counter() - began)"
        return lambda: [float(output(["-c", script]))]

    contestants = [Contestant(name, turn(name), [goal]) for name, goal in goals.items()]
    race("Python", contestants, [Measure("import", "ms")], 15)


def frames(base_url: str) -> None:
    goals = {"skiplino": None, "httpx + pandas": (10, 5)}
    names = list(goals)

    def frame(*arguments: str) -> dict[str, float]:
        result: dict[str, float] = json.loads(output([str(Path(__file__).with_name("dataframe.py")), *arguments]))
        return result

    def turn(name: str) -> Callable[[], Sequence[float]]:
        def once() -> Sequence[float]:
            # Subtract the peak of a process that only imports the libraries.
            idle, busy = frame(name, base_url, "0"), frame(name, base_url, str(CUSTOMERS))
            return busy["seconds"], busy["peak"] - idle["peak"]

        return once

    work = f"{CUSTOMERS // 1000},000 in a dataframe"
    race(
        "Python",
        [Contestant(name, turn(name), goals[name] or ()) for name in names],
        [Measure(work, "s"), Measure(f"{work}: memory", "MiB")],
        5,
    )


def output(arguments: list[str]) -> str:
    return subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout
