"""Races between contestants that take turns, and the rows of the table that `table.py` builds."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

# The duration of a turn of calls, in seconds.
TURN = 0.4
# Results are in seconds or KiB; these functions convert them to the unit of the row.
UNITS: dict[str, Callable[[float], float]] = {
    "/s": lambda seconds: 1 / seconds,
    "s": lambda seconds: seconds,
    "ms": lambda seconds: seconds * 1e3,
    "µs": lambda seconds: seconds * 1e6,
    "MiB": lambda kib: kib / 1024,
    # As they are.
    "RTT": lambda round_trips: round_trips,
}


def rounds(usual: int = 7) -> int:
    """The number of rounds: `SKIPLINO_BENCH_ROUNDS`, or the default."""
    return int(os.environ.get("SKIPLINO_BENCH_ROUNDS", usual))


@dataclass
class Contestant:
    """The first contestant of a race is ours. ``goals`` has the ratio to reach for each measure."""

    name: str
    turn: Callable[[], Sequence[float]]
    goals: Sequence[float | None] = ()
    # The memory of the process at the end of the race, and the size of the installed files, if
    # known.
    memory: Callable[[], int] = lambda: 0
    size: int = 0
    results: list[Sequence[float]] = field(default_factory=list)


@dataclass
class Measure:
    """A result of a turn, of which less is better, its unit in the table, and the most that ours may
    be."""

    work: str
    unit: str = "/s"
    limit: float | None = None


def calls(run: Callable[[int], None], wide: int = 1) -> Callable[[], Sequence[float]]:
    """Returns a turn of calls, ``wide`` at a time. Its result is the seconds per call."""
    count = max(wide, 8)
    run(count)
    while (took := timed(run, count)) < TURN / 2:
        count = max(2 * count, int(count * TURN / took) if took > 0.01 else 0)
        count -= count % wide
    return lambda: [timed(run, count) / count]


def timed(run: Callable[[int], None], count: int) -> float:
    began = time.perf_counter()
    run(count)
    return time.perf_counter() - began


def race(host: str, contestants: list[Contestant], measures: list[Measure], usual: int = 7) -> None:
    """Prints a row for each measure and each other contestant: the medians of both, and the median
    of their ratio in each round."""
    for _ in range(rounds(usual)):
        for contestant in contestants:
            contestant.results.append(contestant.turn())
    ours, *others = contestants
    memory = [contestant.memory() for contestant in contestants]
    for index, measure in enumerate(measures):
        shown = UNITS[measure.unit]
        own = [values[index] for values in ours.results]
        for nth, contestant in enumerate(others, 1):
            theirs = [values[index] for values in contestant.results]
            print_row(
                host=host,
                work=measure.work,
                unit=measure.unit,
                name=ours.name,
                ours=shown(median(own)),
                peer=contestant.name,
                theirs=shown(median(theirs)),
                ratio=median(other / mine for mine, other in zip(own, theirs, strict=True)),
                goal=contestant.goals[index] if contestant.goals else None,
                limit=measure.limit,
                memory=[memory[0], memory[nth]],
                size=[ours.size, contestant.size],
            )


def print_row(**row: Any) -> None:
    """Prints a row; README.md describes its fields."""
    print(json.dumps(row, ensure_ascii=False), flush=True)
