"""Writes customers: creates and updates them by their ``externalId``."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow
import pyarrow.compute
from pyspark import TaskContext
from pyspark.sql.datasource import DataSourceArrowWriter, WriterCommitMessage
from pyspark.sql.types import StringType, StructType

from .._client import Client
from .._errors import InvalidRequestError, SkiplinoError
from .._sync_report import SyncIncompleteError, SyncReport
from ._companies import client
from ._distribution import task_of
from ._schema import COMPANY, EXTERNAL_ID
from ._side_files import write_table, write_text

if TYPE_CHECKING:
    from ._options import Options


@dataclass
class Counts:
    """The number of rows by outcome, and of requests."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    unknown: int = 0
    requests: int = 0

    def add(self, other: Counts | SyncReport) -> None:
        """Adds the numbers of other rows."""
        for name in asdict(self):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def __str__(self) -> str:
        return ", ".join(f"{count} {name}" for name, count in asdict(self).items())


@dataclass
class Written(WriterCommitMessage):
    """The counts of a task, by company."""

    companies: dict[str, Counts] = field(default_factory=dict)


class Writer(DataSourceArrowWriter):
    """Writes the rows of a DataFrame."""

    def __init__(self, options: Options, schema: StructType, *, overwrite: bool) -> None:
        if overwrite:
            raise InvalidRequestError('only mode("append") is supported: it creates and updates customers')
        if options.table != "customers":
            raise InvalidRequestError("table: only customers can be written")
        types = {column.name: column.dataType for column in schema.fields}
        for name in (COMPANY, EXTERNAL_ID):
            if types.get(name) != StringType():
                raise InvalidRequestError(f"the rows need a column {name} of type string")
        if options.tasks is None:
            raise InvalidRequestError(f"tasks: is required: {_advice(options)}")
        self._options = options
        self._tasks = options.tasks
        # The files of this write have this name, so that a repeated task replaces its files.
        self._job = uuid.uuid4().hex

    def write(self, iterator: Iterator[pyarrow.RecordBatch]) -> Written:
        """Writes the rows of a task. A second run finds the rows of the first unchanged."""
        batches = list(iterator)
        written = Written()
        if not batches:
            return written
        table = pyarrow.Table.from_batches(batches)
        context = TaskContext.get()
        assert context is not None
        self._check(table, context.partitionId())
        failures = []
        for company, rows in _by_company(table):
            counts, failed = self._write_company(company, rows)
            written.companies[company or ""] = counts
            failures += [failed] if failed.num_rows else []
        if self._options.failures is not None:
            done = _failed(table.slice(0, 0), [])
            write_table(
                self._options.failures,
                f"{self._job}-{context.partitionId()}",
                pyarrow.concat_tables([done, *failures]),
            )
        return written

    def _check(self, table: pyarrow.Table, task: int) -> None:
        """Raises ``InvalidRequestError`` before anything is sent if another task may have rows of the
        same companies or customers, or if a key is missing.
        """
        tasks, names = self._tasks, table[COMPANY].to_pylist()
        ids = table[EXTERNAL_ID].to_pylist()
        keys = [(name,) for name in names] if self._options.is_by_company else zip(names, ids, strict=True)
        if any(task_of(key, tasks) != task for key in set(keys)):
            raise InvalidRequestError(f"rows of one company may be in several tasks: {_advice(self._options)}")
        seen = set()
        for name, id in zip(names, ids, strict=True):
            if id is not None and (name, id) in seen:
                raise InvalidRequestError(
                    f"company {name}: two rows have the same externalId: keep one of them, as with"
                    ' dropDuplicates(["company", "externalId"])'
                )
            seen.add((name, id))
        if not self._options.skips_errors:
            for name in set(names):
                self._client(name).close()

    def _write_company(self, name: str | None, rows: pyarrow.Table) -> tuple[Counts, pyarrow.Table]:
        """Writes the rows of a company. Returns the counts, and the failed rows with reasons."""
        counts, rest = Counts(), set(range(rows.num_rows))
        not_done: list[tuple[int, str, str]] = []
        try:
            with self._client(name) as connected:
                report = connected.customers.sync(
                    rows.drop_columns([COMPANY]),
                    concurrency=self._options.concurrency,
                    erase=self._options.erase,
                    on_row=lambda row: rest.discard(row.index),
                    check=False,
                )
        except SkiplinoError as error:
            if not self._options.skips_errors:
                error.add_note(f"company: {name}")
                raise
            report = error.report if isinstance(error, SyncIncompleteError) else SyncReport(dry_run=False)
            # The sync ended before these rows.
            counts.rows = counts.failed = len(rest)
            not_done = [(index, "failed", str(error)) for index in sorted(rest)]
        counts.add(report)
        not_done += [(row.index, row.outcome, str(row.error)) for row in report.not_done]
        return counts, _failed(rows, not_done)

    def _client(self, name: str | None) -> Client:
        for company in self._options.companies:
            if company.name == name:
                return client(company, self._options.secrets, self._options.rate_of_task(self._tasks))
        raise InvalidRequestError(f"company {name}: the table of companies does not have it")

    def commit(self, messages: Sequence[WriterCommitMessage | None]) -> None:
        """Reports the counts. Raises ``InvalidRequestError`` if rows failed."""
        total = self._report(messages, is_complete=True)
        not_done = total.failed + total.unknown
        if not_done and not self._options.skips_errors:
            where = f"see {self._options.failures}" if self._options.failures else "the option failures lists them"
            raise InvalidRequestError(f"{not_done} of {total.rows} rows were not done ({total}): {where}")

    def abort(self, messages: Sequence[WriterCommitMessage | None]) -> None:
        """Reports the counts of a job that failed. Written rows remain written."""
        self._report(messages, is_complete=False)

    def _report(self, messages: Sequence[WriterCommitMessage | None], *, is_complete: bool) -> Counts:
        total, companies = Counts(), dict[str, Counts]()
        finished = [message for message in messages if isinstance(message, Written)]
        for message in finished:
            for name, counts in message.companies.items():
                companies.setdefault(name, Counts()).add(counts)
                total.add(counts)
        state = "" if is_complete else f"aborted after {len(finished)} of {self._tasks} tasks: "
        rest = "" if is_complete else "; other tasks may have written rows, too. To continue, write again"
        print(f"skiplino: {state}{total}{rest}", file=sys.stderr, flush=True)
        if self._options.report is not None:
            report: dict[str, Any] = {"isComplete": is_complete, "tasks": len(finished), **asdict(total)}
            report["companies"] = {name: asdict(counts) for name, counts in sorted(companies.items())}
            write_text(self._options.report, json.dumps(report, indent=2) + "\n")
        return total


def _advice(options: Options) -> str:
    columns = '"company"' if options.is_by_company else '"company", "externalId"'
    return f"write df.repartition(N, {columns}), with the option tasks set to the same N"


def _by_company(table: pyarrow.Table) -> Iterator[tuple[str | None, pyarrow.Table]]:
    for name in table[COMPANY].unique().to_pylist():
        column = table[COMPANY]
        mask = pyarrow.compute.is_null(column) if name is None else pyarrow.compute.equal(column, name)
        yield name, table.filter(mask)


def _failed(rows: pyarrow.Table, reasons: list[tuple[int, str, str]]) -> pyarrow.Table:
    """The rows with these indices, with the outcome and the reason of each."""
    indices, outcomes, texts = ([reason[part] for reason in reasons] for part in range(3))
    found = rows.take(pyarrow.array(indices, pyarrow.int64()))
    return found.append_column("outcome", pyarrow.array(outcomes, pyarrow.string())).append_column(
        "reason", pyarrow.array(texts, pyarrow.string())
    )
