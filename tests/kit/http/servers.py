"""Servers of the tests' own on the loopback: one that counts, one that says whatever a test wants, byte by byte."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Say = Callable[[socket.socket, bytes], None]


@dataclass
class Server:
    """A running server."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    """What came in, head and body."""
    names: list[str | None] = field(default_factory=list)
    """The server names that TLS clients asked for."""

    @property
    def hits(self) -> int:
        """How many connections said something."""
        return len(self.requests)


def answer(body: bytes, *headers: str, status: str = "200 OK") -> Say:
    """An ordinary answer."""

    def say(connection: socket.socket, request: bytes) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
        connection.sendall("\r\n".join(lines).encode() + body)

    return say


@contextmanager
def serving(say: Say, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server that reads one request a connection and hands it to `say`."""
    with socket.create_server((host, 0)) as listener:
        server = Server(listener.getsockname()[1])

        def talk(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                connection.settimeout(20)
                spoken = tls.wrap_socket(connection, server_side=True) if tls else connection
                with spoken:
                    server.requests.append(read_request(spoken))
                    say(spoken, server.requests[-1])

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield server
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def read_request(connection: socket.socket) -> bytes:
    """The head, and as much of a body as it names."""
    taken = b""
    while b"\r\n\r\n" not in taken:
        part = connection.recv(65536)
        if not part:
            return taken
        taken += part
    head, _, body = taken.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
