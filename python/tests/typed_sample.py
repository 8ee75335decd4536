"""The types of the package.

Nothing here is run: mypy and pyright, both strict, must accept every line.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, assert_type

import skiplino
from skiplino import (
    AsyncClient,
    Branch,
    BranchTreeGroup,
    CancellationToken,
    Client,
    Customer,
    Page,
    Response,
    Service,
    Slot,
    Ticket,
)
from skiplino.testing import Sandbox

TIME = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)


def settings() -> Client:
    given = Client(
        "sk_…", base_url="http://127.0.0.1:1", deadline=10, attempt_timeout=timedelta(seconds=3), backoff=(0.1, 1)
    )
    assert_type(given.with_options(locale="ar", deadline=1.5, max_attempts=1), Client)
    cancellation_token = CancellationToken()
    assert_type(cancellation_token.is_cancelled, bool)
    assert_type(given.with_options(cancellation_token=cancellation_token), Client)
    with given as client:
        return assert_type(client, Client)


def branches(client: Client) -> tuple[Branch, Service]:
    branch = assert_type(client.branches.list(), list[Branch])[0]
    assert_type(branch.id, str)
    assert_type(branch.is_open, bool)
    group = assert_type(client.branches.tree(branch), list[BranchTreeGroup])[0]
    service = assert_type(group.services, tuple[Service, ...])[0]
    assert_type(client.services.slots(service, date(2026, 7, 1)), list[Slot])
    assert_type(client.services.slots("6fe8fb8b12")[0].time, datetime)
    return branch, service


def tickets(client: Client, service: Service, group: BranchTreeGroup) -> None:
    ticket = assert_type(client.tickets.book(service, group), Ticket)
    assert_type(client.tickets.book(service.id, group.id, time=TIME, external_id="crm-7741", options={"a": 1}), Ticket)
    assert_type(client.tickets.get(ticket), Ticket)
    assert_type(client.tickets.reschedule(ticket, TIME, customer=ticket.customer), Ticket)
    assert_type(client.tickets.cancel(ticket.id).queue_size, int | None)
    for change in assert_type(client.tickets.watch(ticket, min=timedelta(seconds=1)), skiplino.Watch):
        assert_type(change, Ticket)
    assert_type(ticket.branch, skiplino.NamedRef)
    assert_type(ticket.status, str)
    assert_type(ticket.time, datetime | None)
    assert_type(ticket.customer, skiplino.TicketCustomer | None)


def customers(client: Client, ticket: Ticket) -> None:
    customer = assert_type(client.customers.create(external_id="mine", name="", metadata={"tier": "gold"}), Customer)
    assert_type(client.customers.get(external_id="mine"), Customer)
    assert_type(client.customers.find(customer), Customer | None)
    assert_type(client.customers.update(customer.id, mobile=""), Customer)
    client.customers.delete(ticket.customer)
    records = assert_type(client.customers.list(limit=10), skiplino.List[Customer])
    for record in records:
        assert_type(record, Customer)
    assert_type(records.pages(), Iterator[Page[Customer]])
    assert_type(records.page(1).pagination.total_pages, int)
    assert_type((records.total, records.changed_during_read), tuple[int | None, bool])
    assert_type(client.customers.tickets(customer, limit=1), skiplino.List[Ticket])
    assert_type(customer.metadata, dict[str, Any] | None)
    assert_type(customer.to_dict(), dict[str, Any])
    assert_type(Customer.from_dict({}), Customer)


def pages(page: Page[Customer]) -> None:
    assert_type(page.items, tuple[Customer, ...])
    assert_type(page[0], Customer)
    assert_type(page[1:], tuple[Customer, ...])
    assert_type(len(page), int)


def responses(client: Client) -> None:
    response = assert_type(client.with_response(client.tickets.get, "k7m2p9x4q1"), Response[Ticket])
    assert_type(response.data, Ticket)
    assert_type((response.status, response.recovered, response.attempts), tuple[int, bool, int])
    assert_type(response.headers, dict[str, str])


def errors(client: Client) -> None:
    try:
        client.branches.list()
    except skiplino.RateLimitedError as error:
        assert_type(error.retry_after, float | None)
    except skiplino.SkiplinoError as error:
        assert_type((error.kind, error.outcome, error.retryable), tuple[str, str, bool])
        assert_type(error.fields, dict[str, list[str]])
        assert_type(error.status, int | None)


async def awaited(client: AsyncClient, service: Service, group: BranchTreeGroup) -> None:
    async with client as same:
        assert_type(same, AsyncClient)
    assert_type(await client.branches.list(), list[Branch])
    assert_type(await client.branches.tree("802b33af66"), list[BranchTreeGroup])
    assert_type(await client.services.slots(service), list[Slot])
    ticket = assert_type(await client.tickets.book(service, group), Ticket)
    assert_type(await client.tickets.get(ticket), Ticket)
    assert_type(await client.tickets.cancel(ticket), Ticket)
    assert_type(await client.tickets.reschedule(ticket, TIME), Ticket)
    async for change in assert_type(client.tickets.watch(ticket), skiplino.AsyncWatch):
        assert_type(change, Ticket)
    customer = assert_type(await client.customers.create(name=""), Customer)
    assert_type(await client.customers.get(customer), Customer)
    assert_type(await client.customers.find(customer), Customer | None)
    assert_type(await client.customers.update(customer, name=""), Customer)
    await client.customers.delete(customer)
    records = assert_type(client.customers.list(), skiplino.AsyncList[Customer])
    async for record in records:
        assert_type(record, Customer)
    async for page in records.pages():
        assert_type(page, Page[Customer])
    assert_type(await records.page(1), Page[Customer])
    assert_type(client.customers.tickets(customer), skiplino.AsyncList[Ticket])
    assert_type(await client.with_response(client.tickets.get, ticket), Response[Ticket])
    assert_type(client.with_options(locale="ar"), AsyncClient)
    await client.close()


def tested(ticket: Ticket) -> None:
    with Sandbox(seed=1, now=TIME, freeze=True) as sandbox:
        assert_type(sandbox.client(), Client)
        assert_type(sandbox.async_client(sandbox.public_key), AsyncClient)
        assert_type(sandbox.call_next("6fe8fb8b12", finish=True), Ticket)
        assert_type(sandbox.no_show(ticket), Ticket)
        assert_type(sandbox.fault("bookTicket", "status", status=500, nth=1), int)
        assert_type(sandbox.requests("bookTicket"), list[dict[str, Any]])
        assert_type(sandbox.now, datetime)
