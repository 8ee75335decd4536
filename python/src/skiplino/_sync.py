"""What a sync of the directory tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from ._errors import SkiplinoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Protocol, Self, TypeAlias

    from ._native import Customer, SyncedRow
    from ._progress import Meter

    class ArrowStream(Protocol):
        """A table of pandas, polars, pyarrow, DuckDB or of anybody else who knows Arrow."""

        def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

    #: What a sync takes.
    Rows: TypeAlias = ArrowStream | Iterable[Mapping[str, Any] | Customer]

_OUTCOMES = {
    "created": "created",
    "updated": "updated",
    "unchanged": "unchanged",
    "alreadyDone": "already_done",
    "failed": "failed",
    "unknown": "unknown",
}


class Exported(NamedTuple):
    """How an export went."""

    #: Customers that were handed out.
    records: int
    #: Whether the list was seen to change meanwhile. Who was there throughout was handed out once all the same.
    changed_during_read: bool


class SyncReport:
    """How many rows a sync took, and what became of them. In a dry run, what would become of them."""

    __slots__ = {
        "created": "Rows whose customer was not there, and now is.",
        "already_done": "Rows that an earlier run did, as the checkpoint says. Nothing was sent.",
        "dry_run": "Whether nothing was written.",
        "failed": "Rows that were not done.",
        "not_done": "The rows that failed or are unknown, each with its ``index`` and ``error``.",
        "rows": "Rows told of.",
        "unchanged": "Rows whose customer was as they say. Nothing was written.",
        "unknown": "Rows that may have been done.",
        "updated": "Rows whose customer was not as they say, and now is.",
    }

    def __init__(self, *, dry_run: bool) -> None:
        self.dry_run: bool = dry_run
        self.rows: int = 0
        self.created: int = 0
        self.updated: int = 0
        self.unchanged: int = 0
        self.already_done: int = 0
        self.failed: int = 0
        self.unknown: int = 0
        self.not_done: list[SyncedRow] = []

    def _count(self, row: SyncedRow) -> None:
        self.rows += 1
        # An outcome of a later library that is not known to be good is not counted as such.
        name = _OUTCOMES.get(row.outcome, "failed")
        setattr(self, name, getattr(self, name) + 1)
        if name in ("failed", "unknown"):
            self.not_done.append(row)

    def __str__(self) -> str:
        told = f"{self.rows} rows: {self.created} created, {self.updated} updated, {self.unchanged} unchanged"
        for count, what in ((self.already_done, "done before"), (self.failed, "failed"), (self.unknown, "unknown")):
            if count:
                told += f", {count} {what}"
        return f"dry run: {told}" if self.dry_run else told

    def __repr__(self) -> str:
        return f"<SyncReport {self}>"


class SyncIncompleteError(SkiplinoError):
    """A sync that did not do all rows. ``report`` has those that were not done, and what became of the others.

    ``kind`` and what else errors have is that of what broke the sync off, which is then its ``__cause__``, or else of the first row that
    was not done. ``outcome`` is unknown if that of any row is.
    """

    report: SyncReport


def _incomplete(report: SyncReport, broke_off: SkiplinoError | None) -> SyncIncompleteError:
    errors = [row.error for row in report.not_done if row.error is not None]
    first = broke_off or errors[0]
    if broke_off is None:
        row = report.not_done[0]
        text = f"{len(report.not_done)} of {report.rows} rows were not done: row {row.index}: {first}"
    else:
        text = f"broken off after {report.rows} rows: {first}"
    error = SyncIncompleteError(text)
    error.__dict__.update(first.__dict__)
    error.kind = first.kind
    if report.unknown:
        error.outcome = "Unknown"
    error.report = report
    return error


class Syncing:
    """A sync under way, whose rows are counted as they end. It holds nothing, as its checkpoint, once it is left."""

    def __init__(
        self,
        walk: Any,
        rows: object,
        meter: Meter,
        on_row: Callable[[SyncedRow], object] | None,
        *,
        dry_run: bool,
    ) -> None:
        #: The native half. Kept here alone: a traceback keeps what its frames have.
        self.walk = walk
        self._report = SyncReport(dry_run=dry_run)
        self._meter = meter
        self._on_row = on_row
        try:
            self._total: int | None = len(rows)  # type: ignore[arg-type]
        except TypeError:
            self._total = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        del self.walk

    def ended(self, row: SyncedRow) -> None:
        self._report._count(row)
        if self._on_row is not None:
            self._on_row(row)
        if self._meter.tell is not None:
            self._meter.tell(self._report.rows, self._total)

    def following(self) -> SyncedRow | None:
        """The next row to end, waited for; None after the last."""
        try:
            row: SyncedRow | None = self.walk.next()
        except SkiplinoError as error:
            self.broke_off(error)
        return row

    def broke_off(self, error: BaseException) -> NoReturn:
        """Ends a sync early. What was told of its rows is not lost."""
        if isinstance(error, SkiplinoError) and self._report.rows:
            raise _incomplete(self._report, error) from error
        raise error

    def report(self, *, check: bool) -> SyncReport:
        if check and self._report.not_done:
            raise _incomplete(self._report, None)
        return self._report
