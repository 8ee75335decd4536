"""A local server for tests, the sandbox, with control over its staff, its clock and its network.

``pip install 'skiplino[sandbox]'`` installs it. pytest has its fixtures without an import:
``skiplino_sandbox``, which is reset for each test, ``skiplino_client``, a client of it, and
``skiplino_sandbox_settings``, which a project overrides with the arguments of :class:`Sandbox`.

>>> from skiplino.testing import Sandbox
>>> with Sandbox() as sandbox, sandbox.client() as client:
...     fault = sandbox.fault("bookTicket", "drop_after_commit", nth=1)
...     ticket = client.tickets.book("6fe8fb8b12", "7c1f9a3b2d", external_id="crm-7741")
...     sandbox.committed("bookTicket")
1
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ._client import Client
from ._command import sandbox_program
from ._native import Ticket

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from typing import Any, Self

    from ._async_client import AsyncClient
    from ._native import Branch, NamedRef, Service

__all__ = ["Sandbox", "SandboxError"]

#: The limit in seconds for its shutdown, in which it waits up to two seconds for requests in
#: progress.
_SHUTDOWN_TIMEOUT = 10


class SandboxError(Exception):
    """The sandbox did not start, or rejected a control request."""

    #: The HTTP status of a rejected control request.
    status: int | None

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


class Sandbox:
    """A sandbox in a process of its own.

    It serves this machine only, and ends with this process, even if that is killed.

    It has a demo company with three branches, three customers and a short queue, and stores it in
    memory, or in the file ``data``. ``seed`` is the seed of its random ids and faults. Its clock
    starts at ``now``, by default the real time, and ``freeze`` stops it. ``contract`` has differences
    from the published contract, as in ``{"tree_services": "items"}``, or names a file with them, such
    as a report of ``skiplino doctor``.
    """

    #: The address of its API, for clients.
    base_url: str
    #: The address of the page on which a person plays the staff, for a browser.
    page_url: str
    #: The address of its control API: see :meth:`control`.
    control_url: str
    #: Its secret key. Every sandbox has the same keys, and no other server accepts them.
    secret_key: str
    #: Its public key, which gives no access to the customer directory.
    public_key: str

    def __init__(
        self,
        *,
        seed: int = 0,
        now: datetime | None = None,
        freeze: bool = False,
        data: str | os.PathLike[str] | None = None,
        contract: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    ) -> None:
        self._start: dict[str, Any] = {"seed": seed, "freeze": freeze}
        if now is not None:
            self._start["now"] = _moment(now)
        command = [sandbox_program(), "--json", "--until-stdin-ends", "--seed", str(seed)]
        command += ["--now", self._start["now"]] if now is not None else []
        command += ["--freeze"] if freeze else []
        command += ["--data", os.fspath(data)] if data is not None else []
        with _contract_file(contract) as option:
            self._launch(command + option)

    def _launch(self, command: list[str]) -> None:
        # A file, because a pipe that nobody reads would fill up.
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr)
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        if not ready:
            self._process.wait(_SHUTDOWN_TIMEOUT)
            stderr = self.stderr().strip()
            self.close()
            raise SandboxError(f"the sandbox did not start: {stderr}")
        settings = json.loads(ready)
        self.base_url, self.page_url, self.control_url = (
            settings["baseUrl"],
            settings["pageUrl"],
            settings["controlUrl"],
        )
        self.secret_key, self.public_key = settings["secretKey"], settings["publicKey"]
        self._address, self._path = self.control_url.removeprefix("http://").split("/", 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Sandbox(base_url={getattr(self, 'base_url', None)!r})"

    def close(self) -> None:
        """Stops the sandbox. Calling this again has no effect."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(_SHUTDOWN_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._stderr.close()

    def stderr(self) -> str:
        """Its output on standard error so far, which is empty unless something is wrong."""
        self._stderr.seek(0)
        return self._stderr.read().decode(errors="replace")

    def settings(self, api_key: str | None = None, **others: Any) -> dict[str, Any]:
        """The settings for a client: the given key or the secret key, the address, and the other
        settings.
        """
        return {"api_key": api_key or self.secret_key, "base_url": self.base_url, **others}

    def client(self, api_key: str | None = None, **settings: Any) -> Client:
        """A client, with the given key or the secret key, and settings of :class:`skiplino.Client`."""
        return Client(**self.settings(api_key, **settings))

    def async_client(self, api_key: str | None = None, **settings: Any) -> AsyncClient:
        """A client for event loops, with settings as for :meth:`client`."""
        from ._async_client import AsyncClient

        return AsyncClient(**self.settings(api_key, **settings))

    def control(self, request: str, body: object = None) -> Any:
        """Sends a request to the control API, as in ``sandbox.control("PUT /branches/802b33af66",
        {"open": False})``.

        The readme of the crate ``skiplino-sandbox`` lists the requests. Raises
        :class:`SandboxError` if the sandbox rejects the request.
        """
        method, path = request.split(" ", 1)
        data = None if body is None else json.dumps(body).encode()
        # http.client ignores the proxies of the environment, which are not for this machine.
        connection = http.client.HTTPConnection(self._address, timeout=30)
        try:
            connection.request(method, f"/{self._path}{path}", data, {"Content-Type": "application/json"})
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        if response.status >= 300:
            raise SandboxError(f"{request}: {response.status} {text}", response.status)
        return json.loads(text) if text else None

    def reset(self) -> None:
        """Resets the sandbox to its start: the demo company, the clock, no faults, no recorded
        requests.
        """
        self.control("POST /reset", self._start)

    # Staff.

    def call_next(self, service: str | Service | NamedRef, *, finish: bool = False) -> Ticket:
        """Serves the first waiting ticket.

        ``finish`` first finishes the ticket that is being served.
        """
        return self._ticket(f"POST /services/{_id(service)}/call-next", {"finish": finish})

    def call(self, ticket: str | Ticket) -> Ticket:
        """Serves a waiting ticket out of turn."""
        return self._ticket(f"POST /tickets/{_id(ticket)}/call")

    def serve(self, ticket: str | Ticket) -> Ticket:
        """Finishes serving a ticket."""
        return self._ticket(f"POST /tickets/{_id(ticket)}/serve")

    def no_show(self, ticket: str | Ticket) -> Ticket:
        """Marks a ticket as no-show: nobody came."""
        return self._ticket(f"POST /tickets/{_id(ticket)}/no-show")

    def cancel(self, ticket: str | Ticket) -> Ticket:
        """Cancels a ticket at the counter. Faults of ``cancelTicket`` do not apply."""
        return self._ticket(f"POST /tickets/{_id(ticket)}/cancel")

    def check_in(self, ticket: str | Ticket) -> Ticket:
        """Checks in an appointment, which joins the end of the queue."""
        return self._ticket(f"POST /tickets/{_id(ticket)}/check-in")

    def walk_ins(self, service: str | Service | NamedRef, count: int) -> None:
        """Adds ``count`` walk-in tickets to the queue."""
        self.control(f"POST /services/{_id(service)}/walk-ins", {"count": count})

    def fill_slot(self, service: str | Service | NamedRef, time: datetime) -> None:
        """Takes all places that are left in an appointment slot."""
        self.control(f"POST /services/{_id(service)}/fill-slot", {"time": _moment(time)})

    def set_branch(self, branch: str | Branch | NamedRef, **fields: bool | None) -> None:
        """Sets ``open`` (None for the opening hours) and ``active`` of a branch."""
        self.control(f"PUT /branches/{_id(branch)}", fields)

    def set_service(self, service: str | Service | NamedRef, **fields: bool | int | None) -> None:
        """Sets ``open``, ``active``, ``appointments``, ``capacity`` (per slot) and ``minutes`` (per
        person) of a service.
        """
        self.control(f"PUT /services/{_id(service)}", fields)

    def generate(self, count: int) -> None:
        """Adds ``count`` generated customers to the directory."""
        self.control("POST /customers/generate", {"count": count})

    # The clock.

    @property
    def now(self) -> datetime:
        """The time of its clock."""
        return datetime.fromisoformat(self.control("GET /clock")["now"])

    def advance(self, by: float | timedelta) -> None:
        """Advances the clock by seconds or a timedelta."""
        self.control("POST /clock/advance", {"seconds": by.total_seconds() if isinstance(by, timedelta) else by})

    def set_clock(self, now: datetime | None = None, *, freeze: bool = False) -> None:
        """Sets the clock, by default to the real time.

        With ``freeze`` the clock stops; otherwise it runs.
        """
        at = {} if now is None else {"now": _moment(now)}
        self.control("PUT /clock", {"mode": "frozen" if freeze else "real", **at})

    # Faults.

    def fault(
        self,
        operation: str,
        kind: str,
        *,
        nth: int | None = None,
        first: int | None = None,
        every: int | None = None,
        probability: float | None = None,
        **rest: Any,
    ) -> int:
        """Makes requests of an operation (``"*"`` for all operations) fail, and returns the number
        of the fault.

        All requests fail, or the ``nth`` from now on, the ``first`` n, ``every`` nth, or each with
        a ``probability``. ``kind`` is one of ``delay``, ``hold``, ``refuse``, ``drop_before``,
        ``drop_after_commit``, ``truncate``, ``status``, ``html_502``, ``empty_503``,
        ``rate_limit``, ``malformed_json``, ``unknown_enum`` and more. Some take further arguments,
        as in ``status=500``: see the table in the readme of the crate ``skiplino-sandbox``.
        """
        given = {"nth": nth, "first": first, "every": every, "probability": probability}
        when = {name: value for name, value in given.items() if value is not None}
        body = {"operation": operation, "kind": kind, **rest, **({"when": when} if when else {})}
        number: int = self.control("POST /faults", body)["id"]
        return number

    def hold(self, operation: str, **when: Any) -> int:
        """Adds a fault that holds requests until :meth:`release`, and returns the number of the
        fault.
        """
        return self.fault(operation, "hold", then="commit", **when)

    def held(self, at_least: int = 1) -> None:
        """Waits until that many requests are held. Raises :class:`SandboxError` after ten seconds."""
        held = self.control(f"GET /held?atLeast={at_least}")["held"]
        if held < at_least:
            raise SandboxError(f"{held} of {at_least} requests are held")

    def release(self, fault: int) -> None:
        """Releases the requests that a fault holds."""
        self.control(f"POST /faults/{fault}/release")

    def clear(self, fault: int | None = None) -> None:
        """Removes a fault, or all faults."""
        self.control("DELETE /faults" if fault is None else f"DELETE /faults/{fault}")

    def limit_rate(self, requests_per_second: float | None, burst: int | None = None) -> None:
        """Rejects requests above a rate with a 429. None removes the limit."""
        if requests_per_second is None:
            self.control("DELETE /rate-limit")
        else:
            limit = {"requestsPerSecond": requests_per_second, **({} if burst is None else {"burst": burst})}
            self.control("PUT /rate-limit", limit)

    # Recorded requests.

    def requests(self, operation: str | None = None) -> list[dict[str, Any]]:
        """The requests received, of one operation or of all, with their results."""
        of = "" if operation is None else f"?operation={operation}"
        found: list[dict[str, Any]] = self.control(f"GET /requests{of}")["requests"]
        return found

    def received(self, operation: str) -> int:
        """The number of requests received for an operation."""
        return self._count(operation, "received")

    def committed(self, operation: str) -> int:
        """The number of requests of an operation that changed the state."""
        return self._count(operation, "committed")

    def idle(self) -> dict[str, int]:
        """Waits up to ten seconds until no ``connections`` and no ``requests`` of the API are open,
        and returns their numbers.
        """
        still_open: dict[str, int] = self.control("GET /idle")
        return still_open

    def _count(self, operation: str, what: str) -> int:
        count: int = self.control("GET /requests/counts").get(operation, {}).get(what, 0)
        return count

    def _ticket(self, request: str, body: object = None) -> Ticket:
        return Ticket.from_dict(self.control(request, {} if body is None else body))


def _id(of: str | Branch | NamedRef | Service | Ticket) -> str:
    return of if isinstance(of, str) else of.id


@contextmanager
def _contract_file(contract: Mapping[str, Any] | str | os.PathLike[str] | None) -> Generator[list[str]]:
    """The option for a contract. A mapping is in a file until the sandbox has read it."""
    if contract is None:
        yield []
    elif isinstance(contract, (str, os.PathLike)):
        yield ["--contract", os.fspath(contract)]
    else:
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "contract.json")
            with open(file, "w", encoding="utf-8") as opened:
                json.dump(dict(contract), opened)
            yield ["--contract", file]


def _moment(time: datetime) -> str:
    if time.tzinfo is None:
        raise ValueError("the time has no time zone")
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
