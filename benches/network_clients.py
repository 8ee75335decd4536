"""The Python clients of the network part. Each has the work that it can do as methods."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pyarrow
import requests

from skiplino import AsyncClient, Client

KEY = "sk_bench"
TICKET = "k7m2p9x4q1"
CUSTOMER = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b"
SERVICE, GROUP = "6fe8fb8b12", "7c1f9a3b2d"
HEADERS = {"Authorization": f"Bearer {KEY}", "Accept": "application/json"}
BOOKING = {"serviceId": SERVICE, "groupOfServiceId": GROUP, "customerId": CUSTOMER}
CHANGED = [{"externalId": f"crm-{n:06}", "name": f"Huda Hassan {n}"} for n in range(400)]
# Requests of httpx at a time, as many as rows of a sync.
WIDE = 8


class InProcess:
    """Like a `Worker`, but in this process: a work is a method."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.new()

    def new(self) -> None:
        """Replaces the client."""
        raise NotImplementedError

    def work(self, kind: str, wide: int, count: int) -> float:
        """Does some work and returns the duration in seconds."""
        began = time.perf_counter()
        for _ in range(count // wide):
            getattr(self, kind.replace("-", "_"))()
        return time.perf_counter() - began


class Skiplino(InProcess):
    """The blocking client of the SDK."""

    def new(self) -> None:
        self.client = Client(KEY, base_url=self.base_url)

    def warm_up(self) -> None:
        self.client.warm_up()

    def ticket(self) -> None:
        assert self.client.tickets.get(TICKET).queue_size == 6

    def book(self) -> None:
        assert self.client.tickets.book(SERVICE, GROUP, customer=CUSTOMER).queue_size == 6

    def list(self) -> None:
        assert sum(1 for _ in self.client.customers.list()) % 1000 == 0

    def arrow(self) -> None:
        assert pyarrow.table(self.client.customers.to_arrow()).num_rows % 1000 == 0

    def sync(self) -> None:
        assert self.client.customers.sync(CHANGED).updated == len(CHANGED)


class Requests(InProcess):
    """A session of requests, page by page."""

    def new(self) -> None:
        self.session = requests.Session()
        self.session.headers.update(HEADERS)

    def ticket(self) -> None:
        assert self.session.get(f"{self.base_url}/tickets/{TICKET}").json()["data"]["queueSize"] == 6

    def book(self) -> None:
        answer = self.session.post(f"{self.base_url}/tickets/book", json=BOOKING)
        assert answer.json()["data"]["queueSize"] == 6

    def list(self) -> None:
        page, more = 0, True
        while more:
            page += 1
            answer = self.session.get(f"{self.base_url}/customers/getAll?page={page}&limit=100").json()
            more = answer["pagination"]["hasNextPage"]


class Awaiting(InProcess):
    """A client of an event loop."""

    def __init__(self, base_url: str) -> None:
        self.runner = asyncio.Runner()
        super().__init__(base_url)

    def new(self) -> None:
        self.runner.run(self.open())

    async def open(self) -> None:
        """Replaces the client, in the event loop."""
        raise NotImplementedError

    def work(self, kind: str, wide: int, count: int) -> float:
        if kind == "new":
            self.new()
            return 0
        call: Callable[[], Awaitable[Any]] = getattr(self, f"{kind}_task".replace("-", "_"))

        async def lane() -> None:
            for _ in range(count // wide):
                await call()

        async def lanes() -> None:
            await asyncio.gather(*(lane() for _ in range(wide)))

        began = time.perf_counter()
        self.runner.run(lanes())
        return time.perf_counter() - began


class AsyncSkiplino(Awaiting):
    """The client of the SDK for event loops."""

    async def open(self) -> None:
        self.client = AsyncClient(KEY, base_url=self.base_url)

    async def ticket_task(self) -> None:
        assert (await self.client.tickets.get(TICKET)).queue_size == 6

    async def list_task(self) -> None:
        count = 0
        async for _ in self.client.customers.list():
            count += 1
        assert count % 1000 == 0


class Httpx(Awaiting):
    """httpx, 8 requests at a time. Its sync sends the changed rows without a look at the stored
    ones."""

    async def open(self) -> None:
        trusted = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        self.client = httpx.AsyncClient(headers=HEADERS, verify=trusted, limits=limits, timeout=60)

    async def ticket_task(self) -> None:
        assert (await self.client.get(f"{self.base_url}/tickets/{TICKET}")).json()["data"]["queueSize"] == 6

    async def list_task(self) -> None:
        limit = asyncio.Semaphore(WIDE)

        async def page(number: int) -> dict[str, Any]:
            async with limit:
                answer = await self.client.get(f"{self.base_url}/customers/getAll?page={number}&limit=100")
            found: dict[str, Any] = answer.json()
            return found

        first = await page(1)
        await asyncio.gather(*(page(number) for number in range(2, first["pagination"]["totalPages"] + 1)))

    async def sync_task(self) -> None:
        limit = asyncio.Semaphore(WIDE)

        async def put(row: dict[str, str]) -> None:
            async with limit:
                answer = await self.client.put(f"{self.base_url}/customers/update", json=row)
            assert answer.status_code == 200

        await asyncio.gather(*map(put, CHANGED))
