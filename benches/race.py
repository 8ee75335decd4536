"""Contestants that take turns, and the rows of the table that `table.py` makes."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

# How long a turn of calls lasts, in seconds.
TURN = 0.4
# What is told is seconds, or KiB; this is what is shown.
UNITS: dict[str, Callable[[float], float]] = {
    "/s": lambda seconds: 1 / seconds,
    "s": lambda seconds: seconds,
    "ms": lambda seconds: seconds * 1e3,
    "µs": lambda seconds: seconds * 1e6,
    "MiB": lambda kib: kib / 1024,
}


def rounds(usual: int = 7) -> int:
    """In how many every contestant has its turn: so many, or what the environment says."""
    return int(os.environ.get("SKIPLINO_BENCH_ROUNDS", usual))


@dataclass
class Contestant:
    """Whoever comes first in a race is ours; ``goals`` say how many times better ours has to be, measure by measure."""

    name: str
    turn: Callable[[], Sequence[float]]
    goals: Sequence[float | None] = ()
    # Of its process, when the race is over, and of what has to be installed for it, where they are known.
    memory: Callable[[], int] = lambda: 0
    size: int = 0
    told: list[Sequence[float]] = field(default_factory=list)


@dataclass
class Measure:
    """What a turn tells, of which less is better, and how it is shown."""

    work: str
    unit: str = "/s"


def calls(run: Callable[[int], None], wide: int = 1) -> Callable[[], Sequence[float]]:
    """Turns of as many calls as fit, ``wide`` at a time; each tells the seconds a call."""
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
    """A row for each measure and each contestant but ours: the medians, and the median of the ratio to ours, round by round."""
    for _ in range(rounds(usual)):
        for contestant in contestants:
            contestant.told.append(contestant.turn())
    ours, *others = contestants
    memory = [contestant.memory() for contestant in contestants]
    for index, measure in enumerate(measures):
        shown = UNITS[measure.unit]
        own = [values[index] for values in ours.told]
        for nth, contestant in enumerate(others, 1):
            theirs = [values[index] for values in contestant.told]
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
                memory=[memory[0], memory[nth]],
                size=[ours.size, contestant.size],
            )


def print_row(**row: Any) -> None:
    """README.md says what is in one."""
    print(json.dumps(row, ensure_ascii=False), flush=True)
