"""The console script, beyond the tests of the command, which run against the script as well."""

from __future__ import annotations

import json
import os
import re
import signal
import struct
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from conftest import ROOT, posix
from skiplino._command import sandbox_program
from skiplino.testing import Sandbox

if sys.platform != "win32":
    import fcntl
    import pty
    import termios

SCRIPT = str(Path(sysconfig.get_path("scripts"), "skiplino"))
PROGRAM = str(ROOT / "target/debug/skiplino")


def environment(sandbox: Sandbox) -> dict[str, str]:
    return {
        **os.environ,
        "SKIPLINO_API_KEY": sandbox.secret_key,
        "SKIPLINO_BASE_URL": sandbox.base_url,
        "TERM": "xterm",
    }


def on_a_terminal(command: list[str], env: dict[str, str], columns: int) -> tuple[int, str]:
    """Runs a command on a terminal of that width, and returns its exit code and output."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(command, env=env, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        printed = b""
        try:
            while some := os.read(ours, 65536):
                printed += some
        except OSError:
            # The command closed the terminal.
            pass
    os.close(ours)
    return process.returncode, printed.decode()


@posix
@pytest.mark.parametrize("columns", [60, 140])
@pytest.mark.parametrize(
    "arguments",
    [["customers", "list"], ["--help"], ["branches", "--oops"], ["tree", "Seef Mall"], ["tree", "nowhere"], []],
    ids=" ".join,
)
def test_a_terminal_shows_the_same(sandbox: Sandbox, columns: int, arguments: list[str]) -> None:
    came, expected = (
        on_a_terminal([program, *arguments], environment(sandbox), columns) for program in (SCRIPT, PROGRAM)
    )
    assert came == expected
    assert came[1]


@posix
@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["export", "-", "--format", "csv"], "\ufffd[2J\ufffd2J\ufffd"),
        (["export", "-", "--format", "jsonl"], r"\u001b[2J\u009b2J\u202e"),
        (["list", "--json"], r"\u001b[2J\u009b2J\u202e"),
        (["list"], "\ufffd[2J\ufffd2J\ufffd"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_name_cannot_control_the_terminal(sandbox: Sandbox, arguments: list[str], shown: str) -> None:
    name = "\u001b[2J\u009b2J\u202e"
    with sandbox.client() as client:
        client.customers.create(name=name)
    code, printed = on_a_terminal([PROGRAM, "customers", *arguments], environment(sandbox), 140)
    assert (code, shown in printed) == (0, True), printed
    assert not set("\u009b\u202e") & set(printed)
    assert "\u001b[2J" not in printed


def test_an_exported_name_is_unchanged_in_a_file(sandbox: Sandbox, tmp_path: Path) -> None:
    name = "\u001b[2J\u009b2J\u202e"
    with sandbox.client() as client:
        client.customers.create(name=name)
    for file in [tmp_path / "all.csv", tmp_path / "all.jsonl"]:
        subprocess.run([SCRIPT, "customers", "export", str(file)], env=environment(sandbox), check=True)
    assert name in (tmp_path / "all.csv").read_text(encoding="utf-8")
    lines = (tmp_path / "all.jsonl").read_text(encoding="utf-8").split("\n")
    assert name in [json.loads(line).get("name") for line in lines if line]


@posix
@pytest.mark.parametrize("program", [SCRIPT, PROGRAM], ids=["script", "program"])
def test_the_progress_of_an_import_counts_finished_rows(sandbox: Sandbox, tmp_path: Path, program: str) -> None:
    rows = tmp_path / "rows.csv"
    # Small enough to be read at once.
    rows.write_text("externalId,name\n" + "".join(f"row-{number},Somebody\n" for number in range(600)))
    # The rows before are reported in groups, the first of which is complete by now.
    fault = sandbox.hold("createCustomer", nth=250)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    command = [program, "customers", "import", str(rows), "--concurrency", "1"]
    with subprocess.Popen(command, env=environment(sandbox), stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        sandbox.held()
        shown = os.read(ours, 65536).decode()
        percent = [int(text) for text in re.findall(r"(\d+)%", shown)]
        assert percent
        assert percent == sorted(percent)
        assert percent[-1] <= 250 * 100 // 600, shown
        assert " 0s left" not in shown
        sandbox.release(fault)
        while True:
            try:
                shown += os.read(ours, 65536).decode()
            except OSError:
                break
    os.close(ours)
    assert process.returncode == 0
    assert "600 rows: 600 created" in shown


@posix
def test_ctrl_c_ends_a_watch_and_an_import_as_it_ends_a_program(sandbox: Sandbox, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("externalId\n" + "".join(f"row-{number}\n" for number in range(20)))
    for operation, arguments in {
        "getTicket": ["ticket", "watch", "k7m2p9x4q1"],
        "createCustomer": ["customers", "import", str(rows)],
    }.items():
        fault = sandbox.hold(operation)
        process = subprocess.Popen(
            [SCRIPT, *arguments], env=environment(sandbox), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        sandbox.held()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        # There is no traceback, and the exit status names the signal.
        assert (process.returncode, out, err) == (-signal.SIGINT, b"", b"")
        sandbox.release(fault)
        sandbox.clear()
    # The import can be resumed.
    resumed = subprocess.run(
        [SCRIPT, "customers", "import", str(rows), "--resume"],
        env=environment(sandbox),
        capture_output=True,
        text=True,
        check=False,
    )
    assert resumed.returncode == 0, resumed.stderr
    assert resumed.stdout.startswith("20 rows: ")
    assert sandbox.committed("createCustomer") == 20


@posix
def test_ctrl_c_that_is_ignored_remains_so(sandbox: Sandbox) -> None:
    fault = sandbox.hold("listBranches")
    # A shell starts background jobs like this, so that Ctrl-C does not reach them.
    command = ["sh", "-c", 'trap "" INT; exec "$0" "$@"', SCRIPT, "branches"]
    with subprocess.Popen(command, env=environment(sandbox), stdout=subprocess.PIPE) as process:
        sandbox.held()
        process.send_signal(signal.SIGINT)
        sandbox.release(fault)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert b"Seef Mall Branch" in out


def test_the_user_agent_names_python(sandbox: Sandbox) -> None:
    subprocess.run([SCRIPT, "branches"], env=environment(sandbox), stdout=subprocess.DEVNULL, check=True)
    agent = sandbox.requests("listBranches")[-1]["headers"]["user-agent"]
    assert "(python {}.{}.{};".format(*sys.version_info) in agent
    assert "skiplino-cli/" in agent


def test_without_the_sandbox_the_error_says_how_to_install_it() -> None:
    script = (
        "import sysconfig; sysconfig.get_path = lambda _: '/nonexistent'; from skiplino._command import main; main()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, "sandbox"],
        env={**os.environ, "PATH": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == "skiplino: skiplino-sandbox: the sandbox is not installed: pip install 'skiplino[sandbox]'\n"
    # A wrong argument is reported first.
    ran = subprocess.run(
        [sys.executable, "-c", script, "sandbox", "--port", "x"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert Path(sandbox_program()).parent == Path(SCRIPT).parent


def test_it_starts_without_what_it_does_not_need() -> None:
    script = "import sys, skiplino._command; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert "skiplino._native" in loaded
    assert not loaded & {"asyncio", "subprocess", "http.client", "logging", "ssl", "socket", "pytest", "json"}
