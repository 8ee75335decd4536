"""The client for event loops. ``_client.py``, the blocking client, is generated from this file."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from ._async_directory import export, sync, to_arrow
from ._async_lists import AsyncList, AsyncWatch
from ._base import BaseClient, Resource, with_full_response
from ._event_loop import call

if TYPE_CHECKING:
    import builtins
    import os
    from collections.abc import Awaitable, Callable, Iterable, Mapping
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
    from ._sync_report import Exported, Rows, SyncReport

P = ParamSpec("P")
T = TypeVar("T")


class AsyncBranches(Resource):
    """Branches and their services."""

    __slots__ = ()

    async def list(self) -> builtins.list[Branch]:
        """The active branches."""
        return await call(self._native.list_branches, self._options)

    async def tree(self, branch: str | Branch | NamedRef) -> builtins.list[BranchTreeGroup]:
        """A branch's groups of services, with their active services.

        Groups without an active service are left out.
        """
        return await call(self._native.get_branch_tree, self._options, branch)


class AsyncServices(Resource):
    """Services and their appointment slots."""

    __slots__ = ()

    async def slots(self, service: str | Service | NamedRef, date: Date | None = None) -> builtins.list[Slot]:
        """The appointment slots of a service that have places left, on ``date`` or today, in the
        company's time zone.

        The list is empty if the day is fully booked or the branch is closed.
        """
        return await call(self._native.list_slots, self._options, service, date)


class AsyncTickets(Resource):
    """Tickets: walk-ins and appointments."""

    __slots__ = ()

    async def book(
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
        """Books a ticket. Without ``time`` it is a walk-in, which joins the queue at once; with the
        ``time`` of a slot it is an appointment.

        ``customer`` or ``external_id`` names the customer. A walk-in may be anonymous. ``location``
        is degrees north and degrees east. The client does not retry a booking that may have reached
        the server: if the response is lost, it looks up the ticket.
        """
        return await call(
            self._native.book_ticket, self._options, service, group, time, customer, external_id, options, location
        )

    async def get(self, ticket: str | Ticket) -> Ticket:
        """The current state of a ticket."""
        return await call(self._native.get_ticket, self._options, ticket)

    async def cancel(self, ticket: str | Ticket) -> Ticket:
        """Cancels a waiting or upcoming ticket, and returns its new state."""
        return await call(self._native.cancel_ticket, self._options, ticket)

    async def reschedule(
        self,
        ticket: str | Ticket,
        time: datetime,
        *,
        customer: str | Customer | TicketCustomer | None = None,
        external_id: str | None = None,
    ) -> Ticket:
        """Changes a waiting appointment to another slot.

        ``customer`` or ``external_id`` names the customer of the ticket.
        """
        return await call(self._native.reschedule_ticket, self._options, ticket, time, customer, external_id)

    def watch(
        self,
        ticket: str | Ticket,
        *,
        min: float | timedelta | None = None,
        max: float | timedelta | None = None,
        give_up_after: float | timedelta | None = None,
    ) -> AsyncWatch:
        """Polls a ticket until it is served or cancelled.

        Returns the current state, and then each change. The polling interval is ``min`` seconds (2)
        at the front of the queue and ``max`` seconds (30) far from it. Network and server errors
        are retried for ``give_up_after`` seconds (600).
        """
        return AsyncWatch(self._native.async_watch_ticket(self._options, ticket, min, max, give_up_after))


class AsyncCustomers(Resource):
    """The customer directory. All methods except ``tickets`` need a secret key."""

    __slots__ = ()

    async def create(
        self,
        *,
        external_id: str | None = None,
        name: str | None = None,
        email: str | None = None,
        mobile: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Customer:
        """Creates a customer.

        ``external_id`` is your own, unique id. If it is given, a lost response cannot lead to a
        second customer.
        """
        return await call(self._native.create_customer, self._options, external_id, name, email, mobile, metadata)

    def list(self, *, limit: int | None = None) -> AsyncList[Customer]:
        """All customers, newest first, with ``limit`` per page (100, the maximum, by default)."""
        return AsyncList(
            partial(self._native.async_iterate_customers, limit=limit),
            partial(self._native.list_customers, limit=limit),
            self._options,
        )

    async def get(
        self, customer: str | Customer | TicketCustomer | None = None, *, external_id: str | None = None
    ) -> Customer:
        """A customer, by the server's id or by your own.

        Raises ``ValidationError`` if there is no such customer, for which ``find`` returns None.
        """
        return await call(self._native.get_customer, self._options, customer, external_id)

    async def find(
        self, customer: str | Customer | TicketCustomer | None = None, *, external_id: str | None = None
    ) -> Customer | None:
        """A customer, or None if there is none."""
        return await call(self._native.find_customer, self._options, customer, external_id)

    async def update(
        self,
        customer: str | Customer | TicketCustomer | None = None,
        *,
        external_id: str | None = None,
        name: str | None = None,
        email: str | None = None,
        mobile: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Customer:
        """Updates the given fields of a customer.

        An empty string removes a field; ``metadata`` is replaced as a whole.

        ``customer`` names the customer, and ``external_id`` is then a new value to store. Without
        ``customer``, ``external_id`` names the customer.
        """
        return await call(
            self._native.update_customer, self._options, customer, external_id, name, email, mobile, metadata
        )

    async def delete(
        self, customer: str | Customer | TicketCustomer | None = None, *, external_id: str | None = None
    ) -> None:
        """Deletes a customer permanently. The customer's tickets remain."""
        return await call(self._native.delete_customer, self._options, customer, external_id)

    def tickets(
        self,
        customer: str | Customer | TicketCustomer | None = None,
        *,
        external_id: str | None = None,
        limit: int | None = None,
    ) -> AsyncList[Ticket]:
        """A customer's tickets, newest first, with ``limit`` per page (10, the maximum, by
        default).

        Works with any key.
        """
        return AsyncList(
            partial(
                self._native.async_iterate_customer_tickets, customer=customer, external_id=external_id, limit=limit
            ),
            partial(self._native.list_customer_tickets, customer=customer, external_id=external_id, limit=limit),
            self._options,
        )

    async def to_arrow(self, *, progress: Progress = False) -> ArrowTable:
        """Reads the whole directory into a table.

        The table is for ``pyarrow.table(…)``, ``polars.DataFrame(…)``, pandas or DuckDB. The
        columns have the names of ``to_dict()``; ``metadata`` is JSON text. ``progress`` is True for
        a progress bar, or a function that is called with the number of records read and the total.
        """
        return await to_arrow(self._native, self._options, progress)

    async def export(
        self,
        to: str | os.PathLike[str] | Callable[[Page[Customer]], object],
        *,
        format: Literal["csv", "jsonl", "parquet"] | None = None,
        escape_formulas: bool = False,
        progress: Progress = False,
    ) -> Exported:
        """Exports the whole directory, newest customers first, without holding it in memory.

        Pages are fetched ahead.

        ``to`` is a file or a function. An existing file is replaced when the new one is complete; a
        pipe is written to. The ``format`` is ``"csv"``, ``"jsonl"`` or ``"parquet"``, by default
        from the file's suffix. ``escape_formulas`` puts a ``'`` before text in CSV that a
        spreadsheet would run as a formula: it begins with ``=``, ``+``, ``-`` or ``@``. The
        function is called with each page; an exception that it raises ends the export.

        If the function returns an awaitable, the export awaits it.
        """
        return await export(self._native, self._options, to, format, escape_formulas, progress)

    async def sync(
        self,
        rows: Rows,
        *,
        concurrency: int = 10,
        rate: float | None = None,
        dry_run: bool = False,
        checkpoint: str | os.PathLike[str] | None = None,
        erase: Iterable[str] = (),
        progress: Progress = False,
        on_row: Callable[[SyncedRow], object] | None = None,
        check: bool = True,
    ) -> SyncReport:
        """Writes rows to the directory.

        The ``externalId`` of a row names its customer, which is created if it does not exist,
        updated if it differs from the row, and otherwise left unchanged. Fields that a row does not
        have are left unchanged; ``metadata`` is replaced as a whole.

        ``rows`` is a table (pandas, polars, pyarrow, DuckDB, …), or an iterable of mappings, such
        as ``csv.DictReader``, or of customers. In field names capitals, ``_``, ``-`` and blanks
        make no difference. ``concurrency`` rows are in progress at a time, with at most ``rate``
        requests per second.

        If it takes fewer requests, the sync reads the directory in pages of 100 customers instead
        of looking up each row. Then unchanged rows need no request, and have no ``customer``. They
        are compared with a directory that was read at most a minute ago, or at most three times as
        long ago as reading it took. ``requests`` of the report counts all requests.

        An empty value (empty text, None, NaN, NaT) leaves the stored value unchanged, unless
        ``erase`` has the name of the field, as in ``erase=["email", "mobile"]``: then it erases the
        stored value. In a table, each row has all columns.

        An iterable is read completely before the first request.

        Invalid rows, rows that a spreadsheet has damaged, and rows that the server rejects do not
        stop the others. If a row was not done, the sync raises ``SyncIncompleteError``, whose ``report`` lists such rows; with
        ``check=False`` it returns the report instead. ``on_row`` is called with each completed row.

        ``checkpoint`` is a file that records the completed rows: the same call resumes an
        interrupted sync. Rows are recognized by their ``externalId`` and content. Between two runs
        they may be changed, added and moved, and rows that failed may be removed. If a completed
        row is missing, the sync raises ``InvalidRequestError`` before it sends anything; rows that
        can be read only once, as those of a generator, are not checked.
        """
        return await sync(
            self._native,
            self._options,
            rows,
            concurrency=concurrency,
            rate=rate,
            dry_run=dry_run,
            checkpoint=checkpoint,
            erase=erase,
            progress=progress,
            on_row=on_row,
            check=check,
        )


class AsyncClient(BaseClient):
    """A client of the Skiplino External API. Many event loops may use it at once.

    The key and the address are read from ``SKIPLINO_API_KEY`` and ``SKIPLINO_BASE_URL`` unless
    given. Times are seconds or timedeltas: ``connect_timeout`` (5), ``attempt_timeout`` (10) and
    ``deadline`` (30), which limits a whole call with its retries and pauses. ``backoff`` is the
    first and the longest pause between attempts. ``root_certificates`` are certificate authorities
    to trust in addition to the usual ones, as PEM; by default those of the file
    ``SKIPLINO_CA_FILE``. The client also trusts the authorities of ``SSL_CERT_FILE`` and
    ``SSL_CERT_DIR``.

    The logger ``skiplino`` gets a record of each retry and failure. Its handlers run during the
    call, so they must not make calls themselves, nor wait for one: the call that they log would not
    continue. A call in a handler raises ``InvalidRequestError``.
    """

    branches: AsyncBranches
    services: AsyncServices
    tickets: AsyncTickets
    customers: AsyncCustomers

    def _bind(self, native: NativeClient, options: Options) -> None:
        super()._bind(native, options)
        self.branches = AsyncBranches(native, options)
        self.services = AsyncServices(native, options)
        self.tickets = AsyncTickets(native, options)
        self.customers = AsyncCustomers(native, options)

    async def with_response(self, method: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> Response[T]:
        """Makes a call and returns the full response.

        That is the data, status, message, headers, number of attempts, and whether a lost response
        was recovered.

        ``(await client.with_response(client.tickets.book, service, group)).recovered``
        """
        response: Response[T] = await with_full_response(method)(*args, **kwargs)
        return response

    async def warm_up(self) -> None:
        """Opens the connections of the next calls, so that the first call costs one round trip, and
        not also those of TCP and TLS. Finds a wrong key or address at the start of a program.

        Lists the branches, which every key may do, twice at the same time: a booking for a customer
        uses two connections. A connection without a request stays open for 50 seconds. Threads that
        make blocking calls at the same time have connections of their own; a warm-up opens those of
        the next call.
        """
        return await call(self._native.warm_up, self._options)

    async def close(self) -> None:
        """Closes the connections. Calling this again has no effect.

        Calls in progress finish, and lists and watches can be read to their end: the connections
        that they use close then.
        """
        self._native.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
