"""Results and errors as Python objects."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

import skiplino
from conftest import CASH, LAYLA, SWIFT
from skiplino import Client, Customer, InvalidRequestError, SkiplinoError, SyncIncompleteError, Ticket, _native
from skiplino.testing import Sandbox

TICKET = {
    "id": "k7m2p9x4q1",
    "ticketNumber": "Q017",
    "status": "snoozed",
    "statusAt": "2026-06-23T11:10:00.000Z",
    "type": "teleported",
    "time": None,
    "branch": {"id": "802b33af66", "name": "Seef Mall Branch"},
    "service": {"id": "6fe8fb8b12", "name": "Cash Withdrawal"},
    "groupOfService": {"id": "7c1f9a3b2d", "name": "Teller Services"},
    "customer": {"id": LAYLA, "name": "Layla Hassan"},
    "bookedAt": "2026-06-23T11:08:41.123Z",
    "queueSize": 6,
    "waitingTime": 18,
}


def test_a_ticket_reads_as_it_should() -> None:
    ticket = Ticket.from_dict(TICKET)
    assert ticket.to_dict() == TICKET
    assert (ticket.status, ticket.type) == ("snoozed", "teleported")
    assert ticket.booked_at == datetime(2026, 6, 23, 11, 8, 41, 123_000, tzinfo=UTC)
    assert (ticket.time, ticket.queue_size, ticket.waiting_time) == (None, 6, 18)
    assert (ticket.branch.name, ticket.service.id, ticket.group_of_service.id) == ("Seef Mall Branch", *CASH)
    assert ticket.customer is not None
    assert ticket.customer.name == "Layla Hassan"


def every_result(client: Client) -> list[Any]:
    branch = client.branches.list()[0]
    group = client.branches.tree(branch)[0]
    ticket = client.tickets.book(group.services[0], group, customer=LAYLA)
    page = client.customers.list(limit=2).page(1)
    slots = client.services.slots(group.services[0], date(2026, 7, 1))
    return [
        branch,
        group,
        group.services[0],
        slots[0],
        ticket,
        ticket.branch,
        ticket.customer,
        page[0],
        page.pagination,
        page,
    ]


def test_results_are_values(client: Client) -> None:
    for result in every_result(client):
        again = type(result).from_dict(result.to_dict()) if hasattr(result, "from_dict") else copy.copy(result)
        for other in (again, pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
            assert other == result
            assert other is not result
            if type(result).__hash__ is not None:
                assert hash(other) == hash(result)
        assert result != "something else"
        with pytest.raises(AttributeError):
            result.id = "other"


def test_results_that_differ_are_not_equal_but_hash_by_id() -> None:
    ticket, other = Ticket.from_dict(TICKET), Ticket.from_dict({**TICKET, "queueSize": 5})
    assert ticket != other
    assert hash(ticket) == hash(other)


def test_reprs_hold_nothing_of_a_person(client: Client) -> None:
    layla = client.customers.get(external_id="crm-7741")
    assert repr(layla) == f"Customer(id={LAYLA!r})".replace("'", '"')
    private = [layla.name, layla.email, layla.mobile, layla.external_id, "Layla", "sk_"]
    for shown in (*every_result(client), layla, client, client.with_response(client.customers.get, layla)):
        for text in private:
            assert text is not None
            assert text not in repr(shown)


def test_objects_stand_for_their_ids(client: Client) -> None:
    layla = client.customers.get(LAYLA)
    branch = next(branch for branch in client.branches.list() if branch.name == "Seef Mall Branch")
    group = client.branches.tree(branch)[0]
    slot = client.services.slots(group.services[0], date(2026, 7, 1))[0]
    ticket = client.tickets.book(group.services[0], group, time=slot.time, customer=layla)
    assert client.tickets.get(ticket).time == slot.time
    assert client.customers.get(ticket.customer) == layla
    assert client.tickets.cancel(ticket).status == "cancelled"
    again = client.tickets.book(ticket.service, ticket.group_of_service)
    assert again.service == ticket.service
    for wrong in (branch, 7, None):
        with pytest.raises(TypeError, match="expected a ticket or its id, not"):
            client.tickets.get(wrong)  # type: ignore[arg-type]


def test_times_are_aware_or_rejected(client: Client, sandbox: Sandbox) -> None:
    with pytest.raises(InvalidRequestError, match="time: must have a time zone") as caught:
        client.tickets.book(*CASH, time=datetime(2026, 7, 1, 9, 30), customer=LAYLA)
    assert caught.value.fields.keys() == {"time"}
    assert sandbox.received("bookTicket") == 0
    there = timezone(timedelta(hours=3))
    ticket = client.tickets.book(*CASH, time=datetime(2026, 7, 1, 12, 30, tzinfo=there), customer=LAYLA)
    assert ticket.to_dict()["time"] == "2026-07-01T09:30:00.000Z"
    with pytest.raises(TypeError, match="expected a date, not datetime"):
        client.services.slots(CASH[0], datetime(2026, 7, 1, tzinfo=there))


def test_metadata_is_a_dict_and_what_json_does_not_have_is_rejected(client: Client, sandbox: Sandbox) -> None:
    metadata = {"tier": "gold", "visits": 3, "rate": 0.5, "tags": ["a", None, True], "deep": {"ü": {}}}
    customer = client.customers.create(external_id="crm-1", metadata=metadata)
    assert client.customers.get(customer).metadata == metadata
    endless: dict[str, Any] = {}
    endless["self"] = endless
    for wrong in ({"x": object()}, {"x": float("nan")}, {"x": 1 << 70}, {1: "x"}, endless, {"x": b"bytes"}):
        with pytest.raises(InvalidRequestError) as caught:
            client.customers.create(metadata=wrong)  # type: ignore[arg-type]
        assert caught.value.fields.keys() == {"metadata"}
    assert sandbox.received("createCustomer") == 1


def test_errors_pickle_with_all_attributes() -> None:
    kinds = [kind for kind in vars(skiplino).values() if isinstance(kind, type) and issubclass(kind, SkiplinoError)]
    kinds.remove(SyncIncompleteError)
    # There is one class for each kind of the core, and one for closed objects.
    assert {kind.kind for kind in kinds} == {*_native.ERROR_KINDS, "Closed", SkiplinoError.kind}
    for kind in kinds:
        assert kind is SkiplinoError or kind.__name__ == f"{kind.kind}Error"
        assert kind.__name__ in skiplino.__all__
        error = kind("one line")
        error.status, error.fields, error.retry_after = 422, {"id": ["unknown"]}, 1.5
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is kind
        assert (str(again), vars(again)) == ("one line", vars(error))


def test_errors_hold_nothing_of_a_person(client: Client) -> None:
    with pytest.raises(SkiplinoError) as caught:
        client.customers.create(external_id="crm-7741", email="layla@example.com", mobile="+97333778899")
    text = f"{caught.value!r} {caught.value}"
    assert "already taken" in text
    for private in ("layla", "97333", "sk_"):
        assert private not in text


def test_lists_have_their_progress(client: Client, sandbox: Sandbox) -> None:
    sandbox.generate(25)
    customers = client.customers.list(limit=10)
    assert (customers.total, customers.changed_during_read) == (None, False)
    assert isinstance(next(customers), Customer)
    assert sandbox.received("listCustomers") == 1
    assert len(list(customers)) == 27
    assert (customers.total, customers.changed_during_read) == (28, False)
    assert list(customers) == []
    assert [len(page) for page in client.customers.list(limit=10).pages()] == [10, 10, 8]


def test_a_list_knows_that_it_changed_during_the_read(client: Client, sandbox: Sandbox) -> None:
    sandbox.generate(25)
    before = {customer.id for customer in client.customers.list()}
    customers = client.customers.list(limit=5)
    seen = [next(customers).id]
    client.customers.create(external_id="crm-new")
    seen += [customer.id for customer in customers]
    assert customers.changed_during_read
    assert before <= set(seen)
    assert len(seen) == len(set(seen))


def test_a_closed_client_raises(sandbox: Sandbox) -> None:
    with sandbox.client(**SWIFT) as client:
        client.branches.list()
    client.close()
    with pytest.raises(skiplino.ClosedError, match="the client is closed"):
        client.branches.list()


def test_settings_come_from_the_environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKIPLINO_API_KEY", "pk_sandbox_public")
    monkeypatch.setenv("SKIPLINO_BASE_URL", sandbox.base_url)
    with Client() as client:
        assert "public" in repr(client)
        assert client.branches.list()
    for wrong in ({"deadline": -1}, {"backoff": (float("nan"), 1)}):
        with pytest.raises(InvalidRequestError):
            Client(**wrong)
