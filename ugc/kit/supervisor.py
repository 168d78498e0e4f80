"""Keeps one child process alive: starts it again when it dies, passes a wish to stop on, gives up waiting in the end."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType

from ugc.kit import logs

log = logs.get("ugc.supervisor")

# A child that lived this long was well; one that dies at once again and again is started ever later.
WELL_SECONDS = 20.0
FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0
# The worker itself gives its jobs 30 seconds (Pace.grace); after that it is stuck.
STOP_SECONDS = 35.0
PR_SET_PDEATHSIG = 1
# Loaded before any fork: a child between fork and exec should load nothing.
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
Starter = Callable[[Sequence[str]], "subprocess.Popen[bytes]"]


def end_with_parent() -> None:
    """Ask the kernel to end this process when its parent is killed, so that no orphan keeps the port (Linux only)."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start_child(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """A child that ends with this process, however that comes; asked for before the child's program begins, so without a gap."""
    return subprocess.Popen(command, preexec_fn=end_with_parent)


class Supervisor:
    """One command, run again and again until asked to stop or until it ends with 0."""

    def __init__(self, command: Sequence[str], *, start: Starter = start_child) -> None:
        self.command = list(command)
        self.start = start
        self.asked = threading.Event()
        self.child: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Supervise until the end; the exit code for this process."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.ask)
        wait = FIRST_WAIT
        while True:
            started = time.monotonic()
            self.child = self.start(self.command)
            code = self.wait()
            if code == 0 or self.asked.is_set():
                return max(code, 0) if not self.asked.is_set() else 0
            wait = FIRST_WAIT if time.monotonic() - started >= WELL_SECONDS else wait
            log.error("child_died", code=code, again_in=wait)
            if self.asked.wait(wait):
                return 0
            wait = min(wait * 2, LONGEST_WAIT)

    def wait(self) -> int:
        """The child's exit code; once asked to stop, it gets STOP_SECONDS."""
        assert self.child is not None
        while not self.asked.is_set():
            try:
                return self.child.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue
        self.child.terminate()
        try:
            return self.child.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            return self.child.wait()

    def ask(self, _number: int, _frame: FrameType | None) -> None:
        """A signal came: stop."""
        self.asked.set()
