"""The console script: the whole command, and where the sandbox is that it can become."""

from __future__ import annotations

import os
import signal
import sys

from ._base import HOST
from ._native import run_command


def main() -> None:
    """Runs ``skiplino``, and ends the interpreter with its exit code."""
    # The process is the command's: Ctrl-C ends it, as it does any program that says nothing else. Where it is ignored, as of a job in
    # the background, it remains so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(run_command(["skiplino", *sys.argv[1:]], HOST, sandbox_program))


def sandbox_program() -> str:
    """The program of the sibling package: beside the interpreter's other scripts, or anywhere on the path."""
    import shutil
    import sysconfig

    folders = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)])
    program = shutil.which("skiplino-sandbox", path=folders)
    if program is None:
        raise FileNotFoundError("it is not installed: pip install 'skiplino[sandbox]'")
    return program
