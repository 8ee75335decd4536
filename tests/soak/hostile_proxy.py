"""A proxy of a server that breaks connections and HTTP's rules, over plain HTTP and over TLS.

It sends responses about a customer who does not exist, FOREIGN. A client that returns one of them
took it for the response to another request.
"""

from __future__ import annotations

import http.client
import json
import random
import select
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from typing import BinaryIO
from urllib.parse import urlsplit

from tests.reset_server import make_certificate

FOREIGN = "foreign"

# Method, path, body and headers.
Request = tuple[str, str, bytes, dict[str, str]]

# What happens to a request, and the share of requests to which it happens.
TROUBLES = {
    "reset before the request is served": 0.01,
    "reset before the response": 0.01,
    "reset within the response": 0.01,
    "reset after the response": 0.01,
    "reset after Connection: close": 0.02,
    "close after Connection: close": 0.02,
    "close within the response": 0.01,
    "close after the response": 0.01,
    "a 408 with the response": 0.02,
    "another response with the response": 0.03,
    "a 408 later": 0.02,
    "another response later": 0.02,
    "1xx responses": 0.02,
    "a flood of 1xx responses": 0.001,
    "a slow response": 0.02,
    "a late response": 0.02,
    "no response": 0.002,
}
LATER = ("a 408 later", "another response later")
FINE = "fine"
# Not in TROUBLES: what the clients do, or the server behind the proxy.
LOST = "lost by the server"
REUSED = "requests after a stray response"
REUSED_LATER = "requests after a later stray response"


def http_response(status: str, body: object) -> bytes:
    """A whole response with a JSON body."""
    content = json.dumps(body).encode()
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(content), content)


def foreign_responses() -> list[bytes]:
    """A ticket and a list of tickets, which differ from expected ones only in their customer."""
    ticket = {
        "id": FOREIGN,
        "ticketNumber": "Q001",
        "status": "waiting",
        "statusAt": "2026-06-23T11:10:00.000Z",
        "type": "sequential",
        "time": None,
        "branch": {"id": "802b33af66", "name": "Seef Mall Branch"},
        "service": {"id": "6fe8fb8b12", "name": "Cash Withdrawal"},
        "groupOfService": {"id": "7c1f9a3b2d", "name": "Teller Services"},
        "customer": {"id": FOREIGN, "name": FOREIGN},
        "bookedAt": "2026-06-23T11:08:41.000Z",
    }
    page = {"total": 1, "totalPages": 1, "page": 1, "limit": 20, "hasNextPage": False, "hasPrevPage": False}
    return [
        http_response("200 OK", {"message": FOREIGN, "data": ticket}),
        http_response("200 OK", {"message": FOREIGN, "data": [ticket], "pagination": page}),
    ]


def foreign_customer() -> bytes:
    """A customer. Every call for a single customer compares the id."""
    dates = {"createdAt": "2026-06-23T11:10:00.000Z", "updatedAt": "2026-06-23T11:10:00.000Z"}
    customer = {"_id": FOREIGN, "companyId": FOREIGN, "externalId": FOREIGN, **dates}
    return http_response("200 OK", {"message": FOREIGN, "data": customer})


REQUEST_TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"
FOREIGN_RESPONSES = foreign_responses()
FOREIGN_CUSTOMER = foreign_customer()


class Response:
    """The response of the server, to be sent to the client."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.body = response.read()
        self.status = f"HTTP/1.1 {response.status} {response.reason}\r\n"
        hop = ("connection", "content-length", "transfer-encoding")
        self.headers = [f"{name}: {value}\r\n" for name, value in response.getheaders() if name.lower() not in hop]
        self.headers.append(f"Content-Length: {len(self.body)}\r\n")

    def bytes(self, *more: str) -> bytes:
        """The whole response, with more headers."""
        return "".join([self.status, *self.headers, *more, "\r\n"]).encode("latin-1") + self.body


class HostileProxy:
    """Serves until the process ends. The certificate is written to a file of the folder."""

    def __init__(self, base_url: str, seed: int, folder: str) -> None:
        server = urlsplit(base_url)
        self._server = server.netloc
        self._seeds = random.Random(seed)
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        tls = make_certificate(folder)
        self.certificate = f"{folder}/certificate.pem"
        self.urls = (
            f"http://127.0.0.1:{self._listen(None)}{server.path}",
            f"https://localhost:{self._listen(tls)}{server.path}",
        )

    def _listen(self, tls: ssl.SSLContext | None) -> int:
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        threading.Thread(target=self._accept, args=(listener, tls), daemon=True).start()
        port: int = listener.getsockname()[1]
        return port

    def _accept(self, listener: socket.socket, tls: ssl.SSLContext | None) -> None:
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            arguments = (connection, tls, random.Random(self._seeds.random()))
            threading.Thread(target=self._serve, args=arguments, daemon=True).start()

    def _count(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1

    def _serve(self, connection: socket.socket, tls: ssl.SSLContext | None, chance: random.Random) -> None:
        """Serves the requests of a connection."""
        server = http.client.HTTPConnection(self._server, timeout=60)
        try:
            stream = tls.wrap_socket(connection, server_side=True) if tls else connection
            with stream, stream.makefile("rb") as reader:
                while (request := read_request(reader)) and self._respond(stream, server, request, chance):
                    pass
        except OSError:
            # The client has closed the connection.
            pass
        finally:
            server.close()

    def _respond(
        self, stream: socket.socket, server: http.client.HTTPConnection, request: Request, chance: random.Random
    ) -> bool:
        """Responds to a request, or not. Returns whether the connection can take another one."""
        names = [*TROUBLES, FINE]
        trouble = chance.choices(names, [*TROUBLES.values(), 1 - sum(TROUBLES.values())])[0]
        self._count(trouble)
        if trouble == "reset before the request is served":
            return reset(stream)
        try:
            server.request(*request)
            response = Response(server.getresponse())
        except (OSError, http.client.HTTPException):
            self._count(LOST)
            server.close()
            return reset(stream)
        whole = response.bytes()
        part = whole[: chance.randrange(len(whole))]
        match trouble:
            case "reset before the response":
                return reset(stream)
            case "reset within the response":
                stream.sendall(part)
                return reset(stream)
            case "reset after the response":
                stream.sendall(whole)
                return reset(stream)
            case "reset after Connection: close":
                stream.sendall(response.bytes("Connection: close\r\n"))
                return reset(stream)
            case "close after Connection: close":
                stream.sendall(response.bytes("Connection: close\r\n"))
                return False
            case "close within the response":
                stream.sendall(part)
                return False
            case "close after the response":
                stream.sendall(whole)
                return False
            case "a 408 with the response":
                # In one piece, so that the client has the stray response before its next request.
                return self._send_last(stream, whole + REQUEST_TIMEOUT, REUSED)
            case "another response with the response":
                return self._send_last(stream, whole + chance.choice(FOREIGN_RESPONSES), REUSED)
            case _ if trouble in LATER:
                stream.sendall(whole)
                # While the connection is idle, or just when the client uses it.
                if select.select([stream], [], [], chance.uniform(0, 0.02))[0]:
                    return True
                stray = REQUEST_TIMEOUT if trouble == LATER[0] else FOREIGN_CUSTOMER
                return self._send_last(stream, stray, REUSED_LATER)
            case "1xx responses":
                stream.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n" * chance.randint(1, 20) + whole)
            case "a flood of 1xx responses":
                for _ in range(200):
                    stream.sendall(b"HTTP/1.1 102 Processing\r\n\r\n" * 100)
                stream.sendall(whole)
            case "a slow response":
                for byte in range(0, len(whole), 64):
                    stream.sendall(whole[byte : byte + 64])
                    time.sleep(0.001)
            case "a late response":
                time.sleep(chance.uniform(0, 0.3))
                stream.sendall(whole)
            case "no response":
                # Longer than the timeout of an attempt.
                select.select([stream], [], [], 4)
                return False
            case _:
                stream.sendall(whole)
        return True

    def _send_last(self, stream: socket.socket, content: bytes, if_used: str) -> bool:
        """Sends a stray response, and counts if the client uses the connection again."""
        stream.sendall(content)
        if stream.recv(1):
            self._count(if_used)
        return False


def read_request(reader: BinaryIO) -> Request | None:
    """None at the end of the connection."""
    line = reader.readline()
    if not line.endswith(b"\r\n"):
        return None
    method, path, _ = line.decode().split(" ")
    headers = http.client.parse_headers(reader)
    body = reader.read(int(headers.get("Content-Length", 0)))
    return method, path, body, {name: value for name, value in headers.items() if name.lower() != "host"}


def reset(stream: socket.socket) -> bool:
    """Lets the end of the connection be a reset."""
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False
