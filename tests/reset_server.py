"""Runs a command beside a TLS server that resets its connections, for tests of SIGPIPE.

    reset_server.py COMMAND...

The server resets the connection of a request: for `/branches` without a response, otherwise after a
response with `Connection: close`. The command finds the server's base URL in the environment
variable SKIPLINO_RESET_SERVER_URL, and the path of the certificate to trust in SKIPLINO_RESET_SERVER_CERTIFICATE.
Exits as the command does.
"""

from __future__ import annotations

import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

TICKET = (
    b'{"message": "m", "data": {"id": "k7m2p9x4q1", "ticketNumber": "Q017", "status": "waiting",'
    b' "statusAt": "2026-06-23T11:10:00.000Z", "type": "sequential", "time": null,'
    b' "branch": {"id": "b", "name": "b"}, "service": {"id": "s", "name": "s"},'
    b' "groupOfService": {"id": "g", "name": "g"}, "bookedAt": "2026-06-23T11:08:41.000Z"}}'
)
RESPONSE = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"


def make_certificate(folder: str) -> ssl.SSLContext:
    """Creates `certificate.pem`, an authority's, and the context of a server that it signed."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new = ["req", "-newkey", "rsa:2048", "-nodes"]
    openssl(*new, "-x509", "-subj", "/CN=test", "-keyout", "ca.key", "-out", "certificate.pem")
    openssl(*new, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
    with open(f"{folder}/names", "w", encoding="ascii") as names:
        names.write("subjectAltName=DNS:localhost\n")
    signed = ["-CA", "certificate.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names"]
    openssl("x509", "-req", "-in", "server.csr", *signed, "-out", "server.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/server.pem", f"{folder}/server.key")
    return context


def serve(connection: socket.socket, context: ssl.SSLContext) -> None:
    """Reads a request and resets its connection."""
    try:
        with context.wrap_socket(connection, server_side=True) as stream:
            request = b""
            while b"\r\n\r\n" not in request:
                received = stream.recv(4096)
                if not received:
                    return
                request += received
            if b"/branches " not in request:
                stream.sendall(RESPONSE % (len(TICKET), TICKET))
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass


def accept(listener: socket.socket, context: ssl.SSLContext) -> None:
    """Serves every connection on a thread of its own."""
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, context), daemon=True).start()


def main() -> int:
    """Runs the server and the command."""
    with (
        # The Swift toolchain sees only the files of the checkout.
        tempfile.TemporaryDirectory(dir=Path(__file__).parents[1] / "target") as folder,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        context = make_certificate(folder)
        threading.Thread(target=accept, args=(listener, context), daemon=True).start()
        environment = os.environ | {
            "SKIPLINO_RESET_SERVER_URL": f"https://localhost:{listener.getsockname()[1]}/v1",
            "SKIPLINO_RESET_SERVER_CERTIFICATE": f"{folder}/certificate.pem",
        }
        status = subprocess.run(sys.argv[1:], env=environment, check=False).returncode
        # As a shell reports a command that a signal has ended.
        return 128 - status if status < 0 else status


if __name__ == "__main__":
    sys.exit(main())
