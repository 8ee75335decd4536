#!/usr/bin/env python3
"""soak.py MINUTES C_PROGRAM: mixed calls of the C and the Python host against a sandbox with faults.

Prints the memory, the descriptors and the errors of each host. Exits with 1 if memory, descriptors
or threads have grown, if a call had an unexpected error, or if no call failed at all. All processes
end by themselves, at most a minute after the given time.
"""

import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

from skiplino.testing import Sandbox

# The faults, and the share of requests with each.
FAULTS = [
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
# The errors that these faults explain. Conflict, Validation and NotFound follow a write whose
# response was lost.
EXPECTED = {"Server", "Transport", "Decode", "Timeout", "RateLimited", "OutcomeUnknown", "Conflict", "Validation", "NotFound"}
# In C, pagers and watches also have codes for their end and for no result yet.
NO_ERRORS = {"End", "NothingYet"}
ROWS = 12


class Host:
    """A program that makes calls, with the samples of its resources."""

    def __init__(self, name, command):
        self.name = name
        self.samples = []
        self.counts = {}
        environment = {key: value for key, value in os.environ.items() if key != "SKIPLINO_SANDBOX_EXCHANGES"}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        threading.Thread(target=self._read_counts, daemon=True).start()

    def _read_counts(self):
        for line in self.process.stdout:
            self.counts = {camel(name): int(count) for name, _, count in (word.partition("=") for word in line.split())}

    def sample(self):
        """RSS in KiB, descriptors and threads; None after the end of the process."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
            fields = dict(line.split(":", 1) for line in status.splitlines())
            taken = int(fields["VmRSS"].split()[0]), len(os.listdir(f"/proc/{self.process.pid}/fd")), int(fields["Threads"])
        except (OSError, KeyError):
            return None
        self.samples.append(taken)
        return taken

    def errors(self):
        return {name: count for name, count in sorted(self.counts.items()) if name != "Calls" and name not in NO_ERRORS}

    def faults(self):
        """The problems of the host, after its end."""
        if self.process.returncode != 0:
            yield f"the process exited with {self.process.returncode}"
        unexpected = {name: count for name, count in self.errors().items() if name not in EXPECTED}
        if unexpected:
            yield f"unexpected: {unexpected}"
        if self.counts.get("Calls", 0) < 100 or not self.errors():
            yield "too few calls or errors for a useful result"
        quarter = len(self.samples) // 4
        if quarter < 5:
            yield f"{len(self.samples)} samples are too few for a useful result"
            return
        # Pools and caches fill during the first quarter.
        early, late = self.samples[quarter : 2 * quarter], self.samples[-quarter:]
        for at, (what, part, more) in enumerate((("RSS in KiB", 0.05, 1024), ("descriptors", 0, 6), ("threads", 0, 2))):
            before, after = (statistics.median(sample[at] for sample in samples) for samples in (early, late))
            if after > before * (1 + part) + more:
                yield f"{what} grew from {before:.0f} to {after:.0f}"


def camel(name):
    """SERVER, server and Server are the same kind."""
    return "".join(word.capitalize() for word in name.removeprefix("SKIPLINO_").split("_")) if name.isupper() or name.islower() else name


def main(minutes, program):
    seconds = max(30, int(minutes * 60))
    with Sandbox(seed=1) as sandbox:
        for kind, probability, rest in FAULTS:
            sandbox.fault("*", kind, probability=probability, **rest)
        calls = Path(__file__).parent / "calls.py"
        hosts = [
            Host("C", [program, sandbox.base_url, str(seconds)]),
            Host("Python", [sys.executable, str(calls), sandbox.base_url, str(seconds)]),
        ]
        print(f"{'s':>6} {'host':<8}{'RSS MiB':>8}{'fds':>5}{'threads':>8}{'calls':>9}  errors", flush=True)
        started, shown = time.monotonic(), 0
        every = max(0.5, seconds / 400)
        while any(host.process.poll() is None for host in hosts):
            time.sleep(every)
            passed = time.monotonic() - started
            taken = {host.name: host.sample() for host in hosts if passed < seconds}
            if passed >= seconds * (shown + 1) / ROWS and shown < ROWS:
                shown += 1
                for host in hosts:
                    if taken.get(host.name):
                        rss, descriptors, threads = taken[host.name]
                        errors = " ".join(f"{name} {count}" for name, count in host.errors().items())
                        row = f"{passed:6.0f} {host.name:<8}{rss / 1024:8.1f}{descriptors:5}{threads:8}{host.counts.get('Calls', 0):9}"
                        print(f"{row}  {errors}", flush=True)
            if passed > seconds + 60:
                for host in hosts:
                    host.process.kill()
        stderr = sandbox.stderr()
    faults = [f"{host.name}: {fault}" for host in hosts for fault in host.faults()]
    faults += [f"the sandbox: {stderr}"] if stderr else []
    for host in hosts:
        print(f"{host.name}: {host.counts.get('Calls', 0)} calls, {sum(host.errors().values())} of them failed: {host.errors()}")
    print("\n".join(faults) or "nothing grew, and every error was expected")
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(float(sys.argv[1]), sys.argv[2]))
