"""`skiplino.doctor()`: a typed result from the same Rust code as the command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import skiplino
from conftest import PUBLIC, SECRET, posix, start
from skiplino import Client
from skiplino.testing import Sandbox


def test_the_result_is_typed_and_prints_what_the_command_prints(sandbox: Sandbox) -> None:
    diagnosis = skiplino.doctor(sandbox.client())
    tree = next(line for line in diagnosis.lines if line.id == "A12")
    assert (tree.topic, tree.verdict, tree.advice) == ("tree", "confirmed", None)
    assert str(tree) == "✓ A12 tree              services are under `services`"
    not_checked = next(line for line in diagnosis.lines if line.id == "P29")
    assert not_checked.verdict == "not_checked"
    # The sandbox's clock is not this machine's.
    assert diagnosis.outcome == "differs"
    assert (diagnosis.left, diagnosis.error) == ((), None)
    assert diagnosis.report["contract"] == {}
    command = subprocess.run(
        [sys.executable, "-c", "import skiplino._command as c; c.main()", "doctor"],
        env={**os.environ, "SKIPLINO_API_KEY": SECRET, "SKIPLINO_BASE_URL": sandbox.base_url},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    # The command knows where its settings come from, and times differ.
    shown = [line for line in str(diagnosis).splitlines() if line[2:5] in ("A12", "P29", "acc")]
    assert len(shown) == 3
    assert set(shown) <= set(command.stdout.splitlines())


def test_a_server_that_cannot_be_used_is_no_exception(sandbox: Sandbox) -> None:
    diagnosis = skiplino.doctor(sandbox.client("sk_wrong_key_of_another_company"))
    assert diagnosis.outcome == "no_access"
    assert isinstance(diagnosis.error, skiplino.UnauthorizedError)
    assert "sk_…pany" in str(diagnosis)
    assert "sk_wrong" not in str(diagnosis)


def test_without_a_client_the_environment_has_the_settings(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKIPLINO_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("SKIPLINO_API_KEY", PUBLIC)
    lines = {line.id: line for line in skiplino.doctor().lines}
    assert lines["A03"].verdict == "confirmed"


def test_what_it_wrote_is_removed(sandbox: Sandbox) -> None:
    before = sandbox.control("GET /customers")
    diagnosis = skiplino.doctor(sandbox.client(), write=True, book="6fe8fb8b12")
    verdicts = {line.id: line.verdict for line in diagnosis.lines}
    assert verdicts["P28"] == verdicts["P29"] == verdicts["P30"] == "confirmed"
    assert diagnosis.left == ()
    assert sandbox.control("GET /customers") == before
    assert sandbox.committed("cancelTicket") == 1


def test_raw_answers_go_to_a_new_folder(client: Client, tmp_path: Path) -> None:
    skiplino.doctor(client, record=tmp_path / "raw")
    files = sorted((tmp_path / "raw").iterdir())
    assert files[0].name == "001-listBranches.txt"
    assert not any(SECRET in file.read_text("utf-8") for file in files)
    with pytest.raises(FileExistsError):
        skiplino.doctor(client, record=tmp_path / "raw")
    with pytest.raises(FileNotFoundError):
        skiplino.doctor(client, record=tmp_path / "no" / "folder")


@posix
def test_ctrl_c_removes_what_was_made(sandbox: Sandbox) -> None:
    before = sandbox.control("GET /customers")
    sandbox.hold("updateCustomer", first=1)
    script = """
        import skiplino

        try:
            skiplino.doctor(write=True)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    """
    with start(sandbox, script) as process:
        sandbox.held()
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert process.stdout.read() == "interrupted\n"
    sandbox.clear()
    assert sandbox.control("GET /customers") == before
