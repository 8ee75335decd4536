"""Builds for Windows with MinGW-w64, and runs the results with Wine."""

from __future__ import annotations

import shutil

from tools import c_package, c_test, cross, wine
from tools.parts import build_command, run
from tools.workspace import ROOT, SKIPLINO

OUT = cross.TARGET
JANSSON = "target/tools/windows/jansson"
# As in target/c, with a compiler for Windows.
WARNINGS = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def lay_out(processor: str, built: str) -> str:
    """Lays the C library out as its users have it. Returns the folder."""
    home = f"{OUT}/windows-{processor}"
    shutil.rmtree(ROOT / home, ignore_errors=True)
    python = str(ROOT / "target/python/bin/python")
    c_package.windows(ROOT / home, ROOT / built / "skiplino_c.dll", processor, python)
    shutil.copytree(ROOT / c_test.BINDING / "examples", ROOT / home / "examples")
    return home


def compile_program(processor: str, home: str, program: str, *sources: str) -> str:
    """Compiles a program and returns its path, beside the library that it needs."""
    path = f"{home}/bin/{program}.exe"
    command = [f"{processor}-w64-mingw32-gcc", *WARNINGS, f"-I{home}/include", *sources]
    run(*command, f"-L{home}/lib", "-lskiplino", "-static-libgcc", "-o", path)
    return path


def compile_by_cmake(processor: str, home: str) -> str:
    """Compiles the first program with the library's files for CMake, and returns its path."""
    build = f"{OUT}/windows-cmake-{processor}"
    command = ["cmake", "--fresh", "-S", "packaging/cmake", "-B", build]
    options = {
        "CMAKE_SYSTEM_NAME": "Windows",
        "CMAKE_C_COMPILER": f"{processor}-w64-mingw32-gcc",
        "CMAKE_RUNTIME_OUTPUT_DIRECTORY": f"{ROOT}/{home}/bin",
        # In place of the archive of a release.
        "FETCHCONTENT_SOURCE_DIR_SKIPLINO": f"{ROOT}/{home}",
    }
    run(*command, *(f"-D{name}={value}" for name, value in options.items()))
    run("cmake", "--build", build)
    return f"{home}/bin/first.exe"


def run_first(processor: str, home: str, variables: dict[str, str]) -> None:
    """Runs the first program of the C library's guide, linked with either name of the import library."""
    source = f"{c_test.BINDING}/examples/first.c"
    key = {"SKIPLINO_API_KEY": "pk_sandbox_public"}
    programs = [compile_program(processor, home, "first-gcc", source)]
    for first in [*programs, compile_by_cmake(processor, home)]:
        run("scripts/with-sandbox", "--env", SKIPLINO, "wine", first, **variables, **key)


def run_kiosk(home: str, variables: dict[str, str]) -> None:
    """Runs the kiosk as its visitors use it."""
    program = compile_program("x86_64", home, "kiosk", *c_test.KIOSK)
    test = ["python3", f"{c_test.TESTS}/kiosk.py", "wine", program]
    run("scripts/with-sandbox", SKIPLINO, *test, **variables)


def run_scenarios(home: str, variables: dict[str, str]) -> None:
    """Runs every scenario through the C library."""
    sources = [f"{c_test.TESTS}/scenarios.c", f"{c_test.TESTS}/control.c", f"-I{JANSSON}/include"]
    libraries = [f"-L{JANSSON}/lib", "-ljansson", "-lws2_32", "-l:libpthread.a"]
    program = compile_program("x86_64", home, "scenarios", *sources, *libraries)
    run("scripts/with-sandbox", SKIPLINO, "wine", program, *c_test.scenario_files(), **variables)


def run_command(program: str, variables: dict[str, str]) -> None:
    """Runs the journey of `make demo` with the command, and tests the differences on Windows."""
    launcher = cross.launcher(f"{OUT}/windows-command/skiplino", "wine", str(ROOT / program))
    run("python3", "tests/journey.py", launcher, **variables)
    test = ["python3", "tests/wine/command.py", SKIPLINO, "wine", program]
    run("scripts/with-sandbox", SKIPLINO, *test, **variables)


def x86_64() -> None:
    """The C library with its examples and all scenarios, and the command."""
    build_command()
    features = "skiplino-c/gzip,skiplino-c/http2"
    packages = ["-p", "skiplino-c", "-p", "skiplino-cli", "--features", features]
    built = cross.build("x86_64-pc-windows-gnu", *packages)
    home = lay_out("x86_64", built)
    with wine.started("x86_64") as variables:
        run_first("x86_64", home, variables)
        run_kiosk(home, variables)
        run_scenarios(home, variables)
        run_command(f"{built}/skiplino.exe", variables)


def startup_objects() -> str:
    """Compiles the startup objects that Rust links into programs of 32 bits. Cargo does not build them
    with the standard library. Returns the folder.
    """
    folder = ROOT / OUT / "i686-startup"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("rsbegin", "rsend"):
        source = cross.STANDARD_LIBRARIES / f"src/rust/library/rtstartup/{name}.rs"
        compiler = [str(cross.RUST_SOURCE), "--target", "i686-pc-windows-gnu", "--emit=obj"]
        run(*compiler, "-o", f"{folder}/{name}.o", str(source), RUSTC_BOOTSTRAP="1")
    return str(folder)


def i686() -> None:
    """The C library for 32 bits, with its first program."""
    build_command()
    flags = {"CARGO_TARGET_I686_PC_WINDOWS_GNU_RUSTFLAGS": f"-Lnative={startup_objects()}"}
    home = lay_out("i686", cross.build("i686-pc-windows-gnu", "-p", "skiplino-c", **flags))
    with wine.started("i686") as variables:
        run_first("i686", home, variables)
