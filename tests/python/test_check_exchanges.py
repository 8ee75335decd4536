"""Tests of check_exchanges.py: it accepts valid responses and reports every kind of violation."""

import io
import json

import pytest

import spec
from check_exchanges import check

EXAMPLES = spec.load()["components"]["examples"]
GOOD = {
    "operation": "getTicket",
    "method": "GET",
    "path": "/external/v1/tickets/k7m2p9x4q1",
    "status": 200,
    "contentType": "application/json",
    "answer": EXAMPLES["WaitingWalkIn"]["value"],
    "fault": None,
    "key": "secret",
}
BAD_TICKET = {**GOOD["answer"], "data": {**GOOD["answer"]["data"], "queueSize": "6"}}


def run(directory, *lines):
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    (directory / "record.jsonl").write_text(text, encoding="utf-8")
    out = io.StringIO()
    return check(directory, out), out.getvalue()


def test_valid_responses_pass(tmp_path):
    charset = {**GOOD, "contentType": "application/json; charset=utf-8"}
    not_found = {**GOOD, "status": 404, "answer": EXAMPLES["TicketNotFound"]["value"]}
    deleted = {**GOOD, "operation": "deleteCustomer", "answer": EXAMPLES["CustomerDeleted"]["value"]}
    code, text = run(tmp_path, GOOD, charset, not_found, deleted, GOOD)
    assert (code, text.splitlines()[0]) == (0, "5 responses checked, 2 operations covered")
    assert "not covered: listBranches," in text


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": 418}, "status 418 is not declared"),
        ({"status": 404}, "error"),
        ({"contentType": "text/html"}, "content type 'text/html' is not declared"),
        ({"contentType": None}, "content type 'missing' is not declared"),
        ({"answer": BAD_TICKET}, "data/queueSize: "),
        ({"answer": None}, "the body: null is not of type"),
        ({"operation": "getTickets"}, "no such operation"),
    ],
)
def test_an_invalid_response_fails(tmp_path, change, reason):
    code, text = run(tmp_path, GOOD, {**GOOD, **change})
    assert code == 1
    assert reason in next(line for line in text.splitlines() if "record.jsonl:2: " in line)


def test_a_line_that_is_not_json_fails(tmp_path):
    code, text = run(tmp_path, GOOD, '{"operation": ')
    assert code == 1
    assert "record.jsonl:2: ?: not JSON" in text


def test_nothing_to_check_fails(tmp_path):
    faulty = {**GOOD, "fault": "wrong_json", "answer": 1}
    elsewhere = {**GOOD, "operation": None, "status": 404}
    without_response = {**GOOD, "status": None}
    for lines in [(), (faulty, elsewhere, without_response)]:
        code, text = run(tmp_path, *lines)
        assert code == 1
        assert "nothing to check" in text


def test_it_stops_after_twenty_violations(tmp_path):
    code, text = run(tmp_path, *[{**GOOD, "status": 418}] * 30)
    assert code == 1
    assert text.count("is not declared") == 20
