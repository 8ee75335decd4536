"""`test.py SKIPLINO COMMAND...`: tests the example app that COMMAND starts, at a terminal and against a sandbox."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import urllib.request
from typing import Any


class Sandbox:
    def __init__(self, skiplino: str) -> None:
        command = [skiplino, "sandbox", "--json", "--seed", "1", "--until-stdin-ends"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.info = json.loads(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(10)

    def control(self, request: str, body: object = None) -> Any:
        method, path = request.split(" ")
        data = None if body is None else json.dumps(body).encode()
        message = urllib.request.Request(self.info["controlUrl"] + path, data, method=method)
        with urllib.request.urlopen(message, timeout=20) as response:
            return json.load(response)

    def newest(self) -> dict[str, Any]:
        """The ticket that was booked last."""
        return self.control("GET /tickets?serviceId=b7a1d2c3e4")[-1]


class App:
    """The app at a terminal of its own."""

    def __init__(self, command: list[str], info: dict[str, str]) -> None:
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            # A background shell starts programs with Ctrl-C ignored; a terminal does not.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.environ.update(SKIPLINO_BASE_URL=info["baseUrl"], SKIPLINO_API_KEY=info["publicKey"])
            os.execvp(command[0], command)
        self.seen = ""

    def expect(self, text: str) -> None:
        """Waits until the app has printed the text, and drops the output up to it."""
        while text not in self.seen:
            try:
                read = os.read(self.terminal, 4096)
            except OSError:  # the other side is closed
                read = b""
            if not read:
                raise SystemExit(f"expected {text!r}, but the app printed {self.seen!r}")
            sys.stdout.write(read.decode())
            self.seen += read.decode()
        self.seen = self.seen.split(text, 1)[1]

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def ends_with(self, code: int) -> None:
        _, status = os.waitpid(self.pid, 0)
        assert os.waitstatus_to_exitcode(status) == code, status


CTRL_C = "\x03"


def join(app: App) -> None:
    app.expect("1  Seef Mall Branch")
    app.expect("Which branch? ")
    app.type("9\n")
    app.expect("A number from 1 to 2, please.")
    app.expect("Which branch? ")
    app.type("1\n")
    app.expect("2  Cash Deposit, Teller Services")
    app.expect("What for? ")
    app.type("2\n")
    app.expect("Your number is ")
    app.expect("you are next")


def served(app: App, sandbox: Sandbox) -> None:
    join(app)
    app.type(CTRL_C)
    app.expect("Give up your place? [y/N] ")
    app.type("n\n")
    app.expect("You keep it.")
    ticket = sandbox.newest()["id"]
    sandbox.control(f"POST /tickets/{ticket}/call", {})
    app.expect("it is your turn!")
    sandbox.control(f"POST /tickets/{ticket}/serve", {})
    app.expect("Served. Goodbye!")
    app.ends_with(0)


def given_up(app: App, sandbox: Sandbox) -> None:
    join(app)
    app.type(CTRL_C)
    app.expect("Give up your place? [y/N] ")
    assert sandbox.newest()["status"] == "waiting"
    app.type("y\n")
    app.expect("Your ticket is cancelled.")
    app.ends_with(0)
    assert sandbox.newest()["status"] == "cancelled"
    assert sandbox.control("GET /requests/counts")["cancelTicket"]["committed"] == 1


def rejected(app: App, sandbox: Sandbox) -> None:
    app.expect("the key was not accepted")
    app.ends_with(1)


def main() -> None:
    skiplino, command = sys.argv[1], sys.argv[2:]
    # Ends a test that waits forever.
    signal.alarm(180)
    for story in served, given_up, rejected:
        sandbox = Sandbox(skiplino)
        try:
            info = sandbox.info if story is not rejected else {**sandbox.info, "publicKey": "pk_wrong"}
            story(App(command, info), sandbox)
        finally:
            sandbox.close()
        print(f"-- {story.__name__}: passed")


main()
