"""Runs the tests of bindings/c: C programs that use the library against a sandbox.

    python3 -m tools.c_test [PROGRAM...]

The command `skiplino` must be built already. Every program is compiled as C99 and C++17 by gcc and
clang, and runs as compiled by gcc and clang++, with AddressSanitizer and under Valgrind. With names
only those programs are compiled and run, and the installed library is not tested.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence

from tools import c_abi, c_header
from tools.workspace import ROOT, SKIPLINO, output

BINDING = "bindings/c"
TESTS = f"{BINDING}/tests"
OUT = "target/c"
PROGRAMS = (
    "first",
    "guides",
    "scenarios",
    "arguments",
    "callbacks",
    "panics",
    "resets",
    "threads",
    "fork",
    "unload",
    "kiosk",
)
# It waits for a lost network; Valgrind runs the same program later.
NOT_RUN = {("gcc", "kiosk")}
# A forked child leaves the memory of its parent's client alone. Valgrind takes what the assembly of
# TLS writes for uninitialised memory.
NOT_UNDER_VALGRIND = ("fork", "resets")
# On purpose, a forked child does not free its parent's client, and a panic's value is never
# dropped.
LEAKING = ("fork", "panics")
# These need optional features: exports that panic, and compressed responses.
FULL = ("scenarios", "panics")

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g", "-D_POSIX_C_SOURCE=200809L"]
WARNINGS += [f"-I{BINDING}/include", f"-I{TESTS}", f"-I{OUT}"]
C, CPP = ["-std=c99", *WARNINGS], ["-std=c++17", *WARNINGS]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
SANITIZERS += ["-fno-omit-frame-pointer"]
VALGRIND = ["valgrind", "-q", "--show-leak-kinds=all", "--errors-for-leak-kinds=all"]
VALGRIND += ["--error-exitcode=9", f"--suppressions={TESTS}/valgrind.supp"]
KIOSK = [f"{BINDING}/examples/kiosk.c", f"{BINDING}/examples/kiosk_input.c"]
MOST_KIOSK_LINES = 299
STARTED = time.monotonic()


def say(text: str) -> None:
    """Prints a heading, and the seconds since the start."""
    print(f"-- {text} ({time.monotonic() - STARTED:.0f} s)", flush=True)


def run(*command: str, **environment: str) -> None:
    """Runs a command, whose failure ends the tests."""
    subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=True)


def library(folder: str, *options: str) -> None:
    """Builds the library, and copies it into a folder of target/c."""
    run("cargo", "build", "--locked", "-p", "skiplino-c", *options)
    to = f"{OUT}/{folder}"
    (ROOT / to).mkdir(parents=True, exist_ok=True)
    run("cp", "target/debug/libskiplino_c.so", f"{to}/libskiplino.so.0")
    run("ln", "-sf", "libskiplino.so.0", f"{to}/libskiplino.so")


def check_symbols() -> None:
    """The library exports exactly the functions that the header declares."""
    path = f"{OUT}/lib/libskiplino.so"
    if "[libskiplino.so.0]" not in output("readelf", "-d", path):
        sys.exit(f"{path} has not the SONAME libskiplino.so.0")
    symbols = output("nm", "-D", "--defined-only", path).splitlines()
    exported = {line.split()[2] for line in symbols}
    declared = set(c_header.declared(c_header.HEADER.read_text(encoding="utf-8")))
    if exported != declared:
        difference = ", ".join(sorted(exported ^ declared))
        sys.exit(f"the library exports other functions than the header declares: {difference}")


def sources(program: str) -> list[str]:
    """The source files of a program."""
    match program:
        case "first":
            return [f"{BINDING}/examples/first.c"]
        case "kiosk":
            return [*KIOSK, "-DKIOSK_QR"]
        case "arguments":
            return [f"{OUT}/arguments.c", f"{TESTS}/handles.c"]
        case "fork" | "panics" | "resets" | "unload":
            return [f"{TESTS}/{program}.c"]
        case _:
            return [f"{TESTS}/{program}.c", f"{TESTS}/control.c"]


def links(program: str) -> list[str]:
    """The libraries that a program needs."""
    if program == "unload":
        return ["-pthread", "-ldl"]
    folder = ROOT / OUT / ("full" if program in FULL else "lib")
    other = "-lqrencode" if program == "kiosk" else "-ljansson"
    return [f"-L{folder}", "-lskiplino", f"-Wl,-rpath,{folder}", "-pthread", other]


def compile_program(program: str) -> None:
    """Compiles a program with every compiler."""
    code, libraries = sources(program), links(program)

    def to(kind: str) -> list[str]:
        return ["-o", f"{OUT}/{kind}-{program}"]

    for compiler in ("gcc", "clang"):
        run(compiler, *C, *code, *libraries, *to(compiler))
    for compiler in ("g++", "clang++"):
        run(compiler, *CPP, "-x", "c++", *code, "-x", "none", *libraries, *to(compiler))
    run("gcc", *C, *SANITIZERS, *code, *libraries, *to("asan"))
    symbols = output("nm", f"{OUT}/asan-{program}")
    for symbol in ("__asan_init", "__ubsan_handle"):
        if symbol not in symbols:
            sys.exit(f"asan-{program} has no {symbol}: it was not built with the sanitizers")


def scenario_files() -> list[str]:
    """The files with scenarios."""
    files = sorted((ROOT / "tests/scenarios").glob("*.json"))
    return [str(file.relative_to(ROOT)) for file in files if file.name != "schema.json"]


def run_program(
    kind: str, program: str, *prefix: str, libraries: str = "lib", **environment: str
) -> None:
    """Runs a program against a sandbox of its own."""
    command = [*prefix, f"{OUT}/{kind}-{program}"]
    url: list[str] = []
    match program:
        case "scenarios":
            command += scenario_files()
        case "unload":
            command.append(f"{OUT}/{libraries}/libskiplino.so")
        case "kiosk":
            command = ["python3", f"{TESTS}/kiosk.py", *command]
        case "first":
            command = ["env", "SKIPLINO_API_KEY=pk_sandbox_public", *command]
            url = ["--env"]
        case "resets":
            run("timeout", "300", "python3", "tests/reset_server.py", *command, **environment)
            return
    run("timeout", "300", "scripts/with-sandbox", *url, SKIPLINO, *command, **environment)


def generate_arguments() -> None:
    """Writes the program `arguments`, which calls every function of the header."""
    arguments = output("python3", f"{TESTS}/arguments.py", f"{BINDING}/include/skiplino.h")
    (ROOT / OUT / "arguments.c").write_text(arguments, encoding="utf-8")


def check_kiosk() -> None:
    """The kiosk compiles without libqrencode, and is short."""
    run("gcc", *C, "-fsyntax-only", *KIOSK)
    lines = len((ROOT / KIOSK[0]).read_text(encoding="utf-8").splitlines())
    if lines > MOST_KIOSK_LINES:
        sys.exit(f"the kiosk has {lines} lines, more than {MOST_KIOSK_LINES}")


def build_and_check_library() -> None:
    """Builds the library twice, and checks its header, symbols and ABI."""
    say("library")
    library("full", "--features", "gzip,http2,panicking")
    library("lib")
    run("cargo", "test", "--locked", "-q", "-p", "skiplino-c")
    print(c_header.check(), flush=True)
    say("exported symbols")
    check_symbols()
    say("ABI")
    c_abi.main()


def main(names: Sequence[str]) -> int:
    """Runs all tests, or those of the programs that are named."""
    unknown = set(names) - set(PROGRAMS)
    if unknown:
        sys.exit(f"no such program: {' '.join(sorted(unknown))}; they are: {' '.join(PROGRAMS)}")
    programs = [program for program in PROGRAMS if not names or program in names]
    build_and_check_library()
    say("compilers")
    generate_arguments()
    for program in programs:
        compile_program(program)
    check_kiosk()
    for kind in ("gcc", "clang++", "asan"):
        for program in programs:
            if (kind, program) not in NOT_RUN:
                say(f"{kind}-{program}")
                quiet = {"RUST_BACKTRACE": "0", "ASAN_OPTIONS": "detect_leaks=0"}
                run_program(kind, program, **(quiet if program in LEAKING else {}))
    for program in programs:
        if program not in NOT_UNDER_VALGRIND:
            say(f"valgrind {program}")
            leaks = "no" if program in LEAKING else "full"
            run_program("gcc", program, *VALGRIND, f"--leak-check={leaks}")
    if not names:
        say("installed")
        run("scripts/c-installed")
    say("all passed")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        sys.exit(f"failed with {error.returncode}: {' '.join(error.cmd)}")
    except KeyboardInterrupt:
        sys.exit(130)
