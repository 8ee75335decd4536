"""A table of contestants that take turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

# Rounds in which every contestant has its turn.
ROUNDS = 7
# How long a turn of calls lasts, in seconds.
TURN = 0.4


@dataclass
class Contestant:
    """Whoever comes first in a race is ours; ``goals`` say how many times better ours has to be, measure by measure."""

    name: str
    turn: Callable[[], Sequence[float]]
    goals: Sequence[float | None] = (None,)


@dataclass
class Measure:
    """What a turn tells: how it is called, and how a value, of which less is better, is shown."""

    work: str
    show: Callable[[float], str]


def calls(run: Callable[[int], None]) -> Callable[[], Sequence[float]]:
    """Turns of as many calls as fit; each tells the seconds a call."""
    run(64)
    count = 64
    while (took := timed(run, count)) < TURN / 2:
        count = max(2 * count, int(count * TURN / took) if took > 0.01 else 0)
    return lambda: [timed(run, count) / count]


def timed(run: Callable[[int], None], count: int) -> float:
    began = time.perf_counter()
    run(count)
    return time.perf_counter() - began


def race(contestants: list[Contestant], measures: list[Measure], rounds: int = ROUNDS) -> bool:
    """Prints the median of every contestant and the median of its ratio to ours, round by round. Whether all goals are reached."""
    told: list[list[Sequence[float]]] = [[] for _ in contestants]
    for _ in range(rounds):
        for contestant, values in zip(contestants, told, strict=True):
            values.append(contestant.turn())
    reached = True
    for index, measure in enumerate(measures):
        ours = [values[index] for values in told[0]]
        for contestant, rows in zip(contestants, told, strict=True):
            theirs = [values[index] for values in rows]
            line = f"{measure.work:<28} {contestant.name:<24} {measure.show(median(theirs)):>12}"
            if contestant is not contestants[0]:
                ratio = median(other / own for own, other in zip(ours, theirs, strict=True))
                line += f"   {contestants[0].name}: {ratio:.2f} ×"
                goal = contestant.goals[index]
                if goal is not None:
                    reached &= ratio >= goal
                    line += f" (goal {goal:g}: {'reached' if ratio >= goal else 'MISSED'})"
            print(line, flush=True)
    return reached
