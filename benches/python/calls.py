"""Calls per second: on one thread, on sixteen, and in an event loop with 64 calls in flight."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiohttp
import httpx
import requests
import urllib3
from race import Contestant, Measure, calls, race
from worker import Server, one_core

from skiplino import AsyncClient, Client

KEY = "sk_bench"
TICKET = "k7m2p9x4q1"
HEADERS = {"Authorization": f"Bearer {KEY}", "Accept": "application/json"}
THREADS = 16
WIDE = 64


class BlockingClients:
    """The blocking clients, each used from threads as its documentation recommends, and their calls."""

    def __init__(self, base_url: str) -> None:
        self.ticket = f"{base_url}/tickets/{TICKET}"
        self.page = f"{base_url}/customers/getAll?page=1&limit=100"
        self.skiplino = Client(KEY, base_url=base_url)
        self.urllib3 = urllib3.PoolManager(maxsize=THREADS, headers=HEADERS)
        self.httpx = httpx.Client(headers=HEADERS, limits=httpx.Limits(max_connections=THREADS))

    def session(self) -> requests.Session:
        # A session must not be shared: every thread has one.
        session = requests.Session()
        session.headers.update(HEADERS)
        return session

    def tickets(self) -> dict[str, Callable[[], Callable[[], object]]]:
        """For each contestant, a function that prepares a thread and returns the call to repeat."""
        ticket = self.ticket

        def with_requests() -> Callable[[], object]:
            session = self.session()
            return lambda: session.get(ticket).json()["data"]["queueSize"]

        return {
            "skiplino": lambda: lambda: self.skiplino.tickets.get(TICKET).queue_size,
            "urllib3": lambda: lambda: self.urllib3.request("GET", ticket).json()["data"]["queueSize"],
            "httpx": lambda: lambda: self.httpx.get(ticket).json()["data"]["queueSize"],
            "requests": with_requests,
        }

    def pages(self) -> dict[str, Callable[[], object]]:
        page, session = self.page, self.session()
        return {
            "skiplino": lambda: self.skiplino.customers.list().page(1)[99].email,
            "urllib3": lambda: self.urllib3.request("GET", page).json()["data"][99]["email"],
            "requests": lambda: session.get(page).json()["data"][99]["email"],
        }


def repeat(call: Callable[[], object], wanted: object) -> Callable[[int], None]:
    def run(count: int) -> None:
        for _ in range(count):
            if call() != wanted:
                raise AssertionError

    return run


def one_thread(clients: BlockingClients) -> None:
    goals = {"skiplino": None, "urllib3": 5, "httpx": 9, "requests": 15}
    race(
        "Python",
        [
            Contestant(name, calls(repeat(clients.tickets()[name](), 6)), [goal])
            for name, goal in goals.items()
        ],
        [Measure("a ticket, one at a time")],
    )


def a_page(clients: BlockingClients) -> None:
    goals = {"skiplino": None, "urllib3": 2.7, "requests": 6}
    race(
        "Python",
        [
            Contestant(name, calls(repeat(clients.pages()[name], "layla.hassan99@example.com")), [goal])
            for name, goal in goals.items()
        ],
        [Measure("a page of 100 customers")],
    )


def many_threads(clients: BlockingClients) -> None:
    goals = {"skiplino": None, "urllib3": 8, "httpx": 18, "requests": 20}

    def spread(ready: Callable[[], Callable[[], object]]) -> Callable[[int], None]:
        # The threads and their clients are created once.
        pool = ThreadPoolExecutor(THREADS)
        lanes = [repeat(ready(), 6) for _ in range(THREADS)]

        def run(count: int) -> None:
            for done in [pool.submit(lane, count // THREADS) for lane in lanes]:
                done.result()

        return run

    race(
        "Python",
        [
            Contestant(name, calls(spread(clients.tickets()[name]), THREADS), [goal])
            for name, goal in goals.items()
        ],
        [Measure(f"a ticket, {THREADS} threads")],
    )


def in_flight(base_url: str) -> None:
    ticket = f"{base_url}/tickets/{TICKET}"
    goals = {"skiplino": None, "aiohttp": 4, "httpx": 50}
    with asyncio.Runner() as runner:

        async def open_all() -> dict[str, Any]:
            limits = httpx.Limits(max_connections=WIDE, max_keepalive_connections=WIDE)
            return {
                "skiplino": AsyncClient(KEY, base_url=base_url),
                "aiohttp": aiohttp.ClientSession(headers=HEADERS, connector=aiohttp.TCPConnector(limit=WIDE)),
                "httpx": httpx.AsyncClient(headers=HEADERS, limits=limits),
            }

        clients = runner.run(open_all())

        async def with_skiplino() -> object:
            return (await clients["skiplino"].tickets.get(TICKET)).queue_size

        async def with_aiohttp() -> object:
            async with clients["aiohttp"].get(ticket) as response:
                return (await response.json())["data"]["queueSize"]

        async def with_httpx() -> object:
            return (await clients["httpx"].get(ticket)).json()["data"]["queueSize"]

        def spread(call: Callable[[], Awaitable[object]]) -> Callable[[int], None]:
            async def lane(count: int) -> None:
                for _ in range(count):
                    if await call() != 6:
                        raise AssertionError

            async def all_lanes(count: int) -> None:
                await asyncio.gather(*(lane(count // WIDE) for _ in range(WIDE)))

            return lambda count: runner.run(all_lanes(count))

        ways = {"skiplino": with_skiplino, "aiohttp": with_aiohttp, "httpx": with_httpx}
        race(
            "Python",
            [
                Contestant(name, calls(spread(ways[name]), WIDE), [goal])
                for name, goal in goals.items()
            ],
            [Measure(f"a ticket, {WIDE} in flight")],
        )

        async def close_all() -> None:
            await clients["skiplino"].close()
            await clients["aiohttp"].close()
            await clients["httpx"].aclose()

        runner.run(close_all())


def all_calls(server: Server) -> None:
    clients = BlockingClients(server.base_url)
    with one_core(server):
        one_thread(clients)
        a_page(clients)
    many_threads(clients)
    in_flight(server.base_url)
