"""Errors: one base, and a class for each kind below it."""

from __future__ import annotations

__all__ = [
    "CancelledError",
    "ClosedError",
    "ConflictError",
    "ConnectError",
    "DecodeError",
    "InternalError",
    "InvalidRequestError",
    "NotFoundError",
    "OutcomeUnknownError",
    "RateLimitedError",
    "RejectedError",
    "SecretKeyRequiredError",
    "ServerError",
    "SkiplinoError",
    "TimeoutError",
    "TransportError",
    "UnauthorizedError",
    "UnexpectedStatusError",
    "ValidationError",
]


class SkiplinoError(Exception):
    """Why a call failed. ``str()`` is one line for a person, without keys and without what is known of customers."""

    #: What went wrong, as far as a program would act on it; each kind has a class of its own.
    kind: str = "Unknown"
    #: What it did to the server's state: ``"NotApplied"``, or ``"Unknown"`` for a write that may have happened.
    outcome: str = "NotApplied"
    #: Whether the same call may well succeed later. For a write look at ``outcome`` first.
    retryable: bool = False
    #: The operation, as in ``"bookTicket"``; None where no call was made.
    operation: str | None = None
    #: The HTTP status, if there was an answer.
    status: int | None = None
    #: The ``message`` of the server's envelope.
    message: str | None = None
    #: The ``error`` of the server's envelope where it is a text (localised), or what was found wrong here.
    reason: str | None = None
    #: Reasons by field: of a 422, and of input refused here.
    fields: dict[str, list[str]]
    #: For ``DecodeError``: where in the JSON, as in ``"data[0].createdAt"``.
    path: str | None = None
    #: For how many seconds the server asked to wait.
    retry_after: float | None = None
    #: For ``TimeoutError``: which deadline passed, ``"Connect"``, ``"Attempt"`` or ``"Call"``.
    timeout: str | None = None
    #: How many attempts were made; 0 when it was refused here.
    attempts: int = 0

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.fields = {}


class InvalidRequestError(SkiplinoError, ValueError):
    """Refused here, before anything was sent; ``fields`` names the input."""

    kind = "InvalidRequest"


class SecretKeyRequiredError(SkiplinoError):
    """The operation needs a secret key and the client holds a public one. Refused here, before anything was sent."""

    kind = "SecretKeyRequired"


class UnauthorizedError(SkiplinoError):
    """401: the key is missing, unknown or of the wrong class."""

    kind = "Unauthorized"


class RejectedError(SkiplinoError):
    """400: a business rule forbids it; ``reason`` has the localised text."""

    kind = "Rejected"


class NotFoundError(SkiplinoError):
    """404."""

    kind = "NotFound"


class ConflictError(SkiplinoError):
    """409: the ticket's state forbids it. Final."""

    kind = "Conflict"


class ValidationError(SkiplinoError):
    """422: ``fields`` has the reasons field by field."""

    kind = "Validation"


class RateLimitedError(SkiplinoError):
    """429: too many requests; ``retry_after`` says for how long to wait, if the server did."""

    kind = "RateLimited"


class ServerError(SkiplinoError):
    """5xx."""

    kind = "Server"


class UnexpectedStatusError(SkiplinoError):
    """Any other status, redirects included."""

    kind = "UnexpectedStatus"


class DecodeError(SkiplinoError):
    """A success whose body cannot be read; ``path`` has the JSON path."""

    kind = "Decode"


class ConnectError(SkiplinoError):
    """Name look-up, connection or TLS failed: nothing was sent."""

    kind = "Connect"


class TransportError(SkiplinoError):
    """The connection was lost after sending began."""

    kind = "Transport"


class TimeoutError(SkiplinoError):
    """A deadline passed; ``timeout`` says which."""

    kind = "Timeout"


class OutcomeUnknownError(SkiplinoError):
    """A write that may have happened and could not be found out about; the text says where to look before repeating it."""

    kind = "OutcomeUnknown"


class CancelledError(SkiplinoError):
    """The call was ended from outside; ``outcome`` says whether it may have been applied by then."""

    kind = "Cancelled"


class ClosedError(SkiplinoError):
    """The client was closed before, or what was used belongs to the process before a fork."""

    kind = "Closed"


class InternalError(SkiplinoError):
    """A bug of this library."""

    kind = "Internal"


_KINDS: dict[str, type[SkiplinoError]] = {kind.kind: kind for kind in SkiplinoError.__subclasses__()}


def _of_kind(kind: str, text: str, **told: object) -> SkiplinoError:
    # A kind that this file does not know yet is an error all the same.
    error = _KINDS.get(kind, SkiplinoError)(text)
    error.kind = kind
    for name, value in told.items():
        setattr(error, name, value)
    return error
