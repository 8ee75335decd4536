"""The Python runner of `tests/scenarios`, for both clients."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import socket
import threading
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest

from conftest import PUBLIC, ROOT, SECRET
from skiplino import AsyncClient, CancellationToken, CancelledError, Client, SkiplinoError
from skiplino.testing import Sandbox

FILES = sorted(path for path in (ROOT / "tests/scenarios").glob("*.json") if path.name != "schema.json")
# How many times as long as elsewhere the times of scenarios are: an emulator may need longer for an attempt.
SLOWNESS = int(os.environ.get("SKIPLINO_SLOWNESS", "1"))
SCENARIOS = [
    pytest.param(scenario, id=f"{path.stem}: {scenario['name']}")
    for path in FILES
    for scenario in json.loads(path.read_text(encoding="utf-8"))["scenarios"]
]


def test_there_are_scenarios() -> None:
    assert len(FILES) > 5
    assert len(SCENARIOS) > 100


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_blocking(sandbox: Sandbox, scenario: dict[str, Any]) -> None:
    Player(sandbox, Blocking(), scenario).play()
    passed("python-sync", scenario)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_awaited(sandbox: Sandbox, scenario: dict[str, Any]) -> None:
    with asyncio.Runner() as runner:
        Player(sandbox, Awaited(runner), scenario).play()
    passed("python-async", scenario)


def passed(host: str, scenario: dict[str, Any]) -> None:
    """Records the scenario for `make parity`."""
    if folder := os.environ.get("SKIPLINO_PARITY"):
        with (Path(folder) / host).open("a", encoding="utf-8") as file:
            print(scenario["name"], file=file)


class Blocking:
    """Uses the blocking client."""

    client = Client

    def call(self, result: Any) -> Any:
        return result

    def cancelled(self, moment: str, held: Callable[[], object], client: Any, call: Callable[[Any], Any]) -> NoReturn:
        """Makes a call, and cancels it from another thread."""
        cancellation_token = CancellationToken()

        def when_held() -> None:
            held()
            cancellation_token.cancel()

        thread = threading.Thread(target=when_held)
        if moment == "before":
            cancellation_token.cancel()
        else:
            thread.start()
        try:
            call(client.with_options(cancellation_token=cancellation_token))
        finally:
            if moment != "before":
                thread.join()
        pytest.fail("it was cancelled")

    def each(self, records: Any, note: Callable[[Any], None]) -> None:
        for record in records:
            note(record)


class Awaited:
    """Uses the client for event loops."""

    client = AsyncClient

    def __init__(self, runner: asyncio.Runner) -> None:
        self.run = runner.run
        self.call: Callable[[Any], Any] = self.run

    def cancelled(self, moment: str, held: Callable[[], object], client: Any, call: Callable[[Any], Any]) -> NoReturn:
        """Makes a call, and cancels its task. asyncio's exception has no outcome."""

        async def cancel(result: Any) -> Any:
            task = asyncio.ensure_future(result)
            if moment == "when-held":
                await asyncio.to_thread(held)
            task.cancel()
            return await task

        self.call = lambda result: self.run(cancel(result))
        try:
            call(client)
        finally:
            self.call = self.run
        pytest.fail("it was cancelled")

    def each(self, records: Any, note: Callable[[Any], None]) -> None:
        async def go() -> None:
            async for record in records:
                note(record)

        self.call(go())


class Player:
    def __init__(self, sandbox: Sandbox, mode: Blocking | Awaited, scenario: dict[str, Any]) -> None:
        self.sandbox = sandbox
        self.mode = mode
        self.scenario = scenario
        self.saved: dict[str, Any] = {}

    def play(self) -> None:
        settings = self.settings(self.scenario.get("client", {}))
        if "rejected" in self.scenario:
            with pytest.raises(SkiplinoError) as caught:
                self.mode.client(**settings)
            compare_error(self.scenario["rejected"], caught.value)
            return
        client = self.mode.client(**settings)
        for step in self.scenario["steps"]:
            value = self.take(client, self.substitute(step))
            if "save" in step:
                self.saved[step["save"]] = value
        closed: Any = client.close()
        self.mode.call(closed)
        for operation, count in self.scenario.get("requests", {}).items():
            assert self.sandbox.received(operation) == count, operation

    def settings(self, given: dict[str, Any]) -> dict[str, Any]:
        key = given.get("key", "secret")
        url = given.get("baseUrl", self.sandbox.base_url)
        pause = seconds(given.get("backoffMs", 1))
        settings = {
            "api_key": {"secret": SECRET, "public": PUBLIC}.get(key, key),
            "base_url": nobody() if url == "gone" else url,
            "backoff": (pause, pause),
            "locale": given.get("locale"),
            "max_attempts": given.get("maxAttempts"),
            "max_response_bytes": given.get("maxResponseBytes"),
        }
        for name, ours in (("attemptTimeoutMs", "attempt_timeout"), ("deadlineMs", "deadline")):
            if name in given:
                settings[ours] = seconds(given[name])
        return settings

    def take(self, client: Client | AsyncClient, step: dict[str, Any]) -> Any:
        if "sandbox" in step:
            body = step.get("body")
            if body and "ms" in body:
                body["ms"] *= SLOWNESS
            came = self.sandbox.control(step["sandbox"], body)
            contains("sandbox", step.get("expect", {}), came)
            return came
        expect = step["expect"]
        if "cancel" in step:
            self.cancelled(client, step)
            return None
        if "error" in expect:
            compare_error(expect["error"], self.failure(client, step))
            return None
        came = self.call(client, step)
        for key, expected in expect.items():
            contains(key, expected, came[key])
        return came["value"]

    def failure(self, client: Any, step: dict[str, Any]) -> SkiplinoError:
        """Makes a call that must fail. The traceback refers to objects, such as a list, that would
        keep a connection open until garbage collection."""
        try:
            self.call(client, step)
        except SkiplinoError as error:
            return error.with_traceback(None)
        pytest.fail("the call must fail")

    def cancelled(self, client: Any, step: dict[str, Any]) -> None:
        def held() -> object:
            return self.sandbox.control("GET /held?atLeast=1")

        try:
            self.mode.cancelled(step["cancel"], held, client, lambda client: self.call(client, step))
        except (CancelledError, asyncio.CancelledError) as error:
            ended = error.with_traceback(None)
        if isinstance(ended, SkiplinoError):
            compare_error(step["expect"]["error"], ended)
        else:
            assert isinstance(self.mode, Awaited)

    def call(self, client: Any, step: dict[str, Any]) -> dict[str, Any]:
        options = step.get("options", {})
        if options:
            deadline = options.get("deadlineMs")
            client = client.with_options(
                locale=options.get("locale"),
                deadline=None if deadline is None else seconds(deadline),
                max_attempts=options.get("maxAttempts"),
            )
        given = dict(step.get("with", {}))
        name: str = step["call"]
        resource, _, method = name.removesuffix(".items").partition(".")
        function = getattr(getattr(client, resource), method) if method else client.warm_up
        if name.startswith(("customers.list", "customers.tickets")):
            limit, number = given.pop("limit", None), given.pop("page", 1)
            records = function(*positional(given), **arguments(given), limit=limit)
            if name.endswith(".items"):
                return {"value": self.collected(records, step.get("between", []))}
            function, args, kwargs = records.page, [number], {}
        elif name == "tickets.watch":
            changes = function(*positional(given), min=0.001, max=0.001)
            return {"value": self.collected(changes, step.get("between", []))}
        else:
            args, kwargs = positional(given), arguments(given)
        response = self.mode.call(client.with_response(function, *args, **kwargs))
        return {
            "value": as_json(response.data),
            "status": response.status,
            "message": response.message,
            "attempts": response.attempts,
            "recovered": response.recovered,
        }

    def collected(self, records: Any, between: Sequence[dict[str, Any]]) -> list[Any]:
        """Reads all records, and makes one of the requests in `between` after each record."""
        found: list[Any] = []
        requests = iter(between)

        def note(record: Any) -> None:
            found.append(record.to_dict())
            for request in itertools.islice(requests, 1):
                self.sandbox.control(request["sandbox"], request.get("body"))

        self.mode.each(records, note)
        return found

    def substitute(self, value: Any) -> Any:
        """Replaces `$name.field` with the saved value."""
        if isinstance(value, dict):
            return {name: self.substitute(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.substitute(item) for item in value]
        if not isinstance(value, str) or "$" not in value:
            return value
        if value.startswith("$"):
            return self.look_up(value)
        # In a path of the control API the name is a segment.
        return "/".join(self.look_up(part) if part.startswith("$") else part for part in value.split("/"))

    def look_up(self, text: str) -> Any:
        name, _, path = text[1:].partition(".")
        if not path:
            # A matcher such as "$any".
            return text
        value = self.saved[name]
        for step in path.split("."):
            value = value[int(step)] if step.isdecimal() else value[step]
        return value


def seconds(milliseconds: int) -> float:
    """A time of a scenario, for this machine."""
    return milliseconds / 1000 * SLOWNESS


def nobody() -> str:
    """The address of a port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}/external/v1"


POSITIONAL = ("branchId", "ticketId", "serviceId", "groupOfServiceId")
NAMES = {"customerId": "customer", "externalId": "external_id", "customerExternalId": "external_id"}


def positional(given: dict[str, Any]) -> list[Any]:
    return [given[name] for name in POSITIONAL if name in given]


def arguments(given: dict[str, Any]) -> dict[str, Any]:
    found = {NAMES.get(name, name): value for name, value in given.items() if name not in POSITIONAL}
    if "time" in found:
        found["time"] = datetime.fromisoformat(found["time"])
    if "date" in found:
        found["date"] = date.fromisoformat(found["date"])
    if "location" in found:
        found["location"] = (found["location"]["lat"], found["location"]["lng"])
    return found


def as_json(data: Any) -> Any:
    if isinstance(data, list):
        return [as_json(item) for item in data]
    return None if data is None else data.to_dict()


def contains(path: str, expected: Any, came: Any) -> None:
    if expected == "$any":
        return
    if isinstance(expected, dict) and isinstance(came, dict):
        for name, value in expected.items():
            if value == "$absent":
                assert name not in came, f"{path}.{name}"
            else:
                assert name in came, f"{path}.{name}"
                contains(f"{path}.{name}", value, came[name])
    elif isinstance(expected, list) and isinstance(came, list):
        assert len(expected) == len(came), path
        for index, (value, item) in enumerate(zip(expected, came, strict=True)):
            contains(f"{path}[{index}]", value, item)
    else:
        assert came == expected, path


def compare_error(expected: dict[str, Any], error: SkiplinoError) -> None:
    came: dict[str, Any] = {
        "kind": error.kind,
        "outcome": error.outcome,
        "operation": error.operation,
        "text": str(error),
        "status": error.status,
        "fields": error.fields,
        "path": error.path,
        "reason": error.reason,
        "retryAfterMs": None if error.retry_after is None else round(error.retry_after * 1000),
        "timeout": error.timeout,
        "attempts": error.attempts,
    }
    for key, value in expected.items():
        if key == "text" and value.endswith("…"):
            assert came["text"].startswith(value[:-1]), came
        else:
            assert came[key] == value, (key, came)
    assert type(error).__name__ == f"{error.kind}Error"
