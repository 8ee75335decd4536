"""The programs of the guide "Fleets"."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars
import pyarrow
import pytest
from pyspark.sql import DataFrame, SparkSession

from conftest import KEY, addresses, table
from skiplino import Client
from skiplino.testing import Sandbox

EXAMPLES = Path(__file__).parents[2] / "examples"
PAGE = Path(__file__).parents[3] / "docs/src/fleets.md"


def test_three_sandboxes_are_a_parquet_table_in_one_screen(tmp_path: Path) -> None:
    program = EXAMPLES / "fleet.py"
    assert len(program.read_text(encoding="utf-8").splitlines()) <= 24
    command = [sys.executable, str(program)]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 0, ran.stderr
    assert "|Bahrain|    3|\n| Kuwait|    3|\n|  Qatar|    3|" in ran.stdout
    assert len(polars.read_parquet(tmp_path / "customers.parquet/*.parquet")) == 9
    assert KEY not in ran.stdout + ran.stderr


# ANCHOR: write
def write(rows: DataFrame, companies: str, folder: str) -> None:
    writer = rows.repartition(8, "company").write.format("skiplino").mode("append")
    writer = writer.option("companies", companies).option("tasks", 8)
    writer.option("failures", f"{folder}/failures").option("report", f"{folder}/report.json").save()
    # ANCHOR_END: write


def test_write(spark: SparkSession, sandboxes: dict[str, Sandbox], tmp_path: Path) -> None:
    rows = spark.createDataFrame(
        [(name, "crm-8000", "Omar") for name in sandboxes], "company string, externalId string, name string"
    )
    write(rows, table(addresses(sandboxes)), str(tmp_path))
    assert [sandbox.committed("createCustomer") for sandbox in sandboxes.values()] == [1, 1, 1]


# ANCHOR: skip
def read_what_can_be_read(spark: SparkSession, companies: str, failures: str) -> tuple[DataFrame, DataFrame]:
    reader = spark.read.format("skiplino").option("companies", companies)
    customers = reader.option("onError", "skip").option("failures", failures).load().cache()
    customers.count()  # Reads now. What failed is known after that.
    return customers, spark.read.parquet(failures)
    # ANCHOR_END: skip


def test_skip(spark: SparkSession, sandboxes: dict[str, Sandbox], tmp_path: Path) -> None:
    sandboxes["Kuwait"].fault("listCustomers", "html_502")
    customers, failures = read_what_can_be_read(spark, table(addresses(sandboxes)), str(tmp_path))
    assert customers.count() == 6
    assert [(row.company, row.kind) for row in failures.collect()] == [("Kuwait", "Server")]


# ANCHOR: view
def create_view(spark: SparkSession, companies: str) -> DataFrame:
    spark.sql(f"CREATE TEMPORARY VIEW customers USING skiplino OPTIONS (companies '{companies}')")
    return spark.sql("SELECT company, count(*) FROM customers GROUP BY company ORDER BY company")
    # ANCHOR_END: view


# ANCHOR: table
def create_table(spark: SparkSession, companies: str) -> DataFrame:
    spark.sql(f"CREATE TABLE directory USING skiplino OPTIONS (companies '{companies}')")
    options = f"companies = '{companies}'"
    spark.sql(
        f"""INSERT INTO directory WITH ({options}, tasks = 8)
        SELECT /*+ REPARTITION(8, company) */ * FROM directory WITH ({options}) WHERE externalId IS NOT NULL"""
    )
    return spark.sql(f"SELECT company, count(*) FROM directory WITH ({options}) GROUP BY company ORDER BY company")
    # ANCHOR_END: table


def test_sql(spark: SparkSession, sandboxes: dict[str, Sandbox]) -> None:
    counts = [("Bahrain", 3), ("Kuwait", 3), ("Qatar", 3)]
    assert [tuple(row) for row in create_view(spark, table(addresses(sandboxes))).collect()] == counts
    assert [tuple(row) for row in create_table(spark, table(addresses(sandboxes))).collect()] == counts
    spark.sql("DROP VIEW customers")
    spark.sql("DROP TABLE directory")


# ANCHOR: duckdb
def find_shared_numbers(clients: dict[str, Client]) -> list[Any]:
    with duckdb.connect() as database:
        for name, client in clients.items():
            database.register(name, pyarrow.table(client.customers.to_arrow()))
        everyone = " UNION ALL ".join(f"SELECT '{name}' AS company, mobile FROM {name}" for name in clients)
        query = f"SELECT mobile, list(company) FROM ({everyone}) GROUP BY mobile HAVING count(mobile) > 1"
        return database.execute(query).fetchall()
    # ANCHOR_END: duckdb


# ANCHOR: polars
def collect(clients: dict[str, Client]) -> polars.DataFrame:
    frames = [
        polars.DataFrame(client.customers.to_arrow()).select(polars.lit(name).alias("company"), polars.all())
        for name, client in clients.items()
    ]
    return polars.concat(frames)
    # ANCHOR_END: polars


@pytest.fixture
def clients(sandboxes: dict[str, Sandbox]) -> Iterator[dict[str, Client]]:
    opened = {name: sandbox.client() for name, sandbox in sandboxes.items()}
    yield opened
    for client in opened.values():
        client.close()


def test_duckdb_and_polars(clients: dict[str, Client]) -> None:
    found = {mobile: sorted(companies) for mobile, companies in find_shared_numbers(clients)}
    assert found == {mobile: ["Bahrain", "Kuwait", "Qatar"] for mobile in ("+97333112233", "+97336654321")}
    assert collect(clients).group_by("company").len().sort("company").rows() == [
        ("Bahrain", 3),
        ("Kuwait", 3),
        ("Qatar", 3),
    ]


# ANCHOR: dlt
def load(clients: dict[str, Client], folder: str) -> None:
    import dlt

    @dlt.resource(name="customers", write_disposition="merge", primary_key=("company", "_id"))
    def customers() -> Iterator[pyarrow.RecordBatch]:
        for name, client in clients.items():
            table = pyarrow.table(client.customers.to_arrow())
            yield from table.add_column(0, "company", pyarrow.array([name] * len(table))).to_batches()

    destination = dlt.destinations.duckdb(f"{folder}/queues.duckdb")
    dlt.pipeline("queues", pipelines_dir=folder, destination=destination, dataset_name="directory").run(customers())
    # ANCHOR_END: dlt


def test_dlt(clients: dict[str, Client], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("HOME", str(tmp_path))
    for _ in range(2):
        load(clients, str(tmp_path))
    with duckdb.connect(str(tmp_path / "queues.duckdb")) as connection:
        found = connection.sql("SELECT company, count(*) FROM directory.customers GROUP BY ALL ORDER BY ALL").fetchall()
    assert found == [("Bahrain", 3), ("Kuwait", 3), ("Qatar", 3)]


def test_nightly(sandboxes: dict[str, Sandbox], tmp_path: Path) -> None:
    for folder in ("rows", "keys", "urls"):
        (tmp_path / folder).mkdir()
    for name, sandbox in sandboxes.items():
        (tmp_path / "keys" / name).write_text(KEY + "\n")
        (tmp_path / "keys" / name).chmod(0o600)
        (tmp_path / "urls" / name).write_text(sandbox.base_url + "\n")
        lines = ["externalId,name", *(f"new-{n},Name {n}" for n in range(20))]
        (tmp_path / "rows" / f"{name}.csv").write_text("\n".join(lines) + "\n")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    def night() -> tuple[int, str]:
        ran = subprocess.run(
            [str(EXAMPLES / "nightly.sh")],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return ran.returncode, ran.stderr

    # The key of one company stops working after ten of its rows.
    fault = [sandboxes["Kuwait"].fault("createCustomer", "status", status=401, nth=n) for n in range(11, 21)]
    code, told = night()
    assert (code, told.splitlines()[-1]) == (1, "not complete: Kuwait")
    assert [sandbox.committed("createCustomer") for sandbox in sandboxes.values()] == [20, 10, 20]
    for number in fault:
        sandboxes["Kuwait"].clear(number)
    assert night()[0] == 0
    assert [sandbox.committed("createCustomer") for sandbox in sandboxes.values()] == [20, 20, 20]
    # The finished rows of Kuwait were not sent again.
    assert sandboxes["Kuwait"].received("createCustomer") - 20 <= 11
