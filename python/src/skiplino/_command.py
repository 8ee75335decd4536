"""The console script ``skiplino``."""

from __future__ import annotations

import os
import signal
import sys

from ._base import HOST
from ._native import run_command


def main() -> None:
    """Runs the command and exits with its exit code."""
    # Ctrl-C ends the process, as for any program without a handler. Where Ctrl-C is ignored, as in
    # a background job, it stays ignored.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(run_command(["skiplino", *sys.argv[1:]], HOST, _sandbox_in_place_of_this))


def _sandbox_in_place_of_this() -> str:
    """The path of the sandbox's program, which runs from now on in place of this process."""
    program = sandbox_program()
    if sys.platform == "win32":
        # No process can replace another. This one waits; only the sandbox handles Ctrl-C, which both get.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return program


def sandbox_program() -> str:
    """The path of the sandbox's program, which another package installs: among the interpreter's
    scripts, or on the ``PATH``.
    """
    import shutil
    import sysconfig

    folders = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)])
    program = shutil.which("skiplino-sandbox", path=folders)
    if program is None:
        raise FileNotFoundError("the sandbox is not installed: pip install 'skiplino[sandbox]'")
    return program
