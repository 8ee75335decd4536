"""Fuzzes the code that reads bytes from servers, files and callers.

    python3 -m tools.fuzz SECONDS [TARGET...]    SECONDS in all, shared by the targets (all of them by default)
    python3 -m tools.fuzz 0 TARGET FILE          repeats the fault whose bytes are in FILE

Each target first repeats its corpus. A fault ends the run, and leaves its bytes in target/fuzz/faults.
With SKIPLINO_FUZZ_GROW=1 new inputs that reach new code are added to tests/fuzz/corpus.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.workspace import ROOT, host, output

OUT = ROOT / "target/fuzz"
TARGETS = ("answers", "retry-after", "csv", "c")
# The server's threads of these targets hold memory while they work, so leaks are looked for at the
# end only.
SERVERS = ("retry-after", "c")
# The flags that cargo-fuzz passes: libFuzzer traces every branch and comparison, and
# AddressSanitizer checks every access. The option for AddressSanitizer is official in nightly
# compilers only, but stable compilers contain its code.
FLAGS = (
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Zsanitizer=address",
    f"-Lnative={OUT / 'c'}",
)
OPTIONS = (
    "-timeout=20",
    "-rss_limit_mb=2048",
    "-max_len=4096",
    f"-artifact_prefix={OUT.relative_to(ROOT)}/faults/",
    "-print_final_stats=1",
    "-verbosity=0",
    "-print_funcs=0",
)


def run(*command: str | Path) -> None:
    """Runs a command, whose failure ends the run."""
    subprocess.run(command, cwd=ROOT, check=True)


def make_c_calls() -> None:
    """Generates the C code of the target `c` from the header, and makes Cargo build it again."""
    folder = OUT / "c"
    code, built, archive = folder / "calls.c", folder / "calls.o", folder / "libcalls.a"
    text = output("python3", "bindings/c/tests/calls.py", "bindings/c/include/skiplino.h")
    if archive.is_file() and code.is_file() and code.read_text(encoding="utf-8") == text:
        return
    code.write_text(text, encoding="utf-8")
    warnings = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-g", "-O1", "-Ibindings/c/include"]
    run("cc", *warnings, "-c", code, "-o", built)
    run("ar", "rcs", archive, built)
    (ROOT / "tests/fuzz/c.rs").touch()


def build() -> Path:
    """Builds the fuzzers; gives their folder."""
    environment = os.environ | {
        "RUSTC_BOOTSTRAP": "1",
        # Not RUSTFLAGS, because a folder may have spaces in its name.
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(FLAGS),
        "CARGO_TARGET_DIR": str(OUT),
    }
    triple = host()
    command = ["cargo", "build", "--locked", "--quiet", "--profile", "fuzz", "--target", triple]
    subprocess.run([*command, "-p", "skiplino-fuzz"], cwd=ROOT, env=environment, check=True)
    return OUT / triple / "fuzz"


def fuzz(program: Path, target: str, seconds: int, grow: bool) -> None:
    """Runs one fuzzer."""
    print(f"-- fuzz {target}", flush=True)
    corpus, grown = ROOT / "tests/fuzz/corpus" / target, OUT / "grown" / target
    shutil.rmtree(grown, ignore_errors=True)
    grown.mkdir(parents=True)
    corpus.mkdir(exist_ok=True)
    more = ["-detect_leaks=0"] if target in SERVERS else []
    run(program, *OPTIONS, *more, f"-max_total_time={seconds}", grown, corpus)
    if grow:
        merge = ["-set_cover_merge=1", "-use_counters=0", "-verbosity=0"]
        run(program, *more, *merge, corpus, grown)


def main(arguments: Sequence[str]) -> int:
    """Builds and runs the fuzzers that the command line names."""
    seconds, *names = arguments
    (OUT / "c").mkdir(parents=True, exist_ok=True)
    (OUT / "faults").mkdir(exist_ok=True)
    make_c_calls()
    folder = build()
    if len(names) == 2 and Path(names[1]).is_file():
        target, file = names
        run(folder / f"fuzz-{target}", Path(file).resolve())
        return 0
    targets = names or list(TARGETS)
    grow = os.environ.get("SKIPLINO_FUZZ_GROW") == "1"
    for target in targets:
        fuzz(folder / f"fuzz-{target}", target, int(seconds) // len(targets), grow)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        sys.exit(f"failed: {' '.join(map(str, error.cmd[:2]))} …")
    except KeyboardInterrupt:
        sys.exit(130)
