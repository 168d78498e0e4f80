"""A poor line between a browser and the application: so many bytes a second upwards, cut and mended at will."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

PORTION = 16_384


class Line:
    """A forwarder on a loopback port; while it is cut, what is open is reset and what comes is refused."""

    def __init__(self, target: int, bytes_a_second: int) -> None:
        self.target, self.bytes_a_second = target, bytes_a_second
        self.is_cut, self.is_over, self.carried = False, False, 0
        self.open: set[socket.socket] = set()
        self.heard = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.heard.getsockname()[1]
        self.threads = [threading.Thread(target=self.listen, daemon=True)]
        self.threads[0].start()

    def listen(self) -> None:
        """Take connections until the end."""
        while not self.is_over:
            with suppress(OSError):
                near, _ = self.heard.accept()
                if self.is_cut or self.is_over:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self.target))
                self.open |= {near, far}
                for way in ((near, far, True), (far, near, False)):
                    self.threads.append(threading.Thread(target=self.carry, args=way, daemon=True))
                    self.threads[-1].start()

    def carry(self, source: socket.socket, target: socket.socket, is_up: bool) -> None:
        """One direction of a connection."""
        with suppress(OSError):
            while data := source.recv(PORTION):
                if is_up:
                    time.sleep(len(data) / self.bytes_a_second)  # the line's pace, not a wait for something
                    self.carried += len(data)
                target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """Nothing comes through any more."""
        self.is_cut = True
        for each in tuple(self.open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def mend(self, bytes_a_second: int) -> None:
        """The line is back, at another pace."""
        self.is_cut, self.bytes_a_second = False, bytes_a_second


@contextmanager
def poor_line(address: str, bytes_a_second: int) -> Iterator[tuple[Line, str]]:
    """A line to a served application, and the address at its near end."""
    line = Line(int(address.rpartition(":")[2]), bytes_a_second)
    try:
        yield line, f"http://127.0.0.1:{line.port}"
    finally:
        line.is_over = True
        line.cut()
        socket.create_connection(("127.0.0.1", line.port)).close()
        line.heard.close()
        for thread in line.threads:
            thread.join(10)
        for each in line.open:
            each.close()
