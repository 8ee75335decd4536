"""Tests what the command does differently on Windows: files, Ctrl-C and the sandbox's state.

    command.py NATIVE COMMAND... BASE_URL

NATIVE is the command of this machine: both must write the same files.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

native, *command, base_url = sys.argv[1:]
native = str(Path(native).resolve())
command = [command[0], *(str(Path(word).resolve()) for word in command[1:])]  # as in `wine skiplino.exe`
TIMEOUT = 60
# Wine passes on the low byte of STATUS_CONTROL_C_EXIT, 0xC000013A.
ENDED_BY_CTRL_C = 0x3A
ENVIRONMENT = os.environ | {"SKIPLINO_BASE_URL": base_url, "SKIPLINO_API_KEY": "sk_sandbox_secret"}
ROWS = "externalId,name\ncrm-7741,Layla A. Hassan\ncrm-8000,Omar Saleh\n,Nobody\n"


def control(method, path, body=None, url=base_url):
    """Sends a request to the control API of a sandbox."""
    server = url[: url.index("/", len("http://"))]
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server}/_sandbox{path}", data, method=method)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=TIMEOUT) as response:
        return json.loads(response.read() or b"null")


def run(folder, *arguments, program=command, code=0, **environment):
    """Runs a command in a folder and returns what it printed."""
    ran = subprocess.run(
        [*program, *arguments], cwd=folder, env=ENVIRONMENT | environment, stdin=subprocess.DEVNULL,
        capture_output=True, timeout=TIMEOUT, check=False,
    )
    assert ran.returncode == code, (arguments, ran)
    return ran.stdout.decode(), ran.stderr.decode()


def test_exports(folder):
    """An export replaces the old file, and both commands write the same bytes."""
    for name in ("all.csv", "all.jsonl", "all.parquet"):
        (folder / name).write_text("old")
        run(folder, "customers", "export", name)
        exported = (folder / name).read_bytes()
        run(folder, "customers", "export", f"native-{name}", program=[native])
        assert exported == (folder / f"native-{name}").read_bytes(), name
    (folder / "open.csv").write_text("old")
    with (folder / "open.csv").open() as opened:
        run(folder, "customers", "export", "open.csv")
        assert opened.read() == "old"
    assert (folder / "open.csv").read_bytes() == (folder / "all.csv").read_bytes()


def test_imports(folder):
    """An import reports failed rows, keeps its checkpoint, and continues with it."""
    rows = folder / "new.csv"
    rows.write_text(ROWS, newline="\r\n")
    out, _ = run(folder, "customers", "import", "new.csv", code=16)
    assert "1 created, 1 updated, 0 unchanged, 1 failed" in out, out
    assert "the row has no externalId" in (folder / "new.csv.failed.csv").read_text()
    assert (folder / "new.csv.checkpoint").is_file()
    rows.write_text(ROWS.replace("\n,", "\ncrm-8001,"))
    run(folder, "customers", "import", "new.csv", "--resume")
    assert not (folder / "new.csv.checkpoint").exists() and not (folder / "new.csv.failed.csv").exists()
    # A hard link is another name of the imported file.
    os.link(rows, folder / "link.csv")
    _, error = run(folder, "customers", "import", "new.csv", "--report", "link.csv", code=2)
    assert "this is the file to import" in error, error
    assert "crm-8001" in rows.read_text()


def test_ctrl_c(folder):
    """Ctrl-C leaves nothing of an export."""
    control("POST", "/customers/generate", {"count": 1000})
    (folder / "all.csv").write_text("old")
    control("POST", "/faults", {"operation": "listCustomers", "kind": "hold", "then": "commit", "when": {"nth": 5}})
    export = subprocess.Popen([*command, "customers", "export", "all.csv"], cwd=folder, env=ENVIRONMENT)
    control("GET", "/held?atLeast=1")
    parts = [path.name for path in folder.iterdir() if path.name.startswith(".skiplino-")]
    assert len(parts) == 1, parts
    export.send_signal(signal.SIGINT)
    assert export.wait(TIMEOUT) == ENDED_BY_CTRL_C
    control("DELETE", "/faults")
    assert [path.name for path in folder.iterdir()] == ["all.csv"]
    assert (folder / "all.csv").read_text() == "old"


def start_sandbox(folder):
    """Starts a sandbox on Windows with its state in a file. Returns its process and its base URL."""
    arguments = ["sandbox", "--json", "--data", "state.db"]
    process = subprocess.Popen([*command, *arguments], cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE)
    return process, json.loads(process.stdout.readline())["baseUrl"]


def test_sandbox(folder):
    """Ctrl-C ends a sandbox as it should end, and its state is there when it starts again."""
    process, url = start_sandbox(folder)
    run(folder, "customers", "create", "--external-id", "crm-9001", "--name", "Noor", SKIPLINO_BASE_URL=url)
    process.send_signal(signal.SIGINT)
    assert process.wait(TIMEOUT) == 0
    process, url = start_sandbox(folder)
    out, _ = run(folder, "customers", "get", "ext:crm-9001", SKIPLINO_BASE_URL=url)
    assert "Noor" in out, out
    process.send_signal(signal.SIGINT)
    assert process.wait(TIMEOUT) == 0


for test in (test_exports, test_imports, test_ctrl_c, test_sandbox):
    with tempfile.TemporaryDirectory() as name:
        test(Path(name))
    print(f"{test.__name__} passed", flush=True)
