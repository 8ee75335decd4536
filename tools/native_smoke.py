"""Installs the packages that tools/native_dist.py has built for this platform into an empty folder, as
a user does, and runs the program of each README against the sandbox of the published command.

    python3 -m tools.native_smoke [PART...]

The program uses only target/dist, and runs on Linux, macOS and Windows. For the C library it needs
CMake and a C compiler. The interpreter that runs this program installs the wheels.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from tools.native_dist import MAC, WINDOWS, machine
from tools.workspace import ROOT, version

DIST = ROOT / "target/dist"
SUFFIX = ".exe" if WINDOWS else ""
LICENCES = ("LICENSE-MIT", "LICENSE-APACHE", "LICENSE-THIRD-PARTY")


def archive(part: str, name: str) -> Path:
    """The archive of this platform."""
    found = DIST / part / f"{name}-{version()}-{machine()}{'.zip' if WINDOWS else '.tar.gz'}"
    if not found.is_file():
        raise SystemExit(f"there is no {found}: run python3 -m tools.native_dist")
    return found


def unpacked(file: Path, home: Path, *names: str) -> None:
    """Unpacks an archive or a wheel, which must contain these files and no path of its builder."""
    if file.suffix in (".zip", ".whl"):
        with zipfile.ZipFile(file) as content:
            content.extractall(home)
    else:
        with tarfile.open(file) as content:
            content.extractall(home, filter="data")
    for name in names:
        if not any(path.stat().st_size > 100 for path in home.rglob(name)):
            raise SystemExit(f"{file.name} has no {name}")
    crates = os.environ.get("CARGO_HOME", str(Path.home() / ".cargo"))
    for path in home.rglob("*"):
        content_of = path.read_bytes() if path.is_file() else b""
        for builder in (str(ROOT), crates):
            if builder.encode() in content_of:
                raise SystemExit(f"{file.name}: {path.name} contains the path {builder}")


def quietly(*words: str | Path, folder: Path, **more: str) -> str:
    """Runs a command and returns what it prints, which is shown if the command fails."""
    done = subprocess.run(
        words,
        cwd=folder,
        env=os.environ | more,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode != 0:
        print(done.stdout)
        raise SystemExit(f"{' '.join(map(str, words))} failed with {done.returncode}")
    return done.stdout


def skiplino(home: Path) -> Path:
    """The published command."""
    unpacked(archive("command", "skiplino"), home / "command", "README.md", *LICENCES)
    return home / f"command/skiplino-{version()}-{machine()}/skiplino{SUFFIX}"


def says(word: str, home: Path, program: Path, *words: str | Path, **more: str) -> None:
    """Runs a program with a sandbox in its environment; it has to print the word."""
    with_sandbox: list[str | Path] = [
        sys.executable,
        ROOT / "tools/with_sandbox.py",
        "--env",
        skiplino(home),
    ]
    more |= {"SKIPLINO_API_KEY": "sk_sandbox_secret"}
    said = quietly(*with_sandbox, program, *words, folder=home, **more)
    if word not in said:
        raise SystemExit(f"{program.name} prints: {said}")


def command(home: Path) -> None:
    """The command runs, and books a ticket."""
    program = skiplino(home)
    said = quietly(program, "--version", folder=home)
    if said.strip() != f"skiplino {version()}":
        raise SystemExit(f"the command is another version: {said}")
    booking = ["book", "--branch", "Seef", "--service", "Cash Withdrawal"]
    says("Q001 booked", home, program, *booking)


def c(home: Path) -> None:
    """A program that downloads the library by CMake's FetchContent."""
    file = archive("c", "skiplino-c")
    unpacked(file, home / "c", "README.md", "skiplino.h", *LICENCES)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    build = home / "build"
    configure: list[str | Path] = [
        "cmake",
        "-S",
        ROOT / "packaging/cmake",
        "-B",
        build,
        "-DCMAKE_BUILD_TYPE=Release",
    ]
    configure += [f"-DSKIPLINO_ARCHIVE={file.as_posix()}", f"-DSKIPLINO_SHA256={sha256}"]
    # In one folder, also for generators of several configurations.
    for kind in ("", "_RELEASE"):
        configure.append(f"-DCMAKE_RUNTIME_OUTPUT_DIRECTORY{kind}={home.as_posix()}/bin")
    quietly(*configure, folder=home)
    quietly("cmake", "--build", build, "--config", "Release", folder=home)
    # Windows finds libraries in the folders of programs; elsewhere a program knows their folder.
    path = f"{build / '_deps/skiplino-src/bin'}{os.pathsep}{os.environ['PATH']}"
    says("it is now cancelled", home, home / f"bin/first{SUFFIX}", PATH=path)
    # Another file than the published one is rejected.
    configure[-3] = f"-DSKIPLINO_SHA256={'0' * 64}"
    configure[4] = home / "other"
    refused = subprocess.run(configure, capture_output=True, text=True, check=False)
    if refused.returncode == 0 or "0" * 64 not in refused.stderr:
        raise SystemExit(f"CMake accepts an archive with a wrong checksum: {refused.stderr}")


def wheels(home: Path) -> None:
    """The wheels, on a machine without a compiler, with the program of the package's page."""
    bin_folder = home / "venv" / ("Scripts" if WINDOWS else "bin")
    python = bin_folder / f"python{SUFFIX}"
    quietly(sys.executable, "-m", "venv", home / "venv", folder=home)
    install: list[str] = ["-m", "pip", "install", "--disable-pip-version-check", "--no-index"]
    install += ["--find-links", str(DIST / "python"), "--only-binary", ":all:"]
    quietly(python, *install, "skiplino[sandbox]", folder=home, PATH="/nowhere")
    for wheel in DIST.glob("python/*.whl"):
        unpacked(wheel, home / wheel.stem, *LICENCES)
    blocks: list[str | Path] = [
        python,
        ROOT / "tools/code_blocks.py",
        "skiplino",
        "python",
        "--package",
        "--first",
    ]
    (home / "readme.py").write_text(quietly(*blocks, folder=home), encoding="utf-8")
    says("cancelled", home, python, "readme.py")
    said = quietly(bin_folder / f"skiplino{SUFFIX}", "--version", folder=home)
    if said.strip() != f"skiplino {version()}":
        raise SystemExit(f"the wheel's command is another version: {said}")
    quietly(python, ROOT / "tools/installed_doctest.py", "skiplino.testing", folder=home)


PARTS: dict[str, Callable[[Path], None]] = {"command": command, "c": c, "wheels": wheels}


def main() -> int:
    """Runs the parts that the command line names, or all."""
    if MAC:
        # The programs that CMake builds find the library by their own rpath.
        os.environ.pop("DYLD_LIBRARY_PATH", None)
    for name in [name for name in os.environ if name.startswith(("SKIPLINO_", "PYTHONPATH"))]:
        del os.environ[name]
    for name in sys.argv[1:] or PARTS:
        if name not in PARTS:
            sys.exit(f"no such part: {name}; the parts are: {' '.join(PARTS)}")
        print(f"-- {name} of {machine()}", flush=True)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
            PARTS[name](Path(home).resolve())
    print(f"{machine()}: installed as users do")
    return 0


if __name__ == "__main__":
    sys.exit(main())
