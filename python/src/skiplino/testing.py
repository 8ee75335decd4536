"""A server for tests: the sandbox, started and stopped with them, and told what staff, the clock and the network do.

It comes with ``pip install 'skiplino[sandbox]'``. In pytest there are fixtures of it, without an import: ``skiplino_sandbox``, as
new for each test, ``skiplino_client``, a client of it, and ``skiplino_sandbox_settings``, to be overridden with what
:class:`Sandbox` takes.

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
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ._client import Client
from ._command import sandbox_program
from ._native import Ticket

if TYPE_CHECKING:
    from typing import Any, Self

    from ._async_client import AsyncClient
    from ._native import Branch, NamedRef, Service

__all__ = ["Sandbox", "SandboxError"]

#: How long it may take to end: what is under way is given two seconds.
_PATIENCE = 10


class SandboxError(Exception):
    """The sandbox could not be started, or refused what it was told."""

    #: The HTTP status of a refusal.
    status: int | None

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


class Sandbox:
    """A sandbox of its own process, which answers on this machine alone, and ends with this one whatever becomes of it.

    It has a demo company of three branches, three customers and a short queue, and keeps it in memory, or in the file ``data``. What
    ids and chances follow from is ``seed``. Its clock starts at ``now``, the real time unless given, and stands still with ``freeze``.
    """

    #: Where it answers, for a client to be given.
    base_url: str
    #: The page on which a person plays the staff, for a browser.
    page_url: str
    #: Where it takes what is told it: see :meth:`control`.
    control_url: str
    #: A key that it takes. Both are the same everywhere, and open nothing else.
    secret_key: str
    #: A key that may not read or change customers.
    public_key: str

    def __init__(
        self,
        *,
        seed: int = 0,
        now: datetime | None = None,
        freeze: bool = False,
        data: str | os.PathLike[str] | None = None,
    ) -> None:
        self._start: dict[str, Any] = {"seed": seed, "freeze": freeze}
        if now is not None:
            self._start["now"] = _moment(now)
        command = [sandbox_program(), "--json", "--until-stdin-ends", "--seed", str(seed)]
        command += ["--now", self._start["now"]] if now is not None else []
        command += ["--freeze"] if freeze else []
        command += ["--data", os.fspath(data)] if data is not None else []
        # Not a pipe, which nobody would empty.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said)
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        if not ready:
            self._process.wait(_PATIENCE)
            said = self.stderr().strip()
            self.close()
            raise SandboxError(f"the sandbox did not start: {said}")
        told = json.loads(ready)
        self.base_url, self.page_url, self.control_url = told["baseUrl"], told["pageUrl"], told["controlUrl"]
        self.secret_key, self.public_key = told["secretKey"], told["publicKey"]
        self._address, self._path = self.control_url.removeprefix("http://").split("/", 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Sandbox(base_url={getattr(self, 'base_url', None)!r})"

    def close(self) -> None:
        """Ends it. Twice is as good as once."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._said.close()

    def stderr(self) -> str:
        """What it had to say on standard error so far: nothing, unless something is wrong."""
        self._said.seek(0)
        return self._said.read().decode(errors="replace")

    def settings(self, api_key: str | None = None, **others: Any) -> dict[str, Any]:
        """What a client of it is given: the secret key unless another is, its address, and other settings."""
        return {"api_key": api_key or self.secret_key, "base_url": self.base_url, **others}

    def client(self, api_key: str | None = None, **settings: Any) -> Client:
        """A client of it, with the secret key unless another is given. It takes the settings of :class:`skiplino.Client`."""
        return Client(**self.settings(api_key, **settings))

    def async_client(self, api_key: str | None = None, **settings: Any) -> AsyncClient:
        """The same for event loops."""
        from ._async_client import AsyncClient

        return AsyncClient(**self.settings(api_key, **settings))

    def control(self, request: str, body: object = None) -> Any:
        """A request to its control API, as in ``sandbox.control("PUT /branches/802b33af66", {"open": False})``.

        The readme of the crate ``skiplino-sandbox`` lists them all. Raises :class:`SandboxError` where it is refused.
        """
        method, path = request.split(" ", 1)
        data = None if body is None else json.dumps(body).encode()
        # Straight to it: the proxy of the environment is not for this machine.
        connection = http.client.HTTPConnection(self._address, timeout=30)
        try:
            connection.request(method, f"/{self._path}{path}", data, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 300:
            raise SandboxError(f"{request}: {answer.status} {text}", answer.status)
        return json.loads(text) if text else None

    def reset(self) -> None:
        """Back to how it started: the demo company, its clock, no faults, nothing received."""
        self.control("POST /reset", self._start)

    # What staff does.

    def call_next(self, service: str | Service | NamedRef, *, finish: bool = False) -> Ticket:
        """The first one who waits is served. With ``finish`` whoever was served before has been."""
        return self._ticket(f"POST /services/{_id(service)}/call-next", {"finish": finish})

    def call(self, ticket: str | Ticket) -> Ticket:
        """One who waits is served, out of turn."""
        return self._ticket(f"POST /tickets/{_id(ticket)}/call")

    def serve(self, ticket: str | Ticket) -> Ticket:
        """A ticket is done with."""
        return self._ticket(f"POST /tickets/{_id(ticket)}/serve")

    def no_show(self, ticket: str | Ticket) -> Ticket:
        """Nobody came."""
        return self._ticket(f"POST /tickets/{_id(ticket)}/no-show")

    def cancel(self, ticket: str | Ticket) -> Ticket:
        """A ticket is cancelled at the counter, whatever goes wrong for clients that cancel."""
        return self._ticket(f"POST /tickets/{_id(ticket)}/cancel")

    def check_in(self, ticket: str | Ticket) -> Ticket:
        """Whoever has the appointment is here, and joins the end of the queue."""
        return self._ticket(f"POST /tickets/{_id(ticket)}/check-in")

    def walk_ins(self, service: str | Service | NamedRef, count: int) -> None:
        """So many people join the queue at once."""
        self.control(f"POST /services/{_id(service)}/walk-ins", {"count": count})

    def fill_slot(self, service: str | Service | NamedRef, time: datetime) -> None:
        """Every place that is left of an appointment slot is taken."""
        self.control(f"POST /services/{_id(service)}/fill-slot", {"time": _moment(time)})

    def set_branch(self, branch: str | Branch | NamedRef, **fields: bool | None) -> None:
        """``open`` (None for the opening hours) and ``active`` of a branch."""
        self.control(f"PUT /branches/{_id(branch)}", fields)

    def set_service(self, service: str | Service | NamedRef, **fields: bool | int | None) -> None:
        """``open``, ``active``, ``appointments``, ``capacity`` (of a slot) and ``minutes`` (a person) of a service."""
        self.control(f"PUT /services/{_id(service)}", fields)

    def generate(self, count: int) -> None:
        """So many made-up customers join the directory."""
        self.control("POST /customers/generate", {"count": count})

    # The clock.

    @property
    def now(self) -> datetime:
        """The time by its clock."""
        return datetime.fromisoformat(self.control("GET /clock")["now"])

    def advance(self, by: float | timedelta) -> None:
        """Moves its clock, by seconds or a timedelta."""
        self.control("POST /clock/advance", {"seconds": by.total_seconds() if isinstance(by, timedelta) else by})

    def set_clock(self, now: datetime | None = None, *, freeze: bool = False) -> None:
        """Sets its clock, to the real time unless given, and has it go on or stand still."""
        at = {} if now is None else {"now": _moment(now)}
        self.control("PUT /clock", {"mode": "frozen" if freeze else "real", **at})

    # What goes wrong.

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
        """Has requests of an operation (``"*"`` for all) go wrong, and gives the fault's number.

        Always, or the ``nth`` from now on, the ``first`` so many, ``every`` so many-th, or by chance. ``kind`` is one of ``delay``, ``hold``,
        ``refuse``, ``drop_before``, ``drop_after_commit``, ``truncate``, ``status``, ``html_502``, ``empty_503``, ``rate_limit``,
        ``malformed_json``, ``unknown_enum`` and more, each with its own ``rest``, as in ``status=500``: the readme of the crate
        ``skiplino-sandbox`` has the table.
        """
        given = {"nth": nth, "first": first, "every": every, "probability": probability}
        when = {name: value for name, value in given.items() if value is not None}
        body = {"operation": operation, "kind": kind, **rest, **({"when": when} if when else {})}
        number: int = self.control("POST /faults", body)["id"]
        return number

    def hold(self, operation: str, **when: Any) -> int:
        """A fault that keeps requests waiting until they are let go on."""
        return self.fault(operation, "hold", then="commit", **when)

    def held(self, at_least: int = 1) -> None:
        """Waits until so many requests are held; raises :class:`SandboxError` if they do not come within ten seconds."""
        held = self.control(f"GET /held?atLeast={at_least}")["held"]
        if held < at_least:
            raise SandboxError(f"{held} of {at_least} requests are held")

    def release(self, fault: int) -> None:
        """Lets the requests go on that a fault holds."""
        self.control(f"POST /faults/{fault}/release")

    def clear(self, fault: int | None = None) -> None:
        """Takes a fault back, or all of them."""
        self.control("DELETE /faults" if fault is None else f"DELETE /faults/{fault}")

    def limit_rate(self, requests_per_second: float | None, burst: int | None = None) -> None:
        """Refuses what is more than that with a 429; None lifts the limit."""
        if requests_per_second is None:
            self.control("DELETE /rate-limit")
        else:
            limit = {"requestsPerSecond": requests_per_second, **({} if burst is None else {"burst": burst})}
            self.control("PUT /rate-limit", limit)

    # What came.

    def requests(self, operation: str | None = None) -> list[dict[str, Any]]:
        """The requests that it received, of one operation or of all, with what became of each."""
        of = "" if operation is None else f"?operation={operation}"
        found: list[dict[str, Any]] = self.control(f"GET /requests{of}")["requests"]
        return found

    def received(self, operation: str) -> int:
        """How many requests of an operation came."""
        return self._count(operation, "received")

    def committed(self, operation: str) -> int:
        """How many of them changed something."""
        return self._count(operation, "committed")

    def idle(self) -> dict[str, int]:
        """Waits until no ``connections`` and no ``requests`` of the API are open, for ten seconds, and gives how many are."""
        still_open: dict[str, int] = self.control("GET /idle")
        return still_open

    def _count(self, operation: str, what: str) -> int:
        count: int = self.control("GET /requests/counts").get(operation, {}).get(what, 0)
        return count

    def _ticket(self, request: str, body: object = None) -> Ticket:
        return Ticket.from_dict(self.control(request, {} if body is None else body))


def _id(of: str | Branch | NamedRef | Service | Ticket) -> str:
    return of if isinstance(of, str) else of.id


def _moment(time: datetime) -> str:
    if time.tzinfo is None:
        raise ValueError("the time has no time zone")
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
