"""Runs the `console` blocks of a Markdown file, and holds what is printed against what the file says is printed.

Usage: transcript.py FILE FOLDER-OF-THE-COMMANDS BASE-URL. A line that begins with `$ ` is a command; all commands of the file share a
shell, in an empty folder. `…` in an expected line stands for anything. The sandbox's clock is stopped: columns are as wide as the times in
them, and those are shorter where a thousandth is a nought.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
import urllib.request

file, folder, base_url = sys.argv[1:]
text = open(file, encoding="utf-8").read()
lines = [
    line
    for block in re.findall(r"^```console\n(.*?)^```", text, re.M | re.S)
    for line in block.splitlines()
]
commands = [line[2:] for line in lines if line.startswith("$ ")]
assert commands, f"{file} shows no command"
# Each command is echoed as the file shows it, so that one comparison covers all.
script = "".join(f"printf '$ %s\\n' {shlex.quote(command)}\n{command}\n" for command in commands)
environment = os.environ | {
    "PATH": os.path.abspath(folder) + os.pathsep + os.environ["PATH"],
    "SKIPLINO_BASE_URL": base_url,
    "SKIPLINO_API_KEY": "sk_sandbox_secret",
}
clock = urllib.request.Request(
    base_url.removesuffix("/external/v1") + "/_sandbox/clock",
    data=b'{"mode": "frozen", "now": "2026-06-24T11:10:00.123Z"}',
    headers={"Content-Type": "application/json"},
    method="PUT",
)
urllib.request.urlopen(clock).close()
pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
with tempfile.TemporaryDirectory() as home:
    said = subprocess.run(["bash", "-c", script], env=environment, cwd=home, timeout=60, **pipes).stdout.splitlines()
print("\n".join(said))
pattern = [".*".join(re.escape(part) for part in line.split("…")) for line in lines]
for number, (expected, came) in enumerate(zip(pattern, said, strict=False)):
    if not re.fullmatch(expected, came):
        sys.exit(f"{file} says {lines[number]!r}, but it is {came!r}")
if len(lines) != len(said):
    sys.exit(f"{file} shows {len(lines)} lines, but there are {len(said)}")
