"""Runs a command against a sandbox of its own, and exits as the command does.

    with_sandbox.py [--env] SKIPLINO COMMAND...

SKIPLINO is the path of the program `skiplino`. The sandbox's base URL is the last argument of the
command or, with --env, its environment variable SKIPLINO_BASE_URL.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from types import FrameType


def main() -> int:
    """Starts the sandbox, runs the command, stops the sandbox."""
    arguments = sys.argv[1:]
    by_environment = arguments[:1] == ["--env"]
    skiplino, *command = arguments[by_environment:]
    sandbox = subprocess.Popen(
        [skiplino, "sandbox", "--json", "--seed", "1", "--until-stdin-ends"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        ready = sandbox.stdout.readline() if sandbox.stdout else ""
        if not ready:
            print(f"{skiplino} sandbox did not start", file=sys.stderr)
            return 1
        url: str = json.loads(ready)["baseUrl"]
        environment = dict(os.environ)
        if by_environment:
            environment["SKIPLINO_BASE_URL"] = url
        else:
            command.append(url)
        status = subprocess.run(command, env=environment, check=False).returncode
        # As a shell reports a command that a signal has ended.
        return 128 - status if status < 0 else status
    finally:
        sandbox.terminate()
        sandbox.wait()


def stop(number: int, _frame: FrameType | None) -> None:
    """Ends this program on a signal, in a way that still stops the sandbox."""
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
