"""Builds for Linux on ARM with Debian's compilers, and runs the results with QEMU."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from tools import c_test, cross
from tools.linux import TICKETS, python_scenarios, step, wheel
from tools.parts import build_command, run
from tools.workspace import ROOT

# Optional features that the scenarios need, and exports that panic.
FEATURES = "skiplino-c/gzip,skiplino-c/http2,skiplino-c/panicking"


@dataclass(frozen=True)
class Arm:
    """An ARM system, with its names in Debian, GCC, Rust and QEMU."""

    name: str
    # Debian's name, whose packages `scripts/setup` has unpacked.
    debian: str
    # The names that GCC, Rust and QEMU have for it.
    gnu: str
    rust: str
    qemu: str

    @property
    def system(self) -> str:
        """The folder with the packages."""
        return f"target/tools/debian-{self.debian}"

    @property
    def out(self) -> str:
        """The folder of the results."""
        return f"{cross.TARGET}/{self.name}"

    @property
    def emulator(self) -> list[str]:
        """The start of a command line that runs a program of the system."""
        return [self.qemu, "-L", str(ROOT / self.system)]

    @property
    def linker(self) -> dict[str, str]:
        """The environment that tells Cargo which linker to use."""
        name = self.rust.upper().replace("-", "_")
        return {f"CARGO_TARGET_{name}_LINKER": f"{self.gnu}-gcc"}


AARCH64 = Arm("aarch64", "arm64", "aarch64-linux-gnu", "aarch64-unknown-linux-gnu", "qemu-aarch64")
ARMV7 = Arm("armv7", "armhf", "arm-linux-gnueabihf", "armv7-unknown-linux-gnueabihf", "qemu-arm")


def c_programs(arm: Arm, built: str) -> None:
    """Compiles the programs of bindings/c, and runs them."""
    libraries = ROOT / c_test.OUT / arm.name
    libraries.mkdir(parents=True, exist_ok=True)
    for name in ("libskiplino.so", "libskiplino.so.0"):
        shutil.copy(ROOT / built / "libskiplino_c.so", libraries / name)
    c_test.generate_arguments()
    system = [f"-I{arm.system}/usr/include", f"-L{arm.system}/usr/lib/{arm.gnu}"]
    links = [f"-L{libraries}", "-lskiplino", f"-Wl,-rpath,{libraries}", "-pthread", "-ldl"]
    for program in c_test.PROGRAMS:
        code = [*c_test.sources(program), "-o", f"{c_test.OUT}/{arm.name}-{program}"]
        other = "-lqrencode" if program == "kiosk" else "-ljansson"
        run(f"{arm.gnu}-gcc", *c_test.C, *system, *code, *links, other)
    for program in c_test.PROGRAMS:
        with step(f"{arm.name}-{program}"):
            quiet = {"RUST_BACKTRACE": "0"} if program in c_test.LEAKING else {}
            c_test.run_program(arm.name, program, *arm.emulator, libraries=arm.name, **quiet)


def aarch64() -> None:
    """64 bits: the C library, the command and the Python package."""
    build_command()
    arm = AARCH64
    with step("build the C library and the command"):
        packages = ["-p", "skiplino-c", "-p", "skiplino-cli", "--features", FEATURES]
        built = cross.build(arm.rust, *packages, **arm.linker)
    c_programs(arm, built)
    with step("the command's journey"):
        command = [*arm.emulator, str(ROOT / built / "skiplino")]
        run("python3", "tests/journey.py", cross.launcher(f"{arm.out}/skiplino", *command))
    with step("build the wheel"):
        environment = cross.environment(arm.rust) | arm.linker
        package = wheel(arm.rust, arm.out, "--compatibility", "linux", **environment)
    with step("scenarios in Python"):
        interpreter = [*arm.emulator, f"{arm.system}/usr/bin/python3.11"]
        python_scenarios(interpreter, package, "linux_aarch64", arm.out, *TICKETS)


def armv7() -> None:
    """32 bits: the C library."""
    build_command()
    with step("build the C library"):
        packages = ["-p", "skiplino-c", "--features", FEATURES]
        built = cross.build(ARMV7.rust, *packages, **ARMV7.linker)
    c_programs(ARMV7, built)
