"""The files that exports write and syncs keep: links, modes, pipes, and programs that are killed."""

from __future__ import annotations

import csv
import os
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import skiplino
from conftest import Both, posix, start
from skiplino import Client, InvalidRequestError
from skiplino.testing import Sandbox


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@posix
def test_an_export_goes_through_links_and_keeps_modes(customers: Both, tmp_path: Path) -> None:
    new, old, link = tmp_path / "new.csv", tmp_path / "old.csv", tmp_path / "link.csv"
    customers.export(new)
    assert mode(new) == 0o600, "personal data"
    old.write_text("old")
    old.chmod(0o640)
    link.symlink_to("old.csv")
    customers.export(link)
    assert link.is_symlink()
    assert (old.read_text(), mode(old)) == (new.read_text(), 0o640)


@posix
def test_an_export_writes_into_a_pipe(customers: Both, tmp_path: Path) -> None:
    pipe, file = tmp_path / "pipe.csv", tmp_path / "file.csv"
    os.mkfifo(pipe)
    received: list[str] = []
    # A thread of the same program may be the reader.
    reader = threading.Thread(target=lambda: received.append(pipe.read_text()))
    reader.start()
    customers.export(pipe)
    reader.join()
    customers.export(file)
    assert received == [file.read_text()]
    assert pipe.is_fifo()


@posix
def test_a_prepared_part_is_not_used(customers: Both, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    (tmp_path / "a.csv.part").symlink_to(mine)
    os.mkfifo(tmp_path / "b.csv.part")
    for name in ("a.csv", "b.csv"):
        customers.export(tmp_path / name)
    assert mine.read_text() == "mine"


@pytest.mark.skipif(sys.platform != "win32", reason="elsewhere open files can be replaced")
def test_an_export_does_not_replace_a_file_that_is_open(customers: Both, tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    file.write_text("old")
    with file.open() as opened:
        with pytest.raises(PermissionError) as refused:
            customers.export(file)
        assert refused.value.filename == str(file)
        assert opened.read() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["all.csv"]
    customers.export(file)
    assert file.read_text(encoding="utf-8").startswith("externalId,")
    assert [path.name for path in tmp_path.iterdir()] == ["all.csv"]


@posix
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGKILL"])
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_signal_leaves_nothing_of_an_export(sandbox: Sandbox, tmp_path: Path, name: str, is_async: bool) -> None:
    number = signal.Signals[name]
    sandbox.generate(1_000)
    file = tmp_path / "all.csv"
    file.write_text("old")
    sandbox.hold("listCustomers", nth=5)
    call = f"client.customers.export({str(file)!r})"
    script = f"""
        import asyncio
        from skiplino import AsyncClient, Client

        async def main():
            async with AsyncClient() as client:
                await {call}

        if {is_async}:
            asyncio.run(main())
        else:
            client = Client()
            {call}
    """
    with start(sandbox, script) as process:
        sandbox.held()
        process.send_signal(number)
        process.communicate()
    assert process.returncode == -number
    assert [path.name for path in tmp_path.iterdir()] == ["all.csv"]
    assert file.read_text() == "old"
    sandbox.clear()


@posix
def test_a_checkpoint_is_private_and_no_pipe(customers: Both, tmp_path: Path) -> None:
    rows = [{"external_id": "a"}]
    checkpoint, pipe = tmp_path / "checkpoint", tmp_path / "pipe"
    customers.sync(rows, checkpoint=checkpoint)
    assert mode(checkpoint) == 0o600
    os.mkfifo(pipe)
    for dry_run in (False, True):
        with pytest.raises(InvalidRequestError, match="is not a checkpoint file"):
            customers.sync(rows, checkpoint=pipe, dry_run=dry_run)


def test_formulas_are_escaped(customers: Both, client: Client, tmp_path: Path) -> None:
    client.customers.create(external_id="=cmd|' /C calc'!A0", name="'=1", mobile="+97333000000")
    file = tmp_path / "all.csv"
    customers.export(file, escape_formulas=True)
    with file.open(newline="", encoding="utf-8") as text:
        row = next(row for row in csv.DictReader(text) if "cmd" in row["externalId"])
    assert (row["externalId"], row["name"], row["mobile"]) == ("'=cmd|' /C calc'!A0", "''=1", "'+97333000000")
    with pytest.raises(InvalidRequestError) as refused:
        customers.export(tmp_path / "all.jsonl", escape_formulas=True)
    assert list(refused.value.fields) == ["escape_formulas"]


class Branches(BaseHTTPRequestHandler):
    """Answers that there are no branches."""

    def do_GET(self) -> None:
        body = b'{"message": "ok", "data": []}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def own_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server, and a folder with the certificate of its authority."""
    folder = tmp_path_factory.mktemp("authority")
    key, certificate = folder / "key.pem", folder / "folder" / "ca.pem"
    certificate.parent.mkdir()
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"]
    subprocess.run([*make.split(), *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Branches)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://localhost:{server.server_port}/v1", certificate
    server.shutdown()
    thread.join()
    server.server_close()


@posix
def test_authorities_are_read_from_the_environment(
    own_authority: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, certificate = own_authority

    def branches() -> list[skiplino.Branch]:
        with Client("sk_tls", base_url=url, max_attempts=1) as client:
            return list(client.branches.list())

    with pytest.raises(skiplino.ConnectError, match="certificate"):
        branches()
    for name, value in [
        ("SKIPLINO_CA_FILE", certificate),
        ("SSL_CERT_FILE", certificate),
        ("SSL_CERT_DIR", certificate.parent),
    ]:
        with monkeypatch.context() as patch:
            patch.setenv(name, str(value))
            assert branches() == []
            patch.setenv(name, str(certificate.parent / "missing"))
            with pytest.raises((InvalidRequestError, FileNotFoundError)) as refused:
                branches()
            assert name in str(refused.value) or "missing" in str(refused.value)
            patch.setenv(name, "")
            with pytest.raises(skiplino.ConnectError):
                branches()
