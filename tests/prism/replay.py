#!/usr/bin/env python3
"""replay.py PRISM EXCHANGES: validates the requests of our clients with Prism, a mock of the spec.

EXCHANGES has the requests that sandboxes recorded. The User-Agent identifies our clients, and the
part in brackets is the host language. Equal requests are sent once. Each host that sent anything
must have sent every operation. Prism is tested first: it must reject a request without a key, and
one whose body is a list. Exits with 1 at an invalid request.
"""

import http.client
import json
import re
import socket
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from pathlib import Path

SPEC = Path(__file__).resolve().parents[2] / "spec" / "openapi.yaml"
BASE = "/external/v1"
OURS = re.compile(r"skiplino/\S+ \((\w+)")
DOCTOR = " skiplino-doctor/"
MAX_SHOWN = 20


def recorded(directory):
    """(host, exchange) of every complete request of our clients."""
    for path in sorted(Path(directory).rglob("*.jsonl")):
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                exchange = json.loads(line)
                agent = exchange["headers"].get("user-agent", "")
                ours = OURS.match(agent)
                # This fault closes the connection before the body is read.
                is_complete = exchange["fault"] != "refuse"
                # Doctor sends invalid requests on purpose.
                if ours and is_complete and DOCTOR not in agent:
                    yield ours[1], exchange


def request(exchange):
    """The request to send: method, target, headers, body."""
    query = f"?{exchange['query']}" if exchange["query"] else ""
    headers = {
        name: value
        for name, value in exchange["headers"].items()
        if name in ("accept", "content-type", "x-locale", "user-agent")
    }
    if "authorization" in exchange["headers"]:
        # Only its class is recorded.
        headers["authorization"] = "Bearer sk_recorded"
    return exchange["method"], exchange["path"].removeprefix(BASE) + query, headers, exchange["body"]


class Prism:
    """A running Prism."""

    def __init__(self, program):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        arguments = [program, "mock", "--errors", "--host", "127.0.0.1", "--port", str(self.port), str(SPEC)]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        output = []
        for line in self.process.stdout:
            output.append(line)
            if "is listening" in line:
                break
        else:
            sys.exit("Prism did not start:\n" + "".join(output))
        # Prism logs every request, and would block if its output was not read.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def violation(self, method, target, headers, body):
        """Why the request is invalid, or None."""
        self.connection.request(method, target, body and body.encode(), headers)
        response = self.connection.getresponse()
        text = response.read().decode()
        # The header has the violations, whatever the status is.
        violations = response.headers.get("sl-violations")
        if response.status < 300 and violations is None:
            return None
        return f"{response.status} {violations or text}"


def main(program, directory):
    hosts, distinct = defaultdict(Counter), {}
    for host, exchange in recorded(directory):
        hosts[host][exchange["operation"]] += 1
        method, target, headers, body = request(exchange)
        distinct.setdefault((method, target, headers.get("x-locale"), body, host), (host, exchange))
    operations = sorted({operation for sent in hosts.values() for operation in sent})
    if not distinct:
        sys.exit("there are no requests of our clients")
    faults = []
    with Prism(program) as prism:
        for operation in operations:
            method, target, headers, body = request(next(it for _, it in distinct.values() if it["operation"] == operation))
            without_key = {name: value for name, value in headers.items() if name != "authorization"}
            if prism.violation(method, target, without_key, body) is None:
                faults.append(f"{operation}: Prism accepts it without a key, so the check is worthless")
            if body and prism.violation(method, target, headers, "[]") is None:
                faults.append(f"{operation}: Prism accepts a list as its body, so the check is worthless")
        for host, exchange in distinct.values():
            method, target, headers, body = request(exchange)
            reason = prism.violation(method, target, headers, body)
            if reason:
                faults.append(f"{host}: {exchange['operation']}: {method} {target} {body or ''}: {reason}")
    for host, sent in sorted(hosts.items()):
        print(f"{host}: {sum(sent.values())} requests of {len(sent)} operations")
        faults += [f"{host}: no request of {missing}" for missing in operations if missing not in sent]
    if len(operations) != 13:
        faults.append(f"{len(operations)} operations, where there are 13")
    print("\n".join(faults[:MAX_SHOWN]))
    print(f"{len(distinct)} different requests checked, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
