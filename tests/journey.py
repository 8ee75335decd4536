#!/usr/bin/env python3
"""A guided tour of the `skiplino` command, against its own sandbox.

    python3 tests/journey.py path/to/skiplino

Shows and checks every command with its output. Exits with 0 if all checks pass.
"""

import difflib
import json
import os
import shlex
import subprocess
import sys
import tempfile
import unicodedata
import urllib.error
import urllib.request

WIDTH = 80
NOW = "2026-06-23T11:10:00Z"
LAYLA = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b"
CASH = "6fe8fb8b12"

# The documented examples in their original layout. The line breaks are removed below.
PUBLISHED_UPDATE_REQUEST = (
    '{"id":"9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b","name":"Layla A. Hassan","mobile":"+97333778899"}'
)
PUBLISHED_UPDATE = """
{"message":"Customer updated successfully.",
 "data":{"_id":"9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b","externalId":"crm-7741","companyId":"cmp_5f3a91",
  "name":"Layla A. Hassan","email":"layla.hassan@example.com","mobile":"+97333778899","metadata":{"tier":"gold"},
  "createdAt":"2026-06-23T11:00:00.000Z","updatedAt":"2026-06-23T12:30:00.000Z"}}
"""
PUBLISHED_TICKET = """
{"message":"Ticket fetched successfully.",
 "data":{"id":"k7m2p9x4q1","ticketNumber":"Q017","status":"waiting","statusAt":"2026-06-23T11:10:00.000Z","type":"sequential",
  "time":null,"branch":{"id":"802b33af66","name":"Seef Mall Branch"},"service":{"id":"6fe8fb8b12","name":"Cash Withdrawal"},
  "groupOfService":{"id":"7c1f9a3b2d","name":"Teller Services"},
  "customer":{"id":"9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b","name":"Layla Hassan"},
  "bookedAt":"2026-06-23T11:08:41.000Z","queueSize":6,"waitingTime":18}}
"""


def on_one_line(published):
    return "".join(line.strip() for line in published.splitlines())


def data_of(published):
    """The text of `data` in a documented envelope, without a JSON library."""
    return on_one_line(published).partition('"data":')[2][:-1]


class Screen:
    """Prints wrapped lines, in colour on a terminal only, and never with a key."""

    def __init__(self):
        self.remarked = False
        self.colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self.keys = []
        self.leaked = False

    def paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.colour and text else text

    def line(self, text="", code=""):
        for key in self.keys:
            if key in text:
                self.leaked = True
                text = text.replace(key, "[a key]")
        print(self.paint(code, text) if code else text, flush=True)

    def folded(self, text, first, code="", rest=None):
        """Prints wrapped lines: the first starts with `first`, the others with `rest`, by default
        indented a little further than `first`."""
        rest = " " * len(first) + "  " if rest is None else rest
        for line in text.splitlines():
            for index, piece in enumerate(fold(line, WIDTH - max(len(first), len(rest)))):
                self.line((rest if index else first) + piece, code)
        self.remarked = False

    def apart(self):
        """Prints an empty line, but not between a remark and its command."""
        if not self.remarked:
            self.line()


def fold(line, width):
    """Wraps a line, at blanks or commas if possible."""
    def columns(text):
        wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
        return len(text) + wide - sum(bool(unicodedata.combining(char)) for char in text)

    while columns(line) > width:
        head = line[:width]
        cut = max(head.rfind(" "), head.rfind(",")) + 1
        if cut < width // 3:
            cut = width
        yield line[:cut].rstrip()
        line = line[cut:].lstrip()
    yield line


class Journey:
    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.screen = Screen()
        self.steps = self.checks = self.failures = 0
        self.ready = {}
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("SKIPLINO_")
        }

    # Output

    def section(self, title, about):
        self.screen.line()
        self.screen.line(f"── {title} ".ljust(WIDTH, "─"), "1;36")
        self.screen.folded(about, "", "2")

    def remark(self, text):
        self.screen.apart()
        self.screen.folded(text, "· ", "2")
        self.screen.remarked = True

    # Steps

    def run(self, typed, code=0, quiet=False):
        """Runs a command line and shows it."""
        words = shlex.split(typed)
        assert words[0] == "skiplino"
        done = subprocess.run(
            [self.program, *words[1:]],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        if not quiet:
            self.steps += 1
            self.screen.apart()
            self.screen.folded(f"$ {typed}", "", "1", "    ")
            self.screen.folded(out, "  ")
            self.screen.folded(err, "  ", "33")
        for key in self.screen.keys:
            self.expect(f"no key in what `{typed}` printed", False, key in out + err, silent=True)
        self.expect(f"exit code {code}", code, done.returncode, silent=code == 0)
        return out if code == 0 else err

    def json(self, typed):
        """Runs the command with `--json`."""
        return json.loads(self.run(f"{typed} --json", quiet=True) or "null")

    def staff(self, text, method, path, body=None):
        """An action of the staff, or a fault of the server."""
        self.steps += 1
        self.remark(text)
        return self.control(method, path, body)

    def control(self, method, path, body=None):
        _, text = self.http(method, self.ready["controlUrl"] + path, body)
        return json.loads(text) if text else None

    def http(self, method, url, body=None, key=None):
        """Sends a request without the command, for the bytes of the response."""
        headers = {"content-type": "application/json"}
        if key:
            headers["authorization"] = f"Bearer {key}"
        data = body.encode() if isinstance(body, str) else json.dumps(body or {}).encode()
        request = urllib.request.Request(
            url, data=None if method == "GET" else data, headers=headers, method=method
        )
        # Without a proxy, because the sandbox is on this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method} {url}: {error.code} {error.read().decode()}") from error

    # Checks

    def expect(self, what, expected, actual, silent=False):
        self.checks += 1
        if expected == actual:
            if not silent:
                self.screen.folded(f"✓ {what}", "  ", "32")
            return
        self.failures += 1
        self.screen.folded(f"✗ {what}", "  ", "1;31")
        lines = [
            text.splitlines() if isinstance(text, str) else json.dumps(text, indent=1, ensure_ascii=False).splitlines()
            for text in (expected, actual)
        ]
        for line in difflib.unified_diff(*lines, "expected", "actual", lineterm=""):
            self.screen.line("    " + line, "31")

    def expect_in(self, phrase, text):
        self.expect(f"says “{phrase}”", phrase, phrase if phrase in text else text)

    # The sandbox

    def start(self):
        typed = f"skiplino sandbox --seed 1 --now {NOW} --freeze"
        self.screen.line(f"$ {typed} &", "1")
        child = subprocess.Popen(
            [self.program, *shlex.split(typed)[1:], "--json"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        line = child.stdout.readline()
        if not line:
            raise SystemExit(f"the sandbox did not start (exit code {child.wait()})")
        self.ready = json.loads(line)
        self.screen.keys = [self.ready["secretKey"], self.ready["publicKey"], "sk_unknown"]
        self.environment["SKIPLINO_BASE_URL"] = self.ready["baseUrl"]
        self.environment["SKIPLINO_API_KEY"] = self.ready["secretKey"]
        for name, key in [("public.key", self.ready["publicKey"]), ("wrong.key", "sk_unknown")]:
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                file.write(key + "\n")
        self.remark(f"its API is at {self.ready['baseUrl']}; environment set")
        return child

    # The journey

    def list_everything(self):
        self.section("1. Branches, services and slots", "Where, what and when can a customer book?")
        self.expect_in("secret (sk_…)", self.run("skiplino whoami"))
        branches = self.run("skiplino branches")
        self.expect("two active branches, the inactive one is not among them", 3, len(branches.splitlines()))
        self.expect_in("فرع السيف مول", self.run("skiplino branches --locale ar"))
        self.expect_in("└─ Cash Deposit", self.run('skiplino tree "Seef Mall"'))
        slots = self.run('skiplino slots "Open an Account"')
        self.expect("the first free time is the next half hour", "2026-06-23T11:30:00Z     3", slots.splitlines()[1].strip())

    def walk_in(self):
        self.section("3. A walk-in, from the door to the counter", "A name is enough, or its beginning if that is unique.")
        booked = self.run('skiplino book --branch Seef --service "Cash W"')
        self.expect_in("Q018 booked: Cash Withdrawal at Seef Mall Branch, 7 people ahead, about 21 min", booked)
        ticket = booked.split()[-1]
        self.remark(f"staff calls the next ticket each time, then: skiplino ticket get {ticket}")
        for ahead in range(6, -1, -1):
            self.steps += 1
            called = self.control("POST", f"/services/{CASH}/call-next", {"finish": True})
            now = self.json(f"skiplino ticket get {ticket}")
            self.expect(
                f"{number(called)} is called: {ahead} ahead, about {3 * ahead} min",
                ["waiting", ahead, 3 * ahead],
                [now.get(field) for field in ("status", "queueSize", "waitingTime")],
            )
        self.expect_in("nobody ahead", self.run(f"skiplino ticket get {ticket}"))
        self.staff("staff calls once more", "POST", f"/services/{CASH}/call-next", {"finish": True})
        self.expect_in("Status    serving", self.run(f"skiplino ticket get {ticket}"))
        self.staff("staff is done", "POST", f"/tickets/{ticket}/serve")
        self.expect("served, and no place in the queue any more", ["served", False], self.status_and_place(ticket))

    def status_and_place(self, ticket):
        now = self.json(f"skiplino ticket get {ticket}")
        return [now["status"], "queueSize" in now or "waitingTime" in now]

    def appointment(self):
        self.section("4. A customer with an appointment", "With an external id, so that a repeated creation cannot make a second customer.")
        created = self.run(
            'skiplino customers create --external-id crm-9001 --name "Noor Al Khalifa" '
            "--email noor@example.com --metadata '{\"tier\": \"silver\"}'"
        )
        self.expect_in("External id  crm-9001", created)
        day = 'skiplino slots "Open an Account" --date 2026-06-24'
        self.expect_in("2026-06-24T06:00:00Z     3", self.run(day))
        booked = self.run('skiplino book --service "Open an Account" --time 2026-06-24T06:00:00Z --customer ext:crm-9001')
        self.expect_in("booked: Open an Account at Seef Mall Branch, 2026-06-24T06:00:00Z", booked)
        ticket = booked.split()[-1]
        left = self.run(f"{day} --json", quiet=True).splitlines()[0]
        self.expect("its slot has one place less", {"time": "2026-06-24T06:00:00.000Z", "remaining": 2}, json.loads(left))
        self.staff("staff checks the customer in", "POST", f"/tickets/{ticket}/check-in")
        self.expect("the appointment waits in the queue", ["waiting", True], self.status_and_place(ticket))
        rescheduled = self.run(f"skiplino ticket reschedule {ticket} --time 2026-06-24T09:30:00+03:00")
        self.expect_in("2026-06-24T06:30:00Z", rescheduled)
        tickets = self.run("skiplino customers tickets ext:crm-9001 --json")
        self.expect("it is the only ticket of the customer", [ticket], [json.loads(line)["id"] for line in tickets.splitlines()])
        self.expect_in(" cancelled: Open an Account", self.run(f"skiplino ticket cancel {ticket} --yes"))
        self.expect("cancelled, and no place in the queue any more", ["cancelled", False], self.status_and_place(ticket))
        return ticket

    def documented_ticket(self):
        self.section("2. A documented example: a waiting ticket", "Byte for byte, by the command and by plain HTTP.")
        self.run("skiplino ticket get k7m2p9x4q1")
        ticket = self.run("skiplino ticket get k7m2p9x4q1 --json")
        self.expect("the command prints the documented data", data_of(PUBLISHED_TICKET), ticket.rstrip("\n"))
        status, raw = self.http("GET", self.ready["baseUrl"] + "/tickets/k7m2p9x4q1", key=self.ready["publicKey"])
        self.expect("the server's response is the documented one, envelope included", [200, on_one_line(PUBLISHED_TICKET)], [status, raw.decode()])

    def documented_update(self):
        self.section("5. A documented example: update a customer", "Byte for byte, by the command and by plain HTTP.")
        self.staff("it is half past twelve, as in the example", "PUT", "/clock", {"mode": "frozen", "now": "2026-06-23T12:30:00Z"})
        updated = self.run(f'skiplino customers update {LAYLA} --name "Layla A. Hassan" --mobile +97333778899 --json')
        self.expect("the command prints the documented data, its times included", data_of(PUBLISHED_UPDATE), updated.rstrip("\n"))
        sent = self.control("GET", "/requests?operation=updateCustomer")["requests"][-1]["body"]
        self.expect("the command sent the documented request", json.loads(PUBLISHED_UPDATE_REQUEST), sent)
        status, raw = self.http("PUT", self.ready["baseUrl"] + "/customers/update", PUBLISHED_UPDATE_REQUEST, self.ready["secretKey"])
        self.expect("the server's response is the documented one, envelope included", [200, on_one_line(PUBLISHED_UPDATE)], [status, raw.decode()])

    def failures_of_all_kinds(self, cancelled, stop):
        self.section("6. Ten ways to fail", "One line with the reason, and an exit code for scripts.")
        self.remark("two files with keys: a wrong key, and the public key")
        self.fails("skiplino branches --api-key-file wrong.key", 3, "the key was not accepted (401)")
        self.fails("skiplino customers list --api-key-file public.key", 3, "a secret key is needed")
        self.fails("skiplino tree Riffa", 4, 'no branch is called "Riffa"')
        appointment = 'skiplino book --branch Seef --service "Cash Withdrawal" --customer ext:crm-9001 --time'
        full = "2026-06-24T07:00:00Z"
        self.staff("others take the last places at 07:00", "POST", f"/services/{CASH}/fill-slot", {"time": full})
        self.fails(f"{appointment} {full}", 5, "This slot is fully booked.")
        self.fails(f"{appointment} 2026-06-23T06:00:00Z", 7, "This time should be in the future.")
        self.fails(f"skiplino ticket cancel {cancelled} --yes", 6, "the current state does not allow this operation (409)")
        self.fails("skiplino customers get ext:crm-0000", 4, "there is no customer ext:crm-0000")
        self.set_fault("a proxy returns an HTML page", "html_502")
        self.fails("skiplino branches --retries 0", 9, "the server failed (502)")
        self.set_fault("the connection breaks in the middle of the JSON", "truncate")
        self.fails("skiplino branches --retries 0", 12, "the connection was lost (200)")
        self.lost_response()
        self.remark("the server is gone")
        stop()
        self.fails("skiplino branches --retries 0", 11, "could not connect")

    def lost_response(self):
        book = 'skiplino book --branch Seef --service "Cash W"'
        self.set_fault("the response to a booking is lost after the server has booked", "drop_after_commit", "bookTicket")
        self.once(lambda: self.expect_in("Q019 booked: Cash Withdrawal", self.run(f"{book} --customer ext:crm-9001")))
        self.set_fault("the same again, without a customer to look up", "drop_after_commit", "bookTicket")
        self.once(lambda: self.expect_in("before you retry", self.fails(book, 14, "it may have been applied")))

    def once(self, booking):
        before = self.control("GET", "/requests/counts")["bookTicket"]
        booking()
        after = self.control("GET", "/requests/counts")["bookTicket"]
        grown = {name: after[name] - before[name] for name in ("received", "committed")}
        self.expect("it was sent once and booked once", {"received": 1, "committed": 1}, grown)

    def set_fault(self, text, kind, operation="listBranches"):
        self.staff(text, "POST", "/faults", {"operation": operation, "kind": kind, "when": {"first": 1}})

    def fails(self, typed, code, phrase):
        text = self.run(typed, code)
        self.expect_in(phrase, text)
        return text

    def summary(self):
        self.expect("no key was printed", False, self.screen.leaked, silent=True)
        self.screen.line()
        self.screen.line("─" * WIDTH, "1;36")
        total = f"{self.steps} steps, {self.checks} checks"
        if self.failures:
            self.screen.line(f"{total}, {self.failures} not as expected", "1;31")
            return 1
        self.screen.line(f"{total}, all as expected", "1;32")
        return 0


def number(called):
    return (called or {}).get("data", called or {}).get("ticketNumber", "?")


def end(child):
    """Ends the sandbox process."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    child.stdout.close()


def main(arguments):
    if len(arguments) != 1:
        print("usage: python3 tests/journey.py path/to/skiplino", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        journey = Journey(os.path.abspath(arguments[0]), folder)
        child = journey.start()
        try:
            journey.list_everything()
            # First, because the documented ticket is waiting, and its place changes with every
            # call.
            journey.documented_ticket()
            journey.walk_in()
            cancelled = journey.appointment()
            journey.documented_update()
            journey.failures_of_all_kinds(cancelled, lambda: end(child))
            return journey.summary()
        finally:
            end(child)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
