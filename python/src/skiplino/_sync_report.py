"""The reports of a sync and of an export of the directory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from ._errors import SkiplinoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Protocol, Self, TypeAlias

    from ._native import Customer, SyncedRow
    from ._progress import Meter

    class ArrowStream(Protocol):
        """A table of pandas, polars, pyarrow, DuckDB or any other library with the Arrow PyCapsule
        interface.
        """

        def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

    #: The rows that a sync takes.
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
    """The result of an export."""

    #: The number of customers exported.
    records: int
    #: Whether the list changed during the export. Customers that exist for the whole export are
    #: exported once in any case.
    changed_during_read: bool


class SyncReport:
    """The number of rows of a sync, by outcome, and of its requests.

    In a dry run, the outcomes that a real run would have.
    """

    __slots__ = {
        "already_done": "Rows that an earlier run completed, according to the checkpoint. No request was sent.",
        "created": "Rows whose customer was created.",
        "dry_run": "Whether this was a dry run, which writes nothing.",
        "failed": "Rows that were not written.",
        "not_done": "The rows that failed or have an unknown outcome, each with its ``index`` and ``error``.",
        "requests": "The number of requests, repeated requests included.",
        "rows": "All rows.",
        "unchanged": "Rows whose customer was up to date. Nothing was written.",
        "unknown": "Rows that may have been written.",
        "updated": "Rows whose customer was updated.",
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
        self.requests: int = 0
        self.not_done: list[SyncedRow] = []

    def _count(self, row: SyncedRow) -> None:
        self.rows += 1
        # An outcome that this version does not know is not counted as a success.
        name = _OUTCOMES.get(row.outcome, "failed")
        setattr(self, name, getattr(self, name) + 1)
        if name in ("failed", "unknown"):
            self.not_done.append(row)

    def __str__(self) -> str:
        text = f"{_count_rows(self.rows)}: {self.created} created, {self.updated} updated, {self.unchanged} unchanged"
        for count, what in ((self.already_done, "already done"), (self.failed, "failed"), (self.unknown, "unknown")):
            if count:
                text += f", {count} {what}"
        text += "; 1 request" if self.requests == 1 else f"; {self.requests} requests"
        return f"dry run: {text}" if self.dry_run else text

    def __repr__(self) -> str:
        return f"<SyncReport {self}>"


def _count_rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


class SyncIncompleteError(SkiplinoError):
    """A sync that did not complete all rows.

    ``report`` lists the rows that were not done and counts the others.

    ``kind`` and the other attributes come from the error that aborted the sync, which is then the
    ``__cause__``, or else from the first row that was not done. ``outcome`` is unknown if the
    outcome of any row is unknown.
    """

    report: SyncReport


def _incomplete(report: SyncReport, cause: SkiplinoError | None) -> SyncIncompleteError:
    errors = [row.error for row in report.not_done if row.error is not None]
    first = cause or errors[0]
    if cause is None:
        row = report.not_done[0]
        text = f"{len(report.not_done)} of {report.rows} rows were not done: row {row.index}: {first}"
    else:
        text = f"aborted after {_count_rows(report.rows)}: {first}"
    error = SyncIncompleteError(text)
    error.__dict__.update(first.__dict__)
    error.kind = first.kind
    if report.unknown:
        error.outcome = "Unknown"
    error.report = report
    return error


def row_count(rows: Any) -> int | None:
    """The number of rows, if the source knows it.

    Counted before the source is opened: DuckDB counts by a query of its own.
    """
    try:
        return len(rows)
    except Exception:  # noqa: BLE001
        # The sync can do without it. If the source itself fails, the sync says so.
        return None


class SyncRun:
    """A sync in progress.

    Leaving the context releases the native iterator, and with it the checkpoint.
    """

    def __init__(
        self,
        iterator: Any,
        total: int | None,
        meter: Meter,
        on_row: Callable[[SyncedRow], object] | None,
        *,
        dry_run: bool,
    ) -> None:
        #: The native iterator. This is its only reference, because a traceback would keep the
        #: references of its frames alive.
        self.iterator = iterator
        self._report = SyncReport(dry_run=dry_run)
        self._meter = meter
        self._on_row = on_row
        self._total = total

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        del self.iterator

    def add(self, row: SyncedRow) -> None:
        """Counts a completed row and reports it."""
        self._report._count(row)
        if self._on_row is not None:
            self._on_row(row)
        if self._meter.update is not None:
            self._meter.update(self._report.rows, self._total)

    def next_row(self) -> SyncedRow | None:
        """Waits for the next completed row; None after the last."""
        try:
            row: SyncedRow | None = self.iterator.next()
        except SkiplinoError as error:
            self.abort(error)
        return row

    def abort(self, error: BaseException) -> NoReturn:
        """Raises the error that ended the sync early.

        If rows were completed, the error contains the report.
        """
        self._report.requests = self.iterator.requests
        if isinstance(error, SkiplinoError) and self._report.rows:
            raise _incomplete(self._report, error) from error
        raise error

    def finish(self, *, check: bool) -> SyncReport:
        """The report. With ``check`` raises an error if a row was not done."""
        self._report.requests = self.iterator.requests
        if check and self._report.not_done:
            raise _incomplete(self._report, None)
        return self._report
