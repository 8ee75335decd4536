"""The exceptions: one base class, and a subclass for each kind.

This is the one list of kinds in the package.
"""

from __future__ import annotations


class SkiplinoError(Exception):
    """A call failed. ``str()`` is one line for people, without keys and personal data."""

    #: The kind of error, for programs. Each kind has a class of its own.
    kind: str = "Unknown"
    #: The effect on the server: ``"NotApplied"``, or ``"Unknown"`` for a write that may have been
    #: applied.
    outcome: str = "NotApplied"
    #: Whether the same call may succeed later. For a write, check ``outcome`` first.
    retryable: bool = False
    #: The operation, as in ``"bookTicket"``; None if no call was made.
    operation: str | None = None
    #: The HTTP status, if there was a response.
    status: int | None = None
    #: The ``message`` of the response's envelope.
    message: str | None = None
    #: The ``error`` of the response's envelope if it is a string (localised), or the reason why the
    #: client rejected the call.
    reason: str | None = None
    #: Reasons by field, for a 422 and for input that the client rejected.
    fields: dict[str, list[str]]
    #: For ``DecodeError``: the path in the JSON, as in ``"data[0].createdAt"``.
    path: str | None = None
    #: The number of seconds to wait that the server asked for.
    retry_after: float | None = None
    #: For ``TimeoutError``: the timeout that expired, ``"Connect"``, ``"Attempt"`` or ``"Call"``.
    timeout: str | None = None
    #: The number of attempts made; 0 if the client rejected the call.
    attempts: int = 0

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.fields = {}


class InvalidRequestError(SkiplinoError, ValueError):
    """The client rejected the input before sending a request; ``fields`` names the input."""

    kind = "InvalidRequest"


class SecretKeyRequiredError(SkiplinoError):
    """The operation needs a secret key, and the client has a public one. No request was sent."""

    kind = "SecretKeyRequired"


class UnauthorizedError(SkiplinoError):
    """401 or 403: the key is missing, unknown or of the wrong kind."""

    kind = "Unauthorized"


class RejectedError(SkiplinoError):
    """400: a business rule forbids the operation; ``reason`` is the localised text."""

    kind = "Rejected"


class NotFoundError(SkiplinoError):
    """404: not found."""

    kind = "NotFound"


class ConflictError(SkiplinoError):
    """409: the state of the ticket forbids the operation. Retrying does not help."""

    kind = "Conflict"


class ValidationError(SkiplinoError):
    """422: invalid input; ``fields`` has the reasons for each field."""

    kind = "Validation"


class RateLimitedError(SkiplinoError):
    """429: too many requests; ``retry_after`` is the time to wait, if the server gave one."""

    kind = "RateLimited"


class ServerError(SkiplinoError):
    """5xx: the server failed."""

    kind = "Server"


class UnexpectedStatusError(SkiplinoError):
    """Any other status, including redirects."""

    kind = "UnexpectedStatus"


class DecodeError(SkiplinoError):
    """A successful response could not be decoded, or is about another record.

    Also raised if a list has fewer records than the server counts. ``path`` is the JSON path.
    """

    kind = "Decode"


class ConnectError(SkiplinoError):
    """DNS lookup, connection or TLS handshake failed. No request was sent."""

    kind = "Connect"


class TransportError(SkiplinoError):
    """The connection was lost after the client began to send the request."""

    kind = "Transport"


class TimeoutError(SkiplinoError):
    """A timeout expired; ``timeout`` says which."""

    kind = "Timeout"


class OutcomeUnknownError(SkiplinoError):
    """A write may have been applied, and no lookup could confirm or rule it out.

    The text says where to look before you repeat the write.
    """

    kind = "OutcomeUnknown"


class CancelledError(SkiplinoError):
    """The call was cancelled; ``outcome`` says whether a write may have been applied."""

    kind = "Cancelled"


class ClosedError(SkiplinoError):
    """The client is closed, or the object belongs to the process before a fork."""

    kind = "Closed"


class InternalError(SkiplinoError):
    """A bug of this library."""

    kind = "Internal"


_CLASSES: dict[str, type[SkiplinoError]] = {subclass.kind: subclass for subclass in SkiplinoError.__subclasses__()}


def _from_kind(kind: str, text: str, **attributes: object) -> SkiplinoError:
    """The error of a kind; the native half calls this. An unknown kind becomes a ``SkiplinoError``."""
    error = _CLASSES.get(kind, SkiplinoError)(text)
    error.kind = kind
    for name, value in attributes.items():
        setattr(error, name, value)
    return error
