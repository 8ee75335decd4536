"""`make bench`'s part for C: `main.py CANNED FAST SMALL THEIRS LIBRARY`: the canned server, a worker with the library made for speed, one
with the library made for size, one with libcurl, and the library made for size itself. Ends with 1 where a goal is missed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from race import Contestant, Measure, calls, race

canned, fast, small, theirs, library = sys.argv[1:]
OURS, SMALL, THEIRS = "skiplino", "skiplino, made for size", "libcurl + cJSON"
PROGRAMS = {OURS: fast, SMALL: small, THEIRS: theirs}
CALLS = 10_000
# What `libskiplino.so` may weigh: 2.6 MB.
BYTES = 2_600_000
# A turn is short and the machine has other things to do.
ROUNDS = 15


class Worker:
    """A process with one client."""

    def __init__(self, program: str, base_url: str) -> None:
        # They look for proxies in the environment. There are none to this machine.
        plain = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        self.process = subprocess.Popen([program, base_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=plain)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait() == 0

    def work(self, kind: str, count: int) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{kind} {count}\n")
        self.process.stdin.flush()
        assert int(self.process.stdout.readline()) > 0

    def doing(self, kind: str) -> Callable[[int], None]:
        return lambda count: self.work(kind, max(8, count))

    def status(self, name: str) -> int:
        told = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(rf"^{name}:\s*(\d+)", told, re.M)
        assert found is not None
        return int(found[1])


def a_second(seconds: float) -> str:
    return f"{1 / seconds:.0f}/s"


def speed(base_url: str, work: str, kind: str, goal: float) -> bool:
    with ExitStack() as stack:
        workers = {name: stack.enter_context(Worker(program, base_url)) for name, program in PROGRAMS.items()}
        contestants = [
            Contestant(name, calls(worker.doing(kind)), [goal if name == THEIRS else None]) for name, worker in workers.items()
        ]
        return race(contestants, [Measure(work, a_second)], ROUNDS)


def memory(base_url: str) -> bool:
    threads = 0

    def turn(program: str) -> Callable[[], Sequence[float]]:
        def once() -> Sequence[float]:
            nonlocal threads
            with Worker(program, base_url) as worker:
                worker.work("item", CALLS)
                threads = max(threads, worker.status("Threads"))
                return [worker.status("VmRSS")]

        return once

    contestants = [Contestant(name, turn(program), [1 / 1.5 if name == THEIRS else None]) for name, program in PROGRAMS.items()]
    reached = race(contestants, [Measure(f"memory after {CALLS} calls", lambda kib: f"{kib / 1024:.1f} MiB")], rounds=3)
    return below("threads then", threads, 3) and reached


def below(what: str, value: int, goal: int) -> bool:
    print(f"{what:<28} {OURS:<24} {value:>12}   (goal {goal}: {'reached' if value <= goal else 'MISSED'})")
    return value <= goal


def stay(on: set[int], server: int) -> None:
    """Puts this process, those that it starts, and the server on these cores."""
    os.sched_setaffinity(0, on)
    for thread in Path(f"/proc/{server}/task").iterdir():
        os.sched_setaffinity(int(thread.name), on)


def main() -> bool:
    cores = os.sched_getaffinity(0)
    with subprocess.Popen([canned], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None and server.stdout is not None
        try:
            base_url = server.stdout.readline().strip() + "/external/v1"
            # On two cores, the time that the system takes to wake the other one hides what either of them does.
            stay({min(cores)}, server.pid)
            reached = [
                speed(base_url, "a ticket", "item", 0.95),
                speed(base_url, "a page of 100 customers", "page", 1.8),
                memory(base_url),
            ]
            stay(cores, server.pid)
            reached += [
                speed(base_url, "a ticket, 8 threads", "threads item", 1.2),
                speed(base_url, "a page, 8 threads", "threads page", 1.2),
            ]
        finally:
            # It ends with its input.
            server.stdin.close()
    reached.append(below("its bytes, made for size", Path(library).stat().st_size, BYTES))
    print("all goals reached" if all(reached) else "a goal was missed")
    return all(reached)


sys.exit(not main())
