"""A TCP proxy that misbehaves: delays, cuts after so many bytes, swallows the answer, sends a request twice."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Chaos:
    """What happens to each connection, in turn; the last plan stays. Counts what came through."""

    port: int = 0
    plans: list[Plan] = field(default_factory=list)
    connections: int = 0

    def next(self) -> Plan:
        """The plan of a new connection."""
        self.connections += 1
        return self.plans.pop(0) if len(self.plans) > 1 else self.plans[0]


@dataclass(frozen=True)
class Plan:
    """One connection's fate."""

    delay: float = 0.0
    """Before each piece, both ways."""
    cut_up: int = -1
    """Bytes of the request that pass before both sides are cut."""
    cut_down: int = -1
    """Bytes of the answer that pass before both sides are cut."""
    repeat: bool = False
    """Everything that was sent is sent once more, on a connection of its own, before the answer goes back."""


@contextmanager
def chaos(to: int, *plans: Plan) -> Iterator[Chaos]:
    """A proxy before a port of the loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        state = Chaos(listener.getsockname()[1], list(plans) or [Plan()])

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=carry, args=(listener.accept()[0], to, state.next()), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield state
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def carry(client: socket.socket, to: int, plan: Plan) -> None:
    """Both directions of one connection."""
    with suppress(OSError), client, socket.create_connection(("127.0.0.1", to)) as server:
        sent = bytearray()
        up = threading.Thread(target=pump, args=(client, server, plan, plan.cut_up, sent), daemon=True)
        up.start()
        pump(server, client, plan, plan.cut_down, None, to, sent)
        end(client, server)
        up.join(5)


def pump(
    source: socket.socket, target: socket.socket, plan: Plan, cut: int, note: bytearray | None = None, again_at: int = 0,
    sent: bytearray | None = None,
) -> None:  # fmt: skip
    """One direction, up to its cut."""
    passed = 0
    with suppress(OSError):
        while data := source.recv(65536):
            if plan.repeat and sent is not None and not passed:
                send_again(again_at, bytes(sent))
            time.sleep(plan.delay)
            if 0 <= cut < passed + len(data):
                target.sendall(data[: cut - passed])
                break
            target.sendall(data)
            passed += len(data)
            if note is not None:
                note += data
    end(source, target)


def send_again(to: int, data: bytes) -> None:
    """The same bytes to the server once more; the answer is read and forgotten."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", to), timeout=5) as server:
        server.sendall(data)
        server.recv(65536)


def end(*connections: socket.socket) -> None:
    """Cut both sides."""
    for each in connections:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
