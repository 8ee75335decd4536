"""Builds for Linux with musl, with the C library that Zig contains, and runs the results with
Debian's musl."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from dataclasses import dataclass

from tools import cross
from tools.linux import PYTHON, python_scenarios, step, wheel
from tools.parts import PartFailed, build_command, run
from tools.workspace import ROOT, SKIPLINO, output

# With the feature for static programs, Rust builds no shared library. Programs get a linker's flag
# in its place, so that both share the compiled dependencies.
FLAGS = "-Clink-self-contained=no -Ctarget-feature=-crt-static"


@dataclass(frozen=True)
class Musl:
    """A Linux system with musl."""

    # The processor as Rust and Zig name it, and as Debian does.
    processor: str
    debian: str
    # The start of a command line that runs a program for the processor.
    emulator: tuple[str, ...] = ()

    @property
    def rust(self) -> str:
        """Rust's name of the platform."""
        return f"{self.processor}-unknown-linux-musl"

    @property
    def zig(self) -> str:
        """Zig's name of the platform."""
        return f"{self.processor}-linux-musl"

    @property
    def built(self) -> str:
        """The folder in which Cargo leaves results."""
        return f"{cross.TARGET}/{self.rust}/debug"

    @property
    def out(self) -> str:
        """The folder of all other results."""
        return f"{cross.TARGET}/musl-{self.processor}"

    @property
    def loader(self) -> str:
        """Debian's musl, which loads programs."""
        name = f"target/tools/debian-{self.debian}/lib/ld-musl-{self.processor}.so.1"
        return str(ROOT / name)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of Cargo, which starts Zig."""
        path = f"{ROOT / PYTHON}:{os.environ['PATH']}"
        return cross.environment(self.rust) | {"PATH": path, "RUSTFLAGS": FLAGS}

    def build(self, package: str, *arguments: str) -> None:
        """Builds a package."""
        command = ["cargo-zigbuild", "rustc", "--locked", "--target", self.rust, "-p", package]
        run(*command, *arguments, **self.environment)


SYSTEMS = (
    Musl("x86_64", "amd64"),
    Musl("aarch64", "arm64", ("qemu-aarch64",)),
)


def check_needs(library: str) -> None:
    """Fails if a library needs more than musl."""
    needed = re.findall(r"NEEDED.*\[(.*)\]", output("readelf", "-d", library))
    if needed != ["libc.so"]:
        raise PartFailed(f"{library} needs {' '.join(needed)}, not only musl's libc.so")
    if "GLIBC_" in output("readelf", "-V", library):
        raise PartFailed(f"{library} needs a version of glibc")


def check_static(program: str) -> None:
    """Fails if a program needs a loader or a library."""
    if "INTERP" in output("readelf", "-l", program) or "NEEDED" in output("readelf", "-d", program):
        raise PartFailed(f"{program} is not static")


def c_library(system: Musl) -> None:
    """The first program of C's guide, with the shared library and with the static one."""
    with step(f"build the C library for {system.rust}"):
        system.build("skiplino-c", "--lib")
    check_needs(f"{system.built}/libskiplino_c.so")
    out = ROOT / system.out
    out.mkdir(parents=True, exist_ok=True)
    for name in ("libskiplino.so", "libskiplino.so.0"):
        shutil.copy(ROOT / system.built / "libskiplino_c.so", out / name)
    # Optimised, because Zig's own checks of other programs need a later musl than Debian's.
    compiler = [f"{PYTHON}/python", "-m", "ziglang", "cc", "-O2", "-target", system.zig]
    compiler += ["-std=c99", "-Ibindings/c/include", "bindings/c/examples/first.c"]
    shared, static = f"{system.out}/first", f"{system.out}/first-static"
    loader = f"-Wl,--dynamic-linker={system.loader},-rpath,{out}"
    run(*compiler, "-dynamic", f"-L{out}", "-lskiplino", loader, "-o", shared)
    run(*compiler, "-static", f"{system.built}/libskiplino_c.a", "-lunwind", "-o", static)
    check_static(static)
    for program in (shared, static):
        sandbox = ["scripts/with-sandbox", "--env", SKIPLINO, *system.emulator, program]
        run(*sandbox, SKIPLINO_API_KEY="pk_sandbox_public")


def python(system: Musl) -> None:
    """The wheel; on x86_64 all scenarios, in a CPython that `scripts/setup` has built."""
    tag = f"musllinux_1_2_{system.processor}"
    with step(f"build the wheel for {system.rust}"):
        options = ["--zig", "--compatibility", "musllinux_1_2"]
        package = wheel(system.rust, system.out, *options, **system.environment)
    if not package.endswith(f"-{tag}.whl"):
        raise PartFailed(f"{package} does not have the tag {tag}")
    with zipfile.ZipFile(package) as archive:
        check_needs(archive.extract("skiplino/_native.abi3.so", ROOT / system.out / "unpacked"))
    if system.emulator:
        return
    with step(f"scenarios in Python for {system.rust}"):
        interpreter = [str(ROOT / "target/tools/musl-python/bin/python3.11")]
        python_scenarios(interpreter, package, tag, system.out)


def command(system: Musl) -> None:
    """The command as one static file."""
    with step(f"build the command for {system.rust}"):
        system.build("skiplino-cli", "--bin", "skiplino", "--", "-Clink-arg=-static")
    program = f"{system.built}/skiplino"
    check_static(program)
    with step("the command's journey"):
        name = f"{system.out}/skiplino"
        run(
            "python3",
            "tests/journey.py",
            cross.launcher(name, *system.emulator, str(ROOT / program)),
        )


def all_systems() -> None:
    """The C library, the wheel and the command, on both processors."""
    build_command()
    for system in SYSTEMS:
        c_library(system)
        python(system)
        command(system)
