"""The part of `make bench` for clients generated from the specification: `main.py CANNED WORKER`

The arguments are the server with canned responses and the worker of the core.
`scripts/generated-bench` builds the other workers. Every contestant is a separate process."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import distribution
from pathlib import Path
from re import match

from race import Contestant, Measure, print_row, race
from worker import Server, Worker, WorkerEnded, one_core

canned, worker = sys.argv[1:]
HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
GENERATED, KOTLIN, SWIFT = ROOT / "target/generated", ROOT / "target/kotlin", ROOT / "target/swift"
SWIFT_RUN = [str(ROOT / "scripts/swift-toolchain"), "run"]
PYTHON = [sys.executable, str(HERE / "python/worker.py")]
# The command of each work.
WORKS = {
    "a ticket, one at a time": ("ticket", 1),
    "a page of 100 customers": ("page", 1),
    "a ticket, 64 in flight": ("ticket", 64),
}


@dataclass
class Client:
    """The command of the worker, and of the one for many calls in flight if that is another; the
    installed files; and the names under which `generated-bench` reports why a client is missing."""

    name: str
    command: list[str]
    files: list[Path] = field(default_factory=list)
    wide: list[str] = field(default_factory=list)
    made: tuple[str, ...] = ()

    def size(self) -> int:
        files = (file for given in self.files for file in (given.rglob("*") if given.is_dir() else [given]))
        return sum(file.stat().st_size for file in files if file.is_file() and "__pycache__" not in file.parts)

    def failure(self) -> str | None:
        reasons = [GENERATED / f"{name}.failed" for name in self.made]
        return next((reason.read_text(encoding="utf-8").strip() for reason in reasons if reason.exists()), None)


def installed(*names: str) -> list[Path]:
    """The files of these Python packages and of their dependencies."""
    files: list[Path] = []
    left, seen = [*names], set[str]()
    while left:
        name = left.pop()
        if name not in seen:
            seen.add(name)
            found = distribution(name)
            files += [Path(str(file.locate())) for file in found.files or ()]
            # Without dependencies of extras or of other platforms.
            needed = [match(r"[\w.-]+", text) for text in found.requires or () if ";" not in text]
            left += [word[0] for word in needed if word]
    return files


def java(main: str, module: str) -> list[str]:
    return ["java", "-cp", f"{KOTLIN}/{module}/{module}-0.1.0.jar:{KOTLIN}/{module}/lib/*", main]


def hosts() -> dict[str, list[Client]]:
    """The clients of each language: ours and the generated ones."""
    rust, kotlin = GENERATED / "rust-target/release/generated-worker", KOTLIN / "generated-worker"
    # Without the jars of the other contestants.
    jars = [jar for jar in (KOTLIN / "benches/lib").glob("*.jar") if not match("okhttp|okio|kotlinx-serialization", jar.name)]
    urllib3, httpx = GENERATED / "python-urllib3/generated_urllib3", GENERATED / "python-httpx/generated_httpx"
    ours, swift = SWIFT / "benches/release/Worker", GENERATED / "swift-build/release/Worker"
    return {
        "Rust": [
            Client("core", [worker, "core"], [Path(worker)]),
            Client("openapi-generator, reqwest", [str(rust)], [rust], made=("rust",)),
        ],
        "Python": [
            Client("skiplino", [*PYTHON, "skiplino"], installed("skiplino"), [*PYTHON, "skiplino-asyncio"]),
            Client(
                "openapi-generator, urllib3 or aiohttp",
                [*PYTHON, "openapi-generator"],
                [urllib3, *installed("urllib3", "python-dateutil", "pydantic")],
                [*PYTHON, "openapi-generator-asyncio"],
                ("python-urllib3", "python-asyncio"),
            ),
            Client(
                "openapi-python-client, httpx",
                [*PYTHON, "openapi-python-client"],
                [httpx, *installed("httpx", "attrs", "python-dateutil")],
                [*PYTHON, "openapi-python-client-asyncio"],
                ("python-httpx",),
            ),
        ],
        "Kotlin": [
            Client("skiplino", java("Worker", "benches"), jars),
            Client(
                "openapi-generator, OkHttp",
                java("GeneratedWorker", "generated-worker"),
                [kotlin / "lib", *kotlin.glob("*.jar")],
                made=("kotlin",),
            ),
        ],
        "Swift": [
            Client("skiplino", [*SWIFT_RUN, str(ours)], [ours, *(SWIFT / "lib").glob("*.so")]),
            Client("openapi-generator, URLSession", [*SWIFT_RUN, str(swift)], [swift], made=("swift-client",)),
        ],
    }


def compare(server: Server, host: str, clients: list[Client], work: str) -> None:
    kind, wide = WORKS[work]
    with ExitStack() as stack:
        contestants = []
        for client in clients:
            failure = client.failure()
            if failure is None:
                try:
                    started = stack.enter_context(Worker(*(wide > 1 and client.wide) or client.command, server.base_url))
                    # A JVM needs time to optimise the code.
                    warm(started, kind, wide, 4 if host == "Kotlin" else 0.2)
                    turn = started.calling(kind, wide)
                    contestants.append(Contestant(client.name, turn, memory=lambda its=started: its.status("VmRSS"), size=client.size()))
                except (WorkerEnded, OSError) as error:
                    failure = str(error)
            if failure is not None:
                print_row(host=host, work=work, peer=client.name, failed=failure)
                if client is clients[0]:
                    return
        try:
            race(host, contestants, [Measure(work)])
        except WorkerEnded as error:
            print_row(host=host, work=work, peer="", failed=str(error))


def warm(started: Worker, kind: str, wide: int, seconds: float) -> None:
    while seconds > 0:
        seconds -= started.work(kind, wide, 4 * wide)


os.environ["PYTHONPATH"] = os.pathsep.join(str(folder) for folder in GENERATED.glob("python-*") if folder.is_dir())
alone, page, in_flight = WORKS
with Server(canned) as server:
    for host, clients in hosts().items():
        with one_core(server):
            compare(server, host, clients, alone)
            compare(server, host, clients, page)
        compare(server, host, clients, in_flight)
