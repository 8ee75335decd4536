"""Two executors in processes of their own, with speculation: servers and executors that die."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col, concat, lit

from conftest import Restartable, addresses, start, table
from skiplino.testing import Sandbox

COMPANIES = 10
CUSTOMERS = 350
#: For steps that end by an event. The machine may be slow.
LIMIT = 300


@pytest.fixture(scope="module")
def cluster(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A master and two workers, each with one executor.

    Not `local-cluster`, whose workers have the same address: Spark makes no speculative copy of a
    task on the host of the first.
    """
    work = tmp_path_factory.mktemp("work")
    with Daemon("master.Master", "127.0.0.1", "--webui-port", "0", "--port", "0") as master:
        address = master.until(r"Starting Spark master at (\S+)")
        each = ("--cores", "1", "--memory", "1g", "--webui-port", "0", "--work-dir", str(work), address)
        with (
            Daemon("worker.Worker", "127.0.0.2", *each) as first,
            Daemon("worker.Worker", "127.0.0.3", *each) as second,
        ):
            for worker in (first, second):
                worker.until("Successfully registered with (master)")
            settings = {
                "spark.speculation": "true",
                "spark.speculation.interval": "50ms",
                "spark.speculation.multiplier": "1.01",
                "spark.speculation.quantile": "0.5",
                "spark.task.maxFailures": "100",
                "spark.executor.memory": "1g",
            }
            session = start(address, logs, **settings)
            yield session
            session.stop()


class Daemon:
    """A process of Spark's cluster manager."""

    def __init__(self, name: str, host: str, *arguments: str) -> None:
        program = f"{os.environ['SPARK_HOME']}/bin/spark-class"
        command = [program, f"org.apache.spark.deploy.{name}", "--host", host, *arguments]
        # The log has what the tests wait for.
        java = (
            "-Dlog4j2.configurationFile=org/apache/spark/log4j2-defaults.properties -Dspark.master.rest.enabled=false"
        )
        environment = {**os.environ, "SPARK_LOCAL_IP": host, "SPARK_DAEMON_JAVA_OPTS": java}
        self._process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def until(self, pattern: str) -> str:
        """Waits for a line of its log, and returns the group of the pattern."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if found := re.search(pattern, line):
                # A pipe that nobody reads would fill up.
                threading.Thread(target=self._process.stderr.read, daemon=True).start()
                return found[1]
        raise AssertionError(f"it ended without {pattern!r} in its log")


@pytest.fixture
def ten(cluster: SparkSession) -> Iterator[dict[str, Sandbox]]:
    started = {f"company-{n}": Sandbox(seed=n) for n in range(COMPANIES)}
    for sandbox in started.values():
        sandbox.generate(CUSTOMERS - 3)
    yield started
    # The job of a failed test would go on.
    cluster.sparkContext.cancelAllJobs()
    for sandbox in started.values():
        sandbox.close()


def ids(url: str, key: str) -> set[str]:
    from skiplino import Client

    with Client(key, base_url=url) as client:
        return {customer.id for customer in client.customers.list()}


def background(action: Callable[[], Any]) -> Future[Any]:
    pool = ThreadPoolExecutor(1)
    future = pool.submit(action)
    pool.shutdown(wait=False)
    return future


def until(condition: Callable[[], Any], running: Future[Any]) -> None:
    """Waits until a condition holds. Spark's tasks can only be polled."""
    waited = threading.Event()
    for _ in range(LIMIT * 20):
        if condition():
            return
        if running.done():
            running.result()
            raise AssertionError("the job ended before")
        waited.wait(0.05)
    raise AssertionError("it did not happen in time")


def failed_tasks(spark: SparkSession) -> int:
    tracker = spark.sparkContext.statusTracker()
    stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
    return sum(stage.numFailedTasks for stage in stages if stage is not None)


def executors() -> list[int]:
    """The processes of the executors of these tests."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if b"CoarseGrainedExecutorBackend" in command and os.environ["SPARK_HOME"].encode() in command:
            found.append(int(process.name))
    return sorted(found)


def worker_connected_to(url: str) -> int | None:
    """Spark's Python process that has a connection to this address of this machine."""
    port = f":{urlsplit(url).port:04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    sockets = {f"socket:[{line[9]}]" for line in lines if line[2].endswith(port)}
    for process in Path("/proc").iterdir():
        try:
            is_worker = b"pyspark.daemon" in (process / "cmdline").read_bytes()
            if is_worker and sockets & {os.readlink(file) for file in (process / "fd").iterdir()}:
                return int(process.name)
        except OSError:
            continue
    return None


def test_executors_are_processes_of_their_own(cluster: SparkSession) -> None:
    def parent(batches: Any) -> Any:
        import pyarrow

        for _ in batches:
            yield pyarrow.RecordBatch.from_pydict({"process": [os.getpid()]})

    workers = {row.process for row in cluster.range(8, numPartitions=8).mapInArrow(parent, "process long").collect()}
    assert os.getpid() not in workers
    assert len(executors()) == 2


def test_a_server_that_dies_during_the_read_and_comes_back(
    cluster: SparkSession, ten: dict[str, Sandbox], tmp_path: Path
) -> None:
    with Restartable(tmp_path / "mortal.sqlite", seed=99) as mortal:
        mortal_control = Control(mortal.control_url)
        mortal_control("POST /customers/generate", {"count": CUSTOMERS - 3})
        mortal_control(
            "POST /faults", {"operation": "listCustomers", "kind": "hold", "then": "drop", "when": {"nth": 3}}
        )
        urls = {**addresses(ten), "company-9": mortal.base_url}
        stable = {name: ids(url, mortal.key) for name, url in urls.items() if name != "company-9"}
        with mortal.client() as client:
            stable["company-9"] = set()
            for number in range(1, 3):
                stable["company-9"] |= {it.id for it in client.customers.list().page(number)}
        frame = cluster.read.format("skiplino").option("companies", table(urls)).load()
        reading = background(frame.select("company", "_id").collect)
        until(lambda: mortal_control("GET /held?atLeast=1")["held"], reading)
        mortal.kill()
        until(lambda: failed_tasks(cluster), reading)
        mortal.start()
        rows = reading.result(LIMIT)
        stable["company-9"] = ids(mortal.base_url, mortal.key)
    found = Counter((row["company"], row["_id"]) for row in rows)
    assert set(found.values()) == {1}
    assert found.keys() == {(name, id) for name, of in stable.items() for id in of}
    assert len(found) == COMPANIES * CUSTOMERS


class Control:
    """The control API of a sandbox that this process did not start."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, request: str, body: object = None) -> Any:
        import urllib.request

        method, path = request.split(" ", 1)
        data = None if body is None else json.dumps(body).encode()
        sent = urllib.request.Request(self._url + path, data, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(sent, timeout=30) as response:
            text = response.read()
        return json.loads(text) if text else None


def kill_executor(cluster: SparkSession, ten: dict[str, Sandbox], running: Future[Any]) -> None:
    """Kills an executor while it waits for a held request, or begins its task."""
    until(lambda: any(sandbox.control("GET /held?atLeast=0")["held"] for sandbox in ten.values()), running)
    os.kill(executors()[0], signal.SIGKILL)
    until(lambda: failed_tasks(cluster), running)


def test_an_executor_that_is_killed_during_the_read(cluster: SparkSession, ten: dict[str, Sandbox]) -> None:
    # Each company changes during the read: one customer is created and another is deleted.
    stable = {name: ids(sandbox.base_url, sandbox.secret_key) for name, sandbox in ten.items()}
    holds = {name: sandbox.hold("listCustomers", nth=2) for name, sandbox in ten.items()}
    frame = cluster.read.format("skiplino").option("companies", table(addresses(ten))).load()
    reading = background(frame.select("company", "_id").collect)
    kill_executor(cluster, ten, reading)
    for name, sandbox in ten.items():
        with sandbox.client() as client:
            client.customers.create(name="New")
            gone = client.customers.get(external_id="crm-7742")
            client.customers.delete(gone)
            stable[name].discard(gone.id)
    for name, sandbox in ten.items():
        sandbox.release(holds[name])
        sandbox.clear(holds[name])
    rows = reading.result(LIMIT)
    found = Counter((row["company"], row["_id"]) for row in rows)
    assert set(found.values()) == {1}
    assert found.keys() >= {(name, id) for name, of in stable.items() for id in of}


def write(frame: DataFrame, ten: dict[str, Sandbox], report: Path) -> dict[str, Any]:
    options = {"companies": table(addresses(ten)), "tasks": "4", "report": str(report)}
    frame.repartition(4, "company").write.format("skiplino").mode("append").options(**options).save()
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def rows_of(cluster: SparkSession, names: list[str], count: int) -> DataFrame:
    companies = cluster.createDataFrame([(name,) for name in names], "company string")
    numbers = cluster.range(count).select(concat(lit("new-"), col("id")).alias("externalId"))
    return companies.crossJoin(numbers).withColumn("name", concat(lit("Name "), col("externalId")))


def test_an_executor_that_is_killed_during_the_write(
    cluster: SparkSession, ten: dict[str, Sandbox], tmp_path: Path
) -> None:
    holds = {name: sandbox.hold("createCustomer", nth=20) for name, sandbox in ten.items()}
    writing = background(lambda: write(rows_of(cluster, list(ten), 40), ten, tmp_path / "report.json"))
    kill_executor(cluster, ten, writing)
    for name, sandbox in ten.items():
        sandbox.release(holds[name])
        sandbox.clear(holds[name])
    report = writing.result(LIMIT)
    assert [sandbox.committed("createCustomer") for sandbox in ten.values()] == [40] * COMPANIES
    assert (report["rows"], report["failed"], report["unknown"]) == (400, 0, 0)
    # The rows of the lost attempt were found, and not written again.
    assert 0 < report["unchanged"] == 400 - report["created"] - report["updated"]
    assert {name: len(ids(it.base_url, it.secret_key)) for name, it in ten.items()} == dict.fromkeys(
        ten, CUSTOMERS + 40
    )


def test_a_speculative_copy_of_a_task_writes_nothing_twice(
    cluster: SparkSession, ten: dict[str, Sandbox], tmp_path: Path
) -> None:
    slow = ten["company-0"]
    hold = slow.hold("createCustomer", nth=20)
    writing = background(lambda: write(rows_of(cluster, list(ten), 40), ten, tmp_path / "report.json"))
    until(lambda: slow.control("GET /held?atLeast=0")["held"], writing)
    # The first attempt stops amid its rows. So only a copy of the task can end the job.
    worker = worker_connected_to(slow.base_url)
    assert worker is not None
    os.kill(worker, signal.SIGSTOP)
    report = writing.result(LIMIT)
    assert (report["rows"], report["failed"], report["unknown"]) == (400, 0, 0)
    assert report["companies"]["company-0"]["unchanged"] > 0
    # Nobody waits for the held request any more; it comes too late.
    slow.release(hold)
    assert slow.idle()["requests"] == 0
    assert slow.committed("createCustomer") == 40
    assert len(ids(slow.base_url, slow.secret_key)) == CUSTOMERS + 40
