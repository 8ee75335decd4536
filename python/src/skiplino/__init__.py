"""A client of the Skiplino External API: queues, tickets, appointments and the customer directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._client import Client
from ._doctor import Diagnosis, DoctorLine, doctor
from ._errors import (
    CancelledError,
    ClosedError,
    ConflictError,
    ConnectError,
    DecodeError,
    InternalError,
    InvalidRequestError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    SecretKeyRequiredError,
    ServerError,
    SkiplinoError,
    TimeoutError,
    TransportError,
    UnauthorizedError,
    UnexpectedStatusError,
    ValidationError,
)
from ._lists import List, Watch
from ._native import (
    DEFAULT_BASE_URL,
    ArrowTable,
    Branch,
    BranchTreeGroup,
    CancellationToken,
    Customer,
    NamedRef,
    Page,
    Pagination,
    Response,
    Service,
    Slot,
    SyncedRow,
    Ticket,
    TicketCustomer,
    __version__,
)
from ._sync_report import Exported, SyncIncompleteError, SyncReport

if TYPE_CHECKING:
    from ._async_client import AsyncClient
    from ._async_lists import AsyncList, AsyncWatch

__all__ = [
    "DEFAULT_BASE_URL",
    "ArrowTable",
    "AsyncClient",
    "AsyncList",
    "AsyncWatch",
    "Branch",
    "BranchTreeGroup",
    "CancellationToken",
    "CancelledError",
    "Client",
    "ClosedError",
    "ConflictError",
    "ConnectError",
    "Customer",
    "DecodeError",
    "Diagnosis",
    "DoctorLine",
    "Exported",
    "InternalError",
    "InvalidRequestError",
    "List",
    "NamedRef",
    "NotFoundError",
    "OutcomeUnknownError",
    "Page",
    "Pagination",
    "RateLimitedError",
    "RejectedError",
    "Response",
    "SecretKeyRequiredError",
    "ServerError",
    "Service",
    "SkiplinoError",
    "Slot",
    "SyncIncompleteError",
    "SyncReport",
    "SyncedRow",
    "Ticket",
    "TicketCustomer",
    "TimeoutError",
    "TransportError",
    "UnauthorizedError",
    "UnexpectedStatusError",
    "ValidationError",
    "Watch",
    "__version__",
    "doctor",
]


def __getattr__(name: str) -> object:
    # Loaded on first use, because importing asyncio takes longer than importing the rest of the
    # package.
    if name == "AsyncClient":
        from ._async_client import AsyncClient

        return AsyncClient
    if name in ("AsyncList", "AsyncWatch"):
        from . import _async_lists

        return getattr(_async_lists, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
