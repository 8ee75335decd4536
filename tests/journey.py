#!/usr/bin/env python3
"""A walk through everything with the `skiplino` command, against a sandbox of its own.

    python3 tests/journey.py path/to/skiplino

Every command is shown as it would be typed, with what it prints, and is checked. Ends with 0 if all was as expected.
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

# The published examples, laid out as they are published: their line breaks are layout, and are taken out below.
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
    """The text of `data` in a published envelope, untouched by any JSON library."""
    return on_one_line(published).partition('"data":')[2][:-1]


class Screen:
    """What is printed: tidy, in colour on a terminal only, and never with a key."""

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
        """Lines that fit. What is folded goes on under `rest`, a little further in than `first` unless it is said."""
        rest = " " * len(first) + "  " if rest is None else rest
        for line in text.splitlines():
            for index, piece in enumerate(fold(line, WIDTH - max(len(first), len(rest)))):
                self.line((rest if index else first) + piece, code)
        self.remarked = False

    def apart(self):
        """An empty line, but not between a remark and the command that it is about."""
        if not self.remarked:
            self.line()


def fold(line, width):
    """Pieces of a line that fit, broken at blanks or commas where there are any."""
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

    # Telling

    def section(self, title, about):
        self.screen.line()
        self.screen.line(f"── {title} ".ljust(WIDTH, "─"), "1;36")
        self.screen.folded(about, "", "2")

    def remark(self, text):
        self.screen.apart()
        self.screen.folded(text, "· ", "2")
        self.screen.remarked = True

    # Doing

    def run(self, typed, code=0, quiet=False):
        """Runs the command line as it is typed, and shows it."""
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
        """The same command for programs: one object on one line."""
        return json.loads(self.run(f"{typed} --json", quiet=True) or "null")

    def staff(self, text, method, path, body=None):
        """Something that the staff does, or that befalls the server."""
        self.steps += 1
        self.remark(text)
        return self.control(method, path, body)

    def control(self, method, path, body=None):
        _, answer = self.http(method, self.ready["controlUrl"] + path, body)
        return json.loads(answer) if answer else None

    def http(self, method, url, body=None, key=None):
        """A request without the command, for the bytes of the answer."""
        headers = {"content-type": "application/json"}
        if key:
            headers["authorization"] = f"Bearer {key}"
        data = body.encode() if isinstance(body, str) else json.dumps(body or {}).encode()
        request = urllib.request.Request(
            url, data=None if method == "GET" else data, headers=headers, method=method
        )
        # Whatever proxy the machine has, the sandbox is on this one.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method} {url}: {error.code} {error.read().decode()}") from error

    # Checking

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
        self.screen.keys = [self.ready["secretKey"], self.ready["publicKey"], "sk_of_nobody"]
        self.environment["SKIPLINO_BASE_URL"] = self.ready["baseUrl"]
        self.environment["SKIPLINO_API_KEY"] = self.ready["secretKey"]
        for name, key in [("public.key", self.ready["publicKey"]), ("wrong.key", "sk_of_nobody")]:
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                file.write(key + "\n")
        self.remark(f"it answers at {self.ready['baseUrl']}; environment set")
        return child

    # The journey

    def look_around(self):
        self.section("1. A look around", "Where can one go, for what, and when?")
        self.expect_in("secret (sk_…)", self.run("skiplino whoami"))
        branches = self.run("skiplino branches")
        self.expect("two active branches, the inactive one is not among them", 3, len(branches.splitlines()))
        self.expect_in("فرع السيف مول", self.run("skiplino branches --locale ar"))
        self.expect_in("└─ Cash Deposit", self.run('skiplino tree "Seef Mall"'))
        slots = self.run('skiplino slots "Open an Account"')
        self.expect("the first free time is the next half hour", "2026-06-23T11:30:00Z     3", slots.splitlines()[1].strip())

    def walk_in(self):
        self.section("3. A walk-in, from the door to the counter", "A name is enough, even the beginning of one, if it is the only one.")
        booked = self.run('skiplino book --branch Seef --service "Cash W"')
        self.expect_in("Q018 booked: Cash Withdrawal at Seef Mall Branch, 7 people ahead, about 21 min", booked)
        ticket = booked.split()[-1]
        self.remark(f"staff calls one after another; each time: skiplino ticket get {ticket}")
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
        self.section("4. A customer with an appointment", "Under an id of one's own, so that creating again cannot make a second customer.")
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
        self.expect("its slot has a place less", {"time": "2026-06-24T06:00:00.000Z", "remaining": 2}, json.loads(left))
        self.staff("staff checks the customer in", "POST", f"/tickets/{ticket}/check-in")
        self.expect("the appointment waits in the queue", ["waiting", True], self.status_and_place(ticket))
        moved = self.run(f"skiplino ticket reschedule {ticket} --time 2026-06-24T09:30:00+03:00")
        self.expect_in("2026-06-24T06:30:00Z", moved)
        tickets = self.run("skiplino customers tickets ext:crm-9001 --json")
        self.expect("it is the only ticket of the customer", [ticket], [json.loads(line)["id"] for line in tickets.splitlines()])
        self.expect_in(" cancelled: Open an Account", self.run(f"skiplino ticket cancel {ticket} --yes"))
        self.expect("cancelled, and no place in the queue any more", ["cancelled", False], self.status_and_place(ticket))
        return ticket

    def published_ticket(self):
        self.section("2. A published example: a waiting ticket", "Byte for byte, by the command and by plain HTTP.")
        self.run("skiplino ticket get k7m2p9x4q1")
        ticket = self.run("skiplino ticket get k7m2p9x4q1 --json")
        self.expect("the command prints the published data", data_of(PUBLISHED_TICKET), ticket.rstrip("\n"))
        status, raw = self.http("GET", self.ready["baseUrl"] + "/tickets/k7m2p9x4q1", key=self.ready["publicKey"])
        self.expect("the server answers as published, envelope and all", [200, on_one_line(PUBLISHED_TICKET)], [status, raw.decode()])

    def published_update(self):
        self.section("5. A published example: update a customer", "Byte for byte, by the command and by plain HTTP.")
        self.staff("it is half past twelve, as in the example", "PUT", "/clock", {"mode": "frozen", "now": "2026-06-23T12:30:00Z"})
        updated = self.run(f'skiplino customers update {LAYLA} --name "Layla A. Hassan" --mobile +97333778899 --json')
        self.expect("the command prints the published data, its times included", data_of(PUBLISHED_UPDATE), updated.rstrip("\n"))
        sent = self.control("GET", "/requests?operation=updateCustomer")["requests"][-1]["body"]
        self.expect("the command sent what is published", json.loads(PUBLISHED_UPDATE_REQUEST), sent)
        status, raw = self.http("PUT", self.ready["baseUrl"] + "/customers/update", PUBLISHED_UPDATE_REQUEST, self.ready["secretKey"])
        self.expect("the server answers as published, envelope and all", [200, on_one_line(PUBLISHED_UPDATE)], [status, raw.decode()])

    def failures_of_all_kinds(self, cancelled, stop):
        self.section("6. Ten ways to fail", "One line that says why, and an exit code for scripts.")
        self.remark("two keys lie here in files: one of nobody, and the public one")
        self.fails("skiplino branches --api-key-file wrong.key", 3, "the key was not accepted (401)")
        self.fails("skiplino customers list --api-key-file public.key", 3, "a secret key is needed")
        self.fails("skiplino tree Riffa", 4, 'no branch is called "Riffa"')
        appointment = 'skiplino book --branch Seef --service "Cash Withdrawal" --customer ext:crm-9001 --time'
        full = "2026-06-24T07:00:00Z"
        self.staff("others take the last places at 07:00", "POST", f"/services/{CASH}/fill-slot", {"time": full})
        self.fails(f"{appointment} {full}", 5, "This slot is fully booked.")
        self.fails(f"{appointment} 2026-06-23T06:00:00Z", 7, "This time should be in the future.")
        self.fails(f"skiplino ticket cancel {cancelled} --yes", 6, "the current state does not allow it (409)")
        self.fails("skiplino customers get ext:crm-0000", 4, "there is no customer ext:crm-0000")
        self.befalls("a proxy answers with a page of HTML", "html_502")
        self.fails("skiplino branches --retries 0", 9, "the server failed (502)")
        self.befalls("the connection breaks in the middle of the JSON", "truncate")
        self.fails("skiplino branches --retries 0", 12, "the connection was lost (200)")
        self.lost_answer()
        self.remark("the server is gone")
        stop()
        self.fails("skiplino branches --retries 0", 11, "could not connect")

    def lost_answer(self):
        book = 'skiplino book --branch Seef --service "Cash W"'
        self.befalls("the answer to a booking is lost after the server has booked it", "drop_after_commit", "bookTicket")
        self.once(lambda: self.expect_in("Q019 booked: Cash Withdrawal", self.run(f"{book} --customer ext:crm-9001")))
        self.befalls("the same again, and nobody to look for it by", "drop_after_commit", "bookTicket")
        self.once(lambda: self.expect_in("before you retry", self.fails(book, 14, "it may have been applied")))

    def once(self, booking):
        before = self.control("GET", "/requests/counts")["bookTicket"]
        booking()
        after = self.control("GET", "/requests/counts")["bookTicket"]
        grown = {name: after[name] - before[name] for name in ("received", "committed")}
        self.expect("it was sent once and booked once", {"received": 1, "committed": 1}, grown)

    def befalls(self, text, kind, operation="listBranches"):
        self.staff(text, "POST", "/faults", {"operation": operation, "kind": kind, "when": {"first": 1}})

    def fails(self, typed, code, phrase):
        said = self.run(typed, code)
        self.expect_in(phrase, said)
        return said

    def summary(self):
        self.expect("no key was about to be shown", False, self.screen.leaked, silent=True)
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
    """Ends the sandbox, by its own process id and nothing else."""
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
            journey.look_around()
            # First, because the published ticket is one of those who wait, and its place changes with every call.
            journey.published_ticket()
            journey.walk_in()
            cancelled = journey.appointment()
            journey.published_update()
            journey.failures_of_all_kinds(cancelled, lambda: end(child))
            return journey.summary()
        finally:
            end(child)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
