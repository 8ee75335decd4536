"""Lays out the C library for macOS and Windows, where `make install` does not run."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from tools import c_header
from tools.workspace import ROOT, version

# The processors of Windows, as dlltool names them.
MACHINES = {"x86_64": "i386:x86-64", "arm64": "arm64", "i686": "i386"}
SHARED = "bin/skiplino.dll"
# For Microsoft's compiler and Clang, and the same library by the name that MinGW's linker prefers.
IMPORT_LIBRARY, MINGW_IMPORT_LIBRARY = "lib/skiplino.lib", "lib/libskiplino.dll.a"


def windows(home: Path, dll: Path, processor: str, python: str) -> None:
    """Lays out a library that Cargo has built for Windows. The interpreter must have the package
    `ziglang`, whose dlltool makes the same import library on every system.
    """
    for folder in ("bin", "include", "lib"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    shutil.copy(c_header.HEADER, home / "include")
    shutil.copy(dll, home / SHARED)
    # Cargo's own import library contains Cargo's name of the DLL. This one contains only the
    # functions of the header, so that programs cannot use others.
    names = c_header.declared(c_header.HEADER.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as work:
        definition = Path(work, "skiplino.def")
        definition.write_text("\n".join(["EXPORTS", *names, ""]), encoding="utf-8")
        command = [python, "-m", "ziglang", "dlltool", "-m", MACHINES[processor]]
        command += ["-D", Path(SHARED).name, "-d", str(definition)]
        subprocess.run([*command, "-l", str(home / IMPORT_LIBRARY)], check=True)
    shutil.copy(home / IMPORT_LIBRARY, home / MINGW_IMPORT_LIBRARY)
    cmake(home, SHARED, IMPORT_LIBRARY, pointer=4 if processor == "i686" else 8)


def cmake(home: Path, shared: str, import_library: str = "", *, pointer: int = 8) -> None:
    """Writes the files for CMake, with the path and the platform of a shared library."""
    folder = home / "lib/cmake/skiplino"
    folder.mkdir(parents=True, exist_ok=True)
    major, minor, _ = version().split(".")
    words = {"VERSION": version(), "MAJOR": major, "MINOR": minor, "SHARED": shared}
    words |= {"IMPORT_LIBRARY": import_library, "POINTER": str(pointer)}
    for template, name in (
        ("shared-config.cmake.in", "skiplino-config.cmake"),
        ("skiplino-config-version.cmake.in", "skiplino-config-version.cmake"),
    ):
        text = (ROOT / "bindings/c/package" / template).read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(f"@{word}@", value)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
