"""Fixtures of the tests of the data source: sandboxes, and sessions of Spark."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pyspark
import pytest
from pyspark.sql import DataFrame, SparkSession

from skiplino import Client
from skiplino._command import sandbox_program
from skiplino.spark import SkiplinoDataSource, companies
from skiplino.testing import Sandbox

#: The name of the secret of all sandboxes. Executors inherit the variable from this process.
SECRET = "QUEUE_KEY"
KEY = "sk_sandbox_secret"


@pytest.fixture(scope="session", autouse=True)
def environment(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What Spark's processes inherit."""
    # Spark writes into its home, and all checkouts share the installed one.
    home = tmp_path_factory.mktemp("home")
    for entry in Path(pyspark.__path__[0]).iterdir():
        (home / entry.name).symlink_to(entry)
    os.environ |= {
        SECRET: KEY,
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        # The tests are short: optimised code would take longer to compile than it saves.
        "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    }


def start(master: str, folder: Path, **settings: str) -> SparkSession:
    """A session that leaves nothing outside of the folder."""
    builder = SparkSession.builder.master(master).appName("skiplino")
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.local.dir": str(folder / "local"),
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": f"file://{folder}",
        "spark.eventLog.compress": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.python.filterPushdown.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        **settings,
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.dataSource.register(SkiplinoDataSource)
    return session


@pytest.fixture(scope="package")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the event log."""
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
def spark(logs: Path) -> Iterator[SparkSession]:
    """A session whose two executors are threads of one process. A failed task is not repeated."""
    session = start("local[2]", logs)
    yield session
    session.stop()


@pytest.fixture(scope="session")
def _sandboxes() -> Iterator[dict[str, Sandbox]]:
    started = {name: Sandbox(seed=seed) for seed, name in enumerate(("Bahrain", "Kuwait", "Qatar"))}
    yield started
    for sandbox in started.values():
        sandbox.close()


@pytest.fixture
def sandboxes(_sandboxes: dict[str, Sandbox]) -> dict[str, Sandbox]:
    """Three companies with three customers each."""
    for sandbox in _sandboxes.values():
        sandbox.reset()
    return _sandboxes


def table(addresses: dict[str, str], **secrets: str) -> str:
    """The option ``companies``."""
    rows = [{"name": name, "baseUrl": url, "secret": secrets.get(name, SECRET)} for name, url in addresses.items()]
    return companies(rows)


def addresses(sandboxes: dict[str, Sandbox]) -> dict[str, str]:
    return {name: sandbox.base_url for name, sandbox in sandboxes.items()}


Read = Callable[..., DataFrame]


@pytest.fixture
def read(spark: SparkSession, sandboxes: dict[str, Sandbox]) -> Read:
    """Reads the sandboxes with the given options."""

    def read(**options: Any) -> DataFrame:
        options.setdefault("companies", table(addresses(sandboxes)))
        return spark.read.format("skiplino").options(**options).load()

    return read


class Restartable:
    """A sandbox that keeps its address and its customers when it is killed and started again."""

    def __init__(self, data: Path, seed: int) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._data, self._seed = data, seed
        self.start()

    def start(self) -> None:
        command = [sandbox_program(), "--json", "--until-stdin-ends", "--seed", str(self._seed)]
        command += ["--port", str(self._port), "--data", str(self._data)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        settings = json.loads(self._process.stdout.readline())
        self.base_url, self.control_url, self.key = settings["baseUrl"], settings["controlUrl"], settings["secretKey"]

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def client(self) -> Client:
        return Client(self.key, base_url=self.base_url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
