"""Builds the packages that are published for each platform, for the platform of this machine: the
command, the C library, the Python wheels and the JVM's library, all in target/dist.

    python3 -m tools.native_dist [PART...]

The program runs on Linux with glibc or musl, on macOS and on Windows, and needs Rust. The part `tools`
installs the Python packages that the part `wheels` and, on Windows, the part `c` need. A free-threaded
interpreter builds the wheel for itself. Any other interpreter builds the wheel for all others.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tools import c_header, c_package
from tools.reproducible_archive import pack
from tools.workspace import ROOT, host, output, pinned, version

WINDOWS, MAC = sys.platform == "win32", sys.platform == "darwin"
OUT, WORK = ROOT / "target/dist", ROOT / "target/dist-work"
CARGO_OUT = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
LICENCES = ["LICENSE-MIT", "LICENSE-APACHE"]
# Reading Parquet files of every usual codec costs 0.6 MB, most of it tables of Brotli. The validator of
# doctor costs 1.5 MB.
LARGEST_WHEEL = 5_900_000
# Rust's default for musl, and not for Windows; shared libraries for musl need the opposite.
STATIC, DYNAMIC = "-Ctarget-feature=+crt-static", "-Ctarget-feature=-crt-static"


def processor() -> str:
    """The processor in the names of archives."""
    return platform.machine().lower().replace("amd64", "x86_64")


def machine() -> str:
    """The platform's name in the names of archives, such as `linux-x86_64` or `linux-musl-aarch64`."""
    system = "macos" if MAC else "windows" if WINDOWS else "linux-musl" if is_musl() else "linux"
    return f"{system}-{processor()}"


def is_musl() -> bool:
    """Whether this machine's programs use musl in place of glibc."""
    return host().endswith("-musl")


def run(*command: str | Path, folder: Path = ROOT, **more: str) -> None:
    """Runs a command with additional variables."""
    subprocess.run(command, cwd=folder, env=os.environ | more, check=True)


def for_release(*command: str | Path, folder: Path = ROOT, flags: Sequence[str] = ()) -> None:
    """Runs a command that compiles for users, without this machine's paths in the result."""
    given = [*os.environ.get("RUSTFLAGS", "").split(), *flags]
    if not WINDOWS:
        run(ROOT / "scripts/for-release", *command, folder=folder, RUSTFLAGS=" ".join(given))
        return
    # As that script, which needs a Unix shell.
    crates = os.environ.get("CARGO_HOME", Path.home() / ".cargo")
    hidden = [f"--remap-path-prefix={ROOT}=/skiplino", f"--remap-path-prefix={crates}=/cargo"]
    run(*command, folder=folder, CARGO_ENCODED_RUSTFLAGS="\x1f".join([*given, *hidden]))


def commit_time() -> str:
    """The time of the commit, which every published file has."""
    return output("git", "log", "-1", "--format=%ct").strip()


def third_party(package: str, file: Path, *options: str) -> None:
    """Writes the licences of everything that is compiled into a package."""
    command = [sys.executable, "-m", "tools.third_party", package, *options]
    text = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    file.write_bytes(text.replace(b"\r\n", b"\n"))


def emptied(name: str) -> Path:
    """An empty folder of the working folder."""
    home = WORK / name
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    return home


def laid(name: str, package: str, *files: Path | str) -> Path:
    """Makes a folder with the licences and exactly these files and folders of the checkout."""
    home = emptied(name)
    for file in [*LICENCES, *files]:
        path = ROOT / file
        if path.is_dir():
            shutil.copytree(path, home / path.name)
        else:
            shutil.copy(path, home)
    third_party(package, home / "LICENSE-THIRD-PARTY")
    return home


def stripped(file: Path) -> None:
    """Removes the symbols that only debuggers use from a program or a shared library."""
    if WINDOWS:
        return
    run("strip", *(["-x"] if MAC else ["--strip-unneeded"]), file)
    if MAC:
        # macOS on arm64 starts signed code only, and a change invalidates the signature.
        run("codesign", "--force", "--sign", "-", file)


def archived(folder: Path, part: str) -> None:
    """Packs a folder as users of this platform expect it."""
    if WINDOWS:
        # A ZIP archive has the files only, so their folder is part of the names.
        inner = emptied("zip") / folder.name
        shutil.copytree(folder, inner)
        folder = inner.parent
        archive = OUT / part / f"{inner.name}.zip"
    else:
        archive = OUT / part / f"{folder.name}.tar.gz"
    archive.parent.mkdir(parents=True, exist_ok=True)
    pack(int(commit_time()), folder, archive)
    print(f"{archive.stat().st_size} bytes: {archive.relative_to(ROOT)}", flush=True)


def command() -> None:
    """The command `skiplino`; on musl and Windows it needs no other library."""
    flags = [STATIC] if WINDOWS else []
    for_release("cargo", "build", "--locked", "--release", "-p", "skiplino-cli", flags=flags)
    program = CARGO_OUT / "release" / ("skiplino.exe" if WINDOWS else "skiplino")
    name = f"skiplino-{version()}-{machine()}"
    home = laid(name, "skiplino-cli", "crates/skiplino-cli/README.md", program)
    stripped(home / program.name)
    archived(home, "command")


def c() -> None:
    """The C library with its header and examples, for pkg-config and CMake."""
    name = f"skiplino-c-{version()}-{machine()}"
    home = laid(name, "skiplino-c", "bindings/c/README.md", "bindings/c/examples")
    if sys.platform == "linux":
        # Not tuned for this machine's processor or C library.
        stage = emptied("c-stage")
        chosen: dict[str, Any] = {
            "PREFIX": "/usr/local",
            "LIBDIR": "",
            "PROFILE": "",
            "DESTDIR": str(stage),
        }
        if is_musl():
            chosen["RUSTFLAGS"] = DYNAMIC
        run("scripts/c-install", SKIPLINO_PORTABLE="1", **chosen)
        shutil.copytree(stage / "usr/local", home, symlinks=True, dirs_exist_ok=True)
    else:
        build = ["cargo", "build", "--locked", "-p", "skiplino-c", "--profile", "small"]
        for_release(*build, flags=[STATIC] if WINDOWS else [])
        built = CARGO_OUT / "small"
        if WINDOWS:
            c_package.windows(home, built / "skiplino_c.dll", processor(), sys.executable)
        else:
            mac_library(home, built)
    archived(home, "c")


def mac_library(home: Path, built: Path) -> None:
    """Lays out the shared library for macOS."""
    shared = home / "lib/libskiplino.dylib"
    for folder in ("include", "lib"):
        (home / folder).mkdir()
    shutil.copy(c_header.HEADER, home / "include")
    shutil.copy(built / "libskiplino_c.dylib", shared)
    # A program finds it in the folders of its own rpath.
    run("install_name_tool", "-id", "@rpath/libskiplino.dylib", shared)
    stripped(shared)
    c_package.cmake(home, "lib/libskiplino.dylib")


PACKAGES = [("python", "skiplino-python"), ("python/sandbox", "skiplino-python-sandbox")]


def tools() -> None:
    """Installs the packages that this interpreter needs, in the versions of the tests."""
    wanted = {"maturin", "twine"}
    if WINDOWS:
        wanted |= {"ziglang"}
    if sys.platform == "linux" and not is_musl():
        wanted |= {"auditwheel", "ziglang"}
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*pip, *pinned(wanted))


def maturin(folder: str, package: str, out: Path, *arguments: str) -> None:
    """Runs maturin for a Python package, with the licences of everything in it."""
    third_party(package, ROOT / folder / "LICENSE-THIRD-PARTY")
    os.environ["SOURCE_DATE_EPOCH"] = commit_time()
    program = [sys.executable, "-m", "maturin", *arguments, "--out", str(out)]
    for_release(*program, folder=ROOT / folder, flags=[DYNAMIC] if is_musl() else [])


def publishable(made: Path) -> None:
    """Moves the files of a folder to those that are published, if the package index accepts them."""
    files = sorted(made.iterdir())
    run(sys.executable, "-m", "twine", "check", "--strict", *files)
    (OUT / "python").mkdir(parents=True, exist_ok=True)
    for file in files:
        print(f"{file.stat().st_size} bytes: {file.name}", flush=True)
        file.replace(OUT / "python" / file.name)


def sources() -> None:
    """The source archives of the Python packages."""
    out = emptied("sources")
    for folder, package in PACKAGES:
        maturin(folder, package, out, "sdist")
    publishable(out)


def wheels() -> None:
    """The wheels of the Python packages: on Linux for every distribution of the last ten years."""
    out = emptied("wheels")
    free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    options = ["build", "--locked", "--release", "--compression-level", "9", *compatibility()]
    maturin(*PACKAGES[0], out, *options, "--interpreter", sys.executable)
    # The server's wheel is the same for every interpreter.
    if not free_threaded:
        maturin(*PACKAGES[1], out, *options)
    for wheel in out.iterdir():
        check_wheel(wheel, free_threaded)
    publishable(out)


def compatibility() -> list[str]:
    """The options that say which distributions of Linux a wheel has to run on."""
    if sys.platform != "linux":
        return []
    if is_musl():
        return ["--compatibility", "musllinux_1_2"]
    # Zig links against an old glibc, which the compilers of current distributions cannot.
    return ["--zig", "--compatibility", "manylinux2014"]


def check_wheel(wheel: Path, free_threaded: bool) -> None:
    """Checks that the wheel's tag matches its content, and that the wheel is not too large."""
    if wheel.stat().st_size > LARGEST_WHEEL:
        raise SystemExit(f"{wheel.name} has more than {LARGEST_WHEEL} bytes")
    # The third word is `abi3`, `none`, or as in `cp314t` for one free-threaded interpreter.
    if free_threaded != wheel.name.split("-")[3].endswith("t"):
        raise SystemExit(f"{wheel.name} is for another kind of interpreter than the one that ran")
    if sys.platform == "linux" and not is_musl():
        shown = output(sys.executable, "-m", "auditwheel", "show", wheel)
        if 'following platform tag: "manylinux_2_17_' not in " ".join(shown.split()):
            raise SystemExit(f"{wheel.name} needs newer libraries than its tag says: {shown}")


# Where JNA looks for a library in a jar.
JVM_FOLDERS = {
    "linux-x86_64": "linux-x86-64",
    "linux-aarch64": "linux-aarch64",
    "macos-x86_64": "darwin-x86-64",
    "macos-arm64": "darwin-aarch64",
    "windows-x86_64": "win32-x86-64",
    "windows-arm64": "win32-aarch64",
}


def jvm() -> None:
    """The library for Kotlin on this platform's JVM, which the published jar contains."""
    options = ["--locked", "--release", "-p", "skiplino-uniffi", "--features", "kotlin,gzip"]
    for_release("cargo", "build", *options)
    prefix, suffix = ("", ".dll") if WINDOWS else ("lib", ".dylib" if MAC else ".so")
    library = f"{prefix}skiplino_uniffi{suffix}"
    home = OUT / "jvm" / JVM_FOLDERS[machine()]
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(CARGO_OUT / "release" / library, home)
    stripped(home / library)


PARTS: dict[str, Callable[[], None]] = {
    "tools": tools,
    "command": command,
    "c": c,
    "wheels": wheels,
    "sources": sources,
    "jvm": jvm,
}


def main() -> int:
    """Builds the parts that the command line names, or all that a user installs."""
    for name in sys.argv[1:] or ["command", "c", "wheels"]:
        if name not in PARTS:
            sys.exit(f"no such part: {name}; the parts are: {' '.join(PARTS)}")
        print(f"-- {name} for {machine()}", flush=True)
        PARTS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
