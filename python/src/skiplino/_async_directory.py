"""The whole customer directory for event loops: reading, exporting and syncing."""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import closing
from typing import TYPE_CHECKING

from ._event_loop import next_item
from ._native import async_customers_to_arrow, async_sync_customers, async_write_customers
from ._progress import Meter
from ._sync_report import Exported, SyncRun, row_count

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable
    from typing import Any

    from ._native import ArrowTable, Customer, NativeAsyncIterator, NativeClient, Options, Page, SyncedRow
    from ._progress import Progress
    from ._sync_report import Rows, SyncReport


async def _last_item(iterator: NativeAsyncIterator[Any], meter: Meter) -> Any:
    """The result of an export: its last item is None and the result, and the items before it are
    the progress.
    """
    with closing(iterator):
        while True:
            item: Any = await next_item(iterator)
            if item[0] is None:
                return item[1]
            if meter.update is not None:
                meter.update(*item)


async def to_arrow(native: NativeClient, options: Options, progress: Progress) -> ArrowTable:
    """Reads the directory into a table."""
    with Meter(progress, "customers") as meter:
        iterator = async_customers_to_arrow(native, options, meter.update is not None)
        table: ArrowTable = await _last_item(iterator, meter)
        return table


async def export(
    native: NativeClient,
    options: Options,
    to: str | os.PathLike[str] | Callable[[Page[Customer]], object],
    format: str | None,
    escape_formulas: bool,
    progress: Progress,
) -> Exported:
    """Exports the directory to a file or a function."""
    with Meter(progress, "customers") as meter:
        if not callable(to):
            each_page = meter.update is not None
            iterator = async_write_customers(native, options, to, format, escape_formulas, each_page)
            return Exported(*await _last_item(iterator, meter))
        records = 0
        with closing(native.async_iterate_customers(options, None)) as pages:
            while (page := await next_item(pages)) is not None:
                returned = to(page)
                if isinstance(returned, Awaitable):
                    await returned
                records += len(page)
                if meter.update is not None:
                    meter.update(records, pages.total)
        return Exported(records, pages.changed_during_read)


async def sync(
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
    iterator = async_sync_customers(native, options, rows, concurrency, rate, dry_run, checkpoint, erase, total)
    with Meter(progress, "rows") as meter, SyncRun(iterator, total, meter, on_row, dry_run=dry_run) as run:
        del iterator
        while (item := await next_item(run.iterator)) is not None:
            completed, error = item
            for row in completed:
                run.add(row)
            if error is not None:
                run.abort(error)
        return run.finish(check=check)
