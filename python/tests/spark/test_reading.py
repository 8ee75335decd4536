"""Reading customers and tickets of several companies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, SparkSession

from conftest import KEY, SECRET, Read, addresses, table
from skiplino import InvalidRequestError
from skiplino.spark import companies
from skiplino.testing import Sandbox

Sandboxes = dict[str, Sandbox]


def rows(frame: DataFrame) -> list[dict[str, Any]]:
    return sorted(
        (row.asDict(recursive=True) for row in frame.collect()), key=lambda row: str(row["company"]) + str(row["_id"])
    )


def stored(sandboxes: Sandboxes) -> list[dict[str, Any]]:
    """What `to_arrow()` reads, with the company in front."""
    found: list[dict[str, Any]] = []
    for name, sandbox in sandboxes.items():
        with sandbox.client() as client:
            for row in pyarrow.table(client.customers.to_arrow()).to_pylist():
                times = {time: row[time].replace(tzinfo=None) for time in ("createdAt", "updatedAt")}
                found.append({"company": name, **row, **times})
    return sorted(found, key=lambda row: row["company"] + row["_id"])


def test_a_task_for_each_company_reads_all_its_customers(read: Read, sandboxes: Sandboxes) -> None:
    sandboxes["Kuwait"].generate(250)
    frame = read()
    assert frame.rdd.getNumPartitions() == 3
    with sandboxes["Kuwait"].client() as client:
        assert frame.columns == ["company", *client.customers.to_arrow().column_names]
    assert rows(frame) == stored(sandboxes)


def test_only_the_columns_of_the_schema_are_read(spark: SparkSession, sandboxes: Sandboxes) -> None:
    reader = spark.read.format("skiplino").option("companies", table(addresses(sandboxes)))
    frame = reader.schema("name string, company string").load()
    assert frame.columns == ["name", "company"]
    assert frame.filter("name = 'Layla Hassan'").count() == 3
    with pytest.raises(PySparkException, match="customers has no column 'phone': its columns are company, externalId"):
        reader.schema("phone string").load().collect()
    with pytest.raises(PySparkException, match="the type of column name is string"):
        reader.schema("name int").load().collect()


def test_a_filter_on_the_company_leaves_out_the_others(read: Read, sandboxes: Sandboxes) -> None:
    frame = read(pushFilters="true").filter("company in ('Qatar', 'Nowhere')")
    assert frame.rdd.getNumPartitions() == 1
    assert frame.count() == 3
    assert [sandbox.received("listCustomers") for sandbox in sandboxes.values()] == [0, 0, 1]
    assert read(pushFilters="true").filter("company = 'Nowhere'").count() == 0


def test_a_filter_on_few_ids_looks_them_up(read: Read, sandboxes: Sandboxes) -> None:
    sandboxes["Qatar"].generate(500)
    everything = stored(sandboxes)
    requests = [sandbox.received("listCustomers") for sandbox in sandboxes.values()]
    found = rows(read(pushFilters="true").filter("externalId = 'crm-7741'"))
    assert found == [row for row in everything if row["externalId"] == "crm-7741"]
    assert [sandbox.received("listCustomers") for sandbox in sandboxes.values()] == requests
    # Two lookups cost more than the only page, and less than six pages.
    found = rows(read(pushFilters="true").filter("externalId in ('crm-7741', 'nobody')"))
    assert found == [row for row in everything if row["externalId"] == "crm-7741"]
    assert [sandbox.received("getCustomer") for sandbox in sandboxes.values()] == [1, 1, 3]


def test_filters_without_the_option_are_left_to_spark(read: Read, sandboxes: Sandboxes) -> None:
    assert read().filter("externalId = 'crm-7741' and company = 'Qatar'").count() == 1
    assert [sandbox.received("listCustomers") for sandbox in sandboxes.values()] == [1, 1, 1]
    assert read(pushFilters="true").filter("externalId is null").count() == 3


def test_tickets_of_given_customers(read: Read, sandboxes: Sandboxes) -> None:
    with sandboxes["Qatar"].client() as client:
        for _ in range(12):
            client.tickets.book("6fe8fb8b12", "7c1f9a3b2d", external_id="crm-7742")
    wanted = json.dumps([{"company": name, "externalId": "crm-7742"} for name in ("Qatar", "Kuwait")])
    found = read(table="tickets", customers=wanted).collect()
    assert len({(row.company, row.id) for row in found}) == len(found) == 14
    assert [row.company for row in found].count("Qatar") == 13
    assert {(row.externalId, row.customer.name) for row in found} == {("crm-7742", "يوسف العلي")}
    with sandboxes["Qatar"].client() as client:
        ticket = client.tickets.get(found[0].id)
    assert found[0].branch.asDict() == {"id": ticket.branch.id, "name": ticket.branch.name}
    assert found[0].bookedAt == ticket.booked_at.replace(tzinfo=None)
    # A filter names customers, too.
    by_filter = read(table="tickets", pushFilters="true").filter("externalId = 'crm-7741'").collect()
    assert {(row.company, row.id) for row in by_filter} == {(name, "k7m2p9x4q1") for name in sandboxes}
    with pytest.raises(PySparkException, match="tickets are read for given customers"):
        read(table="tickets").collect()


def test_a_failed_company_fails_the_read_with_the_typed_error(read: Read, sandboxes: Sandboxes) -> None:
    sandboxes["Kuwait"].fault("listCustomers", "status", status=401)
    with pytest.raises(PySparkException, match=r"skiplino._errors.UnauthorizedError: .*\n.*company: Kuwait") as failed:
        read().collect()
    assert KEY not in str(failed.value)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("html_502", "Server"), ("malformed_json", "Decode"), ("refuse", "Transport"), ("truncate", "Transport")],
)
def test_a_skipped_company_is_in_the_table_of_failures(
    spark: SparkSession, read: Read, sandboxes: Sandboxes, tmp_path: Path, fault: str, kind: str
) -> None:
    number = sandboxes["Kuwait"].fault("listCustomers", fault)
    frame = read(onError="skip", failures=str(tmp_path))
    assert {row.company for row in frame.collect()} == {"Bahrain", "Qatar"}
    [failure] = spark.read.parquet(str(tmp_path)).collect()
    assert (failure.company, failure.kind) == ("Kuwait", kind)
    assert failure.reason.startswith("list the customers: ")
    # A later success removes the failure.
    sandboxes["Kuwait"].clear(number)
    assert {row.company for row in frame.collect()} == {"Bahrain", "Kuwait", "Qatar"}
    assert spark.read.parquet(str(tmp_path)).count() == 0
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}


def test_wrong_keys_and_missing_secrets(spark: SparkSession, read: Read, sandboxes: Sandboxes, tmp_path: Path) -> None:
    keys = {"WRONG": "sk_wrong", "PUBLIC": "pk_sandbox_public", "GARBAGE": "?"}
    (tmp_path / "keys").mkdir()
    for name, key in keys.items():
        (tmp_path / "keys" / name).write_text(key + "\n")
    failures = tmp_path / "failures"
    url = sandboxes["Qatar"].base_url
    rows = [{"name": name, "baseUrl": url, "secret": name} for name in (*keys, "MISSING", "../escape")]
    options = {"companies": companies(rows), "secrets": f"files:{tmp_path}/keys", "onError": "skip"}
    assert read(failures=str(failures), **options).count() == 0
    found = {row.company: (row.kind, row.reason) for row in spark.read.parquet(str(failures)).collect()}
    assert {name: kind for name, (kind, _) in found.items()} == {
        "WRONG": "Unauthorized",
        "PUBLIC": "SecretKeyRequired",
        "GARBAGE": "SecretKeyRequired",
        "MISSING": "InvalidRequest",
        "../escape": "InvalidRequest",
    }
    assert found["MISSING"][1].startswith("company MISSING: secret MISSING: the executor has no such file in ")
    assert "must be the name of a file" in found["../escape"][1]
    assert not any(key in reason for _, reason in found.values() for key in ("sk_wrong", "pk_sandbox_public"))


def test_keys_from_a_file_or_a_function(read: Read, tmp_path: Path) -> None:
    (tmp_path / SECRET).write_text(KEY + "\n")
    assert read(secrets=f"files:{tmp_path}").count() == 9
    assert read(secrets="call:os:getenv").count() == 9
    with pytest.raises(PySparkException, match=f"secret {SECRET}: os:getcwdb returned no key|cannot import 'nothing'"):
        read(secrets="call:os:nothing").collect()


def test_the_rate_is_divided_among_the_tasks(read: Read, sandboxes: Sandboxes) -> None:
    # The partitions are what the tasks get.
    from skiplino.spark._options import parse
    from skiplino.spark._reader import CompanyPartition, Reader
    from skiplino.spark._schema import CUSTOMERS

    def shares(**options: str) -> set[float | None]:
        given = {"companies": table(addresses(sandboxes)), "rate": "30", **options}
        return {
            part.rate for part in Reader(parse(given), CUSTOMERS).partitions() if isinstance(part, CompanyPartition)
        }

    assert shares() == {10.0}
    assert shares(runningTasks="2") == {15.0}
    assert shares(runningTasks="8") == {10.0}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"companies": ""}, "companies: .* cannot be read as parquet"),
        ({"companies": "[]"}, "companies: the table has no rows"),
        ({"companies": "[1]"}, "companies: the JSON is not a list of objects"),
        ({"companies": "[{]"}, "companies: the text is not JSON"),
        ({"companies": '[{"name": "A"}]'}, "companies: row 0 has no baseUrl"),
        ({"secrets": "vault"}, 'secrets: must be "env", "files:FOLDER" or "call:MODULE:FUNCTION"'),
        ({"onError": "skip"}, "onError: skip needs the option failures"),
        ({"onError": "ignore"}, "onError: must be one of fail, skip"),
        ({"failures": "relative"}, "failures: must be an absolute path or a URI"),
        ({"rate": "0"}, "rate: must be a number greater than 0"),
        ({"rate": "fast"}, "rate: must be a number greater than 0"),
        ({"tasks": "1.5"}, "tasks: must be a whole number"),
        ({"table": "visits"}, "table: must be one of customers, tickets"),
        ({"limit": "5"}, "no such option: limit; the options are companies, "),
    ],
)
def test_wrong_options(read: Read, options: dict[str, str], reason: str) -> None:
    with pytest.raises(AnalysisException, match=reason):
        read(**options)


def test_the_table_of_companies(spark: SparkSession, read: Read, sandboxes: Sandboxes, tmp_path: Path) -> None:
    rows = [
        {"name": name, "baseUrl": sandbox.base_url, "secret": SECRET, "city": "…"}
        for name, sandbox in sandboxes.items()
    ]
    frame = spark.createDataFrame(rows)
    assert (
        json.loads(companies(frame))
        == json.loads(companies(rows))
        == json.loads(companies(pyarrow.Table.from_pylist(rows)))
    )
    frame.coalesce(1).write.parquet(str(tmp_path / "companies"))
    (tmp_path / "companies.json").write_text("\n".join(json.dumps(row) for row in rows))
    (tmp_path / "companies.csv").write_text(
        "name,baseUrl,secret\n" + "".join(f"{row['name']},{row['baseUrl']},{row['secret']}\n" for row in rows)
    )
    for name in ("companies", "companies.json", "companies.csv"):
        assert read(companies=str(tmp_path / name)).count() == 9
    # Names and ids that look like numbers or times stay texts.
    address = sandboxes["Qatar"].base_url
    with sandboxes["Qatar"].client() as client:
        client.customers.create(external_id="2026-06-23")
    (tmp_path / "numbers.csv").write_text(f"name,baseUrl,secret\n001,{address},{SECRET}\n")
    ids = tmp_path / "ids.json"
    ids.write_text(json.dumps({"company": "001", "externalId": "2026-06-23"}))
    numbers = {"companies": str(tmp_path / "numbers.csv"), "table": "tickets", "customers": str(ids)}
    assert read(**numbers).count() == 0
    assert read(companies=numbers["companies"]).select("company").distinct().collect() == [("001",)]
    with pytest.raises(InvalidRequestError, match="the name 'Qatar' appears twice"):
        companies([rows[2], rows[2]])
    with pytest.raises(InvalidRequestError, match="row 1 contains an API key: give the name of its secret") as held:
        companies([rows[0], {**rows[1], "secret": KEY}])
    assert KEY not in str(held.value)
    with pytest.raises(InvalidRequestError, match="row 0 contains an API key"):
        companies([{**rows[0], "key": f" {KEY}"}])


def test_a_stream_is_rejected_with_the_reason(spark: SparkSession, sandboxes: Sandboxes, tmp_path: Path) -> None:
    reader = spark.readStream.format("skiplino").option("companies", table(addresses(sandboxes)))
    with pytest.raises(PySparkException, match="the API lists customers by creation, newest first"):
        reader.load().writeStream.format("noop").option(
            "checkpointLocation", str(tmp_path)
        ).start().processAllAvailable()
