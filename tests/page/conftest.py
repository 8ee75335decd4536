"""Fixtures of the page tests: a sandbox, a browser, and the `skiplino` command as an app."""

import http.client
import json
import os
import re
import subprocess

import pytest
from playwright.sync_api import expect, sync_playwright

COMMAND = os.path.join(os.path.dirname(__file__), "../../target/debug/skiplino")
NOW = "2026-06-23T07:10:00Z"
CASH, DEPOSIT, TELLERS, SEEF = "6fe8fb8b12", "b7a1d2c3e4", "7c1f9a3b2d", "802b33af66"
# The browser must not send requests of its own.
ARGUMENTS = [
    f"--{switch}"
    for switch in [
        "disable-gpu",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
    ]
]
# The longest wait in milliseconds, for a busy machine. Tests wait for events, not for this time.
TIMEOUT_MS = 15_000


class Sandbox:
    def __init__(self, *arguments):
        command = [COMMAND, "sandbox", "--json", "--until-stdin-ends", "--seed", "1", *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        ready = json.loads(self.process.stdout.readline())
        self.page, self.base, self.secret_key = ready["pageUrl"], ready["baseUrl"], ready["secretKey"]
        self.address = self.page.removeprefix("http://").rstrip("/")

    def send(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection(self.address, timeout=20)
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response.status, json.loads(text) if text.startswith((b"{", b"[")) else text.decode()

    def control(self, method, path, body=None):
        status, data = self.send(method, f"/_sandbox{path}", body)
        assert status == 200, data
        return data

    def api(self, method, path, body=None):
        _, response = self.send(method, f"/external/v1{path}", body, Authorization=f"Bearer {self.secret_key}")
        return response["data"]

    def book(self, service=CASH, **others):
        return self.api("POST", "/tickets/book", {"serviceId": service, "groupOfServiceId": TELLERS, **others})

    def command(self, *arguments):
        """Starts the `skiplino` command."""
        environment = os.environ | {"SKIPLINO_BASE_URL": self.base, "SKIPLINO_API_KEY": self.secret_key}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen([COMMAND, *arguments], env=environment, **pipes)

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


@pytest.fixture
def sandbox():
    """A new sandbox at 10:10 in the company's time zone, with a frozen clock."""
    sandbox = Sandbox("--now", NOW, "--freeze")
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS, chromium_sandbox=False)
        expect.set_options(timeout=TIMEOUT_MS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium):
    """Opens a page. Any error or warning in the console fails the test, also one of the content
    security policy. Only rejected requests of the staff (409 and 422) are expected."""
    contexts, console_errors = [], []

    def on_console(message):
        if message.type in ("error", "warning") and not re.search(r"with a status of (409|422)", message.text):
            console_errors.append(message.text)

    def visit(url, **settings):
        context = chromium.new_context(**{"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", **settings})
        context.set_default_timeout(TIMEOUT_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: console_errors.append(str(error)))
        page.on("console", on_console)
        page.console_errors = console_errors
        page.goto(url)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not console_errors


@pytest.fixture
def counter(sandbox, visit):
    """The staff page at the queue of Cash Withdrawal, once it is live."""
    page = visit(sandbox.page)
    expect(page.locator("#live")).to_have_text("Live")
    expect(page.locator("#views [data-tab=waiting]")).to_have_text("Waiting 7")
    return page


def ticket(page, number):
    """The row of a ticket."""
    return page.locator("#tickets [role=option]", has_text=number)
