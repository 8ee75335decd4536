#!/usr/bin/env python3
"""check_exchanges.py DIR: judges by `spec/openapi.yaml` every answer that sandboxes recorded under DIR.

Reads each `*.jsonl` below DIR, one JSON object a line:
{operation, method, path, status, contentType, answer, fault, key, ...}. A line with a fault is skipped (a fault exists to break
the rules), so is one outside the 13 operations (operation null) and one that was never answered (status null).
Exits with 1 after the first 20 violations, or when there was nothing to judge.
"""

import json
import sys
from pathlib import Path

import spec

MOST_VIOLATIONS = 20


class Judge:
    """Says what is wrong with an answer. Equal answers are judged once."""

    def __init__(self, document):
        self.operations = {}
        self.responses = {}
        self.validators = {}
        self.verdicts = {}
        for id, method, path, operation in spec.operations(document):
            self.operations[id] = (method, path)
            for status, response in operation["responses"].items():
                content = spec.resolve(document, response)["content"]
                self.responses[id, int(status)] = set(content)
                for kind, media in content.items():
                    self.validators[id, int(status), kind] = spec.validator(document, media["schema"])

    def wrong(self, exchange):
        """The reason why the answer breaks the contract, or None."""
        operation, status = exchange["operation"], exchange["status"]
        kind = (exchange.get("contentType") or "").partition(";")[0].strip().lower()
        answer = exchange.get("answer")
        key = (operation, status, kind, hash(json.dumps(answer)))
        if key not in self.verdicts:
            self.verdicts[key] = self._judge(operation, status, kind, answer)
        return self.verdicts[key]

    def _judge(self, operation, status, kind, answer):
        if operation not in self.operations:
            return "no such operation"
        declared = self.responses.get((operation, status))
        if declared is None:
            return f"status {status} is not declared"
        if kind not in declared:
            return f"content type {kind or 'missing'!r} is not declared, only {', '.join(sorted(declared))}"
        error = next(self.validators[operation, status, kind].iter_errors(answer), None)
        if error is not None:
            return f"{'/'.join(map(str, error.instance_path)) or 'the body'}: {error.message}"
        return None


def exchanges(directory):
    """(file, line number, exchange) for every line of every record."""
    for path in sorted(Path(directory).rglob("*.jsonl")):
        with open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    try:
                        yield path, number, json.loads(line)
                    except ValueError as error:
                        yield path, number, error


def check(directory, out=sys.stdout):
    judge = Judge(spec.load())
    checked, unanswered, faulty, covered, violations = 0, 0, 0, set(), 0
    for path, number, exchange in exchanges(directory):
        if isinstance(exchange, ValueError):
            wrong, label = f"not JSON: {exchange}", "?"
        elif exchange["operation"] is None:
            continue
        elif exchange["fault"] is not None:
            faulty += 1
            continue
        elif exchange["status"] is None:
            unanswered += 1
            continue
        else:
            checked += 1
            covered.add(exchange["operation"])
            wrong = judge.wrong(exchange)
            label = f"{exchange['operation']} {exchange['status']} ({exchange['method']} {exchange['path']})"
        if wrong:
            violations += 1
            print(f"{path}:{number}: {label}: {wrong}", file=out)
            if violations == MOST_VIOLATIONS:
                print("... and perhaps more", file=out)
                break
    print(f"{checked} answers checked, {len(covered)} operations covered", file=out)
    print(f"{faulty} with a fault and {unanswered} without an answer skipped", file=out)
    missing = [id for id in judge.operations if id not in covered]
    if missing:
        print(f"not covered: {', '.join(missing)}", file=out)
    if checked == 0:
        print("nothing to check", file=out)
    return 1 if violations or checked == 0 else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(check(sys.argv[1]))
