"""The scaling part of `make bench`: `scaling.py CANNED WORKER`

Measures calls per second and memory by the number of calls in flight, and the cost per row and the
memory of an export by the number of customers. The cost per row must not grow. Every contestant is
a separate process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from race import Contestant, Measure, race
from worker import Server, Worker, one_core

canned, worker = sys.argv[1:]
PYTHON = [sys.executable, str(Path(__file__).parent / "generated/python/worker.py")]
IN_FLIGHT = {
    "Rust": {"core": [worker, "core"], "reqwest + serde_json": [worker, "reqwest"]},
    "Python": {"skiplino": [*PYTHON, "skiplino-asyncio"], "aiohttp": [*PYTHON, "aiohttp"]},
}
EXPORTS = {"Rust": [worker, "core"], "Python": [*PYTHON, "skiplino"]}
LEAST, *MORE = CUSTOMERS = 10_000, 100_000, 1_000_000


def in_flight(server: Server, host: str, wide: int) -> None:
    with ExitStack() as stack:
        contestants = []
        for name, command in IN_FLIGHT[host].items():
            started = stack.enter_context(Worker(*command, server.base_url))
            contestants.append(
                Contestant(name, started.calling("ticket", wide), memory=lambda its=started: its.status("VmRSS"))
            )
        race(host, contestants, [Measure(f"scaling: a ticket, {wide} in flight")])


def export(servers: dict[int, Server], host: str) -> None:
    """Compares larger exports, as ours, with the smallest, as the peer. The cost per row may grow by
    a fifth; memory has no goal."""

    def turn(customers: int) -> Callable[[], Sequence[float]]:
        def once() -> Sequence[float]:
            with Worker(*EXPORTS[host], servers[customers].base_url) as started:
                # Work that a process does once is not part of the cost per row.
                started.work("export", 1, 1)
                times = max(1, 100_000 // customers)
                took = started.work("export", 1, times) / times
                return took / customers, started.status("VmHWM")

        return once

    for customers in MORE:
        race(
            host,
            [
                Contestant(f"{customers:,} customers", turn(customers)),
                Contestant(f"{LEAST:,} customers", turn(LEAST), (1 / 1.2, None)),
            ],
            [Measure("scaling: export, a customer", "µs"), Measure("scaling: export, memory at its peak", "MiB")],
            5,
        )


with Server(canned) as server, one_core(server):
    for host in IN_FLIGHT:
        for wide in (1, 8, 64, 512):
            in_flight(server, host, wide)
with ExitStack() as stack:
    servers = {customers: stack.enter_context(Server(canned, customers)) for customers in CUSTOMERS}
    # On one core, so that the duration is the processor time of the export.
    for server in servers.values():
        stack.enter_context(one_core(server))
    for host in EXPORTS:
        export(servers, host)
