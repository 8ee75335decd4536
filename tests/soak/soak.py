"""Mixed calls of the C, Python and Kotlin hosts against a sandbox and a proxy that misbehave.

    python -m tests.soak.soak MINUTES C_PROGRAM JARS NATIVE

Run it with the Python that has the package; JARS is a folder with Kotlin's jars and the compiled
Calls.java, and NATIVE the folder with the native library. See hostile_proxy.py for what the proxy
does. Prints the calls, errors and resources of each host. Exits with 1 if a process crashed, a call
hung or returned the response to another request, if descriptors, threads or memory have grown, if a
call had an unexpected error, or if no call failed at all. All processes end by themselves, at most
a minute after the given time.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from skiplino.testing import Sandbox

from tests.soak.hostile_proxy import FINE, LATER, LOST, REUSED, REUSED_LATER, TROUBLES, HostileProxy

# The faults of the sandbox, and the share of requests with each.
FAULTS: list[tuple[str, float, dict[str, Any]]] = [
    ("html_502", 0.02, {}),
    ("empty_503", 0.02, {"commit": True}),
    ("drop_before", 0.01, {}),
    ("drop_after_commit", 0.01, {}),
    ("truncate", 0.01, {}),
    ("malformed_json", 0.01, {}),
    ("refuse", 0.01, {}),
    ("slow_body", 0.01, {"ms": 3}),
    ("delay", 0.02, {"ms": 30}),
    ("rate_limit", 0.002, {"retryAfter": 0}),
]
# The errors that the faults and the proxy explain. Conflict, Validation and NotFound follow a write
# whose response was lost, and UnexpectedStatus is a 408.
EXPECTED = {
    "Server",
    "Transport",
    "Connect",
    "Decode",
    "Timeout",
    "RateLimited",
    "OutcomeUnknown",
    "Conflict",
    "Validation",
    "NotFound",
    "UnexpectedStatus",
}
# What the programs count beside errors. In C, pagers and watches also have codes for their end and
# for no change yet.
NO_ERRORS = {"Calls", "Foreign", "Longest", "End", "NoChange"}
# The deadline of every call, and what a busy machine may add, in milliseconds.
LONGEST_CALL = 8_000 + 10_000
# A stray response can arrive just when the client has looked at its connection, and sends.
LATER_SHARE = 0.02
# Memory is compared in runs of at least this many seconds: what is loaded and compiled on demand
# grows for a while.
MEMORY_SECONDS = 300
ROWS = 12


class Sample(NamedTuple):
    """What a process uses, in KiB for its memory."""

    memory: int
    descriptors: int
    threads: int


class Host:
    """A program that makes calls, with the samples of its resources."""

    def __init__(self, name: str, command: list[str], more_memory: int) -> None:
        self.name = name
        # The tolerated growth.
        self.more = Sample(more_memory, descriptors=6, threads=4)
        self.samples: list[Sample] = []
        self.counts: dict[str, int] = {}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read_counts, daemon=True).start()

    def _read_counts(self) -> None:
        for line in self.process.stdout or ():
            self.counts = {camel(name): int(count) for name, _, count in (word.partition("=") for word in line.split())}

    def sample(self) -> None:
        """Takes a sample, if the program makes calls."""
        if not self.counts.get("Calls"):
            return
        folder = Path(f"/proc/{self.process.pid}")
        try:
            status = (folder / "status").read_text(encoding="ascii")
            fields = dict(line.split(":", 1) for line in status.splitlines())
            sample = Sample(int(fields["VmRSS"].split()[0]), len(os.listdir(folder / "fd")), int(fields["Threads"]))
        except (OSError, KeyError):
            return
        self.samples.append(sample)

    def errors(self) -> dict[str, int]:
        return {name: count for name, count in sorted(self.counts.items()) if name not in NO_ERRORS}

    def early_and_late(self) -> tuple[Sample, Sample] | None:
        """The medians of the second and of the last quarter: pools and caches fill in the first."""
        quarter = len(self.samples) // 4
        if quarter < 5:
            return None
        early, late = self.samples[quarter : 2 * quarter], self.samples[-quarter:]
        return medians(early), medians(late)

    def faults(self, seconds: int, is_hanging: bool) -> Iterator[str]:
        """The problems of the host, after its end."""
        status = self.process.returncode
        if is_hanging:
            yield "hung: it did not end"
        elif status != 0:
            yield f"crashed: {signal.Signals(-status).name if status < 0 else f'exit status {status}'}"
        longest = self.counts.get("Longest", 0)
        if longest > LONGEST_CALL:
            yield f"hung: a call took {longest} ms"
        if foreign := self.counts.get("Foreign", 0):
            yield f"{foreign} responses to other requests"
        unexpected = {name: count for name, count in self.errors().items() if name not in EXPECTED}
        if unexpected:
            yield f"unexpected: {unexpected}"
        if self.counts.get("Calls", 0) < 100:
            yield "too few calls for a useful result"
        both = self.early_and_late()
        if both is None:
            yield f"{len(self.samples)} samples are too few for a useful result"
            return
        for name, before, after, more in zip(Sample._fields, *both, self.more, strict=True):
            if after > before + more and (name != "memory" or seconds >= MEMORY_SECONDS):
                yield f"{name} grew from {before} to {after}"

    def row(self) -> str:
        """The line of the table, so far."""
        both = self.early_and_late() or (self.samples[-1:] or [Sample(0, 0, 0)]) * 2
        grew = [f"{before} > {after}" for before, after in zip(*both, strict=True)]
        calls, foreign, longest = (self.counts.get(name, 0) for name in ("Calls", "Foreign", "Longest"))
        return LINE.format(self.name, calls, sum(self.errors().values()), foreign, longest, *grew)


LINE = "{:<8}{:>9}{:>8}{:>9}{:>12}{:>18}{:>12}{:>10}"
HEADING = LINE.format("host", "calls", "failed", "foreign", "longest ms", "memory KiB", "descriptors", "threads")


def medians(samples: list[Sample]) -> Sample:
    """The median of each value."""
    return Sample(*(int(statistics.median(values)) for values in zip(*samples, strict=True)))


def camel(name: str) -> str:
    """SERVER, server and Server are the same kind."""
    name = name.removeprefix("SKIPLINO_")
    return "".join(word.capitalize() for word in name.split("_")) if name.isupper() or name.islower() else name


def start_hosts(program: str, jars: str, native: str, arguments: list[str]) -> list[Host]:
    """Starts the programs."""
    # The whole heap from the start, so that memory growth is not Java's.
    java = ["java", "-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", f"-Djna.library.path={native}"]
    class_path = [str(path) for path in Path(jars).glob("*.jar")]
    return [
        Host("C", [program, *arguments], 2048),
        Host("Python", [sys.executable, str(Path(__file__).parent / "calls.py"), *arguments], 4096),
        # Java compiles what is called often, for minutes.
        Host("Kotlin", [*java, "-cp", os.pathsep.join([jars, *class_path]), "Calls", *arguments], 16384),
    ]


def watch(hosts: list[Host], seconds: int) -> list[Host]:
    """Samples the hosts until their end. Returns those that it had to kill."""
    print(f"{'s':>6} {HEADING}", flush=True)
    started, shown = time.monotonic(), 0
    every = min(1.0, seconds / 100)
    while running := [host for host in hosts if host.process.poll() is None]:
        time.sleep(every)
        passed = time.monotonic() - started
        for host in hosts if passed < seconds else []:
            host.sample()
        if passed >= seconds * (shown + 1) / ROWS and shown < ROWS - 1:
            shown += 1
            for host in hosts:
                print(f"{passed:6.0f} {host.row()}", flush=True)
        if passed > seconds + 60:
            for host in running:
                host.process.kill()
            return running
    return []


def main(minutes: float, program: str, jars: str, native: str) -> int:
    """Runs the soak. Returns the exit status."""
    seconds = max(10, int(minutes * 60))
    # The other tests have recorded such requests.
    os.environ.pop("SKIPLINO_SANDBOX_EXCHANGES", None)
    with Sandbox(seed=1) as sandbox, tempfile.TemporaryDirectory() as folder:
        for kind, probability, rest in FAULTS:
            sandbox.fault("*", kind, probability=probability, **rest)
        proxy = HostileProxy(sandbox.base_url, 1, folder)
        hosts = start_hosts(program, jars, native, [str(seconds), proxy.certificate, *proxy.urls])
        hanging = watch(hosts, seconds)
        for host in hosts:
            host.process.wait()
        stderr = sandbox.stderr()
    faults = [f"{host.name}: {fault}" for host in hosts for fault in host.faults(seconds, host in hanging)]
    faults += [f"the sandbox: {stderr}"] if stderr else []
    if sum(proxy.counts[trouble] for trouble in TROUBLES) < 100:
        faults.append("too few troubles for a useful result")
    if proxy.counts[REUSED]:
        faults.append(f"{proxy.counts[REUSED]} {REUSED}")
    if proxy.counts[REUSED_LATER] > 3 + LATER_SHARE * sum(proxy.counts[trouble] for trouble in LATER):
        faults.append(f"{proxy.counts[REUSED_LATER]} {REUSED_LATER}")
    print("\nrequests to which the proxy did this:")
    for what in (FINE, *TROUBLES, LOST, REUSED, REUSED_LATER):
        print(f"{proxy.counts[what]:9} {what}")
    print("\nerrors:")
    for host in hosts:
        print(f"{host.name:<9} {host.errors()}")
    print(f"\n{HEADING}")
    for host in hosts:
        print(host.row())
    fine = "no crash, no hang, no response to another request; descriptors, threads and memory are flat"
    print("\n".join(faults) or fine)
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    sys.exit(main(float(sys.argv[1]), *sys.argv[2:]))
