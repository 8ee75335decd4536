"""Mixed calls of the Python clients: calls.py SECONDS CERTIFICATE BASE_URL...

Each thread has a blocking client, and each task an async one. Every second it prints the number of
calls, the number of errors of each kind, of responses to other requests, and the duration of the
longest call in milliseconds.
"""

import asyncio
import inspect
import signal
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import skiplino

SECONDS, CERTIFICATE, BASE_URLS = float(sys.argv[1]), sys.argv[2], sys.argv[3:]
END = time.monotonic() + SECONDS
THREADS, TASKS = 2, 6
SETTINGS = {
    "api_key": "sk_sandbox_secret",
    "root_certificates": Path(CERTIFICATE).read_bytes(),
    "attempt_timeout": 2.0,
    "deadline": 8.0,
}
COUNTS: Counter[str] = Counter()
LOCK = threading.Lock()


class Worker:
    """The calls of a thread or task."""

    def __init__(self, name, make, number):
        self.external_id = f"soak-python-{name}-{number}"
        self.make = lambda: make(base_url=BASE_URLS[number % len(BASE_URLS)], **SETTINGS)
        # The time of the call that runs, if one does.
        self.started = None

    async def call(self, start, found=None, expected=None):
        """Makes a blocking or async call. Returns its result, or None after an error.

        `found` returns the ids in the result, which must be `expected`."""
        kind = None
        self.started = time.monotonic()
        try:
            result = start()
            result = await result if inspect.isawaitable(result) else result
        except skiplino.SkiplinoError as error:
            result, kind = None, str(error.kind)
        with LOCK:
            self.update_longest()
            self.started = None
            COUNTS["calls"] += 1
            if kind:
                COUNTS[kind] += 1
            if found and result is not None:
                COUNTS["foreign"] += sum(id != expected for id in found(result))
        # Outside of the package: meanwhile the server sends stray responses.
        await asyncio.sleep(0.02)
        return result

    def update_longest(self):
        if self.started is not None:
            COUNTS["longest"] = max(COUNTS["longest"], int(1000 * (time.monotonic() - self.started)))

    async def journey(self, client, own, round):
        """Makes one call of each kind."""
        temporary = f"{self.external_id}-{round}"
        is_temporary = (lambda customer: [customer.external_id], temporary)
        create = {"external_id": temporary, "name": "Layla Hassan", "metadata": {"tier": "gold"}}
        await self.call(lambda: client.customers.create(**create), *is_temporary)
        await self.call(lambda: client.customers.update(external_id=temporary, name="Layla A. Hassan"), *is_temporary)
        await self.call(lambda: client.customers.delete(external_id=temporary))
        book = {"service": "6fe8fb8b12", "group": "7c1f9a3b2d", "external_id": self.external_id}
        ticket = await self.call(lambda: client.tickets.book(**book), lambda ticket: [ticket.customer.id], own)
        if ticket is not None:
            is_ticket = (lambda found: [found.id], ticket.id)
            await self.call(lambda: client.tickets.get(ticket), *is_ticket)
            await self.call(lambda: client.tickets.cancel(ticket), *is_ticket)
        await self.call(lambda: client.branches.list())
        await self.call(lambda: client.branches.tree("802b33af66"))
        await self.call(lambda: client.services.slots("c4d5e6f708"))
        await self.call(
            lambda: client.customers.find(external_id=self.external_id), lambda customer: [customer.id], own
        )
        await self.call(lambda: client.customers.list(limit=20).page(1))
        await self.call(
            lambda: client.customers.tickets(external_id=self.external_id).page(1),
            lambda page: [ticket.customer.id for ticket in page.items],
            own,
        )

    async def create_customer(self, client):
        """Creates the customer of the worker, and returns its id."""
        while True:
            customer = await self.call(lambda: client.customers.create(external_id=self.external_id))
            customer = customer or await self.call(lambda: client.customers.find(external_id=self.external_id))
            if customer:
                return customer.id

    async def run(self):
        """Repeats the calls until the end, and replaces the client from time to time."""
        client = self.make()
        own = await self.create_customer(client)
        round = 0
        while time.monotonic() < END:
            await self.journey(client, own, round)
            round += 1
            if round % 20 == 0:
                await close(client)
                client = self.make()
        await close(client)


async def close(client):
    result = client.close()
    if inspect.isawaitable(result):
        await result


def print_counts(workers):
    with LOCK:
        for worker in workers:
            worker.update_longest()
        print(" ".join(f"{name}={count}" for name, count in sorted(COUNTS.items())), flush=True)


def main():
    # The interpreter ignores it.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    blocking = [Worker("thread", skiplino.Client, number) for number in range(THREADS)]
    tasks = [Worker("task", skiplino.AsyncClient, number) for number in range(TASKS)]

    async def run_tasks():
        await asyncio.gather(*(worker.run() for worker in tasks))

    with ThreadPoolExecutor(THREADS + 1) as pool:
        threads = [pool.submit(asyncio.run, worker.run()) for worker in blocking]
        threads.append(pool.submit(asyncio.run, run_tasks()))
        while not all(thread.done() for thread in threads):
            time.sleep(1)
            print_counts(blocking + tasks)
    for thread in threads:
        thread.result()


main()
