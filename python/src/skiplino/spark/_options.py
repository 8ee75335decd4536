"""The options of the data source, parsed and checked on the driver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .._errors import InvalidRequestError
from ._companies import Company, check_secrets, ids_by_company, load_rows, parse_companies
from ._schema import TABLES
from ._side_files import check_location

NAMES = (
    "companies",
    "concurrency",
    "customers",
    "distribution",
    "erase",
    "failures",
    "onError",
    "pushFilters",
    "rate",
    "report",
    "runningTasks",
    "secrets",
    "table",
    "tasks",
)


@dataclass(frozen=True)
class Options:
    """The options of a read or a write."""

    companies: tuple[Company, ...]
    secrets: str
    table: Literal["customers", "tickets"]
    #: The company and the external id of the customers whose tickets are read.
    customers: tuple[tuple[str, str], ...] | None
    #: Whether filters reduce the requests to the API. Spark must allow this by a setting of its own.
    pushes_filters: bool
    #: Whether a failed company or row is left out instead of failing the job.
    skips_errors: bool
    failures: str | None
    report: str | None
    #: Requests a second of the whole job.
    rate: float | None
    #: The number of tasks that run at a time, if the cluster has fewer slots than the job has tasks.
    running_tasks: int | None
    #: The number of partitions of a write.
    tasks: int | None
    concurrency: int
    #: Whether one task writes all rows of a company. Otherwise each task has its own ids.
    is_by_company: bool
    erase: tuple[str, ...]

    def rate_of_task(self, tasks: int) -> float | None:
        """The part of the rate that each of these tasks gets."""
        if self.rate is None:
            return None
        return self.rate / max(1, min(tasks, self.running_tasks or tasks))


def parse(given: Mapping[str, str]) -> Options:
    """Parses the options. Their names are case-insensitive."""
    values = {name.lower(): value for name, value in given.items()}
    unknown = set(values) - {name.lower() for name in NAMES}
    # For a table in a catalog, Spark adds the properties of the table to the options.
    if unknown and "provider" not in values:
        raise InvalidRequestError(f"no such option: {', '.join(sorted(unknown))}; the options are {', '.join(NAMES)}")

    def choice(name: str, *choices: str) -> str:
        value = values.get(name.lower(), choices[0])
        if value not in choices:
            raise InvalidRequestError(f"{name}: must be one of {', '.join(choices)}")
        return value

    def number(name: str) -> float | None:
        text = values.get(name.lower())
        try:
            value = None if text is None else float(text)
        except ValueError:
            value = 0.0
        if value is not None and not 0 < value < float("inf"):
            raise InvalidRequestError(f"{name}: must be a number greater than 0")
        return value

    def count(name: str) -> int | None:
        value = number(name)
        if value is not None and value != int(value):
            raise InvalidRequestError(f"{name}: must be a whole number")
        return None if value is None else int(value)

    if "companies" not in values:
        raise InvalidRequestError("companies: is required: give JSON text or a file with name, baseUrl and secret")
    secrets = values.get("secrets", "env")
    check_secrets(secrets)
    skips_errors = choice("onError", "fail", "skip") == "skip"
    for name in ("failures", "report"):
        if name in values:
            check_location(name, values[name])
    if skips_errors and "failures" not in values:
        raise InvalidRequestError("onError: skip needs the option failures, a folder for what the job skips")
    customers = values.get("customers")
    table: Literal["customers", "tickets"] = "tickets" if choice("table", *TABLES) == "tickets" else "customers"
    return Options(
        companies=tuple(parse_companies(load_rows("companies", values["companies"]))),
        secrets=secrets,
        table=table,
        customers=None if customers is None else tuple(ids_by_company(load_rows("customers", customers))),
        pushes_filters=choice("pushFilters", "false", "true") == "true",
        skips_errors=skips_errors,
        failures=values.get("failures"),
        report=values.get("report"),
        rate=number("rate"),
        running_tasks=count("runningTasks"),
        tasks=count("tasks"),
        concurrency=count("concurrency") or 10,
        is_by_company=choice("distribution", "company", "externalId") == "company",
        erase=tuple(name.strip() for name in values.get("erase", "").split(",") if name.strip()),
    )
