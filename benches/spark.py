"""Reads ten companies into Parquet: `spark.py CANNED [CUSTOMERS]`, with the server with canned responses.

Spark, with two executors of one core each, against one process that exports one company after the
other. Each company has 100,000 customers. The rows of the first measure include the start of Spark.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet
from pyspark.sql import SparkSession
from race import Contestant, Measure, race
from worker import Server

from skiplino.spark import SkiplinoDataSource, companies

COMPANIES = 10
CUSTOMERS = 100_000
KEY = "sk_bench"
EXPORT = """
import sys
from skiplino import Client
for company in range(int(sys.argv[2])):
    with Client("sk_bench", base_url=sys.argv[1]) as client:
        client.customers.export(f"{sys.argv[3]}/{company}.parquet")
"""


def start() -> SparkSession:
    os.environ |= {"BENCH_KEY": KEY, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    builder = SparkSession.builder.master("local-cluster[2,1,1024]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    spark.dataSource.register(SkiplinoDataSource)
    return spark


def copy(spark: SparkSession, url: str, folder: str) -> None:
    rows = [{"name": f"company-{n}", "baseUrl": url, "secret": "BENCH_KEY"} for n in range(COMPANIES)]
    frame = spark.read.format("skiplino").option("companies", companies(rows)).load()
    frame.write.mode("overwrite").parquet(folder)


def check(folder: str) -> None:
    found = sum(pyarrow.parquet.read_metadata(file).num_rows for file in Path(folder).glob("*.parquet"))
    if found != COMPANIES * CUSTOMERS:
        sys.exit(f"{folder} has {found} rows")


def timed_spark(url: str, folder: str) -> Sequence[float]:
    """The seconds of a first job with the start of Spark, and of a second job."""
    began = time.perf_counter()
    spark = start()
    copy(spark, url, folder)
    whole = time.perf_counter() - began
    check(folder)
    began = time.perf_counter()
    copy(spark, url, folder)
    second = time.perf_counter() - began
    spark.stop()
    return whole, second


def timed_export(url: str, folder: str) -> Sequence[float]:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", EXPORT, url, str(COMPANIES), folder], check=True)
    seconds = time.perf_counter() - began
    check(folder)
    return seconds, seconds


# A process of its own for Spark, because a session starts again in the same JVM.
def in_a_process(url: str, folder: str) -> Sequence[float]:
    command = [sys.executable, __file__, "--turn", url, folder, str(CUSTOMERS)]
    ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    result: Sequence[float] = json.loads(ran.stdout.splitlines()[-1])
    return result


def main() -> None:
    with Server(sys.argv[1], CUSTOMERS) as server, tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "export").mkdir()
        contestants = [
            Contestant("Spark, 2 executors", lambda: in_a_process(server.base_url, f"{folder}/spark")),
            Contestant("one process", lambda: timed_export(server.base_url, f"{folder}/export")),
        ]
        work = f"{COMPANIES} × {CUSTOMERS:,} to Parquet"
        race("Spark", contestants, [Measure(f"{work}, with its start", "s"), Measure(work, "s")], 3)


if __name__ == "__main__":
    if sys.argv[1] == "--turn":
        url, folder, CUSTOMERS = sys.argv[2], sys.argv[3], int(sys.argv[4])
        print(json.dumps(timed_spark(url, folder)))
    else:
        CUSTOMERS = int(sys.argv[2]) if len(sys.argv) > 2 else CUSTOMERS
        main()
