"""Tests the kiosk as its visitors use it, over a network that fails and a server with faults: kiosk.py COMMAND... BASE_URL

A proxy between the kiosk and the sandbox can break the connection. The test compares the output of the kiosk with the sandbox's counts."""

import codecs
import io
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
import urllib.request

COLUMNS = 40
# The timeout of every step in seconds, long enough for Valgrind.
TIMEOUT = 60
*command, base_url = sys.argv[1:]
server = re.fullmatch(r"http://127\.0\.0\.1:(\d+)(/.*)", base_url)
# Wine turns SIGINT into Ctrl-C, and knows no other signal.
STOP = signal.SIGINT if command[0] == "wine" else signal.SIGTERM

PROMPT = "Choose a service, or L for العربية: "
TICKET = re.compile(r"\n={40}\n(.*?)\n={40}\n", re.S)


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{server[1]}/_sandbox{path}", data, method=method)
    # Ignore the proxy of the environment.
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=TIMEOUT) as response:
        return json.loads(response.read() or b"null")


def fault(operation, kind, **more):
    return control("POST", "/faults", {"operation": operation, "kind": kind, **more})


def bookings():
    """The numbers of bookings that the server received and committed."""
    count = control("GET", "/requests/counts").get("bookTicket", {"received": 0, "committed": 0})
    return count["received"], count["committed"]


class Proxy:
    """Forwards connections to the sandbox. After `cut` its port refuses connections, and the open connections are closed."""

    def __init__(self):
        self.open, self.listener, self.port = [], None, 0
        self.connect()

    def connect(self):
        self.listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, args=[self.listener], daemon=True).start()

    def accept(self, listener):
        try:
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", int(server[1])))
                self.open += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self.forward, args=[source, target], daemon=True).start()
        except OSError:
            pass

    @staticmethod
    def forward(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    @staticmethod
    def close(connection):
        try:
            # `close` alone does not wake a thread that reads from the socket.
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        connection.close()

    def cut(self):
        for connection in [self.listener, *self.open]:
            self.close(connection)
        self.open.clear()


class Kiosk:
    def __init__(self, proxy):
        url = f"http://127.0.0.1:{proxy.port}{server[2]}"
        environment = os.environ | {"SKIPLINO_BASE_URL": url, "SKIPLINO_API_KEY": "pk_sandbox_public"}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        )
        self.output, self.log = "", ""
        self.changed = threading.Condition()
        self.readers = [threading.Thread(target=read, daemon=True) for read in (self.read_output, self.read_log)]
        for reader in self.readers:
            reader.start()

    def read_output(self):
        # A read may end within a character, or within the end of a line on Windows.
        decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")(), translate=True)
        while data := os.read(self.process.stdout.fileno(), 65536):
            with self.changed:
                self.output += decoder.decode(data)
                self.changed.notify_all()

    def read_log(self):
        self.log = self.process.stderr.read().decode()

    def until(self, *texts):
        """Waits for one of the texts. Returns the output up to the end of that text."""
        limit = time.monotonic() + TIMEOUT
        with self.changed:
            while True:
                ends = [self.output.index(text) + len(text) for text in texts if text in self.output]
                if ends:
                    output, self.output = self.output[: min(ends)], self.output[min(ends) :]
                    return output
                left = limit - time.monotonic()
                if left <= 0 or not any(thread.is_alive() for thread in self.readers[:1]):
                    sys.exit(f"no output {texts}, but {self.output!r}")
                self.changed.wait(min(left, 1))

    def type(self, *lines):
        self.process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self.process.stdin.flush()

    def visitor(self, customer=""):
        """Books a ticket for the first service. Returns the output up to the next prompt."""
        self.type("1", customer)
        return self.until(PROMPT).partition("Enter for none: ")[2]

    def stop(self, expected=0):
        """Stops the kiosk as a service manager does. Returns the rest of its output."""
        self.process.send_signal(STOP)
        return self.wait_for_exit(expected)

    def wait_for_exit(self, expected=0):
        status = self.process.wait(timeout=TIMEOUT)
        for reader in self.readers:
            reader.join()
        if status != expected:
            sys.exit(f"exit status {status}, not {expected}: {self.log}")
        return self.output


def width(text):
    return sum(0 if unicodedata.combining(character) else 1 for character in text)


def read_qr(lines):
    """Decodes the QR code of a receipt with zbarimg. Each line has two rows; printed characters are light."""
    margin = min(len(line) - len(line.lstrip(" ")) for line in lines)
    rows = []
    for line in lines:
        rows += [[one in "█▀" for one in line[margin:]], [one in "█▄" for one in line[margin:]]]
    scale, across = 4, max(len(row) for row in rows)
    pixels = [[row[x // scale] if x // scale < len(row) else True for x in range(across * scale)] for row in rows for _ in range(scale)]
    with tempfile.NamedTemporaryFile(suffix=".pgm") as image:
        head = f"P5 {across * scale} {len(pixels)} 255\n".encode()
        image.write(head + bytes(255 if light else 0 for row in pixels for light in row))
        image.flush()
        read = subprocess.run(["zbarimg", "-q", "--raw", image.name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return read.stdout.decode().strip()


def check_receipt(output, committed):
    """The only receipt of the output, checked against the last ticket of the sandbox."""
    receipts = TICKET.findall(output)
    assert len(receipts) == 1, output
    lines = receipts[0].split("\n")
    assert all(width(line) <= COLUMNS for line in lines), receipts[0]
    last = control("GET", "/tickets?serviceId=6fe8fb8b12")[-1]
    assert f"*** {last['ticketNumber']} ***" in receipts[0], (last, output)
    for text in lines:
        left = len(text) - len(text.lstrip(" "))
        assert "█" in text or abs(COLUMNS - width(text.strip()) - 2 * left) <= 1, f"not in the middle: {text!r}"
    code = [line for line in lines if re.fullmatch(r" *[█▀▄][█▀▄ ]*", line)]
    if code:
        assert read_qr(code) == last["id"], receipts[0]
    else:
        assert last["id"] in receipts[0], output
    assert bookings()[1] == committed, bookings()
    return receipts[0]


def test_day(proxy):
    # The kiosk starts without a network.
    proxy.cut()
    kiosk = Kiosk(proxy)
    kiosk.until("No connection. Trying again...")
    proxy.connect()
    kiosk.until("Which branch is this?")
    kiosk.type("9", "1")
    output = kiosk.until(PROMPT)
    assert "Teller Services\n   1  Cash Withdrawal\n" in output, output

    # Arabic, and back to English.
    kiosk.type("L")
    output = kiosk.until("اختر خدمة، أو L للغة English: ")
    assert "Cash" not in output, output
    kiosk.type("2", "")
    output = kiosk.until("English: ")
    assert "يرجى الاحتفاظ بهذه التذكرة." in TICKET.search(output)[1] and bookings() == (1, 1), output
    kiosk.type("L")
    kiosk.until(PROMPT)

    # A ticket without a customer, and a ticket for a customer.
    output = check_receipt(kiosk.visitor(), 2)
    assert "Seef Mall Branch" in output and "Cash Withdrawal" in output and "7 ahead of you, about 21 min" in output, output
    check_receipt(kiosk.visitor("crm-7741"), 3)
    # An unknown customer, and unknown services.
    assert "No ticket was booked: " in kiosk.visitor("nobody") and bookings() == (4, 3)
    kiosk.type("0", "77", "what")
    for _ in range(3):
        kiosk.until(PROMPT)

    # The connection breaks before the booking: nothing was sent, so the kiosk retries.
    proxy.cut()
    kiosk.type("1", "")
    kiosk.until("No connection, and nothing was booked. Trying again...")
    assert bookings() == (4, 3)
    proxy.connect()
    check_receipt(kiosk.until(PROMPT), 4)

    # The response is lost. A ticket without a customer cannot be looked up and is never booked
    # again; a ticket of a customer is found.
    fault("bookTicket", "drop_after_commit", when={"first": 1})
    output = kiosk.visitor()
    assert "You MAY have a place in the queue" in output and not TICKET.search(output), output
    assert bookings() == (6, 5), bookings()
    fault("bookTicket", "drop_after_commit", when={"first": 1})
    output = kiosk.visitor("crm-7742")
    check_receipt(output, 6)
    assert "The connection was lost, but your ticket was booked." in output and bookings() == (7, 6), output
    control("DELETE", "/faults")

    # Rate limited: nothing was booked, and the library retries.
    fault("bookTicket", "rate_limit", retryAfter=0, when={"first": 2})
    check_receipt(kiosk.visitor(), 7)
    assert bookings() == (10, 7), bookings()
    # The branch closes. The list of services shows it, and the server rejects a booking with a
    # reason.
    control("PUT", "/services/6fe8fb8b12", {"open": False})
    kiosk.type("0")
    assert "Cash Withdrawal (closed)" in kiosk.until(PROMPT)
    assert "No ticket was booked: " in kiosk.visitor() and bookings()[1] == 7
    control("PUT", "/services/6fe8fb8b12", {"open": None})
    assert kiosk.stop() == ""
    assert "warning: " in kiosk.log and "bookTicket" in kiosk.log and "crm-77" not in kiosk.log, kiosk.log


def test_stop(proxy):
    """A signal stops the kiosk at any moment, after a running booking has finished."""
    kiosk = Kiosk(proxy)
    kiosk.until("Which branch is this? ")
    assert kiosk.stop() == ""
    proxy.cut()
    kiosk = Kiosk(proxy)
    kiosk.until("Trying again...\n")
    assert kiosk.stop() == ""
    proxy.connect()

    # During a read, which is cancelled.
    fault("listBranches", "hold", then="drop")
    kiosk = Kiosk(proxy)
    control("GET", "/held?atLeast=1")
    assert kiosk.stop() == ""
    control("DELETE", "/faults")

    # During a booking: the visitor still gets the receipt.
    kiosk = Kiosk(proxy)
    kiosk.type("1")
    kiosk.until(PROMPT)
    before = bookings()[1]
    held = fault("bookTicket", "hold", then="commit")
    kiosk.type("1", "")
    control("GET", "/held?atLeast=1")
    kiosk.process.send_signal(STOP)
    control("POST", f"/faults/{held['id']}/release")
    check_receipt(kiosk.wait_for_exit(), before + 1)
    control("DELETE", "/faults")

    # At the end of its input, and with an invalid key.
    kiosk = Kiosk(proxy)
    kiosk.until("Which branch is this? ")
    kiosk.process.stdin.close()
    kiosk.wait_for_exit()
    fault("listBranches", "status", status=401, body={"message": "No."})
    kiosk = Kiosk(proxy)
    kiosk.until("This kiosk is out of order. Please ask our staff.")
    kiosk.wait_for_exit(expected=1)
    control("DELETE", "/faults")


def test_random_faults(proxy, visitors=30):
    """Many visitors under random faults: the output must agree with the state of the server."""
    kiosk = Kiosk(proxy)
    kiosk.type("1")
    kiosk.until(PROMPT)
    rng = random.Random(7)
    results = {"receipt": 0, "maybe": 0, "none": 0}
    for kind, more in [
        ("drop_after_commit", {}), ("drop_before", {}), ("html_502", {"commit": True}), ("empty_503", {}),
        ("truncate", {}), ("rate_limit", {"retryAfter": 0}),
    ]:
        fault("bookTicket", kind, when={"probability": 0.12}, **more)
    fault("getBranchTree", "drop_before", when={"probability": 0.2})
    for _ in range(visitors):
        before = bookings()[1]
        output = kiosk.visitor(rng.choice(["", "crm-7741", "crm-7742"]))
        booked = bookings()[1] - before
        assert booked <= 1, f"booked {booked} times: {output}"
        if TICKET.search(output):
            assert booked == 1, output
            results["receipt"] += 1
        elif "You MAY have a place" in output:
            results["maybe"] += 1
        else:
            assert "No ticket was booked" in output and booked == 0, output
            results["none"] += 1
    control("DELETE", "/faults")
    assert kiosk.stop() == ""
    assert results["receipt"] and results["maybe"], results
    print(f"{visitors} visitors under random faults: {results}")


control("POST", "/reset", {"seed": 1, "now": "2026-06-23T11:10:00.000Z"})
test_day(Proxy())
test_stop(Proxy())
test_random_faults(Proxy())
