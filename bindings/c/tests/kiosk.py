"""Stands at the kiosk as visitors do, while the network is cut and the server misbehaves: kiosk.py COMMAND... BASE_URL

Between the kiosk and the sandbox is a line that can be cut. What the kiosk says is held against what the sandbox counted."""

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
# How long anything may take, under Valgrind too, before the test gives up.
PATIENCE = 60
*command, base_url = sys.argv[1:]
server = re.fullmatch(r"http://127\.0\.0\.1:(\d+)(/.*)", base_url)

ASKED = "Choose a service, or L for العربية: "
TICKET = re.compile(r"\n={40}\n(.*?)\n={40}\n", re.S)


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{server[1]}/_sandbox{path}", data, method=method)
    # No proxy of the environment's.
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=PATIENCE) as answer:
        return json.loads(answer.read() or b"null")


def fault(operation, kind, **more):
    return control("POST", "/faults", {"operation": operation, "kind": kind, **more})


def bookings():
    """How many arrived, and how many had their effect."""
    count = control("GET", "/requests/counts").get("bookTicket", {"received": 0, "committed": 0})
    return count["received"], count["committed"]


class Line:
    """Forwards connections to the sandbox, until it is cut: then there is nobody at its port, and what was open is closed."""

    def __init__(self):
        self.open, self.listener, self.port = [], None, 0
        self.join()

    def join(self):
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
    def end(one):
        try:
            # `close` alone does not wake who waits for it.
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        one.close()

    def cut(self):
        for one in [self.listener, *self.open]:
            self.end(one)
        self.open.clear()


class Kiosk:
    def __init__(self, line):
        url = f"http://127.0.0.1:{line.port}{server[2]}"
        environment = os.environ | {"SKIPLINO_BASE_URL": url, "SKIPLINO_API_KEY": "pk_sandbox_public"}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        )
        self.said, self.logged = "", ""
        self.heard = threading.Condition()
        self.listeners = [threading.Thread(target=listen, daemon=True) for listen in (self.listen, self.listen_to_log)]
        for listener in self.listeners:
            listener.start()

    def listen(self):
        held = b""
        while data := os.read(self.process.stdout.fileno(), 65536):
            held += data
            with self.heard:
                # A character may come in two parts.
                text = held.decode(errors="ignore")
                self.said, held = self.said + text, held[len(text.encode()) :]
                self.heard.notify_all()

    def listen_to_log(self):
        self.logged = self.process.stderr.read().decode()

    def until(self, *texts):
        """Waits until it says one of the texts; what it said up to there."""
        limit = time.monotonic() + PATIENCE
        with self.heard:
            while True:
                ends = [self.said.index(text) + len(text) for text in texts if text in self.said]
                if ends:
                    came, self.said = self.said[: min(ends)], self.said[min(ends) :]
                    return came
                left = limit - time.monotonic()
                if left <= 0 or not any(thread.is_alive() for thread in self.listeners[:1]):
                    sys.exit(f"not said: {texts}; but: {self.said!r}")
                self.heard.wait(min(left, 1))

    def type(self, *lines):
        self.process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self.process.stdin.flush()

    def visitor(self, customer=""):
        """Somebody takes a ticket for the first service; all that is said until the next one may choose."""
        self.type("1", customer)
        return self.until(ASKED).partition("Enter for none: ")[2]

    def end(self, expected=0):
        """Ends it as a service manager does. What it still said."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended(expected)

    def ended(self, expected=0):
        status = self.process.wait(timeout=PATIENCE)
        for listener in self.listeners:
            listener.join()
        if status != expected:
            sys.exit(f"ended with {status}, not {expected}: {self.logged}")
        return self.said


def width(text):
    return sum(0 if unicodedata.combining(character) else 1 for character in text)


def read_qr(lines):
    """What the code on a receipt holds, read by somebody else's program. Each line has two rows, light where something is printed."""
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


def receipt(said, committed):
    """The one receipt of what was said, held against the sandbox's last ticket."""
    receipts = TICKET.findall(said)
    assert len(receipts) == 1, said
    lines = receipts[0].split("\n")
    assert all(width(line) <= COLUMNS for line in lines), receipts[0]
    last = control("GET", "/tickets?serviceId=6fe8fb8b12")[-1]
    assert f"*** {last['ticketNumber']} ***" in receipts[0], (last, said)
    for text in lines:
        left = len(text) - len(text.lstrip(" "))
        assert "█" in text or abs(COLUMNS - width(text.strip()) - 2 * left) <= 1, f"not in the middle: {text!r}"
    code = [line for line in lines if re.fullmatch(r" *[█▀▄][█▀▄ ]*", line)]
    if code:
        assert read_qr(code) == last["id"], receipts[0]
    else:
        assert last["id"] in receipts[0], said
    assert bookings()[1] == committed, bookings()
    return receipts[0]


def a_day(line):
    # The network is down when the machine is switched on.
    line.cut()
    kiosk = Kiosk(line)
    kiosk.until("No connection. Trying again...")
    line.join()
    kiosk.until("Which branch is this?")
    kiosk.type("9", "1")
    came = kiosk.until(ASKED)
    assert "Teller Services\n   1  Cash Withdrawal\n" in came, came

    # The language, and back.
    kiosk.type("L")
    came = kiosk.until("اختر خدمة، أو L للغة English: ")
    assert "Cash" not in came, came
    kiosk.type("2", "")
    came = kiosk.until("English: ")
    assert "يرجى الاحتفاظ بهذه التذكرة." in TICKET.search(came)[1] and bookings() == (1, 1), came
    kiosk.type("L")
    kiosk.until(ASKED)

    # A ticket, for nobody in particular and for a customer.
    said = receipt(kiosk.visitor(), 2)
    assert "Seef Mall Branch" in said and "Cash Withdrawal" in said and "7 ahead of you, about 21 min" in said, said
    receipt(kiosk.visitor("crm-7741"), 3)
    # Nobody of that name, and no such service.
    assert "No ticket was made: " in kiosk.visitor("nobody") and bookings() == (4, 3)
    kiosk.type("0", "77", "what")
    for _ in range(3):
        kiosk.until(ASKED)

    # The line is cut while a visitor chooses: nothing was sent, so it is tried again.
    line.cut()
    kiosk.type("1", "")
    kiosk.until("No connection, and nothing was booked. Trying again...")
    assert bookings() == (4, 3)
    line.join()
    receipt(kiosk.until(ASKED), 4)

    # The answer is lost on its way. Nobody's ticket cannot be found, so it is never asked for again; a customer's is found.
    fault("bookTicket", "drop_after_commit", when={"first": 1})
    said = kiosk.visitor()
    assert "You MAY have a place in the queue" in said and not TICKET.search(said), said
    assert bookings() == (6, 5), bookings()
    fault("bookTicket", "drop_after_commit", when={"first": 1})
    said = kiosk.visitor("crm-7742")
    receipt(said, 6)
    assert "The line was cut, but your ticket was made." in said and bookings() == (7, 6), said
    control("DELETE", "/faults")

    # Busy: it was not booked, and the library asks again by itself.
    fault("bookTicket", "rate_limit", retryAfter=0, when={"first": 2})
    receipt(kiosk.visitor(), 7)
    assert bookings() == (10, 7), bookings()
    # The branch closes. The list of services says so, and the booking that is tried nevertheless is refused with a reason.
    control("PUT", "/services/6fe8fb8b12", {"open": False})
    kiosk.type("0")
    assert "Cash Withdrawal (closed)" in kiosk.until(ASKED)
    assert "No ticket was made: " in kiosk.visitor() and bookings()[1] == 7
    control("PUT", "/services/6fe8fb8b12", {"open": None})
    assert kiosk.end() == ""
    assert "warning: " in kiosk.logged and "bookTicket" in kiosk.logged and "crm-77" not in kiosk.logged, kiosk.logged


def ends(line):
    """It ends at any moment, and what is under way is seen through."""
    kiosk = Kiosk(line)
    kiosk.until("Which branch is this? ")
    assert kiosk.end() == ""
    line.cut()
    kiosk = Kiosk(line)
    kiosk.until("Trying again...\n")
    assert kiosk.end() == ""
    line.join()

    # While a list is on its way, which does not matter any more.
    fault("listBranches", "hold", then="drop")
    kiosk = Kiosk(line)
    control("GET", "/held?atLeast=1")
    assert kiosk.end() == ""
    control("DELETE", "/faults")

    # While a ticket is on its way: the visitor gets it.
    kiosk = Kiosk(line)
    kiosk.type("1")
    kiosk.until(ASKED)
    before = bookings()[1]
    held = fault("bookTicket", "hold", then="commit")
    kiosk.type("1", "")
    control("GET", "/held?atLeast=1")
    kiosk.process.send_signal(signal.SIGTERM)
    control("POST", f"/faults/{held['id']}/release")
    receipt(kiosk.ended(), before + 1)
    control("DELETE", "/faults")

    # With its input, and with a key that is none.
    kiosk = Kiosk(line)
    kiosk.until("Which branch is this? ")
    kiosk.process.stdin.close()
    kiosk.ended()
    fault("listBranches", "status", status=401, body={"message": "No."})
    kiosk = Kiosk(line)
    kiosk.until("This kiosk is out of order. Please ask our staff.")
    kiosk.ended(expected=1)
    control("DELETE", "/faults")


def a_bad_day(line, visitors=30):
    """Visitor after visitor while anything may go wrong: what each is told is what happened."""
    kiosk = Kiosk(line)
    kiosk.type("1")
    kiosk.until(ASKED)
    chance = random.Random(7)
    told = {"receipt": 0, "maybe": 0, "none": 0}
    for kind, more in [
        ("drop_after_commit", {}), ("drop_before", {}), ("html_502", {"commit": True}), ("empty_503", {}),
        ("truncate", {}), ("rate_limit", {"retryAfter": 0}),
    ]:
        fault("bookTicket", kind, when={"probability": 0.12}, **more)
    fault("getBranchTree", "drop_before", when={"probability": 0.2})
    for _ in range(visitors):
        before = bookings()[1]
        said = kiosk.visitor(chance.choice(["", "crm-7741", "crm-7742"]))
        booked = bookings()[1] - before
        assert booked <= 1, f"booked {booked} times: {said}"
        if TICKET.search(said):
            assert booked == 1, said
            told["receipt"] += 1
        elif "You MAY have a place" in said:
            told["maybe"] += 1
        else:
            assert "No ticket was made" in said and booked == 0, said
            told["none"] += 1
    control("DELETE", "/faults")
    assert kiosk.end() == ""
    assert told["receipt"] and told["maybe"], told
    print(f"{visitors} visitors of a bad day: {told}")


control("POST", "/reset", {"seed": 1, "now": "2026-06-23T11:10:00.000Z"})
a_day(Line())
ends(Line())
a_bad_day(Line())
