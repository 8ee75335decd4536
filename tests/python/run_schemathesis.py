#!/usr/bin/env python3
"""run_schemathesis.py URL: checks the sandbox at this base URL against `spec/openapi.yaml`.

Runs three passes, each after a reset to the time of the documented examples, so that their ids
exist: every operation except the deletion with the secret key, the deletion, and every public
operation with the public key. Calls written by hand cover the responses that generated requests do
not reach. The request log must show a success of each operation, because a run of rejected requests
proves little. Exits with 0 only if everything passes.
"""

import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import spec
from check_exchanges import ResponseChecker

HERE = Path(__file__).resolve().parent
KEYS = {"secret": "sk_sandbox_secret", "public": "pk_sandbox_public"}
NOW = "2026-06-23T11:10:00.000Z"
BRANCH, GROUP, SERVICE = "802b33af66", "7c1f9a3b2d", "6fe8fb8b12"
CUSTOMER = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b"


def call(method, url, body=None, key=None):
    """The status, the content type and the JSON of the response."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {KEYS[key]}"} if key else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.headers["Content-Type"], json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], json.load(error)


def schemathesis(url, key, operations):
    command = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"]
    command += ["--config-file", str(HERE / "schemathesis.toml"), "run", str(spec.PATH), "--url", url, "--no-color"]
    command += ["--header", f"Authorization: Bearer {KEYS[key]}"]
    for operation in operations:
        command += ["--include-operation-id", operation]
    # In a temporary folder, because hypothesis leaves a folder in its working directory.
    with tempfile.TemporaryDirectory() as directory:
        return subprocess.run(command, cwd=directory, check=False).returncode == 0


class Steps:
    """Calls written by hand for responses that generated requests do not reach. Each response is
    checked like a recorded one."""

    def __init__(self, document, url):
        self.checker, self.url, self.failures = ResponseChecker(document), url, []
        self.operations = {id: (method, path) for id, method, path, _ in spec.operations(document)}

    def expect(self, wanted, name, body=None, *, key="secret", query="", **path):
        method, template = self.operations[name]
        status, kind, response = call(method, self.url + template.format(**path) + query, body, key)
        wrong = self.checker.violation({"operation": name, "status": status, "contentType": kind, "answer": response})
        if wrong is None and status != wanted:
            wrong = f"{status}, not {wanted}"
        if wrong is not None:
            self.failures.append(f"{name} ({key or 'no'} key): {wrong}")
            print(f"FAILED {self.failures[-1]}: {response}")
        return response.get("data") or {}


def by_hand(document, root, url):
    steps = Steps(document, url)
    # Schemathesis removes the key only from successful requests, and never sends a valid key of the
    # wrong kind.
    for id, _, _, operation in spec.operations(document):
        body = {} if "requestBody" in operation else None
        for key in [None, "public"] if spec.needs_secret_key(operation) else [None]:
            steps.expect(401, id, body, key=key, branchId=BRANCH, id=SERVICE)
    # Only a waiting appointment can be rescheduled, and it waits after the staff's check-in.
    slots = steps.expect(200, "listSlots", id=SERVICE, query="?date=2026-07-01")
    times = [slot["time"] for slot in slots]
    appointment = {"serviceId": SERVICE, "groupOfServiceId": GROUP, "customerId": CUSTOMER}
    id = steps.expect(201, "bookTicket", {**appointment, "time": times[0]})["id"]
    new_time = {"time": times[1], "customerId": CUSTOMER}
    steps.expect(422, "rescheduleTicket", new_time, id=id)
    call("POST", f"{root}/_sandbox/tickets/{id}/check-in")
    rescheduled = steps.expect(200, "rescheduleTicket", new_time, id=id)
    if rescheduled.get("time") != times[1]:
        steps.failures.append("rescheduleTicket did not change the time")
    # A cancelled ticket cannot be cancelled.
    steps.expect(200, "cancelTicket", id=id)
    steps.expect(409, "cancelTicket", id=id)
    # A closed branch rejects bookings.
    call("PUT", f"{root}/_sandbox/branches/{BRANCH}", {"open": False})
    steps.expect(400, "bookTicket", {"serviceId": SERVICE, "groupOfServiceId": GROUP})
    return steps.failures


def main(url):
    url = url.rstrip("/")
    root = url.removesuffix("/external/v1")
    document = spec.load()
    ids = [id for id, *_ in spec.operations(document)]
    public = [id for id, _, _, operation in spec.operations(document) if not spec.needs_secret_key(operation)]
    passes = [
        ("secret", [id for id in ids if id != "deleteCustomer"]),
        ("secret", ["deleteCustomer"]),
        ("public", public),
    ]
    begun = time.monotonic()
    failures, seen = [], {}

    def fresh():
        call("POST", f"{root}/_sandbox/reset", {"now": NOW, "freeze": True})

    def count():
        _, _, log = call("GET", f"{root}/_sandbox/requests")
        for request in log["requests"]:
            if request["operation"] is not None and request["status"] is not None:
                statuses = seen.setdefault(request["operation"], {})
                statuses[request["status"]] = statuses.get(request["status"], 0) + 1

    for number, (key, operations) in enumerate(passes, 1):
        print(f"=== pass {number}: {key} key, {len(operations)} operations", flush=True)
        fresh()
        if not schemathesis(url, key, operations):
            failures.append(f"schemathesis, pass {number} ({key} key)")
        count()
    print("=== by hand", flush=True)
    fresh()
    try:
        failures += by_hand(document, root, url)
    except (LookupError, OSError) as error:
        failures.append(f"the steps by hand stopped at {error!r}")
    count()
    print("=== statuses seen (of the last requests of each pass)")
    for id, _, _, operation in spec.operations(document):
        statuses = seen.get(id, {})
        never = [status for status in operation["responses"] if int(status) not in statuses and status != "500"]
        counts = ", ".join(f"{status} x {count}" for status, count in sorted(statuses.items()))
        print(f"{id:20} {counts}" + (f"   (never: {', '.join(never)})" if never else ""))
        if not any(200 <= status < 300 for status in statuses):
            failures.append(f"{id} never succeeded")
    print(f"=== {time.monotonic() - begun:.0f} s, {'FAILED: ' + '; '.join(failures) if failures else 'all passed'}")
    return 1 if failures else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
