"""Measures every host language against comparable clients, or the parts that are named.

    python3 -m tools.bench [PART...]

Prints the table of all rows that were measured so far; after a whole run the table goes into
benches/README.md. Exits with 1 if a measurement failed or a goal is missed. SKIPLINO_BENCH_ROUNDS=1
checks that everything runs, and gives numbers without meaning.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.workspace import ROOT

PEERS = ROOT / "target/bench-peers/bin"
ROWS = ROOT / "target/bench"
CANNED = "target/release/canned"
NETWORK_SERVER = "target/release/network_server"
WORKER = "target/release/worker"
CARGO_BENCH = ("cargo", "bench", "--locked", "--quiet", "-p", "skiplino-benches", "--bench")


@dataclass(frozen=True)
class Part:
    """A part of the measurements: the host in its rows, and the command that prints them."""

    name: str
    host: str
    command: tuple[str, ...]
    # The needs that `scripts/setup` must provide; without them the part is skipped.
    needs: str = ""
    needs_wheel: bool = False


PARTS = [
    Part("rust", "Rust", (*CARGO_BENCH, "calls")),
    Part("sandbox", "sandbox", (*CARGO_BENCH, "sandbox")),
    Part("python", "Python", (f"{PEERS}/python", "benches/python/main.py", CANNED), "", True),
    Part("c", "C", ("scripts/c-bench", CANNED)),
    Part("kotlin", "Kotlin", ("scripts/kotlin-bench", CANNED), "kotlin"),
    Part("swift", "Swift", ("scripts/swift-bench", CANNED), "swift"),
    Part("generated", "generated", ("scripts/generated-bench", CANNED, WORKER), "", True),
    Part("spark", "Spark", ("scripts/spark-bench", CANNED), "spark", True),
    Part("network", "network", ("scripts/network-bench", NETWORK_SERVER, WORKER), "", True),
    Part("scaling", "scaling", (f"{PEERS}/python", "benches/scaling.py", CANNED, WORKER), "", True),
]


def run(*command: str | Path) -> None:
    """Runs a command, whose failure ends the run."""
    subprocess.run(command, cwd=ROOT, check=True)


def measure(part: Part, rows: Path) -> bool:
    """Prints and keeps the rows of a part; a failure adds a row that says so."""
    print(f"== {part.name}", file=sys.stderr, flush=True)
    with rows.open("w", encoding="utf-8") as kept:

        def keep(line: str) -> None:
            print(line, end="", flush=True)
            kept.write(line)

        with subprocess.Popen(
            part.command, cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        ) as process:
            for line in process.stdout or ():
                keep(line)
        if process.returncode:
            failed = {"work": "the rest", "peer": "", "failed": "it ended with an error"}
            keep(json.dumps({"host": part.host, **failed}) + "\n")
    return process.returncode == 0


def install_wheel() -> None:
    """Installs the Python package as users get it: the wheel, with the release's optimiser."""
    folder = ROWS / "wheel"
    for old in folder.glob("*"):
        old.unlink()
    pip = [str(PEERS / "pip"), "--disable-pip-version-check", "--quiet"]
    wheel = [
        *pip,
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(folder),
        "./python",
    ]
    # Where the build finds maturin.
    environment = os.environ | {"PATH": f"{PEERS}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(wheel, cwd=ROOT, env=environment, check=True)
    run(*pip, "install", "--no-deps", "--force-reinstall", *folder.glob("*.whl"))


def main(names: Sequence[str]) -> int:
    """Measures the parts that the command line names."""
    unknown = set(names) - {part.name for part in PARTS}
    if unknown:
        known = " ".join(part.name for part in PARTS)
        sys.exit(f"no such part: {' '.join(sorted(unknown))}; the parts are: {known}")
    wanted = [part for part in PARTS if not names or part.name in names]
    os.environ["PYTHONPATH"] = str(ROOT / "benches")
    run("scripts/setup", "rust", "bench_peers", "c_bench_peers", "generators")
    ROWS.mkdir(parents=True, exist_ok=True)
    bins = ["cargo", "build", "--locked", "--quiet", "--profile", "bench"]
    run(*bins, "-p", "skiplino-benches", "--bins")
    if any(part.needs_wheel for part in wanted):
        install_wheel()
    succeeded = True
    for part in wanted:
        rows = ROWS / part.name
        rows.unlink(missing_ok=True)
        setup = ["scripts/setup", *part.needs.split()]
        if subprocess.run(setup, cwd=ROOT, check=False).returncode == 0:
            succeeded = measure(part, rows) and succeeded
        else:
            print(f"{part.name}: skipped", file=sys.stderr)
    kept = [ROWS / part.name for part in PARTS if (ROWS / part.name).is_file()]
    table = ["python3", "benches/table.py", "benches/README.md", *map(str, kept)]
    if not names:
        table.append("--write")
    made = subprocess.run(table, cwd=ROOT, check=False)
    return int(not succeeded or made.returncode != 0)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        sys.exit(f"failed: {' '.join(map(str, error.cmd[:3]))} …")
    except KeyboardInterrupt:
        sys.exit(130)
