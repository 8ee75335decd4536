"""Writing customers of several companies."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from conftest import KEY, SECRET, Read, addresses, table
from skiplino.spark import companies
from skiplino.testing import Sandbox

Sandboxes = dict[str, Sandbox]
#: 24 new customers of each company.
NEW = [(name, f"new-{n}", f"Name {n}") for name in ("Bahrain", "Kuwait", "Qatar") for n in range(24)]
COLUMNS = "company string, externalId string, name string"


@pytest.fixture
def rows(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame(NEW, COLUMNS)


@pytest.fixture
def write(sandboxes: Sandboxes) -> Callable[..., None]:
    """Writes a frame with the given options."""

    def write(frame: DataFrame, mode: str = "append", **options: Any) -> None:
        options.setdefault("companies", table(addresses(sandboxes)))
        frame.write.format("skiplino").mode(mode).options(**options).save()

    return write


Write = Callable[..., None]


def writes(sandboxes: Sandboxes) -> list[int]:
    return [sandbox.received("createCustomer") + sandbox.received("updateCustomer") for sandbox in sandboxes.values()]


def names(sandbox: Sandbox) -> dict[str | None, str | None]:
    with sandbox.client() as client:
        return {customer.external_id: customer.name for customer in client.customers.list()}


def test_rows_are_created_updated_and_left(
    spark: SparkSession, rows: DataFrame, write: Write, sandboxes: Sandboxes, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    both = rows.union(spark.createDataFrame([("Qatar", "crm-7741", "Layla"), ("Qatar", "crm-7742", None)], COLUMNS))
    write(both.repartition(2, "company"), tasks=2, report=str(report))
    found = json.loads(report.read_text())
    assert {name: found[name] for name in found if name not in ("companies", "requests")} == {
        "isComplete": True,
        "tasks": 2,
        "rows": 74,
        "created": 72,
        "updated": 1,
        "unchanged": 1,
        "failed": 0,
        "unknown": 0,
    }
    assert found["companies"]["Qatar"]["created"] == 24
    assert found["requests"] == sum(count["requests"] for count in found["companies"].values())
    assert names(sandboxes["Kuwait"]).items() >= {(id, name) for company, id, name in NEW if company == "Kuwait"}
    assert names(sandboxes["Qatar"])["crm-7741"] == "Layla"
    # The same again changes nothing.
    before = writes(sandboxes)
    write(both.repartition(2, "company"), tasks=2, report=str(report))
    assert (writes(sandboxes), json.loads(report.read_text())["unchanged"]) == (before, 74)


def test_an_export_is_written_as_it_was_read(read: Read, write: Write, sandboxes: Sandboxes) -> None:
    write(read().filter("externalId is not null").repartition(3, "company"), tasks=3)
    assert writes(sandboxes) == [0, 0, 0]


def test_the_rows_of_a_company_can_be_in_several_tasks(rows: DataFrame, write: Write, sandboxes: Sandboxes) -> None:
    write(rows.repartition(4, "company", "externalId"), tasks=4, distribution="externalId")
    assert [sandbox.committed("createCustomer") for sandbox in sandboxes.values()] == [24, 24, 24]


@pytest.mark.parametrize(
    ("columns", "options", "advice"),
    [
        (
            ["externalId"],
            {"tasks": 5},
            r'write df.repartition\(N, "company"\), with the option tasks set to the same N',
        ),
        (["company"], {"tasks": 3}, "the option tasks set to the same N"),
        (["company"], {"tasks": 5, "distribution": "externalId"}, r'df.repartition\(N, "company", "externalId"\)'),
        (["company"], {}, "tasks: is required: write df.repartition"),
    ],
)
def test_other_distributions_are_rejected_before_anything_is_sent(
    rows: DataFrame, write: Write, sandboxes: Sandboxes, columns: list[str], options: dict[str, Any], advice: str
) -> None:
    with pytest.raises(PySparkException, match=advice):
        write(rows.repartition(5, *columns), **options)
    assert writes(sandboxes) == [0, 0, 0]


def test_two_rows_of_one_customer_are_rejected(rows: DataFrame, write: Write, sandboxes: Sandboxes) -> None:
    with pytest.raises(PySparkException, match="company .*: two rows have the same externalId"):
        write(rows.union(rows).coalesce(1), tasks=1)
    assert writes(sandboxes) == [0, 0, 0]
    write(rows.union(rows).dropDuplicates(["company", "externalId"]).repartition(2, "company"), tasks=2)
    assert writes(sandboxes) == [24, 24, 24]


BAD = [("Qatar", "bad", "#REF!"), ("Qatar", None, "Nobody"), ("Qatar", "good", "Good")]


def test_failed_rows_fail_the_job_after_all_others_are_written(
    spark: SparkSession, write: Write, sandboxes: Sandboxes, tmp_path: Path
) -> None:
    frame = spark.createDataFrame(BAD, COLUMNS).coalesce(1)
    report, failures = tmp_path / "report.json", tmp_path / "failures"
    with pytest.raises(PySparkException, match="2 of 3 rows were not done .3 rows, 1 created.* see ") as failed:
        write(frame, tasks=1, report=str(report), failures=str(failures))
    assert "Nobody" not in str(failed.value)
    assert names(sandboxes["Qatar"])["good"] == "Good"
    found = json.loads(report.read_text())
    assert (found["isComplete"], found["created"], found["failed"]) == (False, 1, 2)
    lost = {row.externalId: row for row in spark.read.parquet(str(failures)).collect()}
    assert {id: (row.company, row.name, row.outcome) for id, row in lost.items()} == {
        "bad": ("Qatar", "#REF!", "failed"),
        None: ("Qatar", "Nobody", "failed"),
    }
    assert lost["bad"].reason.endswith("name: is an error of a spreadsheet, such as #N/A: enter the value again")
    assert lost[None].reason.endswith("externalId: is required, because rows and customers are matched by it")


def test_failed_rows_and_companies_are_skipped(
    spark: SparkSession, rows: DataFrame, write: Write, sandboxes: Sandboxes, tmp_path: Path
) -> None:
    # Bahrain rejects the key, Kuwait is not in the table of companies, and Oman has no server.
    sandboxes["Bahrain"].fault("*", "status", status=401)
    known = json.loads(table({name: sandboxes[name].base_url for name in ("Bahrain", "Qatar")}))
    known.append({"name": "Oman", "baseUrl": "http://127.0.0.1:1", "secret": SECRET})
    frame = rows.union(spark.createDataFrame([*BAD, ("Oman", "new-1", None)], COLUMNS)).repartition(2, "company")
    options: dict[str, Any] = {"companies": companies(known), "tasks": 2, "failures": str(tmp_path / "failures")}
    report = tmp_path / "report.json"
    write(frame, **options, onError="skip", report=str(report))
    found = json.loads(report.read_text())
    assert (found["isComplete"], found["rows"], found["created"], found["failed"]) == (True, 76, 25, 51)
    lost = spark.read.parquet(str(tmp_path / "failures")).collect()
    reasons = {row.company: row.reason for row in lost}
    assert len(lost) == 51
    assert "401" in reasons["Bahrain"]
    assert reasons["Kuwait"] == "company Kuwait: the table of companies does not have it"
    assert KEY not in str(lost)
    # Without the option, the first of them fails its task.
    with pytest.raises(PySparkException, match="skiplino._errors"):
        write(frame, **options, report=str(report))
    assert json.loads(report.read_text())["isComplete"] is False


def test_what_was_written_before_a_server_was_lost_is_counted(
    spark: SparkSession, rows: DataFrame, write: Write, sandboxes: Sandboxes, tmp_path: Path
) -> None:
    # The first ten creations succeed, then the key is rejected.
    for nth in range(11, 25):
        sandboxes["Qatar"].fault("createCustomer", "status", status=401, nth=nth)
    options = {"tasks": 2, "onError": "skip", "failures": str(tmp_path), "concurrency": 1}
    write(rows.repartition(2, "company"), report=f"file://{tmp_path}/_report.json", **options)
    found = json.loads((tmp_path / "_report.json").read_text())["companies"]["Qatar"]
    assert (found["rows"], found["created"], found["failed"] + found["unknown"]) == (24, 10, 14)
    assert spark.read.parquet(str(tmp_path)).groupBy("company").count().collect() == [("Qatar", 14)]
    # The rows that failed are written again from the folder.
    sandboxes["Qatar"].clear()
    again = spark.read.parquet(str(tmp_path)).drop("outcome", "reason")
    write(again.coalesce(1), tasks=1)
    assert sandboxes["Qatar"].committed("createCustomer") == 24


def test_empty_values_are_kept_or_erased(spark: SparkSession, write: Write, sandboxes: Sandboxes) -> None:
    frame = spark.createDataFrame([("Qatar", "crm-7741", "")], "company string, externalId string, email string")
    with sandboxes["Qatar"].client() as client:
        write(frame.coalesce(1), tasks=1)
        assert client.customers.get(external_id="crm-7741").email == "layla.hassan@example.com"
        write(frame.coalesce(1), tasks=1, erase="name, email")
        assert client.customers.get(external_id="crm-7741").email is None


@pytest.mark.parametrize(
    ("frame", "mode", "options", "reason"),
    [
        (COLUMNS, "overwrite", {}, r'only mode\("append"\) is supported'),
        (COLUMNS, "append", {"table": "tickets"}, "only customers can be written"),
        ("externalId string", "append", {}, "the rows need a column company of type string"),
        ("company string, externalId int", "append", {}, "the rows need a column externalId of type string"),
        (f"{COLUMNS}, phone string", "append", {}, "phone: is not a field of a customer"),
    ],
)
def test_wrong_writes(
    spark: SparkSession, write: Write, frame: str, mode: str, options: dict[str, str], reason: str
) -> None:
    width = frame.count(",") + 1
    first: Any = 1 if "externalId int" in frame else "x"
    rows = spark.createDataFrame([("Qatar", first, "x", "x")[:width]] if width > 1 else [("x",)], frame)
    with pytest.raises(PySparkException, match=reason):
        write(rows.coalesce(1), mode, tasks=1, **options)
