"""Opening a connection to the very address that was checked, and ending whatever takes longer than it may (T-31, T-34)."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from ugc.kit.http.errors import TooSlow, Unreachable
from ugc.kit.http.targets import Permits, Target, check_answers, check_unresolved

Resolve = Callable[[str, int], Sequence[str]]
Dial = Callable[[], socket.socket]

CONNECT = 3.0
# A name server that is slow is no reason to wait longer than for a first byte.
RESOLVE = 5.0


class Deadline:
    """The end of one fetch: a timer that shuts the connection down, however slowly bytes still drip (CVE-2023-36461)."""

    def __init__(self, seconds: float) -> None:
        self.ends = time.monotonic() + seconds
        self.is_over = False
        self.handle: socket.socket | None = None
        self.lock = threading.Lock()
        self.timer = threading.Timer(seconds, self.end)
        self.timer.daemon = True

    def __enter__(self) -> Deadline:
        self.timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.timer.cancel()
        self.let_go()

    def left(self, most: float) -> float:
        """Seconds that a step may take; raises TooSlow when there are none."""
        left = min(most, self.ends - time.monotonic())
        if self.is_over or left <= 0:
            raise TooSlow()
        return left

    def watch(self, connection: socket.socket) -> None:
        """Take a second handle of the connection: TLS wraps the first one away. Raises TooSlow where the end came first."""
        self.let_go()
        with self.lock:
            if self.is_over:
                connection.close()
                raise TooSlow()
            self.handle = connection.dup()

    def let_go(self) -> None:
        """Close the second handle."""
        with self.lock:
            if self.handle is not None:
                self.handle.close()
            self.handle = None

    def end(self) -> None:
        """Shut the connection down, so that whoever waits for it wakes up."""
        with self.lock:
            self.is_over = True
            if self.handle is not None:
                with contextlib.suppress(OSError):
                    self.handle.shutdown(socket.SHUT_RDWR)


def resolve(host: str, port: int) -> Sequence[str]:
    """Every address that the system's resolver gives for a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def resolve_within(ask: Resolve, target: Target, deadline: Deadline) -> Sequence[str]:
    """Ask the resolver, which knows no time limit, in a thread that is left behind when it takes too long."""
    answers: list[Sequence[str]] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            answers.append(ask(target.host, target.port))
        except (OSError, UnicodeError) as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(deadline.left(RESOLVE))
    if thread.is_alive():
        raise TooSlow(f"the name {target.host} was not resolved in time")
    if errors or not answers or not answers[0]:
        raise Unreachable(f"the name {target.host} is not known")
    return answers[0]


def connect(target: Target, permits: Permits, ask: Resolve, deadline: Deadline) -> socket.socket:
    """Resolve once, check every answer, connect to one of them."""
    check_unresolved(target, permits)
    addresses = resolve_within(ask, target, deadline)
    check_answers(target, addresses, permits)
    until = time.monotonic() + CONNECT
    problem: OSError | None = None
    for address in addresses:
        try:
            connection = socket.create_connection((address, target.port), timeout=deadline.left(max(0.1, until - time.monotonic())))
        except OSError as error:
            problem = error
            continue
        deadline.watch(connection)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection
    if isinstance(problem, TimeoutError):
        raise TooSlow(f"{target.host} did not take the connection") from problem
    raise Unreachable(f"{target.host} did not take the connection") from problem


class PinnedConnection(HTTPConnection):
    """A connection whose socket comes from us; name and `Host` stay what they were."""

    def __init__(self, *facts: Any, dial: Dial, **named: Any) -> None:
        super().__init__(*facts, **named)
        self.dial = dial

    def _new_conn(self) -> socket.socket:
        return self.dial()


class PinnedTlsConnection(HTTPSConnection):
    """The same with TLS; the certificate is checked against the name."""

    def __init__(self, *facts: Any, dial: Dial, **named: Any) -> None:
        super().__init__(*facts, **named)
        self.dial = dial

    def _new_conn(self) -> socket.socket:
        return self.dial()


class PinnedPool(HTTPConnectionPool):
    """A pool of one such connection."""

    ConnectionCls = PinnedConnection


class PinnedTlsPool(HTTPSConnectionPool):
    """A pool of one such connection with TLS."""

    ConnectionCls = PinnedTlsConnection


def make_pool(target: Target, dial: Dial, ca_certs: str) -> HTTPConnectionPool:
    """The pool for one request."""
    if target.scheme == "https":
        return PinnedTlsPool(target.host, target.port, maxsize=1, cert_reqs="CERT_REQUIRED", ca_certs=ca_certs, dial=dial)
    return PinnedPool(target.host, target.port, maxsize=1, dial=dial)
