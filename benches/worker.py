"""The processes that are measured, and the server that they ask."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from race import calls

# Everyone is used as it comes, which is to look for proxies in the environment. There are none to this machine.
for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[name]


class Server:
    """The canned server, which ends with its input."""

    def __init__(self, program: str, customers: int = 100) -> None:
        command = [program, "--customers", str(customers)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        self.base_url = self.address + "/external/v1"

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


class Worker:
    """A process with one client, which does work on command: a line says the work, how many at a time and how many in all, and the line
    that it answers how many nanoseconds they took."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def work(self, kind: str, wide: int, count: int) -> float:
        """The seconds that it took."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{kind} {wide} {count}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise WorkerEnded("its process ended with an error")
        return int(answer) / 1e9

    def calling(self, kind: str, wide: int = 1) -> Callable[[], Sequence[float]]:
        """Turns of such calls."""
        return calls(lambda count: self.work(kind, wide, count), wide)

    def status(self, name: str) -> int:
        """A number of its process, memory in KiB."""
        pid = str(self.process.pid)
        # Whoever started it for us is not it.
        while children := Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split():
            pid = children[0]
        told = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        found = re.search(rf"^{name}:\s*(\d+)", told, re.M)
        assert found is not None
        return int(found[1])


class WorkerEnded(Exception):
    """It did not do its work; its error output says why."""


@contextmanager
def one_core(server: Server) -> Iterator[None]:
    """This process, those that it starts meanwhile, and the server on one core: on two, the time that the system takes to wake the other
    one hides what either of them does."""
    cores = os.sched_getaffinity(0)
    stay({min(cores)}, server)
    try:
        yield
    finally:
        stay(cores, server)


def stay(on: set[int], server: Server) -> None:
    os.sched_setaffinity(0, on)
    for thread in Path(f"/proc/{server.process.pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), on)
