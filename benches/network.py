"""The network part of `make bench`: `network.py SERVER WORKER [HOST OURS PEER]...`

SERVER is `network_server`, WORKER the Rust worker. HOST is C, Kotlin or Swift, with the commands of
its two workers.

The rows count round trips (RTT) or requests, which do not depend on the machine."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol
from unittest.mock import patch

from network_clients import AsyncSkiplino, Httpx, InProcess, Requests, Skiplino
from race import Contestant, Measure, print_row, race
from worker import Server, Worker

program, worker, *others = sys.argv[1:]
# Fewer than elsewhere, because round trips vary little.
ROUNDS = 3
# In flight at a time.
WIDE = 64
# A row takes the mean of so many bookings.
BOOKINGS = 20
# In seconds; a shorter one is that of this machine.
MIN_ROUND_TRIP = 0.01
ROWS = int(os.environ.get("SKIPLINO_BENCH_SYNC_ROWS", "100000"))
PEERS = {
    "Rust": "reqwest + serde_json",
    "Python": "requests",
    "C": "libcurl + cJSON",
    "Kotlin": "OkHttp",
    "Swift": "URLSession + Codable",
}
# Networks that differ from the usual one, of 50 ms.
NETWORKS = {
    "RTT 0": {"rtt": 0},
    "RTT 20 ms": {"rtt": 20},
    "RTT 150 ms": {"rtt": 150},
    "1 % lost": {"rtt": 50, "lost_of": 100},
    "1 Mbit/s": {"rtt": 50, "mbit": 1},
}
COMMANDS = {"Rust": ([worker, "core"], [worker, "reqwest"])}
for nth in range(0, len(others), 3):
    COMMANDS[others[nth]] = (shlex.split(others[nth + 1]), shlex.split(others[nth + 2]))


class Works(Protocol):
    """A `Worker`, or a client in this process."""

    def work(self, kind: str, wide: int, count: int) -> float:
        """Does some work and returns the duration in seconds."""


class SlowServer(Server):
    """The server with canned responses behind TLS and a slow network."""

    def __init__(self, **settings: int) -> None:
        options = [text for name, value in settings.items() for text in (f"--{name.replace('_', '-')}", str(value))]
        self.process = subprocess.Popen([program, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        started = json.loads(self.process.stdout.readline())
        self.address = started["server"]
        self.base_url = started["url"] + "/external/v1"
        self.http2 = started["http2"] + "/external/v1"
        self.without_tls = started["without_tls"] + "/external/v1"
        self.round_trip: float = started["round_trip"]
        self.authority: str = started["authority"]

    def requests(self) -> int:
        """The number of requests since the last call."""
        with urllib.request.urlopen(f"{self.address}/requests") as answer:
            return int(answer.read())


@contextmanager
def network(**settings: int) -> Iterator[SlowServer]:
    """A server whose certificate this process and its workers trust."""
    with SlowServer(**settings) as server, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "authority.pem"
        file.write_text(server.authority, encoding="utf-8")
        # requests reads the second one, all others the first one.
        names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
        # Swift reads the text.
        authority = {**dict.fromkeys(names, str(file)), "SKIPLINO_BENCH_AUTHORITY": server.authority}
        with patch.dict(os.environ, authority):
            yield server


@contextmanager
def both(host: str, server: SlowServer) -> Iterator[tuple[Works, Works]]:
    """Our client of a host, and the usual other one."""
    with ExitStack() as stack:
        if host == "Python":
            yield Skiplino(server.base_url), Requests(server.base_url)
        else:
            # On Linux, URLSession cannot be told to trust another authority.
            url = server.without_tls if host == "Swift" else server.base_url
            ours, theirs = (stack.enter_context(Worker(*command, url)) for command in COMMANDS[host])
            yield ours, theirs


def compare(
    server: SlowServer,
    host: str,
    work: str,
    ours: Callable[[], float],
    peer: str,
    theirs: Callable[[], float],
    *,
    name: str = "skiplino",
    limit: float | None = None,
    goal: float | None = None,
    rounds: int = ROUNDS,
) -> None:
    """Prints a row in RTT, or without a round trip in milliseconds. ``limit`` is the most that we may
    take, ``goal`` the ratio to reach."""
    has_round_trip = server.round_trip > MIN_ROUND_TRIP
    unit = server.round_trip if has_round_trip else 1

    def turn(run: Callable[[], float]) -> Callable[[], Sequence[float]]:
        return lambda: [run() / unit]

    contestants = [Contestant(name, turn(ours)), Contestant(peer, turn(theirs), [goal])]
    race(host, contestants, [Measure(work, "RTT" if has_round_trip else "ms", limit)], rounds)


def times(client: Works, kind: str, count: int = 1, wide: int = 1) -> Callable[[], float]:
    """The mean duration of some work, or of a round of ``wide`` calls at a time."""
    return lambda: client.work(kind, wide, count * wide) / count


def first_call(client: Works, *before: str) -> float:
    """The duration of a new client's first call, after the work ``before``."""
    for kind in ("new", *before):
        client.work(kind, 1, 1)
    return client.work("ticket", 1, 1)


def calls(host: str, server: SlowServer) -> None:
    """Single calls, in each language."""
    peer = PEERS[host]
    with both(host, server) as (ours, theirs):
        # The first calls of a process load code.
        for client in (ours, theirs):
            client.work("book", 1, 1)
            first_call(client)
        compare(
            server, host, "first call of a new client", lambda: first_call(ours),
            peer, lambda: first_call(theirs), goal=0.95,
        )  # fmt: skip
        compare(
            server, host, "first call after warm_up()", lambda: first_call(ours, "warm-up"),
            peer, lambda: first_call(theirs), limit=1.25,
        )  # fmt: skip
        with ExitStack() as stack:
            if host == "Swift":
                # Without TLS, as with a sandbox, a booking waits for the read beside it.
                ours = stack.enter_context(Worker(*COMMANDS[host][0], server.base_url))
                ours.work("book", 1, 1)
            bookings(server, host, ours, theirs, "", 1.25)


def bookings(server: SlowServer, host: str, ours: Works, theirs: Works, network_name: str, limit: float | None) -> None:
    """Walk-ins for a customer, one after another."""
    compare(
        server, host, f"a walk-in for a customer{network_name}", times(ours, "book", BOOKINGS),
        PEERS[host], times(theirs, "book", BOOKINGS), limit=limit,
    )  # fmt: skip


def in_flight(host: str, server: SlowServer) -> None:
    """Many calls at the same time, over connections that are open."""
    with ExitStack() as stack:
        ours: Works
        theirs: Works
        if host == "Python":
            name, (ours, theirs) = "httpx", (AsyncSkiplino(server.base_url), Httpx(server.base_url))
        else:
            name, (ours, theirs) = PEERS[host], stack.enter_context(both(host, server))
        for client in (ours, theirs):
            client.work("ticket", WIDE, WIDE)
        compare(
            server, host, f"a ticket, {WIDE} in flight", times(ours, "ticket", 5, WIDE),
            name, times(theirs, "ticket", 5, WIDE),
        )  # fmt: skip


def http2(server: SlowServer) -> None:
    """What HTTP/2 gains, which has one connection for all calls in flight."""
    two, one = AsyncSkiplino(server.http2), AsyncSkiplino(server.base_url)
    name, peer = "skiplino, HTTP/2", "skiplino, HTTP/1.1"

    def first_calls(client: AsyncSkiplino) -> float:
        client.new()
        return client.work("ticket", WIDE, WIDE)

    compare(
        server, "Python", f"{WIDE} first calls at the same time", lambda: first_calls(two),
        peer, lambda: first_calls(one), name=name,
    )  # fmt: skip
    compare(
        server, "Python", f"a ticket, {WIDE} in flight", times(two, "ticket", 5, WIDE),
        peer, times(one, "ticket", 5, WIDE), name=name,
    )  # fmt: skip


def lists(
    server: SlowServer, count: str, limits: tuple[float | None, float | None], network_name: str = "", rounds: int = ROUNDS
) -> None:
    """All customers in Python, and in Rust as a stream. ``limits`` are those of ``for`` and of the
    others."""
    blocking, awaited, session, httpx = (
        kind(server.base_url) for kind in (Skiplino, AsyncSkiplino, Requests, Httpx)
    )
    work = f"{count} customers{network_name}"
    page_by_page, streamed = limits
    ways: list[tuple[str, InProcess, str, float | None, str, InProcess]] = [
        ("for", blocking, "list", page_by_page, "requests", session),
        ("async for", awaited, "list", streamed, "httpx, 8 in flight", httpx),
        ("to_arrow", blocking, "arrow", streamed, "httpx, 8 in flight", httpx),
    ]
    for name, ours, kind, limit, peer, theirs in ways:
        if rounds > 1:
            # Opens the connections.
            ours.work(kind, 1, 1)
            theirs.work("list", 1, 1)
        compare(
            server, "Python", work, times(ours, kind), peer, times(theirs, "list"),
            name=name, limit=limit, rounds=rounds,
        )  # fmt: skip
    with both("Rust", server) as (ours_rust, theirs_rust):
        for client in (ours_rust, theirs_rust):
            client.work("ticket", 1, 1)
        compare(
            server, "Rust", work, times(ours_rust, "list"),
            PEERS["Rust"] + ", page by page", times(theirs_rust, "list"),
            name="items()", limit=streamed, rounds=rounds,
        )  # fmt: skip


def syncs(server: SlowServer) -> None:
    """400 changed rows, by default 10 at a time."""
    python, httpx = Skiplino(server.base_url), Httpx(server.base_url)
    blind = times(httpx, "sync")
    work, peer = "sync of 400 changed rows", "httpx, 8 blind PUTs in flight"
    compare(server, "Python", work, times(python, "sync"), peer, blind, limit=60)
    with Worker(worker, "core", server.base_url) as rust:
        compare(server, "Rust", work, times(rust, "sync:400:1"), peer, blind, limit=60)


def large_sync() -> None:
    """The requests of a sync of which one row in a hundred differs. It goes to the server directly,
    because the network does not change their number."""
    with SlowServer(customers=ROWS) as server, Worker(worker, "core", f"{server.address}/external/v1") as rust:
        server.requests()
        rust.work(f"sync:{ROWS}:100", 1, 1)
        work = f"sync of {ROWS:,} rows, 1 of 100 changed"
        print_row(host="Rust", work=work, unit="requests", ours=server.requests(), goal=0.022 * ROWS)


def main() -> None:
    hosts = ["Python", *COMMANDS]
    with network(rtt=50, customers=2000) as server:
        for host in hosts:
            calls(host, server)
            in_flight(host, server)
        http2(server)
        lists(server, "2,000", (9, 8))
        syncs(server)
    with network(rtt=50, customers=20_000) as server:
        lists(server, "20,000", (None, 30), rounds=1)
    for name, settings in NETWORKS.items():
        with network(customers=2000, **settings) as server:
            # Goals are for networks on which only the round trips take time.
            has_goals = settings.keys() == {"rtt"} and settings["rtt"] > 0
            with both("Python", server) as (ours, theirs):
                for client in (ours, theirs):
                    client.work("book", 1, 1)
                bookings(server, "Python", ours, theirs, f", {name}", 1.25 if has_goals else None)
            # A limited bandwidth takes long, and always the same time.
            rounds = 1 if "mbit" in settings else ROUNDS
            lists(server, "2,000", (9, 8) if has_goals else (None, None), f", {name}", rounds)
    large_sync()


if __name__ == "__main__":
    main()
