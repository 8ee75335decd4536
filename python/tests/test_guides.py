"""The Python programs in the guides of the site. A page includes the lines of an anchor."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

import skiplino
from conftest import CASH, PUBLIC, SECRET, SWIFT
from skiplino import Client
from skiplino.testing import Sandbox
from tables import polars


# ANCHOR: keys
def customers(api_key: str, base_url: str) -> int:
    with skiplino.Client(api_key, base_url=base_url) as client:
        # With a public key this raises SecretKeyRequiredError, and sends no request.
        return client.customers.list().page(1).pagination.total
    # ANCHOR_END: keys


def test_a_public_key_has_no_access_to_the_directory(sandbox: Sandbox) -> None:
    with pytest.raises(skiplino.SecretKeyRequiredError):
        customers(PUBLIC, sandbox.base_url)
    assert sandbox.received("listCustomers") == 0
    assert customers(SECRET, sandbox.base_url) == 3
    assert SECRET not in repr(sandbox.client())


# ANCHOR: doctor
def differences(client: Client) -> list[str]:
    diagnosis = skiplino.doctor(client)
    # print(diagnosis) prints what the command prints.
    return [line.id for line in diagnosis.lines if line.verdict in ("refuted", "broken")]
    # ANCHOR_END: doctor


def test_doctor_finds_no_difference(sandbox: Sandbox) -> None:
    # The sandbox's clock is not this machine's.
    assert differences(sandbox.client()) == ["clock"]


# ANCHOR: booking
def join(client: Client, customer: str | None = None) -> str:
    try:
        booked = client.with_response(client.tickets.book, "6fe8fb8b12", "7c1f9a3b2d", external_id=customer)
    except skiplino.SkiplinoError as error:
        if error.outcome == "Unknown":
            return "you may have a place: ask at the counter before you try again"
        raise  # Nothing was booked.
    if booked.recovered:
        return f"the response was lost, but your place is booked: {booked.data.ticket_number}"
    return f"your number is {booked.data.ticket_number}"
    # ANCHOR_END: booking


def test_a_booking_is_made_once(sandbox: Sandbox, client: Client) -> None:
    assert join(client, "crm-7741") == "your number is Q018"
    sandbox.fault("bookTicket", "drop_after_commit")
    assert join(client, "crm-7741") == "the response was lost, but your place is booked: Q019"
    assert join(client).startswith("you may have a place")
    assert sandbox.received("bookTicket") == 3


# ANCHOR: following
def follow(client: Client, ticket: skiplino.Ticket, often: float, show: Callable[[str], None]) -> None:
    # Polls every `often` seconds at the front of the queue, and ten times more slowly far from it.
    for change in client.tickets.watch(ticket, min=often, max=10 * often):
        if change.status == "waiting" and change.queue_size is not None:
            show(f"{change.queue_size} ahead of you" if change.queue_size else "you are next")
        elif change.status == "serving":
            show("it is your turn")
        else:  # A status that a later version of the API adds.
            show(str(change.status))
    # The ticket is served or cancelled.
    # ANCHOR_END: following


def test_a_ticket_is_followed_to_its_end(sandbox: Sandbox, client: Client) -> None:
    # The ticket is the first in its queue.
    ticket = client.tickets.book("b7a1d2c3e4", "7c1f9a3b2d")
    staff = iter([sandbox.call, sandbox.serve])
    shown: list[str] = []

    def show(text: str) -> None:
        shown.append(text)
        for act in staff:
            act(ticket)
            break

    follow(client, ticket, 0.001, show)
    assert shown == ["you are next", "it is your turn", "served"]


# ANCHOR: directory
def sync_rows(client: Client, rows: Iterable[Mapping[str, object]], checkpoint: Path) -> skiplino.SyncReport:
    # The same call with the same checkpoint resumes an interrupted sync.
    report = client.customers.sync(rows, rate=50, checkpoint=checkpoint, check=False)
    for row in report.not_done:
        print(f"row {row.index + 1}: {row.error}")
    return report
    # ANCHOR_END: directory


# ANCHOR: frame
def directory(client: Client) -> polars.DataFrame:
    return polars.DataFrame(client.customers.to_arrow())
    # ANCHOR_END: frame


def test_a_directory_is_synced(sandbox: Sandbox, client: Client, tmp_path: Path) -> None:
    rows = [{"externalId": "crm-1"}, {"externalId": "crm-2"}, {"name": "Nobody's"}]
    report = sync_rows(client, rows, tmp_path / "rows.checkpoint")
    assert (report.created, report.failed) == (2, 1)
    assert sandbox.received("createCustomer") == 2
    assert sync_rows(client, rows, tmp_path / "rows.checkpoint").already_done == 2
    assert sandbox.received("createCustomer") == 2
    assert len(directory(client)) == 5


# ANCHOR: errors
def explain(error: skiplino.SkiplinoError) -> str:
    match error:
        case skiplino.ConnectError():
            return "There is no connection."
        case skiplino.RejectedError():  # In the requested language.
            return error.reason or "It was rejected."
        case skiplino.InvalidRequestError() | skiplino.ValidationError():
            return f"Please check {', '.join(error.fields)}."
        case skiplino.ConflictError():
            return "It is too late for that."
        case skiplino.OutcomeUnknownError():
            return "It may have been applied: check before you retry."
        case _:
            return str(error)
    # ANCHOR_END: errors


def failure(call: Callable[[], object]) -> str:
    with pytest.raises(skiplino.SkiplinoError) as raised:
        call()
    return explain(raised.value)


def test_errors_have_kinds(sandbox: Sandbox, client: Client) -> None:
    sandbox.set_service(CASH[0], open=False)
    assert failure(lambda: client.tickets.book(*CASH)) == "This service is closed."
    sandbox.set_service(CASH[0], open=None)
    sandbox.fault("bookTicket", "drop_after_commit")
    assert failure(lambda: client.tickets.book(*CASH)) == "It may have been applied: check before you retry."
    assert failure(lambda: client.tickets.cancel("")) == "Please check ticketId."
    client.tickets.cancel("k7m2p9x4q1")
    assert failure(lambda: client.tickets.cancel("k7m2p9x4q1")) == "It is too late for that."
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gone = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with Client(SECRET, base_url=gone, **SWIFT) as nowhere:
        assert failure(lambda: nowhere.tickets.book(*CASH)) == "There is no connection."


# ANCHOR: sandbox
def test_a_lost_answer_does_not_cost_a_place(skiplino_sandbox: Sandbox, skiplino_client: Client) -> None:
    skiplino_sandbox.fault("bookTicket", "drop_after_commit", nth=1)
    ticket = skiplino_client.tickets.book("6fe8fb8b12", "7c1f9a3b2d", external_id="crm-7741")
    skiplino_sandbox.call(ticket)
    assert skiplino_client.tickets.get(ticket).status == "serving"
    assert skiplino_sandbox.committed("bookTicket") == 1
    # ANCHOR_END: sandbox
