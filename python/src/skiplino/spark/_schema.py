"""The tables of the data source, as types of Spark and of Arrow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow
from pyspark.sql.types import DataType, IntegerType, StringType, StructField, StructType, TimestampType

from .._errors import InvalidRequestError
from .._native import NamedRef, Ticket, TicketCustomer

#: The first column: the name of the company.
COMPANY = "company"
EXTERNAL_ID = "externalId"

_REFERENCE = StructType([StructField("id", StringType()), StructField("name", StringType())])


def _table(*columns: tuple[str, DataType, bool]) -> StructType:
    return StructType([StructField(name, kind, nullable) for name, kind, nullable in columns])


#: The company, and the columns of ``to_arrow()``.
CUSTOMERS = _table(
    (COMPANY, StringType(), False),
    (EXTERNAL_ID, StringType(), True),
    ("name", StringType(), True),
    ("email", StringType(), True),
    ("mobile", StringType(), True),
    ("metadata", StringType(), True),
    ("_id", StringType(), False),
    ("companyId", StringType(), False),
    ("createdAt", TimestampType(), False),
    ("updatedAt", TimestampType(), False),
)
#: The company, the ``externalId`` of the customer, and the fields of a ticket in the API.
TICKETS = _table(
    (COMPANY, StringType(), False),
    (EXTERNAL_ID, StringType(), False),
    ("id", StringType(), False),
    ("ticketNumber", StringType(), False),
    ("status", StringType(), False),
    ("statusAt", TimestampType(), False),
    ("type", StringType(), False),
    ("time", TimestampType(), True),
    ("branch", _REFERENCE, False),
    ("service", _REFERENCE, False),
    ("groupOfService", _REFERENCE, False),
    ("customer", _REFERENCE, True),
    ("bookedAt", TimestampType(), False),
    ("queueSize", IntegerType(), True),
    ("waitingTime", IntegerType(), True),
)
TABLES = {"customers": CUSTOMERS, "tickets": TICKETS}


def _reference(to: NamedRef | TicketCustomer | None) -> dict[str, str | None] | None:
    return None if to is None else {"id": to.id, "name": to.name}


_READ: dict[str, Callable[[Ticket], Any]] = {
    "id": lambda ticket: ticket.id,
    "ticketNumber": lambda ticket: ticket.ticket_number,
    "status": lambda ticket: ticket.status,
    "statusAt": lambda ticket: ticket.status_at,
    "type": lambda ticket: ticket.type,
    "time": lambda ticket: ticket.time,
    "branch": lambda ticket: _reference(ticket.branch),
    "service": lambda ticket: _reference(ticket.service),
    "groupOfService": lambda ticket: _reference(ticket.group_of_service),
    "customer": lambda ticket: _reference(ticket.customer),
    "bookedAt": lambda ticket: ticket.booked_at,
    "queueSize": lambda ticket: ticket.queue_size,
    "waitingTime": lambda ticket: ticket.waiting_time,
}


def ticket_row(external_id: str, ticket: Ticket) -> dict[str, Any]:
    """A row of the table ``tickets``, without the company."""
    return {EXTERNAL_ID: external_id, **{name: read(ticket) for name, read in _READ.items()}}


def arrow(schema: StructType) -> pyarrow.Schema:
    """The schema with the Arrow types that Spark expects."""
    return pyarrow.schema([pyarrow.field(it.name, _arrow_type(it.dataType), it.nullable) for it in schema.fields])


def _arrow_type(kind: DataType) -> pyarrow.DataType:
    if isinstance(kind, StructType):
        return pyarrow.struct(list(arrow(kind)))
    if isinstance(kind, TimestampType):
        return pyarrow.timestamp("us", tz="UTC")
    return pyarrow.int32() if isinstance(kind, IntegerType) else pyarrow.string()


def check_projection(table: str, requested: StructType) -> None:
    """Raises ``InvalidRequestError`` unless the requested columns are columns of the table."""
    known = {field.name: field.dataType for field in TABLES[table].fields}
    for field in requested.fields:
        if field.name not in known:
            raise InvalidRequestError(f"{table} has no column {field.name!r}: its columns are {', '.join(known)}")
        if field.dataType != known[field.name]:
            expected = known[field.name].simpleString()
            raise InvalidRequestError(f"{table}: the type of column {field.name} is {expected}")
