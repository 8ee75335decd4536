"""The client for event loops: the names and signatures of the other, awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

from ._async_lists import AsyncList, AsyncWatch
from ._base import BaseClient, Resource, responding
from ._loops import send

if TYPE_CHECKING:
    import builtins
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import date as Date
    from datetime import datetime, timedelta
    from typing import Any, Self

    from ._native import (
        Branch,
        BranchTreeGroup,
        Customer,
        Named,
        NativeClient,
        Options,
        Response,
        Service,
        Slot,
        Ticket,
        TicketCustomer,
    )

P = ParamSpec("P")
T = TypeVar("T")


class AsyncBranches(Resource):
    """Branches and their services."""

    __slots__ = ()

    async def list(self) -> builtins.list[Branch]:
        """The active branches."""
        answer: builtins.list[Branch] = await send(self._native.list_branches, self._options)
        return answer

    async def tree(self, branch: str | Branch | Named) -> builtins.list[BranchTreeGroup]:
        """A branch's service groups with their active services. A group without an active service is left out."""
        answer: builtins.list[BranchTreeGroup] = await send(self._native.get_branch_tree, self._options, branch)
        return answer


class AsyncServices(Resource):
    """Services and their appointment slots."""

    __slots__ = ()

    async def slots(self, service: str | Service | Named, date: Date | None = None) -> builtins.list[Slot]:
        """The appointment times of a service that have places left, on ``date`` or today, in the company's time zone.

        An empty list is a full or closed day.
        """
        answer: builtins.list[Slot] = await send(self._native.list_slots, self._options, service, date)
        return answer


class AsyncTickets(Resource):
    """Tickets: walk-ins and appointments."""

    __slots__ = ()

    async def book(
        self,
        service: str | Service | Named,
        group: str | BranchTreeGroup | Named,
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
        answer: Ticket = await send(
            self._native.book_ticket, self._options, service, group, time, customer, external_id, options, location
        )
        return answer

    async def get(self, ticket: str | Ticket) -> Ticket:
        """A ticket as it is now."""
        answer: Ticket = await send(self._native.get_ticket, self._options, ticket)
        return answer

    async def cancel(self, ticket: str | Ticket) -> Ticket:
        """Cancels a ticket that is waiting or upcoming, and returns its new state."""
        answer: Ticket = await send(self._native.cancel_ticket, self._options, ticket)
        return answer

    async def reschedule(
        self,
        ticket: str | Ticket,
        time: datetime,
        *,
        customer: str | Customer | TicketCustomer | None = None,
        external_id: str | None = None,
    ) -> Ticket:
        """Moves a waiting appointment to another slot; ``customer`` or ``external_id`` say whose it is."""
        answer: Ticket = await send(self._native.reschedule_ticket, self._options, ticket, time, customer, external_id)
        return answer

    def watch(
        self,
        ticket: str | Ticket,
        *,
        min: float | timedelta | None = None,
        max: float | timedelta | None = None,
        give_up_after: float | timedelta | None = None,
    ) -> AsyncWatch:
        """Follows a ticket: its state now, and again each time that it changes, until it is served or cancelled.

        It is looked at every ``min`` seconds (2) at the front of its queue, every ``max`` (30) far from it. Failures of the network
        or the server are ridden out for ``give_up_after`` seconds (600).
        """
        return AsyncWatch(self._native.async_watch_ticket(ticket, min, max, give_up_after))


class AsyncCustomers(Resource):
    """The customer directory. All but ``tickets`` take a secret key."""

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
        """Creates a customer. With an ``external_id``, your own and unique, a lost answer cannot make a second customer."""
        answer: Customer = await send(
            self._native.create_customer, self._options, external_id, name, email, mobile, metadata
        )
        return answer

    def list(self, *, limit: int | None = None) -> AsyncList[Customer]:
        """All customers, newest first, ``limit`` (up to 100, which is the default) a page."""
        native = self._native
        return AsyncList(
            lambda options: native.async_walk_customers(options, limit),
            lambda options, number, reply_to: native.list_customers(options, limit, number, reply_to),
            self._options,
        )

    async def get(
        self, customer: str | Customer | TicketCustomer | None = None, *, external_id: str | None = None
    ) -> Customer:
        """One customer, by the server's id or by your own. Raises ``ValidationError`` where there is none: see ``find``."""
        answer: Customer = await send(self._native.get_customer, self._options, customer, external_id)
        return answer

    async def find(
        self, customer: str | Customer | TicketCustomer | None = None, *, external_id: str | None = None
    ) -> Customer | None:
        """One customer, or None where there is none."""
        answer: Customer | None = await send(self._native.find_customer, self._options, customer, external_id)
        return answer

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
        """Changes the fields that are given; an empty text removes what is stored, and ``metadata`` is replaced whole.

        The record is the one of ``customer``, and ``external_id`` then a new value for it, or without it the one of ``external_id``.
        """
        answer: Customer = await send(
            self._native.update_customer, self._options, customer, external_id, name, email, mobile, metadata
        )
        return answer

    async def delete(
        self, customer: str | Customer | TicketCustomer | None = None, *, external_id: str | None = None
    ) -> None:
        """Deletes a customer for good. Their tickets stay."""
        answer: None = await send(self._native.delete_customer, self._options, customer, external_id)
        return answer

    def tickets(
        self,
        customer: str | Customer | TicketCustomer | None = None,
        *,
        external_id: str | None = None,
        limit: int | None = None,
    ) -> AsyncList[Ticket]:
        """A customer's tickets, newest first, ``limit`` (up to 10, which is the default) a page. Takes any key."""
        native = self._native
        return AsyncList(
            lambda options: native.async_walk_customer_tickets(options, customer, external_id, limit),
            lambda options, number, reply_to: native.list_customer_tickets(
                options, customer, external_id, limit, number, reply_to
            ),
            self._options,
        )


class AsyncClient(BaseClient):
    """A client of the Skiplino External API. May be used from many event loops at once.

    Key and address are those of ``SKIPLINO_API_KEY`` and ``SKIPLINO_BASE_URL`` unless given. Times are in seconds, or timedeltas:
    ``connect_timeout`` (5), ``attempt_timeout`` (10) and ``deadline`` (30), which is for a whole call, retries and pauses included.
    ``backoff`` is the first pause between attempts and the longest one.
    """

    branches: AsyncBranches
    services: AsyncServices
    tickets: AsyncTickets
    customers: AsyncCustomers

    def _use(self, native: NativeClient, options: Options) -> None:
        super()._use(native, options)
        self.branches = AsyncBranches(native, options)
        self.services = AsyncServices(native, options)
        self.tickets = AsyncTickets(native, options)
        self.customers = AsyncCustomers(native, options)

    async def with_response(self, method: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> Response[T]:
        """Makes a call and gives what came with its data: status, message, headers, attempts, and whether it was recovered.

        ``(await client.with_response(client.tickets.book, service, group)).recovered``
        """
        response: Response[T] = await responding(method)(*args, **kwargs)
        return response

    async def close(self) -> None:
        """Ends its connections. Twice is as good as once."""
        self._native.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
