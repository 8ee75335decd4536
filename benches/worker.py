"""The measured processes, and the server that they call."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from race import calls

# With their default settings, clients read proxies and certificate authorities from the environment.
# The server needs none.
for name in [name for name in os.environ if name.lower().endswith("_proxy") or name.startswith("SSL_CERT_")]:
    del os.environ[name]


class Server:
    """The server with canned responses. It ends at the end of its input."""

    def __init__(self, program: str, customers: int = 100) -> None:
        command = [program, "--customers", str(customers)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        self.base_url = self.address + "/external/v1"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


class Worker:
    """A process with one client, which runs commands. A command is a line with the work, the number
    of concurrent calls and the number of all calls; the process prints the duration in nanoseconds."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def work(self, kind: str, wide: int, count: int) -> float:
        """Runs a command and returns its duration in seconds."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{kind} {wide} {count}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise WorkerEnded("the process of the worker ended with an error")
        return int(line) / 1e9

    def calling(self, kind: str, wide: int = 1) -> Callable[[], Sequence[float]]:
        """A turn of these calls."""
        return calls(lambda count: self.work(kind, wide, count), wide)

    def working(self, kind: str, wide: int = 1) -> Callable[[], Sequence[float]]:
        """A turn of these calls. Its results are the seconds per call, and the seconds of processor
        time per call in this process."""
        count = 0

        def run(calls: int) -> None:
            nonlocal count
            count = calls
            self.work(kind, wide, calls)

        turn = calls(run, wide)

        def measured() -> Sequence[float]:
            began = self.processor_time()
            return [*turn(), (self.processor_time() - began) / count]

        return measured

    def processor_time(self) -> float:
        """The seconds that the process has used a processor, in steps of 10 ms."""
        # What follows the name of the program, which may contain blanks.
        fields = self.read("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def read(self, file: str) -> str:
        """The text of a file of the process in /proc."""
        pid = str(self.process.pid)
        # Skip the programs that only start the worker.
        while children := Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split():
            pid = children[0]
        return Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8")

    def status(self, name: str) -> int:
        """A number from the status of the process, memory in KiB."""
        text = self.read("status")
        found = re.search(rf"^{name}:\s*(\d+)", text, re.M)
        assert found is not None
        return int(found[1])


class WorkerEnded(Exception):
    """A worker ended early. Its error output has the reason."""


@contextmanager
def one_core(server: Server) -> Iterator[None]:
    """Pins this process, its new child processes and the server to one core. On two cores, the time
    to wake the other core would hide the cost of both."""
    cores = os.sched_getaffinity(0)
    pin({min(cores)}, server)
    try:
        yield
    finally:
        pin(cores, server)


def pin(on: set[int], server: Server) -> None:
    os.sched_setaffinity(0, on)
    for thread in Path(f"/proc/{server.process.pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), on)
