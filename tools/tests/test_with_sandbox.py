"""The environment of a command that runs with a sandbox. A program takes the sandbox's place."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tools.workspace import ROOT

SCRIPT = str(ROOT / "scripts/with-sandbox")
URL = "http://localhost:1/external/v1"


@pytest.fixture
def skiplino(tmp_path: Path) -> Path:
    program = tmp_path / "skiplino"
    program.write_text(
        f'#!/bin/sh\necho $$ >{tmp_path}/pid\necho \'{{"baseUrl":"{URL}"}}\'\nexec sleep 60\n'
    )
    program.chmod(0o755)
    return program


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_the_url_is_the_last_argument(skiplino: Path, tmp_path: Path) -> None:
    done = run(skiplino, "echo", "first", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"first {URL}\n")
    assert not is_running(int((tmp_path / "pid").read_text()))


def test_the_url_is_in_the_environment(skiplino: Path, tmp_path: Path) -> None:
    done = run("--env", skiplino, "sh", "-c", 'echo "$# $SKIPLINO_BASE_URL"', cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"0 {URL}\n")


@pytest.mark.parametrize(("script", "status"), [("exit 3", 3), ("kill -TERM $$", 143)])
def test_the_status_is_the_commands(
    skiplino: Path, tmp_path: Path, script: str, status: int
) -> None:
    assert run(skiplino, "sh", "-c", script, cwd=tmp_path).returncode == status
    assert not is_running(int((tmp_path / "pid").read_text()))


def test_a_sandbox_that_does_not_start_is_a_failure(tmp_path: Path) -> None:
    done = run("false", "echo", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "did not start" in done.stderr


def test_a_termination_stops_the_sandbox(skiplino: Path, tmp_path: Path) -> None:
    command = [SCRIPT, str(skiplino), "sh", "-c", "touch started; sleep 2"]
    with subprocess.Popen(command, cwd=tmp_path) as process:
        while not (tmp_path / "started").exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 128 + signal.SIGTERM
    assert not is_running(int((tmp_path / "pid").read_text()))
