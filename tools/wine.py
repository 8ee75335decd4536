"""Runs programs for Windows in Wine, whose files are in target/platforms."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tools import cross
from tools.parts import run
from tools.workspace import ROOT

MISSING_LIBRARY = "tests/wine/bcryptprimitives.c"


@contextmanager
def started(processor: str) -> Iterator[dict[str, str]]:
    """Runs Wine for a processor until the block ends. Yields the environment variables with which the
    command `wine` runs a program in it.
    """
    home = ROOT / cross.TARGET / f"wine-{processor}"
    # Without a display, and without the offer to download .NET and a browser.
    variables = {"WINEPREFIX": str(home), "WINEARCH": "win32" if processor == "i686" else "win64"}
    variables |= {"WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml=", "DISPLAY": ""}
    # Each client would read the certificates of this machine, which takes it a second.
    variables |= {"SSL_CERT_FILE": "", "SSL_CERT_DIR": ""}
    if processor == "i686":
        # Wine for 32 bits, which `scripts/setup windows_i686` unpacks.
        variables["PATH"] = f"{ROOT}/target/tools/windows-i686:{os.environ['PATH']}"
    home.mkdir(parents=True, exist_ok=True)
    # It ends by itself seconds after its last program, and each start would take seconds.
    run("wineserver", "--persistent", **variables)
    try:
        if not (home / "system.reg").is_file():
            run("wine", "wineboot", "--init", **variables)
            # The oldest Windows that Rust supports.
            run("wine", "winecfg", "/v", "win10", **variables)
        library = home / "drive_c/windows/system32/bcryptprimitives.dll"
        if not library.is_file():
            compiler = [f"{processor}-w64-mingw32-gcc", "-shared", "-Wl,--kill-at", MISSING_LIBRARY]
            run(*compiler, "-o", str(library), "-lbcrypt")
        yield variables
    finally:
        # It fails if no program is left to end.
        command = ["env", *(f"{name}={value}" for name, value in variables.items())]
        subprocess.run([*command, "wineserver", "--kill"], check=False)
        subprocess.run([*command, "wineserver", "--wait"], check=False)
