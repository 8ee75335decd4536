"""Reads customers or tickets, with a partition for each company."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pyarrow
from pyspark.sql.datasource import DataSourceReader, EqualNullSafe, EqualTo, Filter, In, InputPartition
from pyspark.sql.types import StringType, StructField, StructType, TimestampType

from .._errors import InvalidRequestError, SkiplinoError
from ._companies import Company, client
from ._schema import COMPANY, CUSTOMERS, EXTERNAL_ID, TABLES, arrow, check_projection, ticket_row
from ._side_files import write_table

if TYPE_CHECKING:
    from .._client import Client
    from .._native import Customer
    from ._options import Options

#: The number of concurrent calls if each customer needs a call.
_CALLS = 10

#: The columns of the table of failures.
_FAILURES = StructType(
    [
        StructField("company", StringType(), False),
        StructField("kind", StringType(), False),
        StructField("reason", StringType(), False),
        StructField("at", TimestampType(), False),
    ]
)


class CompanyPartition(InputPartition):
    """The part of the table that one task reads."""

    def __init__(self, company: Company, ids: frozenset[str] | None, rate: float | None) -> None:
        super().__init__(company.name)
        self.company = company
        #: The customers to read; None for all of them.
        self.ids = ids
        self.rate = rate


class Reader(DataSourceReader):
    """Reads customers or tickets."""

    def __init__(self, options: Options, schema: StructType) -> None:
        check_projection(options.table, schema)
        self._options = options
        self._schema = schema
        self._companies: set[str] | None = None
        self._ids: set[str] | None = None

    def partitions(self) -> list[InputPartition]:
        """A partition for each company that passes the filters."""
        wanted = [it for it in self._options.companies if self._companies is None or it.name in self._companies]
        if self._options.table == "customers":
            parts = [(company, None if self._ids is None else frozenset(self._ids)) for company in wanted]
        else:
            parts = [(company, ids) for company in wanted if (ids := self._customers_of(company))]
        rate = self._options.rate_of_task(len(parts))
        return [CompanyPartition(company, ids, rate) for company, ids in parts]

    def _customers_of(self, company: Company) -> frozenset[str]:
        if self._options.customers is None and self._ids is None:
            raise InvalidRequestError(
                "tickets are read for given customers: set the option customers, or set pushFilters to true and filter"
                " on externalId"
            )
        if self._options.customers is None:
            return frozenset(self._ids or ())
        ids = {id for name, id in self._options.customers if name == company.name}
        return frozenset(ids if self._ids is None else ids & self._ids)

    def read(self, partition: InputPartition) -> Iterator[pyarrow.RecordBatch]:
        """The rows of a company."""
        # If there are no partitions, Spark passes one of its own.
        if not isinstance(partition, CompanyPartition):
            return
        company, error = partition.company, None
        try:
            with client(company, self._options.secrets, partition.rate) as connected:
                # Returns no row before all are read, so that a skipped company has no rows.
                table = self._table(connected, partition.ids)
        except SkiplinoError as failure:
            if not self._options.skips_errors:
                failure.add_note(f"company: {company.name}")
                raise
            error, table = failure, None
        if self._options.skips_errors:
            self._write_failure(company, error)
        if table is not None:
            yield from _with_company(table, company, self._schema)

    def _table(self, connected: Client, ids: frozenset[str] | None) -> pyarrow.Table:
        if self._options.table == "tickets":
            return _tickets(connected, sorted(ids or ()))
        if ids is not None and _is_fewer_requests(connected, len(ids)):
            return _customers(connected, sorted(ids))
        return pyarrow.table(connected.customers.to_arrow())

    def _write_failure(self, company: Company, error: SkiplinoError | None) -> None:
        # For a company that was read, an empty file replaces the file of an earlier failure.
        rows: list[dict[str, Any]] = []
        if error is not None:
            rows = [{"company": company.name, "kind": error.kind, "reason": str(error), "at": datetime.now(UTC)}]
        assert self._options.failures is not None
        name = sha256(company.name.encode()).hexdigest()[:32]
        write_table(self._options.failures, name, pyarrow.Table.from_pylist(rows, schema=arrow(_FAILURES)))


class FilteringReader(Reader):
    """A reader that uses filters.

    Spark rejects a reader with ``pushFilters`` unless ``spark.sql.python.filterPushdown.enabled`` is
    true, so the method is not in ``Reader``.
    """

    def pushFilters(self, filters: list[Filter]) -> Iterable[Filter]:
        """Uses equality on ``company`` and ``externalId``. Spark evaluates all filters again."""
        for filter in filters:
            if isinstance(filter, (EqualTo, EqualNullSafe)):
                values = {filter.value}
            elif isinstance(filter, In):
                values = set(filter.value)
            else:
                continue
            if filter.attribute == (COMPANY,):
                self._companies = values if self._companies is None else self._companies & values
            if filter.attribute == (EXTERNAL_ID,) and None not in values:
                self._ids = values if self._ids is None else self._ids & values
        return filters


def _is_fewer_requests(connected: Client, ids: int) -> bool:
    """Whether looking up the customers takes fewer requests than reading all pages."""
    return ids <= 1 or ids < connected.customers.list().page(1).pagination.total_pages


def _each(ids: list[str], call: Callable[[str], Any]) -> list[Any]:
    with ThreadPoolExecutor(_CALLS) as pool:
        return list(pool.map(call, ids))


def _customers(connected: Client, ids: list[str]) -> pyarrow.Table:
    found: list[Customer | None] = _each(ids, lambda id: connected.customers.find(external_id=id))
    records = [customer for customer in found if customer is not None]
    return pyarrow.Table.from_pylist([_customer_row(record) for record in records], schema=_without_company(CUSTOMERS))


def _customer_row(customer: Customer) -> dict[str, Any]:
    metadata = customer.metadata
    return {
        "externalId": customer.external_id,
        "name": customer.name,
        "email": customer.email,
        "mobile": customer.mobile,
        "metadata": None if metadata is None else json.dumps(metadata, ensure_ascii=False, separators=(",", ":")),
        "_id": customer.id,
        "companyId": customer.company_id,
        "createdAt": customer.created_at,
        "updatedAt": customer.updated_at,
    }


def _tickets(connected: Client, ids: list[str]) -> pyarrow.Table:
    lists = _each(ids, lambda id: list(connected.customers.tickets(external_id=id)))
    rows = [ticket_row(id, ticket) for id, tickets in zip(ids, lists, strict=True) for ticket in tickets]
    return pyarrow.Table.from_pylist(rows, schema=_without_company(TABLES["tickets"]))


def _without_company(schema: StructType) -> pyarrow.Schema:
    return pyarrow.schema([field for field in arrow(schema) if field.name != COMPANY])


def _with_company(table: pyarrow.Table, company: Company, schema: StructType) -> Iterator[pyarrow.RecordBatch]:
    target = arrow(schema)
    for batch in table.to_batches():
        names = pyarrow.repeat(company.name, batch.num_rows)
        columns = [names if it.name == COMPANY else batch.column(it.name).cast(it.type) for it in target]
        yield pyarrow.RecordBatch.from_arrays(columns, schema=target)
