"""The whole customer directory: reading, exporting and syncing.

``_async_directory.py`` is the same for event loops.

The two are written by hand: the native half reports progress through callbacks here, and item by
item there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._native import customers_to_arrow, export_customers, sync_customers, write_customers
from ._progress import Meter
from ._sync_report import Exported, SyncRun, row_count

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from ._native import ArrowTable, Customer, NativeClient, Options, Page, SyncedRow
    from ._progress import Progress
    from ._sync_report import Rows, SyncReport


def to_arrow(native: NativeClient, options: Options, progress: Progress) -> ArrowTable:
    """Reads the directory into a table."""
    with Meter(progress, "customers") as meter:
        return customers_to_arrow(native, options, meter.update)


def export(
    native: NativeClient,
    options: Options,
    to: str | os.PathLike[str] | Callable[[Page[Customer]], object],
    format: str | None,
    escape_formulas: bool,
    progress: Progress,
) -> Exported:
    """Exports the directory to a file or a function."""
    with Meter(progress, "customers") as meter:
        if callable(to):
            return Exported(*export_customers(native, options, to, meter.update))
        return Exported(*write_customers(native, options, to, format, escape_formulas, meter.update))


def sync(
    native: NativeClient,
    options: Options,
    rows: Rows,
    *,
    concurrency: int,
    rate: float | None,
    dry_run: bool,
    checkpoint: str | os.PathLike[str] | None,
    erase: Iterable[str],
    progress: Progress,
    on_row: Callable[[SyncedRow], object] | None,
    check: bool,
) -> SyncReport:
    """Writes rows to the directory."""
    total = row_count(rows)
    iterator = sync_customers(native, options, rows, concurrency, rate, dry_run, checkpoint, erase, total)
    with Meter(progress, "rows") as meter, SyncRun(iterator, total, meter, on_row, dry_run=dry_run) as run:
        del iterator
        while (row := run.next_row()) is not None:
            run.add(row)
        return run.finish(check=check)
