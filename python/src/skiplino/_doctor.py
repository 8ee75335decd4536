"""``skiplino.doctor()``: checks whether the SDK works with a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ._client import Client
from ._native import examine_server

if TYPE_CHECKING:
    import os
    from typing import Literal

    from ._errors import SkiplinoError

_SIGNS = {"confirmed": "✓", "refuted": "!", "broken": "✗", "not_checked": "·"}
_NAMES: dict[str, Any] = {"notChecked": "not_checked", "noAccess": "no_access"}


class DoctorLine(NamedTuple):
    """A line of a diagnosis. It contains no key and no personal data."""

    #: The id of a check, as in ``A12``, or the name of a step, as in ``tls``.
    id: str
    #: The subject, in a word or two.
    topic: str
    #: ``refuted``: the server differs, but the SDK still works. ``broken``: calls of the SDK fail.
    verdict: Literal["confirmed", "refuted", "broken", "not_checked"]
    #: The result in words.
    found: str
    #: What to do, if there is something to do.
    advice: str | None

    def __str__(self) -> str:
        label = f"{self.id} {self.topic}" if self.id[1:].isdigit() else self.topic
        line = f"{_SIGNS[self.verdict]} {label:<20}  {self.found}"
        return line if self.advice is None else f"{line}\n  → {self.advice}"


class Diagnosis(NamedTuple):
    """The result of ``skiplino.doctor()``. ``print(diagnosis)`` prints what the command prints."""

    #: ``no_access`` if the server cannot be reached or rejects the key.
    outcome: Literal["agrees", "differs", "no_access", "stopped"]
    #: One sentence for a person.
    summary: str
    #: The lines, in order.
    lines: tuple[DoctorLine, ...]
    #: Records that doctor created and could not remove, and how to remove them.
    left: tuple[str, ...]
    #: The error of the call that failed, if the outcome is ``no_access``.
    error: SkiplinoError | None
    #: The content of a file for a bug report, with shapes in place of texts, ids and keys.
    report: dict[str, Any]

    def __str__(self) -> str:
        left = [f"✗ not removed           {text}" for text in self.left]
        return "\n".join([*map(str, self.lines), *left, "", self.summary])


def doctor(
    client: Client | None = None,
    *,
    write: bool = False,
    book: str | None = None,
    record: str | os.PathLike[str] | None = None,
) -> Diagnosis:
    """Checks whether the SDK works with the server of ``client``, or of ``Client()``.

    Checks the connection, the key and every read operation, and compares the responses with the
    documentation of the API and the assumptions of the SDK. Only reads, unless ``write`` or ``book``
    is given.

    ``write`` also tries the write operations, on a temporary customer that is deleted at the end.
    ``book`` also books a ticket for a service, by its id or name, and cancels it at once. ``record``
    names a new folder for the raw responses, which contain personal data.

    A fault of the server is not raised as an error: see ``outcome`` and ``lines``.
    """
    import json

    if client is None:
        with Client() as own:
            return doctor(own, write=write, book=book, record=record)
    text, error = examine_server(client._native, write=write, book=book, record=record)
    found = json.loads(text)
    return Diagnosis(
        outcome=_NAMES.get(found["outcome"], found["outcome"]),
        summary=found["summary"],
        lines=tuple(
            DoctorLine(**line | {"verdict": _NAMES.get(line["verdict"], line["verdict"])}) for line in found["lines"]
        ),
        left=tuple(found["left"]),
        error=error,
        report=found["report"],
    )
