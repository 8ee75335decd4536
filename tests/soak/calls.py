"""Mixed calls of the Python clients for so many seconds: calls.py BASE_URL SECONDS. Threads share a client that blocks, tasks one that
does not. Every second it prints how many calls were made, and how many of them ended in each kind of error."""

import asyncio
import inspect
import sys
import threading
import time
from collections import Counter

import skiplino

BASE_URL, SECONDS = sys.argv[1], float(sys.argv[2])
END = time.monotonic() + SECONDS
THREADS, TASKS = 2, 6
SETTINGS = {
    "api_key": "sk_sandbox_secret",
    "base_url": BASE_URL,
    "attempt_timeout": 2.0,
    "deadline": 8.0,
    "requests_per_second": 80,
}
COUNTS: Counter[str] = Counter()
LOCK = threading.Lock()


def ended(kind=None):
    with LOCK:
        COUNTS["calls"] += 1
        if kind:
            COUNTS[str(kind)] += 1


async def call(start):
    """What the call gives, waited for or awaited; None where it fails."""
    try:
        result = start()
        result = await result if inspect.isawaitable(result) else result
    except skiplino.SkiplinoError as error:
        ended(error.kind)
        return None
    ended()
    return result


async def journey(client, name, round):
    """One of each kind of call."""
    own, passing = f"soak-python-{name}", f"soak-python-{name}-{round}"
    await call(lambda: client.customers.create(external_id=passing, name="Layla Hassan", metadata={"tier": "gold"}))
    await call(lambda: client.customers.update(external_id=passing, name="Layla A. Hassan"))
    await call(lambda: client.customers.delete(external_id=passing))
    ticket = await call(lambda: client.tickets.book("6fe8fb8b12", "7c1f9a3b2d", external_id=own))
    if ticket is not None:
        await call(lambda: client.tickets.get(ticket))
        await call(lambda: client.tickets.cancel(ticket))
    await call(lambda: client.branches.list())
    await call(lambda: client.branches.tree("802b33af66"))
    await call(lambda: client.services.slots("c4d5e6f708"))
    await call(lambda: client.customers.find(external_id=own))
    await call(lambda: client.customers.list(limit=20).page(1))
    await call(lambda: client.customers.tickets(external_id=own).page(1))


async def arrives(client, name):
    """Whom the journeys book for."""
    own = f"soak-python-{name}"
    while await call(lambda: client.customers.create(external_id=own)) is None:
        if await call(lambda: client.customers.find(external_id=own)) is not None:
            break


async def lives(make, name):
    """Journeys with clients that come and go."""
    client = make()
    await arrives(client, name)
    round = 0
    while time.monotonic() < END:
        await journey(client, name, round)
        round += 1
        if round % 20 == 0:
            await closed(client)
            client = make()
    await closed(client)


async def closed(client):
    result = client.close()
    if inspect.isawaitable(result):
        await result


def waits(name):
    asyncio.run(lives(lambda: skiplino.Client(**SETTINGS), name))


async def awaits():
    await asyncio.gather(*(lives(lambda: skiplino.AsyncClient(**SETTINGS), f"task-{number}") for number in range(TASKS)))


def tell():
    with LOCK:
        print(" ".join(f"{name}={count}" for name, count in sorted(COUNTS.items())), flush=True)


def main():
    threads = [threading.Thread(target=waits, args=(f"thread-{number}",)) for number in range(THREADS)]
    threads.append(threading.Thread(target=asyncio.run, args=(awaits(),)))
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(1)
        tell()
    tell()


main()
