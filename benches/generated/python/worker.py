"""`worker.py WAY BASE_URL`: a process with one client, which runs commands; see `../../worker.py`.

The generated packages are on the path, each in a folder with its name."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

KEY, TICKET, LAST = "sk_bench", "k7m2p9x4q1", "layla.hassan99@example.com"
way, base_url = sys.argv[1:]


def blocking(works: dict[str, Callable[[], Any]]) -> None:
    for kind, _wide, count in commands():
        call, wanted = works[kind], WANTED[kind]
        began = time.perf_counter_ns()
        for _ in range(count):
            if call() != wanted:
                raise AssertionError
        print(time.perf_counter_ns() - began, flush=True)


async def in_flight(works: dict[str, Callable[[], Awaitable[Any]]]) -> None:
    for kind, wide, count in commands():
        call, wanted = works[kind], WANTED[kind]

        async def lane(times: int, call: Callable[[], Awaitable[Any]] = call, wanted: object = wanted) -> None:
            for _ in range(times):
                if await call() != wanted:
                    raise AssertionError

        began = time.perf_counter_ns()
        await asyncio.gather(*(lane(-(-count // wide)) for _ in range(wide)))
        print(time.perf_counter_ns() - began, flush=True)


WANTED = {"ticket": 6, "page": LAST, "export": True}


def commands() -> Any:
    # Nothing else runs between commands, so blocking the event loop is harmless.
    for line in iter(sys.stdin.readline, ""):
        kind, wide, count = line.split()
        yield kind, int(wide), int(count)


def skiplino() -> None:
    from skiplino import Client

    with Client(KEY, base_url=base_url) as client:

        def export() -> bool:
            seen = client.customers.export(lambda page: None)
            return seen.records > 0

        blocking(
            {
                "ticket": lambda: client.tickets.get(TICKET).queue_size,
                "page": lambda: client.customers.list().page(1)[99].email,
                "export": export,
            }
        )


async def skiplino_asyncio() -> None:
    from skiplino import AsyncClient

    async with AsyncClient(KEY, base_url=base_url) as client:

        async def ticket() -> int | None:
            return (await client.tickets.get(TICKET)).queue_size

        await in_flight({"ticket": ticket})


async def aiohttp() -> None:
    from aiohttp import ClientSession, TCPConnector

    headers = {"Authorization": f"Bearer {KEY}", "Accept": "application/json"}
    async with ClientSession(headers=headers, connector=TCPConnector(limit=512)) as session:

        async def ticket() -> Any:
            async with session.get(f"{base_url}/tickets/{TICKET}") as response:
                return (await response.json())["data"]["queueSize"]

        await in_flight({"ticket": ticket})


def openapi_generator() -> None:
    from generated_urllib3 import ApiClient, Configuration, CustomersApi, TicketsApi

    with ApiClient(Configuration(host=base_url, access_token=KEY)) as client:
        tickets, customers = TicketsApi(client), CustomersApi(client)
        blocking(
            {
                "ticket": lambda: tickets.get_ticket(TICKET).data.queue_size,
                "page": lambda: customers.list_customers(page=1, limit=100).data[99].email,
            }
        )


async def openapi_generator_asyncio() -> None:
    from generated_asyncio import ApiClient, Configuration, TicketsApi

    async with ApiClient(Configuration(host=base_url, access_token=KEY)) as client:
        tickets = TicketsApi(client)

        async def ticket() -> int | None:
            return (await tickets.get_ticket(TICKET)).data.queue_size

        await in_flight({"ticket": ticket})


def openapi_python_client() -> None:
    from generated_httpx import AuthenticatedClient
    from generated_httpx.api.customers import list_customers
    from generated_httpx.api.tickets import get_ticket

    with AuthenticatedClient(base_url=base_url, token=KEY) as client:
        blocking(
            {
                "ticket": lambda: get_ticket.sync(TICKET, client=client).data.queue_size,
                "page": lambda: list_customers.sync(client=client, page=1, limit=100).data[99].email,
            }
        )


async def openapi_python_client_asyncio() -> None:
    from httpx import Limits

    from generated_httpx import AuthenticatedClient
    from generated_httpx.api.tickets import get_ticket

    # By default the client keeps 20 connections, and 64 calls in flight would close the others each
    # time.
    limits = Limits(max_connections=64, max_keepalive_connections=64)
    async with AuthenticatedClient(base_url=base_url, token=KEY, httpx_args={"limits": limits}) as client:

        async def ticket() -> int | None:
            return (await get_ticket.asyncio(TICKET, client=client)).data.queue_size

        await in_flight({"ticket": ticket})


WAYS = {
    "skiplino": skiplino,
    "skiplino-asyncio": skiplino_asyncio,
    "aiohttp": aiohttp,
    "openapi-generator": openapi_generator,
    "openapi-generator-asyncio": openapi_generator_asyncio,
    "openapi-python-client": openapi_python_client,
    "openapi-python-client-asyncio": openapi_python_client_asyncio,
}
run = WAYS[way]()
if run is not None:
    asyncio.run(run)
