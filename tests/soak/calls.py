"""Mixed calls of the Python clients: calls.py BASE_URL SECONDS

Each thread has a blocking client, and each task an async one. Every second it prints the number of
calls, and the number of errors of each kind.
"""

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


def count(kind=None):
    with LOCK:
        COUNTS["calls"] += 1
        if kind:
            COUNTS[str(kind)] += 1


async def call(start):
    """Makes a blocking or async call. Returns its result, or None after an error."""
    try:
        result = start()
        result = await result if inspect.isawaitable(result) else result
    except skiplino.SkiplinoError as error:
        count(error.kind)
        return None
    count()
    return result


async def journey(client, name, round):
    """Makes one call of each kind."""
    own, temporary = f"soak-python-{name}", f"soak-python-{name}-{round}"
    await call(lambda: client.customers.create(external_id=temporary, name="Layla Hassan", metadata={"tier": "gold"}))
    await call(lambda: client.customers.update(external_id=temporary, name="Layla A. Hassan"))
    await call(lambda: client.customers.delete(external_id=temporary))
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


async def create_customer(client, name):
    """Creates the customer of a thread or task."""
    own = f"soak-python-{name}"
    while await call(lambda: client.customers.create(external_id=own)) is None:
        if await call(lambda: client.customers.find(external_id=own)) is not None:
            break


async def run(make, name):
    """Repeats the calls until the end, and replaces the client from time to time."""
    client = make()
    await create_customer(client, name)
    round = 0
    while time.monotonic() < END:
        await journey(client, name, round)
        round += 1
        if round % 20 == 0:
            await close(client)
            client = make()
    await close(client)


async def close(client):
    result = client.close()
    if inspect.isawaitable(result):
        await result


def run_blocking(name):
    asyncio.run(run(lambda: skiplino.Client(**SETTINGS), name))


async def run_async():
    await asyncio.gather(*(run(lambda: skiplino.AsyncClient(**SETTINGS), f"task-{number}") for number in range(TASKS)))


def print_counts():
    with LOCK:
        print(" ".join(f"{name}={count}" for name, count in sorted(COUNTS.items())), flush=True)


def main():
    threads = [threading.Thread(target=run_blocking, args=(f"thread-{number}",)) for number in range(THREADS)]
    threads.append(threading.Thread(target=asyncio.run, args=(run_async(),)))
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(1)
        print_counts()
    print_counts()


main()
