from collections.abc import Callable, Iterator, Mapping, Sequence
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
    "AsyncWalk",
    "Branch",
    "BranchTreeGroup",
    "Bridge",
    "CancellationToken",
    "Customer",
    "NamedRef",
    "NativeClient",
    "Options",
    "Page",
    "Pagination",
    "Response",
    "Service",
    "Slot",
    "SyncedRow",
    "Ticket",
    "TicketCustomer",
    "Walk",
    "__version__",
    "async_customers_to_arrow",
    "async_sync_customers",
    "async_write_customers",
    "customers_to_arrow",
    "export_customers",
    "run_command",
    "sync_customers",
    "write_customers",
]

__version__: str
DEFAULT_BASE_URL: str
ERROR_KINDS: list[str]

def run_command(arguments: Sequence[str], language: str, sandbox: Callable[[], str]) -> int: ...

@final
class Branch:
    """A branch: `id`, `name` (localised), and whether it is open now."""

    @property
    def id(self) -> str:
        """Its id."""
    @property
    def name(self) -> str:
        """Its name, in the language asked for."""
    @property
    def is_open(self) -> bool:
        """Whether it is open now."""
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
        """Its id."""
    @property
    def name(self) -> str:
        """Its name, in the language asked for."""
    @property
    def services(self) -> tuple[Service, ...]:
        """Its active services."""
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
    """A service that can be queued for."""

    @property
    def id(self) -> str:
        """Its id."""
    @property
    def name(self) -> str:
        """Its name, in the language asked for."""
    @property
    def is_open(self) -> bool:
        """Whether it takes walk-ins now."""
    @property
    def is_appointment(self) -> bool:
        """Whether it takes appointments."""
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
    """A time that an appointment can be booked for, and the places left."""

    @property
    def time(self) -> datetime:
        """When it begins, in UTC."""
    @property
    def remaining(self) -> int:
        """Places left."""
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
    """The id and the localised name of something that a ticket is about."""

    @property
    def id(self) -> str:
        """Its id."""
    @property
    def name(self) -> str:
        """Its name, in the language asked for."""
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
        """The customer's name, if there is one."""
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
        """Its id."""
    @property
    def ticket_number(self) -> str:
        """The number that is called, as in ``A042``."""
    @property
    def status(self) -> str:
        """Where it stands: ``waiting``, ``upcoming``, ``serving``, ``served``, ``cancelled``, ``noShow``, or what the API adds."""
    @property
    def status_at(self) -> datetime:
        """Since when it stands there."""
    @property
    def type(self) -> str:
        """``sequential`` for a walk-in, ``appointment``, or what the API adds."""
    @property
    def time(self) -> datetime | None:
        """The appointment's time; None for a walk-in."""
    @property
    def branch(self) -> NamedRef:
        """Where it was booked."""
    @property
    def service(self) -> NamedRef:
        """What it was booked for."""
    @property
    def group_of_service(self) -> NamedRef:
        """The group of that service."""
    @property
    def customer(self) -> TicketCustomer | None:
        """For whom; None for an anonymous walk-in."""
    @property
    def booked_at(self) -> datetime:
        """When it was booked."""
    @property
    def queue_size(self) -> int | None:
        """People ahead, while it is waiting; may be None even then."""
    @property
    def waiting_time(self) -> int | None:
        """Minutes to wait, rounded, while it is waiting; may be None even then."""
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
        """The caller's own id, if there is one."""
    @property
    def company_id(self) -> str:
        """The company's id."""
    @property
    def name(self) -> str | None:
        """Their name, if it is known."""
    @property
    def email(self) -> str | None:
        """Their e-mail address, if it is known."""
    @property
    def mobile(self) -> str | None:
        """Their mobile number, if it is known."""
    @property
    def metadata(self) -> dict[str, Any] | None:
        """Whatever the caller keeps there."""
    @property
    def created_at(self) -> datetime:
        """When the record was created."""
    @property
    def updated_at(self) -> datetime:
        """When it was changed last."""
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
    """Where a page stands in its list."""

    @property
    def total(self) -> int:
        """Records in the list."""
    @property
    def total_pages(self) -> int:
        """Pages in the list."""
    @property
    def has_next_page(self) -> bool:
        """Whether a page follows."""
    @property
    def has_prev_page(self) -> bool:
        """Whether a page precedes."""
    @property
    def page(self) -> int | None:
        """The number of this page, from 1."""
    @property
    def limit(self) -> int | None:
        """Records a page."""
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
    """One page of a list: its records, and where it stands."""

    @classmethod
    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    def __new__(cls, items: tuple[_T_co, ...], pagination: Pagination) -> Page[_T_co]: ...
    @property
    def items(self) -> tuple[_T_co, ...]:
        """Its records."""
    @property
    def pagination(self) -> Pagination:
        """Where it stands."""
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
    """The data of a call, and what came with it."""

    @classmethod
    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    @property
    def data(self) -> _T_co:
        """What the call gives."""
    @property
    def status(self) -> int:
        """The HTTP status."""
    @property
    def message(self) -> str | None:
        """The ``message`` of the server's envelope."""
    @property
    def attempts(self) -> int:
        """How many attempts it took."""
    @property
    def recovered(self) -> bool:
        """Whether the answer of a write was lost and its effect found by looking."""
    @property
    def headers(self) -> dict[str, str]:
        """The answer's headers, their names in lower case."""

@final
class ArrowTable:
    """A table in memory. It is handed out as often as it is asked for, without being copied."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> Any:
        """The Arrow PyCapsule interface, which readers of tables look for."""
    def __arrow_c_schema__(self) -> Any:
        """The columns alone, through the same interface."""
    def __len__(self) -> int: ...
    @property
    def column_names(self) -> list[str]:
        """The columns: those of `to_dict()`, what can be written first."""
    @property
    def changed_during_read(self) -> bool:
        """Whether the list was seen to change while it was read."""

@final
class SyncedRow:
    """A row of the source and what became of it."""

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
        """What it is told apart by, if it has that."""
    @property
    def outcome(self) -> str:
        """`"created"`, `"updated"`, `"unchanged"`, `"alreadyDone"` (by an earlier run), `"failed"` or `"unknown"`."""
    @property
    def error(self) -> SkiplinoError | None:
        """Why it was not done, or may not have been."""
    @property
    def customer(self) -> Customer | None:
        """The customer as the server has it after this, or in a dry run as it is; None where it was not seen."""
    @property
    def changed(self) -> tuple[str, ...]:
        """For one that was updated: the fields that were not what the row says, under the API's names."""

@final
class CancellationToken:
    """Ends the calls, lists and watches that ``client.with_options(cancellation_token=…)`` makes, from any thread and for good.

    Those under way raise ``CancelledError`` at once, which says whether a write may have happened; what is called afterwards raises
    it before anything is sent. In an event loop cancelling the task does as much, and says less.
    """
    def __new__(cls) -> CancellationToken: ...
    def cancel(self) -> None:
        """Ends them. Twice is as good as once."""
    @property
    def is_cancelled(self) -> bool:
        """Whether it was."""

@final
class Options:
    def responding(self) -> Options: ...

@final
class Bridge:
    def __new__(cls) -> Bridge: ...
    def fileno(self) -> int: ...
    def drain(self) -> None: ...
    def cancel(self, number: int) -> None: ...
    def forsake(self) -> None: ...
    def __len__(self) -> int: ...

@final
class Walk(Generic[_T_co]):
    def next(self) -> _T_co | None: ...
    @property
    def total(self) -> int | None: ...
    @property
    def changed_during_read(self) -> bool: ...

@final
class AsyncWalk(Generic[_T_co]):
    def next(self, reply_to: Any) -> int: ...
    def close(self) -> None: ...
    @property
    def total(self) -> int | None: ...
    @property
    def changed_during_read(self) -> bool: ...

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
    # With a bridge and a future to reply to, each gives the number of the call under way; that way `_loops.send` goes alone.
    def list_branches(self, how: Options, reply_to: None = None) -> list[Branch]: ...
    def get_branch_tree(
        self, how: Options, branch: str | Branch | NamedRef, reply_to: None = None
    ) -> list[BranchTreeGroup]: ...
    def list_slots(
        self, how: Options, service: str | Service | NamedRef, date: date | None, reply_to: None = None
    ) -> list[Slot]: ...
    def book_ticket(
        self,
        how: Options,
        service: str | Service | NamedRef,
        group: str | BranchTreeGroup | NamedRef,
        time: datetime | None,
        customer: _CustomerLike | None,
        external_id: str | None,
        options: Mapping[str, Any] | None,
        location: tuple[float, float] | None,
        reply_to: None = None,
    ) -> Ticket: ...
    def get_ticket(self, how: Options, ticket: str | Ticket, reply_to: None = None) -> Ticket: ...
    def cancel_ticket(self, how: Options, ticket: str | Ticket, reply_to: None = None) -> Ticket: ...
    def reschedule_ticket(
        self,
        how: Options,
        ticket: str | Ticket,
        time: datetime,
        customer: _CustomerLike | None,
        external_id: str | None,
        reply_to: None = None,
    ) -> Ticket: ...
    def create_customer(
        self,
        how: Options,
        external_id: str | None,
        name: str | None,
        email: str | None,
        mobile: str | None,
        metadata: Mapping[str, Any] | None,
        reply_to: None = None,
    ) -> Customer: ...
    def get_customer(
        self, how: Options, customer: _CustomerLike | None, external_id: str | None, reply_to: None = None
    ) -> Customer: ...
    def find_customer(
        self, how: Options, customer: _CustomerLike | None, external_id: str | None, reply_to: None = None
    ) -> Customer | None: ...
    def update_customer(
        self,
        how: Options,
        customer: _CustomerLike | None,
        external_id: str | None,
        name: str | None,
        email: str | None,
        mobile: str | None,
        metadata: Mapping[str, Any] | None,
        reply_to: None = None,
    ) -> Customer: ...
    def delete_customer(
        self, how: Options, customer: _CustomerLike | None, external_id: str | None, reply_to: None = None
    ) -> None: ...
    def list_customers(self, how: Options, limit: int | None, page: int, reply_to: None = None) -> Page[Customer]: ...
    def list_customer_tickets(
        self,
        how: Options,
        customer: _CustomerLike | None,
        external_id: str | None,
        limit: int | None,
        page: int,
        reply_to: None = None,
    ) -> Page[Ticket]: ...
    def walk_customers(self, how: Options, limit: int | None) -> Walk[Page[Customer]]: ...
    def async_walk_customers(self, how: Options, limit: int | None) -> AsyncWalk[Page[Customer]]: ...
    def walk_customer_tickets(
        self, how: Options, customer: _CustomerLike | None, external_id: str | None, limit: int | None
    ) -> Walk[Page[Ticket]]: ...
    def async_walk_customer_tickets(
        self, how: Options, customer: _CustomerLike | None, external_id: str | None, limit: int | None
    ) -> AsyncWalk[Page[Ticket]]: ...
    def watch_ticket(
        self,
        how: Options,
        ticket: str | Ticket,
        min: _Seconds | None,
        max: _Seconds | None,
        give_up_after: _Seconds | None,
    ) -> Walk[Ticket]: ...
    def async_watch_ticket(
        self,
        how: Options,
        ticket: str | Ticket,
        min: _Seconds | None,
        max: _Seconds | None,
        give_up_after: _Seconds | None,
    ) -> AsyncWalk[Ticket]: ...

def customers_to_arrow(
    client: NativeClient, how: Options, progress: Callable[[int, int | None], object] | None
) -> ArrowTable: ...
def async_customers_to_arrow(client: NativeClient, how: Options, each_page: bool) -> AsyncWalk[Any]: ...
def export_customers(
    client: NativeClient,
    how: Options,
    sink: Callable[[Page[Customer]], object],
    progress: Callable[[int, int | None], object] | None,
) -> tuple[int, bool]: ...
def write_customers(
    client: NativeClient,
    how: Options,
    path: str | PathLike[str],
    format: str | None,
    progress: Callable[[int, int | None], object] | None,
) -> tuple[int, bool]: ...
def async_write_customers(
    client: NativeClient, how: Options, path: str | PathLike[str], format: str | None, each_page: bool
) -> AsyncWalk[Any]: ...
def sync_customers(
    client: NativeClient,
    how: Options,
    rows: object,
    concurrency: int,
    rate: float | None,
    dry_run: bool,
    checkpoint: str | PathLike[str] | None,
) -> Walk[SyncedRow]: ...
def async_sync_customers(
    client: NativeClient,
    how: Options,
    rows: object,
    concurrency: int,
    rate: float | None,
    dry_run: bool,
    checkpoint: str | PathLike[str] | None,
) -> AsyncWalk[tuple[list[SyncedRow], BaseException | None]]: ...
