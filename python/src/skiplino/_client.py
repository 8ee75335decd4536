"""The client that waits for its calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

from ._base import BaseClient, Resource, responding
from ._lists import List, Watch
from ._native import customers_to_arrow, export_customers, sync_customers, write_customers
from ._progress import Meter
from ._sync import Exported, Syncing

if TYPE_CHECKING:
    import builtins
    import os
    from collections.abc import Callable, Mapping
    from datetime import date as Date
    from datetime import datetime, timedelta
    from typing import Any, Literal, Self

    from ._native import (
        ArrowTable,
        Branch,
        BranchTreeGroup,
        Customer,
        NamedRef,
        NativeClient,
        Options,
        Page,
        Response,
        Service,
        Slot,
        SyncedRow,
        Ticket,
        TicketCustomer,
    )
    from ._progress import Progress
    from ._sync import Rows, SyncReport

P = ParamSpec("P")
T = TypeVar("T")


class Branches(Resource):
    """Branches and their services."""

    __slots__ = ()

    def list(self) -> builtins.list[Branch]:
        """The active branches."""
        return self._native.list_branches(self._options)

    def tree(self, branch: str | Branch | NamedRef) -> builtins.list[BranchTreeGroup]:
        """A branch's service groups with their active services. A group without an active service is left out."""
        return self._native.get_branch_tree(self._options, branch)


class Services(Resource):
    """Services and their appointment slots."""

    __slots__ = ()

    def slots(self, service: str | Service | NamedRef, date: Date | None = None) -> builtins.list[Slot]:
        """The appointment times of a service that have places left, on ``date`` or today, in the company's time zone.

        An empty list is a full or closed day.
        """
        return self._native.list_slots(self._options, service, date)


class Tickets(Resource):
    """Tickets: walk-ins and appointments."""

    __slots__ = ()

    def book(
        self,
        service: str | Service | NamedRef,
        group: str | BranchTreeGroup | NamedRef,
        *,
        time: datetime | None = None,
        customer: str | Customer | TicketCustomer | None = None,
        external_id: str | None = None,
        options: Mapping[str, Any] | None = None,
        location: tuple[float, float] | None = None,
    ) -> Ticket:
        """Books a ticket: without ``time`` a walk-in, which joins the queue at once; with one (a slot's) an appointment.

        ``customer`` or ``external_id`` say for whom; a walk-in may do without. ``location`` is degrees north and east. A booking
        is never sent a second time when it may have arrived: if its answer is lost, its ticket is looked for.
        """
        return self._native.book_ticket(self._options, service, group, time, customer, external_id, options, location)

    def get(self, ticket: str | Ticket) -> Ticket:
        """A ticket as it is now."""
        return self._native.get_ticket(self._options, ticket)

    def cancel(self, ticket: str | Ticket) -> Ticket:
        """Cancels a ticket that is waiting or upcoming, and returns its new state."""
        return self._native.cancel_ticket(self._options, ticket)

    def reschedule(
        self,
        ticket: str | Ticket,
        time: datetime,
        *,
        customer: str | Customer | TicketCustomer | None = None,
        external_id: str | None = None,
    ) -> Ticket:
        """Moves a waiting appointment to another slot; ``customer`` or ``external_id`` say whose it is."""
        return self._native.reschedule_ticket(self._options, ticket, time, customer, external_id)

    def watch(
        self,
        ticket: str | Ticket,
        *,
        min: float | timedelta | None = None,
        max: float | timedelta | None = None,
        give_up_after: float | timedelta | None = None,
    ) -> Watch:
        """Follows a ticket: its state now, and again each time that it changes, until it is served or cancelled.

        It is looked at every ``min`` seconds (2) at the front of its queue, every ``max`` (30) far from it. Failures of the network
        or the server are ridden out for ``give_up_after`` seconds (600).
        """
        return Watch(self._native.watch_ticket(self._options, ticket, min, max, give_up_after))


class Customers(Resource):
    """The customer directory. All but ``tickets`` take a secret key."""

    __slots__ = ()

    def create(
        self,
        *,
        external_id: str | None = None,
        name: str | None = None,
        email: str | None = None,
        mobile: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Customer:
        """Creates a customer. With an ``external_id``, your own and unique, a lost answer cannot make a second customer."""
        return self._native.create_customer(self._options, external_id, name, email, mobile, metadata)

    def list(self, *, limit: int | None = None) -> List[Customer]:
        """All customers, newest first, ``limit`` (up to 100, which is the default) a page."""
        native = self._native
        return List(
            lambda options: native.walk_customers(options, limit),
            lambda options, number: native.list_customers(options, limit, number),
            self._options,
        )

    def get(
        self, customer: str | Customer | TicketCustomer | None = None, *, external_id: str | None = None
    ) -> Customer:
        """One customer, by the server's id or by your own. Raises ``ValidationError`` where there is none: see ``find``."""
        return self._native.get_customer(self._options, customer, external_id)

    def find(
        self, customer: str | Customer | TicketCustomer | None = None, *, external_id: str | None = None
    ) -> Customer | None:
        """One customer, or None where there is none."""
        return self._native.find_customer(self._options, customer, external_id)

    def update(
        self,
        customer: str | Customer | TicketCustomer | None = None,
        *,
        external_id: str | None = None,
        name: str | None = None,
        email: str | None = None,
        mobile: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Customer:
        """Changes the fields that are given; an empty text removes what is stored, and ``metadata`` is replaced whole.

        The record is the one of ``customer``, and ``external_id`` then a new value for it, or without it the one of ``external_id``.
        """
        return self._native.update_customer(self._options, customer, external_id, name, email, mobile, metadata)

    def delete(
        self, customer: str | Customer | TicketCustomer | None = None, *, external_id: str | None = None
    ) -> None:
        """Deletes a customer for good. Their tickets stay."""
        return self._native.delete_customer(self._options, customer, external_id)

    def tickets(
        self,
        customer: str | Customer | TicketCustomer | None = None,
        *,
        external_id: str | None = None,
        limit: int | None = None,
    ) -> List[Ticket]:
        """A customer's tickets, newest first, ``limit`` (up to 10, which is the default) a page. Takes any key."""
        native = self._native
        return List(
            lambda options: native.walk_customer_tickets(options, customer, external_id, limit),
            lambda options, number: native.list_customer_tickets(options, customer, external_id, limit, number),
            self._options,
        )

    def to_arrow(self, *, progress: Progress = False) -> ArrowTable:
        """The whole directory as a table in memory, for ``pyarrow.table(…)``, ``polars.DataFrame(…)``, pandas or DuckDB.

        The columns are named as in ``to_dict()``; ``metadata`` is JSON text. ``progress`` shows a bar, or is called with the records so far
        and in all.
        """
        with Meter(progress, "customers") as meter:
            return customers_to_arrow(self._native, self._options, meter.tell)

    def export(
        self,
        to: str | os.PathLike[str] | Callable[[Page[Customer]], object],
        *,
        format: Literal["csv", "jsonl", "parquet"] | None = None,
        progress: Progress = False,
    ) -> Exported:
        """Hands out the whole directory, newest first, reading ahead: for what does not fit into memory.

        ``to`` is a file, which appears once it is whole, in the ``format`` ``"csv"``, ``"jsonl"`` or ``"parquet"``, which is that of its name
        unless given; or it is called with each page, and what it raises ends the export.
        """
        with Meter(progress, "customers") as meter:
            if callable(to):
                return Exported(*export_customers(self._native, self._options, to, meter.tell))
            return Exported(*write_customers(self._native, self._options, to, format, meter.tell))

    def sync(
        self,
        rows: Rows,
        *,
        concurrency: int = 8,
        rate: float | None = None,
        dry_run: bool = False,
        checkpoint: str | os.PathLike[str] | None = None,
        progress: Progress = False,
        on_row: Callable[[SyncedRow], object] | None = None,
        check: bool = True,
    ) -> SyncReport:
        """Brings rows into the directory, each by its ``externalId``: a customer that is not there is created, one that is not as the row
        says is updated, any other is left alone. What a row does not give is left alone, too; ``metadata`` is replaced whole.

        ``rows`` is a table (pandas, polars, pyarrow, …), or mappings or customers, gone through once. Names are those of the API or of
        Python; None and NaN are not given. ``concurrency`` rows are under way at a time, at ``rate`` requests a second at most.

        Rows that cannot be taken, or that the server refuses, do not stop the others. If any is not done in the end, this raises
        ``SyncIncompleteError``, whose ``report`` has them; with ``check=False`` it returns the report all the same. ``on_row`` is called with
        each row as it ends.

        ``checkpoint`` is a file that keeps what was done: the same call again goes on where it was stopped.
        """
        walk = sync_customers(self._native, self._options, rows, concurrency, rate, dry_run, checkpoint)
        with Meter(progress, "rows") as meter, Syncing(walk, rows, meter, on_row, dry_run=dry_run) as syncing:
            del walk
            while (row := syncing.following()) is not None:
                syncing.ended(row)
            return syncing.report(check=check)


class Client(BaseClient):
    """A client of the Skiplino External API. May be used by many threads at once.

    Key and address are those of ``SKIPLINO_API_KEY`` and ``SKIPLINO_BASE_URL`` unless given. Times are in seconds, or timedeltas:
    ``connect_timeout`` (5), ``attempt_timeout`` (10) and ``deadline`` (30), which is for a whole call, retries and pauses included.
    ``backoff`` is the first pause between attempts and the longest one.
    """

    branches: Branches
    services: Services
    tickets: Tickets
    customers: Customers

    def _use(self, native: NativeClient, options: Options) -> None:
        super()._use(native, options)
        self.branches = Branches(native, options)
        self.services = Services(native, options)
        self.tickets = Tickets(native, options)
        self.customers = Customers(native, options)

    def with_response(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Response[T]:
        """Makes a call and gives what came with its data: status, message, headers, attempts, and whether it was recovered.

        ``client.with_response(client.tickets.book, service, group).recovered``
        """
        response: Response[T] = responding(method)(*args, **kwargs)
        return response

    def close(self) -> None:
        """Ends its connections, those of calls and lists under way with these. Twice is as good as once."""
        self._native.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
