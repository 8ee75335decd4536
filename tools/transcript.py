"""Runs the `console` blocks of a Markdown file, and compares their output with the file.

    python3 -m tools.transcript FILE FOLDER-OF-THE-COMMANDS BASE-URL

A line that begins with `$ ` is a command; all commands of a file share a shell, in an empty folder.
`…` in an expected line stands for any text. The sandbox's clock is stopped, because the width of a
column depends on the times in it, and a time whose milliseconds end in a zero is shorter.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


def console_lines(text: str) -> list[str]:
    """All lines of the console blocks of a document."""
    return [line for block in BLOCK.findall(text) for line in block.splitlines()]


def script(lines: list[str]) -> str:
    """A shell script that runs the commands, and echoes each as the document shows it."""
    commands = [line[2:] for line in lines if line.startswith("$ ")]
    return "".join(f"printf '$ %s\\n' {shlex.quote(command)}\n{command}\n" for command in commands)


def difference(expected: list[str], printed: list[str]) -> str | None:
    """The first difference between the lines of a document and the lines that were printed."""
    for shown, line in zip(expected, printed, strict=False):
        pattern = ".*".join(re.escape(part) for part in shown.split("…"))
        if not re.fullmatch(pattern, line):
            return f"it shows {shown!r}, but the commands print {line!r}"
    if len(expected) != len(printed):
        return f"it shows {len(expected)} lines, but the commands print {len(printed)}"
    return None


def stop_clock(base_url: str) -> None:
    """Stops the sandbox's clock at a time with three decimals."""
    request = urllib.request.Request(
        base_url.removesuffix("/external/v1") + "/_sandbox/clock",
        data=b'{"mode": "frozen", "now": "2026-06-24T11:10:00.123Z"}',
        headers={"Content-Type": "application/json"},
        method="PUT",
    )
    urllib.request.urlopen(request).close()


def main() -> int:
    """Compares one document."""
    file, folder, base_url = sys.argv[1:]
    lines = console_lines(Path(file).read_text(encoding="utf-8"))
    commands = script(lines)
    if not commands:
        sys.exit(f"{file} shows no command")
    environment = os.environ | {
        "PATH": os.path.abspath(folder) + os.pathsep + os.environ["PATH"],
        "SKIPLINO_BASE_URL": base_url,
        "SKIPLINO_API_KEY": "sk_sandbox_secret",
    }
    stop_clock(base_url)
    with tempfile.TemporaryDirectory() as home:
        printed = subprocess.run(
            ["bash", "-c", commands],
            env=environment,
            cwd=home,
            timeout=60,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ).stdout.splitlines()
    print("\n".join(printed))
    found = difference(lines, printed)
    if found:
        sys.exit(f"{file}: {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
