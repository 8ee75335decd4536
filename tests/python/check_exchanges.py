#!/usr/bin/env python3
"""check_exchanges.py DIR: checks every response that sandboxes recorded under DIR against the spec.

Reads each `*.jsonl` below DIR, one JSON object a line: {operation, method, path, status,
contentType, answer, fault, key, ...}. Skips lines with a fault (a fault breaks the contract on
purpose), lines outside the 13 operations (operation null) and lines without a response (status
null). Exits with 1 after 20 violations, or if there was nothing to check.
"""

import json
import sys
from pathlib import Path

import spec

MOST_VIOLATIONS = 20


class ResponseChecker:
    """Checks responses against the spec. Equal responses are checked once."""

    def __init__(self, document):
        self.operations = {}
        self.responses = {}
        self.validators = {}
        self.results = {}
        for id, method, path, operation in spec.operations(document):
            self.operations[id] = (method, path)
            for status, response in operation["responses"].items():
                content = spec.resolve(document, response)["content"]
                self.responses[id, int(status)] = set(content)
                for kind, media in content.items():
                    self.validators[id, int(status), kind] = spec.validator(document, media["schema"])

    def violation(self, exchange):
        """The reason why the response breaks the contract, or None."""
        operation, status = exchange["operation"], exchange["status"]
        kind = (exchange.get("contentType") or "").partition(";")[0].strip().lower()
        body = exchange.get("answer")
        key = (operation, status, kind, hash(json.dumps(body)))
        if key not in self.results:
            self.results[key] = self._check(operation, status, kind, body)
        return self.results[key]

    def _check(self, operation, status, kind, body):
        if operation not in self.operations:
            return "no such operation"
        declared = self.responses.get((operation, status))
        if declared is None:
            return f"status {status} is not declared"
        if kind not in declared:
            return f"content type {kind or 'missing'!r} is not declared, only {', '.join(sorted(declared))}"
        error = next(self.validators[operation, status, kind].iter_errors(body), None)
        if error is not None:
            return f"{'/'.join(map(str, error.instance_path)) or 'the body'}: {error.message}"
        return None


def exchanges(directory):
    """(file, line number, exchange) for every line of every file."""
    for path in sorted(Path(directory).rglob("*.jsonl")):
        with open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    try:
                        yield path, number, json.loads(line)
                    except ValueError as error:
                        yield path, number, error


def check(directory, out=sys.stdout):
    checker = ResponseChecker(spec.load())
    checked, without_response, faulty, covered, violations = 0, 0, 0, set(), 0
    for path, number, exchange in exchanges(directory):
        if isinstance(exchange, ValueError):
            wrong, label = f"not JSON: {exchange}", "?"
        elif exchange["operation"] is None:
            continue
        elif exchange["fault"] is not None:
            faulty += 1
            continue
        elif exchange["status"] is None:
            without_response += 1
            continue
        else:
            checked += 1
            covered.add(exchange["operation"])
            wrong = checker.violation(exchange)
            label = f"{exchange['operation']} {exchange['status']} ({exchange['method']} {exchange['path']})"
        if wrong:
            violations += 1
            print(f"{path}:{number}: {label}: {wrong}", file=out)
            if violations == MOST_VIOLATIONS:
                print("... and perhaps more", file=out)
                break
    print(f"{checked} responses checked, {len(covered)} operations covered", file=out)
    print(f"{faulty} with a fault and {without_response} without a response skipped", file=out)
    missing = [id for id in checker.operations if id not in covered]
    if missing:
        print(f"not covered: {', '.join(missing)}", file=out)
    if checked == 0:
        print("nothing to check", file=out)
    return 1 if violations or checked == 0 else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(check(sys.argv[1]))
