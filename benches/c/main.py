"""The C part of `make bench`: `main.py CANNED FAST SMALL THEIRS LIBRARY`

The arguments are the server with canned responses; the workers with the library built for speed,
with the library built for size, and with libcurl; and the library built for size itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from race import Contestant, Measure, print_row, race
from worker import Server, Worker, one_core

canned, fast, small, theirs, library = sys.argv[1:]
OURS, SMALL, THEIRS = "skiplino", "skiplino, made for size", "libcurl + cJSON"
PROGRAMS = {OURS: fast, SMALL: small, THEIRS: theirs}
CALLS = 10_000
# The largest size of `libskiplino.so`: 2.6 MB.
BYTES = 2_600_000
# More rounds than usual, because a turn is short and other programs disturb it.
ROUNDS = 15


def speed(base_url: str, work: str, kind: str, wide: int, *goals: float) -> None:
    """Races of calls. ``goals`` are those of the rate, and of the processor time."""
    with ExitStack() as stack:
        workers = {name: stack.enter_context(Worker(program, base_url)) for name, program in PROGRAMS.items()}
        contestants = [
            Contestant(name, worker.working(kind, wide), goals if name == THEIRS else [None] * 2) for name, worker in workers.items()
        ]
        measures = [Measure(work), Measure(f"{work}: processor time", "µs")]
        race("C", contestants, measures[: len(goals)], ROUNDS)


def memory(base_url: str) -> None:
    threads = 0

    def turn(program: str) -> Callable[[], Sequence[float]]:
        def once() -> Sequence[float]:
            nonlocal threads
            with Worker(program, base_url) as worker:
                worker.work("ticket", 1, CALLS)
                threads = max(threads, worker.status("Threads"))
                return [worker.status("VmRSS")]

        return once

    contestants = [Contestant(name, turn(program), [1 / 1.5 if name == THEIRS else None]) for name, program in PROGRAMS.items()]
    race("C", contestants, [Measure(f"memory after {CALLS:,} calls", "MiB")], 5)
    print_row(host="C", work="threads then", unit="", ours=threads, goal=3)


with Server(canned) as server:
    with one_core(server):
        speed(server.base_url, "a ticket, one at a time", "ticket", 1, 0.95)
        speed(server.base_url, "a page of 100 customers", "page", 1, 1.8)
        memory(server.base_url)
    speed(server.base_url, "a ticket, 8 threads", "ticket", 8, 1.2, 1.2)
    speed(server.base_url, "a page, 8 threads", "page", 8, 1.2, 1.2)
print_row(host="C", work="the library, made for size", unit="B", ours=Path(library).stat().st_size, goal=BYTES)
