"""Keys are on executors only. By its name, this runs after the other tests, whose event logs it reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark import cloudpickle
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from conftest import KEY, SECRET, Read, addresses, table
from skiplino.spark import SkiplinoDataSource
from skiplino.testing import Sandbox


def texts(folder: Path) -> dict[Path, str]:
    return {path: path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()}


def test_no_key_is_in_an_event_log_a_plan_or_an_error(
    read: Read, spark: SparkSession, sandboxes: dict[str, Sandbox], logs: Path
) -> None:
    frame = read(pushFilters="true").filter("company = 'Qatar'")
    frame.collect()
    sandboxes["Qatar"].fault("listCustomers", "status", status=401)
    with pytest.raises(PySparkException) as failed:
        frame.collect()
    plan = frame._jdf.queryExecution().toString()
    assert "skiplino" in plan
    spark.stop()
    events = {path: text for path, text in texts(logs).items() if "SparkListener" in text}
    assert any("UnauthorizedError" in text for text in events.values())
    for text in (plan, str(failed.value), *events.values()):
        assert KEY not in text


def test_no_key_is_pickled(sandboxes: dict[str, Sandbox]) -> None:
    source = SkiplinoDataSource({"companies": table(addresses(sandboxes))})
    reader = source.reader(source.schema())
    pickled: bytes = cloudpickle.dumps((source, reader, reader.partitions()))  # type: ignore[no-untyped-call]
    assert SECRET.encode() in pickled
    assert KEY.encode() not in pickled
