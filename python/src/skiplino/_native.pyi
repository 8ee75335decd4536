# The types of the native half, bindings/python. The docstrings are those of the Rust sources.
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from os import PathLike
from types import GenericAlias
from typing import Any, Generic, SupportsIndex, TypeAlias, TypeVar, final, overload

from ._errors import SkiplinoError

_T_co = TypeVar("_T_co", covariant=True)

_CustomerLike: TypeAlias = str | Customer | TicketCustomer
_Seconds: TypeAlias = float | timedelta

__all__ = [
    "DEFAULT_BASE_URL",
    "ERROR_KINDS",
    "ArrowTable",
    "Branch",
    "BranchTreeGroup",
    "CancellationToken",
    "CompletionQueue",
    "Customer",
    "NamedRef",
    "NativeAsyncIterator",
    "NativeClient",
    "NativeIterator",
    "Options",
    "Page",
    "Pagination",
    "Response",
    "Service",
    "Slot",
    "SyncedRow",
    "Ticket",
    "TicketCustomer",
    "__version__",
    "async_customers_to_arrow",
    "async_sync_customers",
    "async_write_customers",
    "customers_to_arrow",
    "examine_server",
    "export_customers",
    "run_command",
    "sync_customers",
    "write_customers",
]

__version__: str
DEFAULT_BASE_URL: str
ERROR_KINDS: list[str]

def examine_server(
    client: NativeClient, *, write: bool, book: str | None, record: str | PathLike[str] | None
) -> tuple[str, SkiplinoError | None]: ...
def run_command(arguments: Sequence[str], language: str, sandbox: Callable[[], str]) -> int: ...

@final
class Branch:
    """A branch: `id`, `name` (localised), and whether it is open now."""

    @property
    def id(self) -> str:
        """The id."""
    @property
    def name(self) -> str:
        """The name, in the language of the request."""
    @property
    def is_open(self) -> bool:
        """Whether the branch is open now."""
    def to_dict(self) -> dict[str, Any]:
        """The record as the API's JSON."""
    @staticmethod
    def from_dict(record: dict[str, Any]) -> Branch:
        """A record from the API's JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class BranchTreeGroup:
    """A group of services of a branch."""

    @property
    def id(self) -> str:
        """The id."""
    @property
    def name(self) -> str:
        """The name, in the language of the request."""
    @property
    def services(self) -> tuple[Service, ...]:
        """The active services of the group."""
    def to_dict(self) -> dict[str, Any]:
        """The record as the API's JSON."""
    @staticmethod
    def from_dict(record: dict[str, Any]) -> BranchTreeGroup:
        """A record from the API's JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Service:
    """A service that customers queue for."""

    @property
    def id(self) -> str:
        """The id."""
    @property
    def name(self) -> str:
        """The name, in the language of the request."""
    @property
    def is_open(self) -> bool:
        """Whether the service takes walk-ins now."""
    @property
    def is_appointment(self) -> bool:
        """Whether the service takes appointments."""
    def to_dict(self) -> dict[str, Any]:
        """The record as the API's JSON."""
    @staticmethod
    def from_dict(record: dict[str, Any]) -> Service:
        """A record from the API's JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Slot:
    """A time that an appointment can be booked for."""

    @property
    def time(self) -> datetime:
        """The start of the slot, in UTC."""
    @property
    def remaining(self) -> int:
        """The number of places left."""
    def to_dict(self) -> dict[str, Any]:
        """The record as the API's JSON."""
    @staticmethod
    def from_dict(record: dict[str, Any]) -> Slot:
        """A record from the API's JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class NamedRef:
    """The id and the localised name of a branch, a service or a group that a ticket refers to."""

    @property
    def id(self) -> str:
        """The id."""
    @property
    def name(self) -> str:
        """The name, in the language of the request."""
    def to_dict(self) -> dict[str, Any]:
        """The record as the API's JSON."""
    @staticmethod
    def from_dict(record: dict[str, Any]) -> NamedRef:
        """A record from the API's JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class TicketCustomer:
    """The customer of a ticket."""

    @property
    def id(self) -> str:
        """The customer's id."""
    @property
    def name(self) -> str | None:
        """The customer's name, if one is stored."""
    def to_dict(self) -> dict[str, Any]:
        """The record as the API's JSON."""
    @staticmethod
    def from_dict(record: dict[str, Any]) -> TicketCustomer:
        """A record from the API's JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Ticket:
    """A ticket."""

    @property
    def id(self) -> str:
        """The id."""
    @property
    def ticket_number(self) -> str:
        """The number that the staff calls, as in ``A042``."""
    @property
    def status(self) -> str:
        """The status: ``waiting``, ``upcoming``, ``serving``, ``served``, ``cancelled``,
        ``noShow``, or a value that the API adds later.
        """
    @property
    def status_at(self) -> datetime:
        """When the ticket got this status."""
    @property
    def type(self) -> str:
        """``sequential`` for a walk-in, ``appointment``, or a value that the API adds later."""
    @property
    def time(self) -> datetime | None:
        """The time of the appointment; None for a walk-in."""
    @property
    def branch(self) -> NamedRef:
        """The branch of the ticket."""
    @property
    def service(self) -> NamedRef:
        """The service of the ticket."""
    @property
    def group_of_service(self) -> NamedRef:
        """The group of the service."""
    @property
    def customer(self) -> TicketCustomer | None:
        """The customer; None for an anonymous walk-in."""
    @property
    def booked_at(self) -> datetime:
        """When the ticket was booked."""
    @property
    def queue_size(self) -> int | None:
        """The number of people ahead; only for a waiting ticket, and may be None even then."""
    @property
    def waiting_time(self) -> int | None:
        """The estimated wait in minutes, rounded; only for a waiting ticket, and may be None even
        then.
        """
    def to_dict(self) -> dict[str, Any]:
        """The record as the API's JSON."""
    @staticmethod
    def from_dict(record: dict[str, Any]) -> Ticket:
        """A record from the API's JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Customer:
    """A record of the customer directory."""

    @property
    def id(self) -> str:
        """The server's id."""
    @property
    def external_id(self) -> str | None:
        """Your own id for the customer, if one is stored."""
    @property
    def company_id(self) -> str:
        """The company's id."""
    @property
    def name(self) -> str | None:
        """The customer's name, if one is stored."""
    @property
    def email(self) -> str | None:
        """The customer's e-mail address, if one is stored."""
    @property
    def mobile(self) -> str | None:
        """The customer's mobile number, if one is stored."""
    @property
    def metadata(self) -> dict[str, Any] | None:
        """Your own data about the customer, if any is stored."""
    @property
    def created_at(self) -> datetime:
        """When the record was created."""
    @property
    def updated_at(self) -> datetime:
        """When the record was last updated."""
    def to_dict(self) -> dict[str, Any]:
        """The record as the API's JSON."""
    @staticmethod
    def from_dict(record: dict[str, Any]) -> Customer:
        """A record from the API's JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Pagination:
    """The position of a page in its list."""

    @property
    def total(self) -> int:
        """The number of records in the list."""
    @property
    def total_pages(self) -> int:
        """The number of pages in the list."""
    @property
    def has_next_page(self) -> bool:
        """Whether there is a next page."""
    @property
    def has_prev_page(self) -> bool:
        """Whether there is a previous page."""
    @property
    def page(self) -> int | None:
        """The number of this page, from 1."""
    @property
    def limit(self) -> int | None:
        """The maximum number of records per page."""
    def to_dict(self) -> dict[str, Any]:
        """The record as the API's JSON."""
    @staticmethod
    def from_dict(record: dict[str, Any]) -> Pagination:
        """A record from the API's JSON."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Page(Generic[_T_co]):
    """One page of a list: its records and its position."""

    @classmethod
    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    def __new__(cls, items: tuple[_T_co, ...], pagination: Pagination) -> Page[_T_co]: ...
    @property
    def items(self) -> tuple[_T_co, ...]:
        """The records of the page."""
    @property
    def pagination(self) -> Pagination:
        """The position of the page in its list."""
    def to_dict(self) -> dict[str, Any]:
        """The page as `{"items", "pagination"}`, in the API's JSON."""
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[_T_co]: ...
    @overload
    def __getitem__(self, index: SupportsIndex, /) -> _T_co: ...
    @overload
    def __getitem__(self, index: slice, /) -> tuple[_T_co, ...]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Response(Generic[_T_co]):
    """The data of a call, with the details of its HTTP response."""

    @classmethod
    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    @property
    def data(self) -> _T_co:
        """The result of the call."""
    @property
    def status(self) -> int:
        """The HTTP status."""
    @property
    def message(self) -> str | None:
        """The ``message`` of the response's envelope."""
    @property
    def attempts(self) -> int:
        """The number of attempts made."""
    @property
    def recovered(self) -> bool:
        """Whether the response of a write was lost and the write was confirmed by lookup."""
    @property
    def headers(self) -> dict[str, str]:
        """The headers of the response, with names in lower case."""

@final
class ArrowTable:
    """A table in memory. Readers share it without copying."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> Any:
        """The Arrow PyCapsule interface."""
    def __arrow_c_schema__(self) -> Any:
        """The schema, through the same interface."""
    def __len__(self) -> int: ...
    @property
    def column_names(self) -> list[str]:
        """The names of the columns, as in `to_dict()`. Fields that can be written come first."""
    @property
    def changed_during_read(self) -> bool:
        """Whether the list changed while it was read."""

@final
class SyncedRow:
    """A row of the source, and the result of its sync."""

    def __new__(
        cls,
        index: int,
        external_id: str | None,
        outcome: str,
        error: SkiplinoError | None,
        customer: Customer | None,
        changed: tuple[str, ...],
    ) -> SyncedRow: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    @property
    def index(self) -> int:
        """Its place in the source, from 0."""
    @property
    def external_id(self) -> str | None:
        """The external id of the row, if it has one."""
    @property
    def outcome(self) -> str:
        """``created``, ``updated``, ``unchanged``, ``alreadyDone`` (by an earlier run), ``failed`` or
        ``unknown``.
        """
    @property
    def error(self) -> SkiplinoError | None:
        """Why the row failed, or may have failed."""
    @property
    def customer(self) -> Customer | None:
        """The customer after the sync, or in a dry run before it. None if it was not read."""
    @property
    def changed(self) -> tuple[str, ...]:
        """The fields that were updated, with the names of the API."""

@final
class CancellationToken:
    """Cancels the calls, lists and watches that ``client.with_options(cancellation_token=…)`` makes,
    from any thread.

    Those in progress raise ``CancelledError`` at once; its ``outcome`` says whether a write may
    have been applied. Later calls raise ``CancelledError`` before they send a request. In an event
    loop, cancelling the task has the same effect without the ``outcome``.
    """
    def __new__(cls) -> CancellationToken: ...
    def cancel(self) -> None:
        """Cancels them. Calling this again has no effect."""
    @property
    def is_cancelled(self) -> bool:
        """Whether ``cancel()`` was called."""

@final
class Options:
    def with_full_response(self) -> Options: ...

@final
class CompletionQueue:
    def __new__(cls) -> CompletionQueue: ...
    def fileno(self) -> int: ...
    def duplicate_socket(self) -> int: ...
    def drain(self) -> None: ...
    def cancel(self, number: int) -> None: ...
    def abandon_after_fork(self) -> None: ...
    def __len__(self) -> int: ...

@final
class NativeIterator(Generic[_T_co]):
    def next(self) -> _T_co | None: ...
    @property
    def total(self) -> int | None: ...
    @property
    def changed_during_read(self) -> bool: ...
    @property
    def requests(self) -> int: ...

@final
class NativeAsyncIterator(Generic[_T_co]):
    # Any, for `next_item` of `_event_loop.py`, the only caller.
    def next(self, reply_to: Any) -> Any: ...
    def close(self) -> None: ...
    @property
    def total(self) -> int | None: ...
    @property
    def changed_during_read(self) -> bool: ...
    @property
    def requests(self) -> int: ...

@final
class NativeClient:
    def __new__(
        cls,
        api_key: str,
        *,
        base_url: str | None = None,
        locale: str | None = None,
        connect_timeout: _Seconds | None = None,
        attempt_timeout: _Seconds | None = None,
        deadline: _Seconds | None = None,
        max_attempts: int | None = None,
        backoff: tuple[_Seconds, _Seconds] | None = None,
        requests_per_second: float | None = None,
        max_response_bytes: int | None = None,
        proxy: str | None = None,
        root_certificates: bytes | None = None,
        user_agent_suffix: str | None = None,
        host: str,
    ) -> NativeClient: ...
    def options(
        self,
        base: Options | None = None,
        *,
        locale: str | None = None,
        deadline: _Seconds | None = None,
        max_attempts: int | None = None,
        cancellation_token: CancellationToken | None = None,
    ) -> Options: ...
    def close(self) -> None: ...
    @property
    def is_closed(self) -> bool: ...
    @property
    def base_url(self) -> str: ...
    @property
    def key_class(self) -> str: ...
    # With `reply_to`, a queue and a future, a method returns the number of the pending call. Only
    # `_event_loop.call` passes `reply_to`.
    def warm_up(self, options: Options, reply_to: None = None) -> None: ...
    def list_branches(self, options: Options, reply_to: None = None) -> list[Branch]: ...
    def get_branch_tree(
        self, options: Options, branch: str | Branch | NamedRef, reply_to: None = None
    ) -> list[BranchTreeGroup]: ...
    def list_slots(
        self, options: Options, service: str | Service | NamedRef, date: date | None, reply_to: None = None
    ) -> list[Slot]: ...
    def book_ticket(
        self,
        options: Options,
        service: str | Service | NamedRef,
        group: str | BranchTreeGroup | NamedRef,
        time: datetime | None,
        customer: _CustomerLike | None,
        external_id: str | None,
        ticket_options: Mapping[str, Any] | None,
        location: tuple[float, float] | None,
        reply_to: None = None,
    ) -> Ticket: ...
    def get_ticket(self, options: Options, ticket: str | Ticket, reply_to: None = None) -> Ticket: ...
    def cancel_ticket(self, options: Options, ticket: str | Ticket, reply_to: None = None) -> Ticket: ...
    def reschedule_ticket(
        self,
        options: Options,
        ticket: str | Ticket,
        time: datetime,
        customer: _CustomerLike | None,
        external_id: str | None,
        reply_to: None = None,
    ) -> Ticket: ...
    def create_customer(
        self,
        options: Options,
        external_id: str | None,
        name: str | None,
        email: str | None,
        mobile: str | None,
        metadata: Mapping[str, Any] | None,
        reply_to: None = None,
    ) -> Customer: ...
    def get_customer(
        self, options: Options, customer: _CustomerLike | None, external_id: str | None, reply_to: None = None
    ) -> Customer: ...
    def find_customer(
        self, options: Options, customer: _CustomerLike | None, external_id: str | None, reply_to: None = None
    ) -> Customer | None: ...
    def update_customer(
        self,
        options: Options,
        customer: _CustomerLike | None,
        external_id: str | None,
        name: str | None,
        email: str | None,
        mobile: str | None,
        metadata: Mapping[str, Any] | None,
        reply_to: None = None,
    ) -> Customer: ...
    def delete_customer(
        self, options: Options, customer: _CustomerLike | None, external_id: str | None, reply_to: None = None
    ) -> None: ...
    def list_customers(
        self, options: Options, limit: int | None, page: int, reply_to: None = None
    ) -> Page[Customer]: ...
    def list_customer_tickets(
        self,
        options: Options,
        customer: _CustomerLike | None,
        external_id: str | None,
        limit: int | None,
        page: int,
        reply_to: None = None,
    ) -> Page[Ticket]: ...
    def iterate_customers(self, options: Options, limit: int | None) -> NativeIterator[Page[Customer]]: ...
    def async_iterate_customers(self, options: Options, limit: int | None) -> NativeAsyncIterator[Page[Customer]]: ...
    def iterate_customer_tickets(
        self, options: Options, customer: _CustomerLike | None, external_id: str | None, limit: int | None
    ) -> NativeIterator[Page[Ticket]]: ...
    def async_iterate_customer_tickets(
        self, options: Options, customer: _CustomerLike | None, external_id: str | None, limit: int | None
    ) -> NativeAsyncIterator[Page[Ticket]]: ...
    def watch_ticket(
        self,
        options: Options,
        ticket: str | Ticket,
        min: _Seconds | None,
        max: _Seconds | None,
        give_up_after: _Seconds | None,
    ) -> NativeIterator[Ticket]: ...
    def async_watch_ticket(
        self,
        options: Options,
        ticket: str | Ticket,
        min: _Seconds | None,
        max: _Seconds | None,
        give_up_after: _Seconds | None,
    ) -> NativeAsyncIterator[Ticket]: ...

def customers_to_arrow(
    client: NativeClient, options: Options, progress: Callable[[int, int | None], object] | None
) -> ArrowTable: ...
def async_customers_to_arrow(client: NativeClient, options: Options, each_page: bool) -> NativeAsyncIterator[Any]: ...
def export_customers(
    client: NativeClient,
    options: Options,
    sink: Callable[[Page[Customer]], object],
    progress: Callable[[int, int | None], object] | None,
) -> tuple[int, bool]: ...
def write_customers(
    client: NativeClient,
    options: Options,
    path: str | PathLike[str],
    format: str | None,
    escape_formulas: bool,
    progress: Callable[[int, int | None], object] | None,
) -> tuple[int, bool]: ...
def async_write_customers(
    client: NativeClient,
    options: Options,
    path: str | PathLike[str],
    format: str | None,
    escape_formulas: bool,
    each_page: bool,
) -> NativeAsyncIterator[Any]: ...
def sync_customers(
    client: NativeClient,
    options: Options,
    rows: object,
    concurrency: int,
    rate: float | None,
    dry_run: bool,
    checkpoint: str | PathLike[str] | None,
    erase: Iterable[str],
    expected_rows: int | None,
) -> NativeIterator[SyncedRow]: ...
def async_sync_customers(
    client: NativeClient,
    options: Options,
    rows: object,
    concurrency: int,
    rate: float | None,
    dry_run: bool,
    checkpoint: str | PathLike[str] | None,
    erase: Iterable[str],
    expected_rows: int | None,
) -> NativeAsyncIterator[tuple[list[SyncedRow], BaseException | None]]: ...
