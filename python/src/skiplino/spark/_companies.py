"""The table of companies: their names, their addresses, and the names of their secrets."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow
import pyarrow.dataset
import pyspark

from .._client import Client
from .._errors import InvalidRequestError
from ._schema import COMPANY, EXTERNAL_ID

_COLUMNS = ("name", "baseUrl", "secret")
_TEXTS = (*_COLUMNS, COMPANY, EXTERNAL_ID)


@dataclass(frozen=True)
class Company:
    """A company, with the name of its secret. It never contains the key."""

    name: str
    base_url: str
    secret: str


def companies(rows: Any) -> str:
    """Returns the value of the option ``companies`` for a table of companies.

    ``rows`` is a DataFrame of Spark, a table of pandas, polars or pyarrow, or an iterable of
    mappings. Each row has the ``name`` of the company, its ``baseUrl``, and the name of its
    ``secret``. Other columns are ignored. Raises ``InvalidRequestError`` if a row contains a key.
    """
    found = parse_companies(_rows(rows))
    return json.dumps([{"name": row.name, "baseUrl": row.base_url, "secret": row.secret} for row in found])


def _rows(rows: Any) -> Iterable[Mapping[str, Any]]:
    if isinstance(rows, pyspark.sql.DataFrame):
        return [row.asDict() for row in rows.select(*_COLUMNS).collect()]
    if hasattr(rows, "__arrow_c_stream__"):
        listed: list[Mapping[str, Any]] = pyarrow.table(rows).to_pylist()
        return listed
    given: Iterable[Mapping[str, Any]] = rows
    return given


def parse_companies(rows: Iterable[Mapping[str, Any]]) -> list[Company]:
    """The companies of a table, checked."""
    found: dict[str, Company] = {}
    for number, row in enumerate(rows):
        # Checks every column, because the whole text becomes an option of Spark.
        if any(isinstance(value, str) and value.strip().startswith(("sk_", "pk_")) for value in row.values()):
            # The key may already be in a plan or a log, so it must be replaced.
            raise InvalidRequestError(
                f"companies: row {number} contains an API key: give the name of its secret, and replace the key"
            )
        company = Company(*(_text(row, column, number) for column in _COLUMNS))
        if company.name in found:
            raise InvalidRequestError(f"companies: the name {company.name!r} appears twice: use each name once")
        found[company.name] = company
    if not found:
        raise InvalidRequestError("companies: the table has no rows: add a row for each company")
    return list(found.values())


def _text(row: Mapping[str, Any], column: str, number: int) -> str:
    value = row.get(column)
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequestError(
            f"companies: row {number} has no {column}: each row needs name, baseUrl, and secret, the name of the secret"
        )
    return value


def load_rows(option: str, value: str) -> list[Mapping[str, Any]]:
    """Reads the value of an option that is a table: JSON text, or the path of a CSV, JSON or Parquet file."""
    # A JSON object is an error. It must not be taken for a path, because the error would repeat it.
    if value.lstrip().startswith(("[", "{")):
        try:
            rows: list[Mapping[str, Any]] = json.loads(value)
        except ValueError as error:
            raise InvalidRequestError(f"{option}: the text is not JSON: {error}") from None
        if not all(isinstance(row, dict) for row in rows):
            raise InvalidRequestError(f"{option}: the JSON is not a list of objects")
        return rows
    suffix = os.path.splitext(value.rstrip("/"))[1].lstrip(".").lower()
    name = {"csv": "csv", "json": "json", "jsonl": "json", "ndjson": "json"}.get(suffix, "parquet")
    try:
        files = pyarrow.dataset.dataset(value, format=name)
        if name == "json":
            # Arrow would take 2026-06-23 for a time, whatever the schema says.
            listed = _json_lines(files)
        else:
            # Texts stay texts: Arrow would take 001 in CSV for a number.
            fields = [field.with_type(pyarrow.string()) if field.name in _TEXTS else field for field in files.schema]
            schema = pyarrow.schema(fields)
            listed = pyarrow.dataset.dataset(value, format=name, schema=schema).to_table().to_pylist()
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise InvalidRequestError(f"{option}: {value} cannot be read as {name}: {error}") from None
    if not all(isinstance(row, dict) for row in listed):
        raise InvalidRequestError(f"{option}: {value} has a line that is not a JSON object")
    return listed


def _json_lines(files: Any) -> list[Any]:
    rows: list[Any] = []
    for path in files.files:
        with files.filesystem.open_input_stream(path) as source:
            rows += [json.loads(line) for line in source.read().splitlines() if line.strip()]
    return rows


#: How the option ``secrets`` says where the keys are.
SECRETS = '"env", "files:FOLDER" or "call:MODULE:FUNCTION"'


def check_secrets(secrets: str) -> None:
    """Raises ``InvalidRequestError`` if the value of the option ``secrets`` is invalid."""
    kind, _, rest = secrets.partition(":")
    if (kind, bool(rest)) not in (("env", False), ("files", True), ("call", True)):
        raise InvalidRequestError(f"secrets: must be {SECRETS}")


def client(company: Company, secrets: str, rate: float | None) -> Client:
    """Makes a client of the company. Only executors call this, so only executors have keys."""
    try:
        key = _key(company.secret, secrets)
        return Client(
            key,
            base_url=company.base_url,
            requests_per_second=rate,
            user_agent_suffix=f"pyspark/{pyspark.__version__}",
        )
    except InvalidRequestError as error:
        raise InvalidRequestError(f"company {company.name}: {error}") from None


def _key(secret: str, secrets: str) -> str:
    kind, _, rest = secrets.partition(":")
    if kind == "env":
        key = os.environ.get(secret, "")
        where = "the executor has no environment variable with this name"
    elif kind == "files":
        key, where = _read(rest, secret), f"the executor has no such file in {rest}"
    else:
        key, where = _function(rest)(secret), f"{rest} returned no key"
    if not key:
        raise InvalidRequestError(f"secret {secret}: {where}")
    return key.strip()


def _read(folder: str, secret: str) -> str:
    if secret != os.path.basename(secret) or secret in (".", ".."):
        raise InvalidRequestError(f"secret {secret}: must be the name of a file, without a folder")
    try:
        with open(os.path.join(folder, secret), encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def _function(path: str) -> Callable[[str], str]:
    module, _, name = path.partition(":")
    try:
        function: Callable[[str], str] = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        raise InvalidRequestError(f"secrets: the executor cannot import {name!r} from the module {module!r}") from None
    return function


def ids_by_company(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """The company and the ``externalId`` of each row of the option ``customers``."""
    for number, row in enumerate(rows):
        company, id = row.get("company"), row.get("externalId")
        if not isinstance(company, str) or not isinstance(id, str):
            raise InvalidRequestError(f"customers: row {number} needs company and externalId, both as text")
        yield company, id
